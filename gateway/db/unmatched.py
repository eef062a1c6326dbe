"""What providers said about pieces that we do not know, or do not know yet."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.runs.status import Status


class UnmatchedReport(SQLModel, table=True):
    """A *Statusmeldung ohne Sendung*, with the provider's raw payload: kept and shown, never dropped.

    A call may come before we have written down that the piece was released; then it is matched later.
    """

    __tablename__ = "unmatched_report"
    __table_args__ = (UniqueConstraint("provider", "dedup_key"),)

    id: int | None = Field(default=None, primary_key=True)
    provider: str
    dedup_key: str
    key: str
    """The piece's key as the provider gave it; empty if it gave none."""
    provider_reference: str
    status: Status = choice(Status, "unmatched_status_known")
    provider_status: str
    occurred_at: datetime = moment()
    received_at: datetime = moment()
    posted_on: date | None = None
    delivered_on: date | None = None
    reason: str | None = None
    raw: dict[str, Any] = json_value()
    matched_at: datetime | None = moment(optional=True)
    """Since when it is an event of a submission of ours."""
    raw_sha256: str | None = Field(default=None, min_length=64, max_length=64)
    """Hash of the payload, once it left by its rule; as the trail names it."""
    emptied_at: datetime | None = moment(optional=True)
    """When payload and reason left."""
