"""The account as a sheet (*Saldenblatt*), for the head of the office: with inbound, and an audited hash."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col

from gateway.application.authorising import SYSTEM, actor, audit
from gateway.application.patrolling import sweep_state
from gateway.application.reconciling import Selection, account
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.people import Office
from gateway.domain.account_report import AccountReport, InboundBalance
from gateway.domain.permission import Action

_DELIVERIES = 30
"""The newest deliveries; older ones that are not in balance come on top of them."""


def account_sheet(services: Services, login: str | None, chosen: Selection) -> AccountReport:
    """The account with all that belongs on the sheet; `login` None is the operator. Raises as `account` does."""
    found = account(services, login=login, chosen=chosen)
    state = sweep_state(services)
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        sees_inbound = chosen == Selection() or chosen.day is not None
        may_see = who is None or who.may(Action.RECEIVE_SCANS) or not _restricted(session, login)
        return AccountReport(
            about=_about(session, chosen),
            made_at=services.clock.now(),
            made_by=who.name if who else "Betrieb",
            account=found,
            offices=list(session.execute(columns(Office.key, Office.name).order_by(Office.name)).all()),
            inbound=list(inbound_balances(session, services, chosen.day)) if sees_inbound and may_see else [],
            documents_overdue=state.documents_overdue,
            filed_overdue=state.filed_overdue,
            rows_checked_at=state.rows_checked_at,
        )


def hand_out(services: Services, login: str | None, chosen: Selection) -> tuple[AccountReport, bytes]:
    """The sheet as a PDF; that it was made, and its hash, is in the audit trail."""
    sheet = account_sheet(services, login, chosen)
    content = services.account_pdf(sheet, services.schedule.zone)
    with services.db.transaction() as session:
        audit(session, services, login or SYSTEM, "account-handed-out", sheet.about, sha256=sheet.sha256)
    return sheet, content


def inbound_balances(session: Session, services: Services, day: date | None = None) -> Iterator[InboundBalance]:
    """Scan deliveries, newest first: those of a day, or the newest and whatever is not in balance."""
    today = services.today()
    for number, row in enumerate(session.execute(_deliveries())):
        received = row.received_at.astimezone(services.schedule.zone).date()
        oldest = (today - row.oldest).days if row.oldest else 0
        balance = InboundBalance(
            row.source,
            row.delivery,
            received,
            row.documents,
            row.filed or 0,
            row.to_file or 0,
            row.desk or 0,
            row.quarantined or 0,
            oldest,
        )
        if received == day or (day is None and (number < _DELIVERIES or balance.missing or balance.desk)):
            yield balance


def _deliveries() -> Any:
    assigned = col(InboundDocument.state) == InboundState.ASSIGNED
    filed = col(InboundDocument.filed_at).is_not(None)
    desk = col(InboundDocument.state) == InboundState.DESK

    def count(condition: ColumnElement[bool]) -> Any:
        return func.sum(case((condition, 1), else_=0))

    return (
        columns(
            ScanDelivery.source,
            ScanDelivery.delivery,
            ScanDelivery.received_at,
            ScanDelivery.documents,
            count(assigned & filed).label("filed"),
            count(assigned & ~filed).label("to_file"),
            count(desk).label("desk"),
            count(col(InboundDocument.state) == InboundState.QUARANTINE).label("quarantined"),
            func.min(case((desk, InboundDocument.received_on))).label("oldest"),
        )
        .outerjoin(InboundDocument, col(InboundDocument.delivery_id) == ScanDelivery.id)
        .group_by(col(ScanDelivery.id))
        .order_by(col(ScanDelivery.id).desc())
    )


def _about(session: Session, chosen: Selection) -> str:
    parts = []
    if chosen.day:
        parts.append(f"freigegeben am {chosen.day:%d.%m.%Y}")
    if chosen.run:
        parts.append(f"Tageslauf {chosen.run[1]} vom {chosen.run[0]:%d.%m.%Y}")
    if chosen.office:
        name = session.execute(columns(Office.name).where(Office.key == chosen.office)).scalar_one_or_none()
        parts.append(name or chosen.office)
    return ", ".join(parts) or "alles"


def _restricted(session: Session, login: str | None) -> bool:
    who = actor(session, login) if login is not None else None
    keys = session.execute(columns(Office.key)).scalars()
    return who is not None and not all(who.may(Action.READ, key) for key in keys)
