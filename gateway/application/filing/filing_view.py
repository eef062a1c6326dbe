"""Filing as people look at it: what waits for the case file, since when, why, and until when. Only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.filing.outages import open_outage
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.files import Filing, InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.outages import FilingOutage
from gateway.db.people import Case, Office
from gateway.db.placings import InboundMove
from gateway.domain.filing.filing import withdrawal_filing_key
from gateway.domain.findings import Finding, Severity
from gateway.domain.permission import Action

MAX_LISTED = 200


@dataclass(frozen=True)
class FailingEntry:
    """An entry that the case file did not take so far. `key` names what it is and which letter, never a person.

    `letter` is the reference of the letter that it is about, if this user may read it.
    """

    key: str
    file_number: str
    office: str
    attempts: int
    since: datetime
    again_at: datetime | None
    error_code: str
    letter: str | None = None


@dataclass(frozen=True)
class Backlog:
    """What is due and not filed. Numbers are of the whole house; `failing` is what the user may see of it."""

    letters: int
    inbound: int
    outage: FilingOutage | None
    failing: Sequence[FailingEntry]


def backlog(services: Services, login: str | None = None) -> Backlog:
    """What waits; `login` None is the operator. Raises `NotPermitted`."""
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        if who is not None and not who.may(Action.RUN):  # whoever looks after the system sees the outage, too
            who.require(Action.READ)
        return Backlog(
            letters=_count(session, select(func.count()).select_from(Letter).where(col(Letter.filing_due))),
            inbound=_count(
                session,
                select(func.count())
                .select_from(InboundDocument)
                .where(InboundDocument.state == InboundState.ASSIGNED, col(InboundDocument.filed_at).is_(None)),
            ),
            outage=open_outage(session, services.casefile.name),
            failing=[
                entry
                for entry in (*_failing_moves(session), *_failing(session, None, who))
                if who is None or who.may(Action.READ, entry.office)
            ][:MAX_LISTED],
        )


def failing_of(session: Session, reference: str, case_id: int) -> list[FailingEntry]:
    """What the case file did not take so far of one letter."""
    return [entry for entry in _failing(session, case_id) if reference in entry.key.split(":")]


def backlog_findings(services: Services) -> list[Finding]:
    """The same as alarms: an outage, and entries that the case file refuses."""
    found = backlog(services)
    findings = []
    if found.outage:
        message = (
            f"Die Akte nimmt seit {_local(services, found.outage.began_at)} nichts an ({found.outage.error_code}); "
            f"{found.letters} Schreiben und {found.inbound} Posteingänge warten. Nächster Versuch "
            f"{_local(services, found.outage.next_attempt_at)}. {found.outage.error_message}"
        )
        findings.append(Finding("filing-outage", Severity.WARNING, message))
    elif found.failing:
        codes = ", ".join(sorted({entry.error_code for entry in found.failing}))
        since = min(entry.since for entry in found.failing)
        message = (
            f"{len(found.failing)} Einträge nimmt die Akte nicht an, den ältesten seit {_local(services, since)} "
            f"({codes}). Die Seite Ablage zeigt jeden."
        )
        findings.append(Finding("filing-refused", Severity.WARNING, message))
    return findings


def _failing(session: Session, case_id: int | None, who: Actor | None = None) -> list[FailingEntry]:
    of_letter = aliased(Office)
    query = (
        columns(Filing, Case, Office, Letter.reference, of_letter.key)
        .join(Case, col(Case.id) == Filing.case_id)
        .join(Office, col(Office.id) == Case.office_id)
        .outerjoin(Letter, col(Letter.id) == Filing.letter_id)
        .outerjoin(of_letter, col(of_letter.id) == Letter.office_id)
        .where(col(Filing.filed_at).is_(None), col(Filing.error_code).is_not(None))
        .order_by(col(Filing.failing_since), col(Filing.id))
    )
    if case_id is not None:
        query = query.where(Filing.case_id == case_id)
    return [
        FailingEntry(
            key=row.key,
            file_number=case.file_number,
            office=office.key,
            attempts=row.attempts,
            since=row.failing_since,
            again_at=row.next_attempt_at,
            error_code=row.error_code or "",
            letter=reference if who is None or who.may(Action.READ, its_office) else None,
        )
        for row, case, office, reference, its_office in session.execute(query)
        if row.failing_since is not None
    ]


def _failing_moves(session: Session) -> list[FailingEntry]:
    """Wrongly assigned documents that the case file did not let go of: somebody's papers in somebody else's file."""
    query = (
        select(InboundMove, InboundDocument, Case, Office)
        .join(InboundDocument, col(InboundDocument.id) == InboundMove.inbound_id)
        .join(Case, col(Case.id) == InboundMove.from_case_id)
        .join(Office, col(Office.id) == Case.office_id)
        .where(col(InboundMove.withdrawn_at).is_(None), col(InboundMove.error_code).is_not(None))
        .order_by(col(InboundMove.id))
    )
    return [
        FailingEntry(
            key=withdrawal_filing_key(document.source, document.document_id, move.number),
            file_number=case.file_number,
            office=office.key,
            attempts=move.attempts,
            since=move.moved_at,
            again_at=move.next_attempt_at,
            error_code=move.error_code or "",
        )
        for move, document, case, office in session.exec(query)
    ]


def _count(session: Session, query: object) -> int:
    return int(session.exec(query).one())  # type: ignore[call-overload]


def _local(services: Services, moment: datetime) -> str:
    return f"{moment.astimezone(services.schedule.zone):%d.%m.%Y %H:%M}"
