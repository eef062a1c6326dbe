"""Mass mailings and their rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.letters.mailing import MailingState, RowState


class Mailing(SQLModel, table=True):
    """A *Serienbrief*: a template and a table, from its check to the last letter submitted."""

    __table_args__ = (UniqueConstraint("file_sha256", "template", "repetition"),)

    id: int | None = Field(default=None, primary_key=True)
    file_sha256: str = Field(min_length=64, max_length=64)
    template: str
    title: str
    repetition: int
    """How many mailings of the same file and template there were before: a repetition needs an explicit yes."""
    author_id: int = Field(foreign_key="user_account.id", index=True)
    state: MailingState = choice(MailingState, "mailing_state_known", index=True)
    accept_repeat: bool
    """Second letters within 14 days are intended."""
    only_good: bool = False
    """Accepted without its faulty rows."""
    offices: list[str] = json_value()
    """Keys of the offices whose cases it writes to."""
    findings: list[dict[str, str]] = json_value()
    """What concerns the table as a whole."""
    rows: int = 0
    faulty: int = 0
    created_at: datetime = moment()
    accepted_at: datetime | None = moment(optional=True)


class MailingRow(SQLModel, table=True):
    """A row of the table: findings, or a letter."""

    __tablename__ = "mailing_row"
    __table_args__ = (
        UniqueConstraint("mailing_id", "number"),
        Index("mailing_row_by_state", "mailing_id", "state"),
        Index("mailing_row_by_content", "mailing_id", "content_sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    mailing_id: int = Field(foreign_key="mailing.id")
    number: int
    """As a spreadsheet counts: the header is row 1."""
    state: RowState = choice(RowState, "mailing_row_state_known")
    case_id: int | None = Field(default=None, foreign_key="case_record.id")
    content_sha256: str | None = None
    data: dict[str, Any] | None = json_value(optional=True)
    """The letter's data until its draft is written, then none."""
    letter_id: int | None = Field(default=None, foreign_key="letter.id", unique=True)
    findings: list[dict[str, Any]] | None = json_value(optional=True)
