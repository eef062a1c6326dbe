"""Connecting: a provider that still has letters of ours under way must stay in the configuration."""

from collections.abc import Collection

from sqlmodel import col, func, select

from gateway.db.engine import Database
from gateway.db.mail import Submission
from gateway.domain.submission import SubmissionState
from gateway.errors import ConfigError


def require_connected(db: Database, connected: Collection[str]) -> None:
    """Raise `ConfigError` ('provider-still-needed') if pieces are under way at a provider that is not connected.

    They could neither be handed over nor asked about, and nobody would see it.
    """
    with db.reading() as session:
        query = (
            select(Submission.provider, func.count())
            .where(
                col(Submission.provider).not_in(connected),
                col(Submission.state).not_in((SubmissionState.VOID, SubmissionState.REFUSED)),
                col(Submission.settled_at).is_(None),
            )
            .group_by(Submission.provider)
        )
        left = sorted(session.exec(query).all())
    if left:
        name, count = left[0]
        raise ConfigError(
            "provider-still-needed",
            f"Bei „{name}“ sind noch {count} Sendungen unterwegs. Bitte „{name}“ in [provider] unter others "
            "nennen, bis alle aufgegeben sind, oder sie vorher umleiten (gateway divert).",
        )
