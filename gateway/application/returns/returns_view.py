"""Returned mail as people see it: what waits for a decision, by age and owner, and one piece with all that is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.letters.service_check import why_not_served
from gateway.application.reads.returned import still_told
from gateway.application.reads.showing import view_of
from gateway.application.reads.suspensions import SuspensionView, suspension_views
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Case, Office, Person, User
from gateway.db.returns import InboundKeyed, ReturnedMail, ReturnNotice
from gateway.domain.addresses.address import HOME_COUNTRY
from gateway.domain.desk.desk import POST_ROOM
from gateway.domain.permission import Action
from gateway.domain.receipt.deadlines import Assessment
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction, ReturnReason, ReturnRule, ReturnSource
from gateway.errors import NotFound


@dataclass(frozen=True)
class ReturnedLetter:
    """A letter in the envelope: which copy of it, what runs, and by which letter it was replaced."""

    reference: str
    number: int
    title: str
    case: str
    file_number: str
    office: str
    owner: str
    is_decision: bool
    assessment: Assessment | None
    replaced_by: Sequence[str]


@dataclass(frozen=True)
class NoticeView:
    """Who told of it. `inbound_id`: the scan, to be looked at; `keyed_reason` what the scan site typed of it."""

    id: int
    source: ReturnSource
    reason: ReturnReason
    found_by: str
    new_address: str | None
    inbound_id: int | None
    noticed_at: datetime
    keyed_reason: str | None = None


@dataclass(frozen=True)
class ReturnLine:
    """A piece that came back. `rule` is what the reason proposes."""

    id: int
    piece: str
    reason: ReturnReason
    rule: ReturnRule
    came_back_on: date
    age_days: int
    fiction: ReturnFiction
    fiction_reason: str | None
    fiction_by: str | None
    action: ReturnAction | None
    action_reason: str | None
    action_by: str | None
    letters: Sequence[ReturnedLetter]
    notices: Sequence[NoticeView]

    @property
    def owner(self) -> str:
        """Whose task it is."""
        return self.letters[0].owner

    @property
    def scans(self) -> list[int]:
        """The pictures of it."""
        return [each.inbound_id for each in self.notices if each.inbound_id is not None]


@dataclass(frozen=True)
class ReturnDetail:
    """One piece with the addresses it is about: as it was posted, and as the person's is now."""

    line: ReturnLine
    person: str
    posted_to: Sequence[str]
    street: str
    postcode: str
    place: str
    care_of: str
    extra: str
    suspensions: Sequence[SuspensionView]
    may_decide: bool
    not_served: str
    """Why nothing written anew can be served with a certificate, in German; empty if it can."""


@dataclass(frozen=True)
class Returns:
    """The list and the tray; the tray is None for those who do not look after it."""

    lines: Sequence[ReturnLine]
    tray: Sequence[NoticeView] | None
    owners: Sequence[str]


def returns(
    services: Services, login: str | None, *, closed: bool = False, owner: str | None = None
) -> Returns:
    """What came back, oldest first, of the offices that the user may see; `closed` also what is done.

    `login` None is the operator at the command line.
    """
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        if who is not None:
            who.require(Action.READ)
        query = (
            select(ReturnedMail)
            .where(still_told())
            .order_by(col(ReturnedMail.came_back_on), col(ReturnedMail.id))
        )
        if not closed:
            query = query.where(col(ReturnedMail.action).is_(None))
        seen = (_line(session, services, who, row) for row in session.exec(query).all())
        lines = [line for line in seen if line is not None]
        return Returns(
            [line for line in lines if owner in {None, line.owner}],
            _tray(session) if who is None or who.may(Action.RECEIVE_SCANS) else None,
            sorted({line.owner for line in lines}),
        )


