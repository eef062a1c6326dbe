"""Showing mass mailings: the list, one with its counts, the findings of its rows, and the table to begin with."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.letters.previewing import offered_metas
from gateway.application.mailings.mailing import count_rows, find_mailing
from gateway.application.services import Services
from gateway.application.templates.versions import newest
from gateway.db.letters import Letter
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import User
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import UNDER_WAY, MailingState, RowState
from gateway.domain.permission import Action
from gateway.domain.templates.table import Leaf, leaves
from gateway.domain.templates.table_sample import sample_table
from gateway.errors import InputError, NotPermitted
from gateway.ports.renderer import TemplateMeta

_CHUNK = 1000


@dataclass(frozen=True)
class MailingView:
    """One mailing; numbers and codes only, nothing of the people it writes to."""

    id: int
    template: str
    title: str
    state: MailingState
    author: str
    mine: bool
    offices: Sequence[str]
    created_at: datetime
    accepted_at: datetime | None
    accept_repeat: bool
    only_good: bool
    findings: Sequence[Mapping[str, str]]
    """What concerns the table as a whole: code, severity, message."""
    rows: int
    faulty: int
    row_states: Mapping[RowState, int]
    letter_states: Mapping[LetterState, int]

    @property
    def good(self) -> int:
        """Rows without findings when they were checked."""
        return self.rows - self.faulty

    @property
    def steps(self) -> int:
        """Of two for every good row: one for the draft, one for its submission."""
        return self.row_states.get(RowState.DRAFTED, 0) + 2 * self.row_states.get(RowState.SUBMITTED, 0)

    @property
    def moving(self) -> bool:
        """Whether it changes by itself."""
        waiting = self.letter_states.get(LetterState.SUBMITTED, 0)
        return self.state in UNDER_WAY | {MailingState.CHECKING} or waiting > 0


@dataclass(frozen=True)
class RowFault:
    """A finding of a row."""

    row: int
    column: str | None
    code: str
    message: str


@dataclass(frozen=True)
class Offer:
    """A template that mass mailings may be written from, with its columns; `obstacle` says why not."""

    meta: TemplateMeta
    columns: Sequence[Leaf]
    obstacle: str | None


def mailing_view(services: Services, login: str | None, mailing_id: int) -> MailingView:
    """One mailing; `login` None is the operator's view. Raises `NotFound`, `NotPermitted`."""
    with services.db.reading() as session:
        mailing = find_mailing(session, mailing_id)
        who = actor(session, login) if login else None
        if who and not _may_see(who, mailing):
            raise NotPermitted("not-permitted", "Dieser Serienbrief gehört zu anderen Dienststellen.")
        return _view(session, mailing, who)


def list_mailings(services: Services, login: str | None, *, limit: int = 100) -> list[MailingView]:
    """Mailings that the user may see, newest first, without discarded ones."""
    with services.db.reading() as session:
        who = actor(session, login) if login else None
        if who:
            who.require(Action.READ)
        kept = select(Mailing).where(Mailing.state != MailingState.DISCARDED)
        mailings = session.exec(kept.order_by(col(Mailing.id).desc()).limit(limit)).all()
        return [_view(session, one, who) for one in mailings if who is None or _may_see(who, one)]


def row_faults(services: Services, login: str | None, mailing_id: int) -> Iterator[RowFault]:
    """Every finding of every row, in the order of the table; read as it is consumed."""
    mailing_view(services, login, mailing_id)
    return _faults(services, mailing_id)


def fault_counts(services: Services, login: str | None, mailing_id: int) -> list[tuple[str, int]]:
    """How often each code was found, most frequent first."""
    return Counter(fault.code for fault in row_faults(services, login, mailing_id)).most_common()


def offers(services: Services) -> list[Offer]:
    """All templates, with what stands against a mass mailing from them."""
    with services.db.reading() as session:
        return [_offer(one.meta, published=one.published) for one in offered_metas(session, services)]


def sample(services: Services, template: str) -> tuple[list[str], list[str]]:
    """Header and example row of the table for `template`. Raises `NotFound`, `InputError` ('template-not-flat')."""
    with services.db.reading() as session:
        meta = newest(session, services, template)
    return sample_table(meta.schema, meta.sample)


def _offer(meta: TemplateMeta, *, published: bool) -> Offer:
    try:
        columns = leaves(meta.schema)
    except InputError as error:
        return Offer(meta, (), error.message)
    return Offer(meta, columns, None if published else "Noch nicht veröffentlicht.")


def _may_see(who: Actor, mailing: Mailing) -> bool:
    if mailing.author_id == who.id:
        return True
    return who.may(Action.READ) and all(who.may(Action.READ, office) for office in mailing.offices)


def _view(session: Session, mailing: Mailing, who: Actor | None) -> MailingView:
    number = mailing.id or 0
    letters = (
        select(Letter.state, func.count())
        .join(MailingRow, col(MailingRow.letter_id) == Letter.id)
        .where(MailingRow.mailing_id == number)
        .group_by(col(Letter.state))
    )
    return MailingView(
        id=number,
        template=mailing.template,
        title=mailing.title,
        state=mailing.state,
        author=session.get_one(User, mailing.author_id).name,
        mine=bool(who and who.id == mailing.author_id),
        offices=mailing.offices,
        created_at=mailing.created_at,
        accepted_at=mailing.accepted_at,
        accept_repeat=mailing.accept_repeat,
        only_good=mailing.only_good,
        findings=mailing.findings,
        rows=mailing.rows,
        faulty=mailing.faulty,
        row_states=count_rows(session, number),
        letter_states={LetterState(state): count for state, count in session.exec(letters).all()},
    )


def _faults(services: Services, mailing_id: int) -> Iterator[RowFault]:
    last = 0
    while True:
        with services.db.reading() as session:
            rows = session.exec(
                select(MailingRow.number, MailingRow.findings)
                .where(
                    MailingRow.mailing_id == mailing_id,
                    MailingRow.state == RowState.FAULTY,
                    MailingRow.number > last,
                )
                .order_by(col(MailingRow.number))
                .limit(_CHUNK)
            ).all()
        if not rows:
            return
        last = rows[-1][0]
        for number, findings in rows:
            for one in findings or ():
                yield RowFault(number, one["column"], one["code"], one["message"])
