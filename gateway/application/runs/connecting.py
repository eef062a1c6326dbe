"""Connecting: what the configuration must not say about providers, given what is under way and what they can do."""

from collections.abc import Collection, Iterable, Mapping

from sqlmodel import col, func, select

from gateway.db.engine import Database
from gateway.db.mail import Submission
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import ConfigError
from gateway.ports.provider import Provider, Trial


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


def require_trial(providers: Mapping[str, Provider], names: Iterable[str]) -> None:
    """Raise `ConfigError` for who shall get test letters and cannot: it would look like a proof, and be none."""
    for name in names:
        if not isinstance(providers.get(name), Trial):
            text = f"[canary] nennt „{name}“: nicht angebunden, oder nimmt keine Schreiben zur Probe."
            raise ConfigError("config-invalid", text)
