"""Outages: since when the case file took nothing, or a scan provider's site could not be emptied."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.db.types import moment


class FilingOutage(SQLModel, table=True):
    """An *Ausfall der Akte*. At most one is open; those that ended stay on record."""

    __tablename__ = "filing_outage"
    __table_args__ = (
        Index(
            "one_open_outage",
            "case_file",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_file: str
    """Name of the case-file system."""
    began_at: datetime = moment()
    attempts: int = 0
    error_code: str
    error_message: str
    next_attempt_at: datetime = moment()
    ended_at: datetime | None = moment(optional=True)
    """When it first took something again."""


class ScanOutage(SQLModel, table=True):
    """Since when the look at a scan provider's site fails, and why it failed last. At most one of a source is open."""

    __tablename__ = "scan_outage"
    __table_args__ = (
        Index(
            "one_open_scan_outage",
            "source",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    began_at: datetime = moment()
    error_code: str
    error_message: str
    ended_at: datetime | None = moment(optional=True)
    """When a look went through again."""
