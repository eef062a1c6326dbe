"""Canary letters (*Testschreiben*): which known test letter went to which provider, and what it answered."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import json_value, moment


class Canary(SQLModel, table=True):
    """One test letter to one provider before the run of a day. No citizen's letter, no piece, no submission.

    Its row is written before it is handed over, and it is handed over once: after a lost answer it is only asked for.
    """

    __table_args__ = (
        UniqueConstraint("provider", "day"),
        CheckConstraint("(accepted_by IS NULL) = (accepted_at IS NULL)", name="acceptance_is_whole"),
    )

    id: int | None = Field(default=None, primary_key=True)
    provider: str
    day: date = Field(index=True)
    key: str = Field(unique=True)
    """Our name for it at the provider; never used again, and never that of a piece."""
    sha256: str = Field(max_length=64)
    """Of the bytes that were handed over; they carry nobody's data and are not kept."""
    pages: int
    handed_over_at: datetime = moment()
    provider_reference: str | None = None
    answered_at: datetime | None = moment(optional=True)
    answer: dict[str, Any] | None = json_value(optional=True)
    differences: list[str] | None = json_value(optional=True)
    """Codes of what is not as known; empty: all is as it was. None while there is no answer."""
    accepted_by: str | None = None
    """Who decided that this answer is the known one from now on."""
    accepted_at: datetime | None = moment(optional=True)
    reason: str | None = None
