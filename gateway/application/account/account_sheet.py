"""The account as a sheet (*Saldenblatt*), for the head of the office: with inbound, and an audited hash."""

from sqlmodel import Session

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.account.account_inbound import inbound_balances, newest_or_open
from gateway.application.account.patrolling import sweep_state
from gateway.application.account.reconciling import Selection, account
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.people import Office
from gateway.domain.account.account_report import AccountReport, by_day
from gateway.domain.permission import Action


def account_sheet(services: Services, login: str | None, chosen: Selection) -> AccountReport:
    """The account with all that belongs on the sheet; `login` None is the operator. Raises as `account` does."""
    found = account(services, login=login, chosen=chosen)
    state = sweep_state(services)
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        sees_inbound = chosen == Selection() or chosen.day is not None
        may_see = who is None or who.may(Action.RECEIVE_SCANS) or not _restricted(session, login)
        inbound = list(inbound_balances(session, services)) if sees_inbound and may_see else []
        listed = newest_or_open(inbound, chosen.day)
        return AccountReport(
            about=_about(session, chosen),
            made_at=services.clock.now(),
            made_by=who.name if who else "Betrieb",
            account=found,
            offices=list(session.execute(columns(Office.key, Office.name).order_by(Office.name)).all()),
            inbound=listed,
            inbound_days=by_day(inbound if chosen.day is None else listed),
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
