"""Approving the letters of a mass mailing together, after a look at some of them.

Each letter is signed by itself, as any other: the same rights, the same second look at its bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.approving import approve
from gateway.application.mailings.mailing import find_mailing
from gateway.application.mailings.mailing_rows import Progress
from gateway.application.services import Services
from gateway.db.letters import Letter
from gateway.db.mailings import MailingRow
from gateway.db.people import User
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action, may_approve
from gateway.errors import Conflict, GatewayError, InputError, IntegrityError, NotFound, NotPermitted

SAMPLE = 5
"""Letters that are looked at, spread evenly over the mailing."""

_CHUNK = 200


@dataclass
class ApprovalReport:
    """What became of each letter that was ready."""

    approved: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """Reference, code and message of each letter that was not approved."""


def sample_letters(services: Services, login: str, mailing_id: int) -> list[str]:
    """References of the letters to look at: the first, the last, and some between."""
    _require(services, login, mailing_id)
    ready = (MailingRow.mailing_id == mailing_id, Letter.state == LetterState.READY)
    joined = col(MailingRow.letter_id) == Letter.id
    with services.db.reading() as session:
        count = session.exec(
            select(func.count()).select_from(Letter).join(MailingRow, joined).where(*ready)
        ).one()
        places = sorted({place * (count - 1) // max(1, SAMPLE - 1) for place in range(SAMPLE)}) if count else []
        letters = (
            select(Letter.reference).join(MailingRow, joined).where(*ready).order_by(col(MailingRow.number))
        )
        return [session.exec(letters.offset(place).limit(1)).one() for place in places]


def approve_mailing(
    services: Services, login: str, mailing_id: int, *, progress: Progress | None = None
) -> ApprovalReport:
    """Sign every letter of the mailing that is ready. Resumable: what is signed is no longer ready.

    Raises `NotPermitted` before anything is signed, if the user may not sign letters of this author and office.
    """
    _require(services, login, mailing_id)
    report = ApprovalReport()
    for references in _ready(services, mailing_id):
        for reference in references:
            _sign(services, login, reference, report)
        if progress:
            progress(report.approved)
    codes = [code for _, code, _ in report.failures]
    with services.db.transaction() as session:
        audit(
            session,
            services,
            login,
            "mailing-approved",
            f"mailing:{mailing_id}",
            approved=report.approved,
            failed={code: codes.count(code) for code in sorted(set(codes))},
        )
    return report


def _sign(services: Services, login: str, reference: str, report: ApprovalReport) -> None:
    try:
        approve(services, login, reference)
    except (Conflict, InputError, IntegrityError, NotFound, NotPermitted) as error:
        report.failures.append(_failure(reference, error))
    else:
        report.approved += 1


def _failure(reference: str, error: GatewayError) -> tuple[str, str, str]:
    return reference, error.code, error.message


def _ready(services: Services, mailing_id: int) -> Iterator[Sequence[str]]:
    """References of ready letters, in chunks; each letter once, also if it could not be signed."""
    last = 0
    while True:
        with services.db.reading() as session:
            rows = session.exec(
                select(MailingRow.number, Letter.reference)
                .join(Letter, col(Letter.id) == MailingRow.letter_id)
                .where(
                    MailingRow.mailing_id == mailing_id,
                    MailingRow.number > last,
                    Letter.state == LetterState.READY,
                )
                .order_by(col(MailingRow.number))
                .limit(_CHUNK)
            ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [reference for _, reference in rows]


def _asks_four_eyes(session: Session, mailing_id: int) -> bool:
    """Whether any letter of the mailing was written from a version that asks for a second person."""
    query = (
        select(Letter.id)
        .join(MailingRow, col(MailingRow.letter_id) == Letter.id)
        .where(MailingRow.mailing_id == mailing_id, col(Letter.four_eyes))
    )
    return session.exec(query.limit(1)).first() is not None


def _require(services: Services, login: str, mailing_id: int) -> None:
    with services.db.reading() as session:
        mailing = find_mailing(session, mailing_id)
        who = actor(session, login)
        who.require(Action.APPROVE)
        for office in mailing.offices:
            who.require(Action.APPROVE, office)
        author = session.get_one(User, mailing.author_id).login
        four_eyes = _asks_four_eyes(session, mailing_id)
        if not may_approve(who.roles, author=author, approver=who.login, four_eyes=four_eyes):
            raise NotPermitted(
                "approval-needs-four-eyes",
                "Diesen Serienbrief gibt eine zweite Person mit der Rolle Freigabe frei, nie die Verfasserin selbst.",
            )
