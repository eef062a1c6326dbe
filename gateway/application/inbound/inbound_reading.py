"""One inbound document, as somebody opens it: its match, every case it may belong to, where it was before.

Opening is audited, and by somebody of the office in charge the document is not new any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import Actor, actor, note_read
from gateway.application.inbound.inbound_view import MAX_LISTED, InboundLine, line_of
from gateway.application.reads.scans import find_inbound, valid_scan
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.letters import Letter
from gateway.db.people import Case, Office
from gateway.db.placings import InboundMatch, InboundMove, InboundProposal, InboundReading
from gateway.domain.inbound.match_strength import Confidence, Evidence
from gateway.domain.permission import Action


@dataclass(frozen=True)
class ProposalView:
    """A case that it may belong to, and why."""

    case: str
    file_number: str
    office: str
    evidence: Evidence
    reason: str
    letter: str | None
    may_assign: bool


@dataclass(frozen=True)
class MoveView:
    """It was moved: from where, where to (None: the tray), by whom, why, and since when the old file has no copy."""

    from_case: str
    to_case: str | None
    by: str
    at: datetime
    reason: str
    withdrawn_at: datetime | None
    error_code: str | None
    replaced_by: int | None = None
    """It left its file for this later scan of the same paper."""


@dataclass(frozen=True)
class InboundView:
    """One inbound document with all that is known about it, and what this user may do."""

    line: InboundLine
    case: str | None
    box: str
    scanned_at: datetime
    confidence: Confidence | None
    evidence: Evidence | None
    assigned_by: str | None
    filed_at: datetime | None
    proposals: Sequence[ProposalView]
    moves: Sequence[MoveView]
    letter: str | None
    letters: Mapping[str, str]
    """Posted letters of its case, by reference: those it may answer."""
    read_by: str | None
    may_assign: bool
    next_id: int | None
    """The next one in the tray, for whoever works through it."""
    replaced_by: int | None = None
    """The later scan of the same paper that is valid now."""
    replaces: int | None = None
    delivery_id: int = 0
    may_part: bool = False
    """Say that what replaced it is the scan of another paper."""


def read_inbound(services: Services, login: str, inbound_id: int) -> InboundView:
    """One document, looked at: that is audited, and by somebody of its office it is not new any more.

    Raises `NotFound`, `NotPermitted`.
    """
    with services.db.reading() as session:
        view = _view(session, actor(session, login), find_inbound(session, inbound_id))
    note_read(services, login, "inbound-read", f"inbound-{inbound_id}")
    if view.line.new:
        _note_reading(services, login, inbound_id)
    return view


def _note_reading(services: Services, login: str, inbound_id: int) -> None:
    with services.db.transaction() as session:
        case_id = find_inbound(session, inbound_id).case_id
        office = session.get_one(Office, session.get_one(Case, case_id).office_id) if case_id else None
        known = select(InboundReading.id).where(
            InboundReading.inbound_id == inbound_id, InboundReading.case_id == case_id
        )
        if office is None or office.key not in actor(session, login).offices or session.exec(known).first():
            return
        session.add(
            InboundReading(
                inbound_id=inbound_id, case_id=case_id or 0, read_by=login, read_at=services.clock.now()
            )
        )


def next_in_tray(services: Services, login: str, after: int | None = None) -> int | None:
    """The number of the next document that waits for a person: the oldest, or the one that follows `after`."""
    with services.db.reading() as session:
        return _next(session, actor(session, login), session.get(InboundDocument, after) if after else None)


def _next(session: Session, who: Actor, after: InboundDocument | None) -> int | None:
    if not (who.may(Action.RECEIVE_SCANS) and who.may(Action.ASSIGN_INBOUND)):
        return None
    query = (
        select(InboundDocument.id)
        .where(InboundDocument.state == InboundState.DESK)
        .order_by(col(InboundDocument.received_on), col(InboundDocument.id))
    )
    if after is None:
        return session.exec(query.limit(1)).first()
    day, number = col(InboundDocument.received_on), col(InboundDocument.id)
    later = or_(day > after.received_on, (day == after.received_on) & (number > after.id))
    first_again = session.exec(query.where(number != after.id).limit(1)).first()
    return session.exec(query.where(later).limit(1)).first() or first_again


def _view(session: Session, who: Actor, document: InboundDocument) -> InboundView:
    number = row_id(document)
    case = session.get(Case, document.case_id) if document.case_id else None
    office = session.get_one(Office, case.office_id).key if case else None
    who.require(Action.READ if office else Action.RECEIVE_SCANS, office)
    if office is None:
        who.require(Action.ASSIGN_INBOUND)
    found = session.get(InboundMatch, number)
    reading = session.exec(
        select(InboundReading).where(
            InboundReading.inbound_id == number, InboundReading.case_id == document.case_id
        )
    ).first()
    answered = session.get(Letter, document.letter_id) if document.letter_id else None
    delivery = session.get_one(ScanDelivery, document.delivery_id)
    return InboundView(
        line=line_of(session, document, delivery, case, office),
        case=case.reference if case else None,
        box=document.box,
        scanned_at=document.scanned_at,
        confidence=found.confidence if found else None,
        evidence=found.evidence if found else None,
        assigned_by=document.assigned_by,
        filed_at=document.filed_at,
        proposals=_proposals(session, who, number),
        moves=_moves(session, number),
        letter=answered.reference if answered else None,
        letters=_letters(session, case) if case else {},
        read_by=reading.read_by if reading else None,
        may_assign=who.may(Action.ASSIGN_INBOUND, office),
        next_id=_next(session, who, document),
        replaced_by=row_id(valid) if (valid := valid_scan(session, document)) is not document else None,
        replaces=document.replaces_id,
        delivery_id=document.delivery_id,
        may_part=document.state is InboundState.REPLACED
        and who.may(Action.ASSIGN_INBOUND)
        and who.may(Action.RECEIVE_SCANS),
    )


def _proposals(session: Session, who: Actor, number: int) -> list[ProposalView]:
    rows = session.exec(
        select(InboundProposal, Case, Office, Letter.reference)
        .join(Case, col(Case.id) == InboundProposal.case_id)
        .join(Office, col(Office.id) == Case.office_id)
        .join(Letter, col(Letter.id) == InboundProposal.letter_id, isouter=True)
        .where(InboundProposal.inbound_id == number)
        .order_by(col(InboundProposal.place))
    ).all()
    return [
        ProposalView(
            case=case.reference,
            file_number=case.file_number,
            office=office.key,
            evidence=row.evidence,
            reason=row.reason,
            letter=letter,
            may_assign=who.may(Action.ASSIGN_INBOUND, office.key),
        )
        for row, case, office, letter in rows
    ]


def _moves(session: Session, number: int) -> list[MoveView]:
    query = select(InboundMove).where(InboundMove.inbound_id == number).order_by(col(InboundMove.number))
    return [
        MoveView(
            from_case=session.get_one(Case, row.from_case_id).file_number,
            to_case=session.get_one(Case, row.to_case_id).file_number if row.to_case_id else None,
            by=row.moved_by,
            at=row.moved_at,
            reason=row.reason,
            withdrawn_at=row.withdrawn_at,
            error_code=row.error_code,
            replaced_by=row.replaced_by_id,
        )
        for row in session.exec(query)
    ]


def _letters(session: Session, case: Case) -> dict[str, str]:
    query = select(Letter.reference, Letter.title).where(
        Letter.case_id == case.id, col(Letter.approved_at).is_not(None)
    )
    return dict(session.exec(query.order_by(col(Letter.id).desc()).limit(MAX_LISTED)).all())
