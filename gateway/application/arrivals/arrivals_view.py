"""What an operator sees of scan deliveries: sources with gaps and silence, quarantine, and answers that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor
from gateway.application.arrivals.site_outages import open_outages
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.files import ScanDelivery
from gateway.db.outages import ScanOutage
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.inbound.sequences import gaps, overdue_since
from gateway.domain.permission import Action

SHOWN = 50


@dataclass(frozen=True)
class SourceView:
    """One source, `shown` as people call it.

    `missing` are ranges of delivery numbers; `due` is the day on which silence was too long.
    """

    name: str
    shown: str
    agreed: bool
    deliveries: int
    last_at: datetime | None
    missing: Sequence[tuple[int, int]]
    due: date | None
    is_silent: bool
    waiting_answers: int
    answers_since: datetime | None
    outage: ScanOutage | None
    """Looking at its site fails, since when and why."""


@dataclass(frozen=True)
class ArrivalsView:
    """Everything on the page; `deliveries` newest first, at most `SHOWN`."""

    sources: Sequence[SourceView]
    deliveries: Sequence[ScanDelivery]
    quarantine: Sequence[QuarantinedDelivery]

    def shown(self, source: str) -> str:
        """A source as people call it."""
        return next((each.shown for each in self.sources if each.name == source), source)


def arrivals_view(services: Services, login: str) -> ArrivalsView:
    """For those who receive scans. Raises `NotPermitted`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        newest = select(ScanDelivery).order_by(col(ScanDelivery.id).desc()).limit(SHOWN)
        return ArrivalsView(
            sources=source_views(session, services),
            deliveries=session.exec(newest).all(),
            quarantine=_quarantine(session),
        )


def source_views(session: Session, services: Services) -> list[SourceView]:
    """Every agreed source, and every other that delivered."""
    delivered = session.exec(select(ScanDelivery.source).distinct()).all()
    away = {outage.source: outage for outage in open_outages(session, services)}
    names = sorted({*services.scan_sources, *delivered})
    return [_source(session, services, name, away.get(name)) for name in names]


def _source(session: Session, services: Services, name: str, outage: ScanOutage | None) -> SourceView:
    agreed = services.scan_source(name)
    count, last_at = session.exec(
        select(func.count(col(ScanDelivery.id)), func.max(ScanDelivery.received_at)).where(
            ScanDelivery.source == name
        )
    ).one()
    waiting, since = session.exec(
        select(func.count(col(ScanAnswer.id)), func.min(ScanAnswer.made_at)).where(
            ScanAnswer.source == name, col(ScanAnswer.sent_at).is_(None)
        )
    ).one()
    due = _due(services, agreed, last_at)
    return SourceView(
        name,
        agreed.shown,
        agreed.agreed,
        count,
        last_at,
        gaps(_numbers(session, name), agreed.first_sequence),
        due,
        due is not None and due < services.today(),
        waiting,
        since,
        outage,
    )


def _due(services: Services, agreed: ScanSource, last_at: datetime | None) -> date | None:
    if last_at is None:
        return None
    last = services.day_of(last_at)
    return overdue_since(last, agreed.late_days, services.schedule.calendar)


def _numbers(session: Session, source: str) -> set[int]:
    """Numbers that came: taken, or in quarantine where a person has not decided yet."""
    taken = session.exec(select(ScanDelivery.sequence).where(ScanDelivery.source == source)).all()
    kept = session.exec(
        select(QuarantinedDelivery.sequence).where(
            QuarantinedDelivery.source == source, col(QuarantinedDelivery.decision).is_(None)
        )
    ).all()
    return {*taken, *(number for number in kept if number is not None)}


def _quarantine(session: Session) -> Sequence[QuarantinedDelivery]:
    query = select(QuarantinedDelivery).where(col(QuarantinedDelivery.decision).is_(None))
    return session.exec(query.order_by(col(QuarantinedDelivery.id))).all()
