"""The order between a stop and a release: whoever sets a stop waits for the intents that are being committed.

SQLite lets one write at a time, so there nothing is left to order. On PostgreSQL a stop that commits between the look
at the stops and the commit of an intent would not be seen: therefore every intent is committed under a shared lock of
its transaction, and a stop is set under the exclusive one. When a stop is set, everything is either on its way and
counted as such, or stays.
"""

from sqlalchemy import text
from sqlmodel import Session

_BRAKE = 4_611_686_018_427_387_847
"""The advisory lock that all processes know."""


def pass_brake(session: Session) -> None:
    """Before looking at the stops, in the transaction that commits an intent to release."""
    _lock(session, "pg_advisory_xact_lock_shared")


def pull_brake(session: Session) -> None:
    """Before setting a stop: waits until every intent that is under way is committed."""
    _lock(session, "pg_advisory_xact_lock")


def _lock(session: Session, function: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text(f"SELECT {function}(:key)"), {"key": _BRAKE})
