"""Outages of the case file: since when it took nothing, and when it is tried again."""

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
