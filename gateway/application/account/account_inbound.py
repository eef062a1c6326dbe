"""The account of what was scanned: by delivery, scanned = filed + to be filed + tray + quarantine + given back.

Counted by the database. What no line explains is named down to the document: the receipt that the scan site got names
every document of a delivery, so that even one whose row is gone has a name.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col

from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.columns import columns
from gateway.db.files import Filing, InboundDocument, InboundState, ScanDelivery
from gateway.db.placings import InboundMove
from gateway.db.sweeps import SweepFinding
from gateway.domain.account.account_report import INBOUND_GONE, INBOUND_NOT_FILED, InboundBalance, inbound_code
from gateway.domain.account.sweep import Place
from gateway.domain.filing.filing import FilingKind, inbound_filing_key

_DELIVERIES = 30
"""The newest deliveries; older ones that are not in balance come on top of them."""
_FILED = (InboundState.ASSIGNED, InboundState.REPLACED)


def newest_or_open(balances: Sequence[InboundBalance], day: date | None) -> list[InboundBalance]:
    """Those of a day, or the newest and whatever is open or not in balance."""
    if day is not None:
        return [one for one in balances if one.received_on == day]
    return [one for number, one in enumerate(balances) if number < _DELIVERIES or one.is_open]


def inbound_balances(session: Session, services: Services) -> Iterator[InboundBalance]:
    """All scan deliveries, newest first, after those that lie in quarantine as a whole until somebody decides."""
    yield from _refused(session, services)
    today, faults = services.today(), _faults(session)
    for row in session.execute(_deliveries()):
        received = services.day_of(row.received_at)
        balance = InboundBalance(
            row.source,
            row.delivery,
            received,
            row.documents,
            row.filed or 0,
            row.to_file or 0,
            row.desk or 0,
            row.quarantined or 0,
            oldest_days=(today - row.oldest).days if row.oldest else 0,
            given_back=row.given_back or 0,
            unexplained=tuple(faults.get(row.id, ())),
        )
        if balance.missing:
            balance = replace(balance, unexplained=(*balance.unexplained, *_gone(session, row)))
        yield balance


def _refused(session: Session, services: Services) -> Iterator[InboundBalance]:
    waiting = columns(QuarantinedDelivery).where(col(QuarantinedDelivery.decision).is_(None))
    for row in session.execute(waiting.order_by(col(QuarantinedDelivery.id).desc())).scalars():
        arrived = services.day_of(row.arrived_at)
        age = (services.today() - arrived).days
        yield InboundBalance(row.source, row.name, arrived, 0, 0, 0, 0, 0, oldest_days=age, refused=row.code)


def _deliveries() -> Any:
    state = col(InboundDocument.state)
    filed = state.in_(_FILED) & col(InboundDocument.filed_at).is_not(None)
    to_file = (state == InboundState.ASSIGNED) & col(InboundDocument.filed_at).is_(None)
    replaced_before = (state == InboundState.REPLACED) & col(InboundDocument.filed_at).is_(None)
    desk = state == InboundState.DESK

    def count(condition: ColumnElement[bool]) -> Any:
        return func.sum(case((condition, 1), else_=0))

    return (
        columns(
            ScanDelivery.id,
            ScanDelivery.source,
            ScanDelivery.delivery,
            ScanDelivery.received_at,
            ScanDelivery.documents,
            count(filed).label("filed"),
            count(to_file).label("to_file"),
            count(desk).label("desk"),
            count(state == InboundState.QUARANTINE).label("quarantined"),
            count((state == InboundState.REJECTED) | replaced_before).label("given_back"),
            func.min(case((desk | to_file, InboundDocument.received_on))).label("oldest"),
        )
        .outerjoin(InboundDocument, col(InboundDocument.delivery_id) == ScanDelivery.id)
        .group_by(col(ScanDelivery.id))
        .order_by(col(ScanDelivery.id).desc())
    )


def _gone(session: Session, row: Any) -> Iterator[tuple[str, str]]:
    """The documents of a delivery that have no row any more, by the names that its receipt gave to the scan site."""
    name = f"{row.delivery}.receipt.json"
    answer = columns(ScanAnswer.content).where(ScanAnswer.source == row.source, ScanAnswer.name == name)
    content = session.execute(answer).scalar_one_or_none()
    there = columns(InboundDocument.document_id).where(InboundDocument.delivery_id == row.id)
    known = set(session.execute(there).scalars())
    for document in json.loads(content)["documents"] if content else ():
        if document["document_id"] not in known:
            yield f"{row.delivery}/{document['document_id']}", INBOUND_GONE


def _faults(session: Session) -> Mapping[int, list[tuple[str, str]]]:
    """What the sweep of stored bytes found about scans, and filings that are gone, by delivery."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for delivery_id, name, code in (*_of_store(session), *_of_case_file(session), *_of_filings(session)):
        found[delivery_id].append((name, code))
    return found


def _of_store(session: Session) -> Iterator[tuple[int, str, str]]:
    query = _named(SweepFinding.fault).join(
        SweepFinding,
        (col(SweepFinding.subject) == InboundDocument.sha256) & (SweepFinding.place == Place.STORE),
    )
    for delivery_id, delivery, document_id, fault in session.execute(query):
        yield delivery_id, f"{delivery}/{document_id}", inbound_code(fault)


def _of_case_file(session: Session) -> Iterator[tuple[int, str, str]]:
    kind = f"{FilingKind.INBOUND.value}:"
    query = columns(SweepFinding.subject, SweepFinding.fault).where(
        SweepFinding.place == Place.CASE_FILE, col(SweepFinding.subject).startswith(kind)
    )
    for key, fault in session.execute(query):
        _, source, document_id, *_ = key.split(":")
        wanted = _named().where(
            InboundDocument.source == source,
            InboundDocument.document_id == document_id,
            col(InboundDocument.filed_at).is_not(None),
        )
        for delivery_id, delivery, document in session.execute(wanted):
            yield delivery_id, f"{delivery}/{document}", fault


def _of_filings(session: Session) -> Iterator[tuple[int, str, str]]:
    """Only where there are fewer confirmed filings than filed documents are they compared one by one."""
    filed = (col(InboundDocument.state).in_(_FILED), col(InboundDocument.filed_at).is_not(None))
    confirmed = (
        col(Filing.key).startswith(f"{FilingKind.INBOUND.value}:"),
        col(Filing.filed_at).is_not(None),
        col(Filing.withdrawn_at).is_(None),
    )
    documents = session.execute(columns(func.count(col(InboundDocument.id))).where(*filed)).scalar_one()
    filings = session.execute(columns(func.count(col(Filing.id))).where(*confirmed)).scalar_one()
    if filings >= documents:
        return
    keys = set(session.execute(columns(Filing.key).where(*confirmed)).scalars())
    moved = columns(InboundMove.inbound_id, func.count()).group_by(col(InboundMove.inbound_id))
    moves: dict[int, int] = dict(session.execute(moved).all())
    for row in session.execute(_named(InboundDocument.id, InboundDocument.source).where(*filed)):
        delivery_id, delivery, document_id, inbound_id, source = row
        if inbound_filing_key(source, document_id, moves.get(inbound_id, 0) + 1) not in keys:
            yield delivery_id, f"{delivery}/{document_id}", INBOUND_NOT_FILED


def _named(*more: object) -> Any:
    """Delivery and document of inbound documents, and `more`."""
    return (
        columns(InboundDocument.delivery_id, ScanDelivery.delivery, InboundDocument.document_id, *more)
        .select_from(InboundDocument)
        .join(ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id)
    )
