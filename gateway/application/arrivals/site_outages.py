"""Outages of scan providers' sites: what the last look at a site said, if it did not go through.

Nothing else remembers that: what waits at a site that cannot be reached, or may not be moved there, is in no row.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.outages import ScanOutage
from gateway.errors import ProviderError


def open_outages(session: Session, services: Services) -> Sequence[ScanOutage]:
    """Those that go on, of sources that are still looked at."""
    query = select(ScanOutage).where(
        col(ScanOutage.ended_at).is_(None), col(ScanOutage.source).in_(services.scan_sites)
    )
    return session.exec(query.order_by(ScanOutage.source)).all()


def goes_on(services: Services, source: str, fact: ProviderError) -> None:
    """A look did not go through, still or newly."""
    with services.db.transaction() as session:
        outage = _of(session, source)
        if outage is None:
            outage = ScanOutage(
                source=source,
                began_at=services.clock.now(),
                error_code=fact.code,
                error_message=fact.message,
            )
            session.add(outage)
        outage.error_code, outage.error_message = fact.code, fact.message


def is_over(services: Services, source: str) -> None:
    """A look went through."""
    with services.db.reading() as session:
        if _of(session, source) is None:
            return
    with services.db.transaction() as session:
        if (outage := _of(session, source)) is not None:
            outage.ended_at = services.clock.now()


def _of(session: Session, source: str) -> ScanOutage | None:
    query = select(ScanOutage).where(ScanOutage.source == source, col(ScanOutage.ended_at).is_(None))
    return session.exec(query).one_or_none()
