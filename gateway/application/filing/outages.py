"""Outages: a case file that takes nothing is asked once in a while, not once for every letter.

The first entry that finds it away ends the pass; until the next attempt nothing is tried. The first entry that it takes
ends the outage, and everything that waited goes on in the same pass. Nothing else waits for the case file.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.outages import FilingOutage
from gateway.domain.retry import wait_before
from gateway.errors import CaseFileUnavailable

_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(minutes=30)
"""So long at most after its return the case file is noticed."""


def open_outage(session: Session, case_file: str) -> FilingOutage | None:
    """The outage that goes on, if there is one."""
    query = select(FilingOutage).where(
        FilingOutage.case_file == case_file, col(FilingOutage.ended_at).is_(None)
    )
    return session.exec(query).one_or_none()


def may_try(services: Services) -> bool:
    """Whether it is worth asking the case file now."""
    with services.db.reading() as session:
        outage = open_outage(session, services.casefile.name)
        return outage is None or outage.next_attempt_at <= services.clock.now()


def goes_on(services: Services, fault: CaseFileUnavailable) -> datetime:
    """The case file is away, still or newly; returns when it is tried again."""
    now = services.clock.now()
    with services.db.transaction() as session:
        outage = open_outage(session, services.casefile.name)
        if outage is None:
            outage = FilingOutage(
                case_file=services.casefile.name,
                began_at=now,
                error_code=fault.code,
                error_message=fault.message,
                next_attempt_at=now,
            )
            session.add(outage)
        spread = services.random_bits(8) / 256
        outage.next_attempt_at = now + wait_before(
            outage.attempts, first=_FIRST, longest=_LONGEST, spread=spread
        )
        outage.attempts += 1
        outage.error_code, outage.error_message = fault.code, fault.message
        return outage.next_attempt_at


def is_over(services: Services) -> None:
    """The case file took something."""
    with services.db.transaction() as session:
        if (outage := open_outage(session, services.casefile.name)) is not None:
            outage.ended_at = services.clock.now()
