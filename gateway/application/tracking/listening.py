"""Listening: what providers call us with, believed only if signed; and what was said about no piece of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from gateway.application.access.authorising import actor
from gateway.application.services import Services
from gateway.application.tracking.tracking import record
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.permission import Action
from gateway.domain.runs.status import Status
from gateway.errors import NotFound

MAX_LISTED = 200


@dataclass(frozen=True)
class UnmatchedLine:
    """A statement about a piece that we do not know."""

    provider: str
    received_at: datetime
    status: Status
    provider_status: str
    key: str
    provider_reference: str
    raw: Mapping[str, Any]
    emptied_at: datetime | None
    """When the words left by their rule."""


def listen(services: Services, provider_name: str, headers: Mapping[str, str], body: bytes) -> int:
    """Keep what a provider's call says; returns how many new events of ours it brought.

    Raises `NotFound` ('provider-unknown') and what the provider's `parse_webhook` raises: the caller is not
    believed, and nothing was kept.
    """
    provider = services.providers.get(provider_name)
    if provider is None:
        raise NotFound("provider-unknown", "Diesen Druckdienstleister kennt das Gateway nicht.")
    return record(services, provider_name, provider.parse_webhook(headers, body))


def unmatched(services: Services, login: str) -> list[UnmatchedLine]:
    """Statements about no piece of ours, newest first, for those who serve the whole house."""
    with services.db.reading() as session:
        actor(session, login).require(Action.CONFIRM_POSTING)
        waiting = select(UnmatchedReport).where(col(UnmatchedReport.matched_at).is_(None))
        rows = session.exec(waiting.order_by(col(UnmatchedReport.id).desc()).limit(MAX_LISTED)).all()
        return [
            UnmatchedLine(
                row.provider,
                row.received_at,
                row.status,
                row.provider_status,
                row.key,
                row.provider_reference,
                row.raw,
                row.emptied_at,
            )
            for row in rows
        ]
