"""Inbound documents, as a user may see them: those of their cases, and for the post room the tray of all.

The tray shows what waits for a person first, the oldest on top; a document in a case is new there until somebody of
the office in charge opened it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, func, or_, select

from gateway.application.access.authorising import Actor, actor, readable_offices
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.people import Case, Office
from gateway.db.placings import InboundReading
from gateway.domain.permission import Action

MAX_LISTED = 200
"""What a person can look through; counts are exact."""


@dataclass(frozen=True)
class InboundLine:
    """An inbound document in a list. `proposal` is the file number of the likeliest case, for a person to decide."""

    id: int
    document_id: str
    delivery: str
    document_class: str
    received_on: date
    pages: int
    state: InboundState
    file_number: str | None
    proposal: str | None
    reason: str
    sha256: str | None
    source: str = ""
    office: str | None = None
    new: bool = False
    """In a case, and nobody of its office opened it yet."""


@dataclass(frozen=True)
class TrayFilter:
    """What the tray is narrowed to; `new` are documents in cases that nobody of the office opened."""

    state: InboundState | None = None
    source: str | None = None
    office: str | None = None
    new: bool = False


@dataclass(frozen=True)
class Tray:
    """What the user may see, the most pressing first; `counts` by state and `new` are of everything they may see."""

    lines: Sequence[InboundLine]
    total: int
    counts: Mapping[InboundState, int]
    new: int
    oldest: date | None
    """Of what waits to be assigned."""
    sources: Sequence[str]
    offices: Sequence[str]


def inbound_list(
    services: Services, login: str | None, *, state: InboundState | None = None
) -> list[InboundLine]:
    """Inbound documents that the user may see, newest first: those of their cases, and for the post room all.

    `login` None is the operator at the command line.
    """
    with services.db.reading() as session:
        visible = _visible(session, actor(session, login)) if login is not None else []
        query = _rows().where(*visible, *_narrowed(TrayFilter(state)))
        return [line_of(session, *row) for row in session.exec(query.order_by(col(InboundDocument.id).desc()))]


def tray(services: Services, login: str, wanted: TrayFilter) -> Tray:
    """The tray of this user: what waits for a person first, then what is new, the oldest on top."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        visible = _visible(session, who)
        chosen = [*visible, *_narrowed(wanted)]
        order = (
            col(InboundDocument.state) != InboundState.DESK,
            col(InboundDocument.received_on),
            col(InboundDocument.id),
        )
        rows = session.exec(_rows().where(*chosen).order_by(*order).limit(MAX_LISTED)).all()
        waiting = [*visible, col(InboundDocument.state) == InboundState.DESK]
        return Tray(
            lines=[line_of(session, *row) for row in rows],
            total=_count(session, chosen),
            counts={
                state: _count(session, [*visible, col(InboundDocument.state) == state])
                for state in InboundState
            },
            new=_count(session, [*visible, *_narrowed(TrayFilter(new=True))]),
            oldest=session.exec(_joined(select(func.min(InboundDocument.received_on))).where(*waiting)).one(),
            sources=sorted(session.exec(_joined(select(InboundDocument.source)).where(*visible).distinct())),
            offices=readable_offices(session, who),
        )


def count_new(services: Services, login: str) -> int:
    """How many documents came into the cases of the user's offices that nobody there opened yet."""
    with services.db.reading() as session:
        return _count(session, [*_visible(session, actor(session, login)), *_narrowed(TrayFilter(new=True))])


def _rows() -> Any:
    return _joined(select(InboundDocument, ScanDelivery, Case, Office.key)).join(
        ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id
    )


def _joined(query: Any) -> Any:
    """With the case and its office, where it has one."""
    return query.join(Case, col(Case.id) == InboundDocument.case_id, isouter=True).join(
        Office, col(Office.id) == Case.office_id, isouter=True
    )


def _visible(session: Session, who: Actor) -> list[ColumnElement[bool]]:
    """Documents of the cases that the user may read; what has no case yet for those who receive deliveries."""
    mine = col(Office.key).in_(readable_offices(session, who) if who.may(Action.READ) else [])
    return [or_(mine, col(InboundDocument.case_id).is_(None)) if who.may(Action.RECEIVE_SCANS) else mine]


def _narrowed(wanted: TrayFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.state is not None:
        conditions.append(col(InboundDocument.state) == wanted.state)
    if wanted.source:
        conditions.append(col(InboundDocument.source) == wanted.source)
    if wanted.office:
        conditions.append(col(Office.key) == wanted.office)
    if wanted.new:
        conditions += [col(InboundDocument.state) == InboundState.ASSIGNED, ~_opened()]
    return conditions


def _opened() -> ColumnElement[bool]:
    return exists().where(
        col(InboundReading.inbound_id) == InboundDocument.id,
        col(InboundReading.case_id) == InboundDocument.case_id,
    )


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    query = _joined(select(func.count()).select_from(InboundDocument)).where(*conditions)
    return int(session.exec(query).one())


def line_of(
    session: Session, document: InboundDocument, delivery: ScanDelivery, case: Case | None, office: str | None
) -> InboundLine:
    """A document as it stands in lists."""
    proposal = session.get(Case, document.proposed_case_id) if document.proposed_case_id else None
    opened = select(InboundReading.id).where(
        InboundReading.inbound_id == document.id, InboundReading.case_id == document.case_id
    )
    return InboundLine(
        id=row_id(document),
        document_id=document.document_id,
        delivery=delivery.delivery,
        document_class=document.document_class,
        received_on=document.received_on,
        pages=document.pages,
        state=document.state,
        file_number=case.file_number if case else None,
        proposal=proposal.file_number if proposal else None,
        reason=document.match_reason,
        sha256=document.sha256,
        source=document.source,
        office=office,
        new=document.state == InboundState.ASSIGNED and session.exec(opened).first() is None,
    )