def return_detail(services: Services, login: str, returned_id: int) -> ReturnDetail:
    """One piece that came back. Raises `NotFound` ('return-unknown'), also for those who may not read it."""
    with services.db.reading() as session:
        who = actor(session, login)
        query = select(ReturnedMail).where(ReturnedMail.id == returned_id, still_told())
        row = session.exec(query).one_or_none()
        line = _line(session, services, who, row) if row else None
        if row is None or line is None:
            raise NotFound("return-unknown", "Diesen Rückläufer gibt es nicht.")
        copy = session.exec(select(Recipient).where(Recipient.mail_piece_id == row.piece_id)).first()
        if copy is None:
            raise NotFound("return-unknown", "Diesen Rückläufer gibt es nicht.")
        person = session.get_one(Person, copy.person_id)
        return ReturnDetail(
            line=line,
            person=person.reference,
            posted_to=copy.address_lines,
            street=person.street or "",
            postcode=person.postcode,
            place=person.place,
            care_of=person.care_of or "",
            extra=person.extra or "",
            suspensions=suspension_views(session, who, [(copy.person_id, copy.address_lines, copy.country)]),
            may_decide=all(who.may(Action.WRITE_LETTER, letter.office) for letter in line.letters),
            not_served=_why_not_served(session, services, line),
        )


def _why_not_served(session: Session, services: Services, line: ReturnLine) -> str:
    """Whatever address is typed: one abroad cannot be, and one that cannot be served is named then."""
    templates = select(Letter.template).where(
        col(Letter.reference).in_([one.reference for one in line.letters])
    )
    found = (
        why_not_served(services, one.office, template, HOME_COUNTRY, ())
        for one in line.letters
        for template in session.exec(templates).all()
    )
    return next(filter(None, found), "")


def _line(session: Session, services: Services, who: Actor | None, row: ReturnedMail) -> ReturnLine | None:
    letters = list(_letters(session, services, who, row))
    if not letters:
        return None
    reason = ReturnReason(row.reason)
    return ReturnLine(
        id=row_id(row),
        piece=session.get_one(MailPiece, row.piece_id).reference,
        reason=reason,
        rule=services.returns.of[reason],
        came_back_on=row.came_back_on,
        age_days=(services.today() - row.came_back_on).days,
        fiction=row.fiction,
        fiction_reason=row.fiction_reason,
        fiction_by=row.fiction_by,
        action=row.action,
        action_reason=row.action_reason,
        action_by=row.action_by,
        letters=letters,
        notices=_notices(session, ReturnNotice.returned_id == row.id),
    )


def _letters(
    session: Session, services: Services, who: Actor | None, row: ReturnedMail
) -> Iterator[ReturnedLetter]:
    query = (
        select(Letter, Recipient, Office, User)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .join(Office, col(Office.id) == Letter.office_id)
        .join(User, col(User.id) == Letter.author_id)
        .where(Recipient.mail_piece_id == row.piece_id)
    )
    for letter, recipient, office, author in session.exec(query.order_by(col(Letter.id))).all():
        if who is not None and not who.may(Action.READ, office.key):
            continue
        view = view_of(session, services, letter, office)
        [copy] = [each for each in view.recipients if each.number == recipient.number]
        case = session.get_one(Case, letter.case_id)
        yield ReturnedLetter(
            reference=letter.reference,
            number=recipient.number,
            title=letter.title,
            case=case.reference,
            file_number=case.file_number,
            office=office.key,
            owner=author.login if author.active else POST_ROOM,
            is_decision=letter.is_decision,
            assessment=copy.assessment,
            replaced_by=copy.came_back.replaced_by if copy.came_back else (),
        )


def _tray(session: Session) -> list[NoticeView]:
    return _notices(session, col(ReturnNotice.returned_id).is_(None), col(ReturnNotice.settled_at).is_(None))


def _notices(session: Session, *where: object) -> list[NoticeView]:
    query = (
        select(ReturnNotice, InboundKeyed.return_reason)
        .join(InboundKeyed, col(InboundKeyed.inbound_id) == ReturnNotice.inbound_id, isouter=True)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(ReturnNotice.id))
    )
    return [
        NoticeView(
            id=row_id(row),
            source=row.source,
            reason=row.reason,
            found_by=row.found_by,
            new_address=row.new_address,
            inbound_id=row.inbound_id,
            noticed_at=row.noticed_at,
            keyed_reason=keyed,
        )
        for row, keyed in session.exec(query).all()
    ]
