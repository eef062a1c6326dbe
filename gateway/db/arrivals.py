"""What goes back to scan providers, and deliveries that could not be taken."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, false, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.inbound.feedback import ScanFinding


class ScanAnswer(SQLModel, table=True):
    """A file for a scan provider: receipt, feedback, release list, recall. The row first, then it is sent from it.

    `name` is unique at its source, for ever; the bytes never change.
    """

    __tablename__ = "scan_answer"
    __table_args__ = (
        UniqueConstraint("source", "name"),
        Index(
            "scan_answer_not_sent",
            "id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    name: str
    kind: str
    """What it is: receipt, refusal, feedback, …"""
    content: bytes
    made_at: datetime = moment()
    attempts: int = 0
    next_attempt_at: datetime | None = moment(optional=True)
    error_code: str | None = None
    sent_at: datetime | None = moment(optional=True)


class QuarantineDecision(StrEnum):
    """What a person made of a delivery in quarantine."""

    RETRIED = "retried"
    """It was read again and taken in."""
    DISCARDED = "discarded"
    """It is not taken in; the scan provider delivers again."""


class QuarantinedDelivery(SQLModel, table=True):
    """A delivery that was wrong as a whole: its bytes are kept in `folder`, and a person decides.

    `fingerprint` tells one try under the same name from the next; `sequence` is known where the manifest was readable.
    """

    __tablename__ = "scan_quarantine"
    __table_args__ = (UniqueConstraint("source", "name", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    name: str
    fingerprint: str = Field(min_length=64, max_length=64)
    sequence: int | None = None
    code: str
    message: str
    folder: str
    at_site: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """It could not be brought here: its bytes lie at the site, and here is what tells which delivery it is."""
    arrived_at: datetime = moment()
    decision: QuarantineDecision | None = choice(QuarantineDecision, "quarantine_decision_known", optional=True)
    decided_by: str | None = None
    decided_at: datetime | None = moment(optional=True)
    reason: str | None = None


class ScanUpload(SQLModel, table=True):
    """A delivery that came by HTTP. Its bytes lie in the spool until `done_at`; `name` holds their hash.

    `answer`: the name of its receipt, once it was taken in or refused.
    """

    __tablename__ = "scan_upload"
    __table_args__ = (
        UniqueConstraint("source", "name"),
        CheckConstraint("(answer IS NULL) = (done_at IS NULL)", name="upload_answered_when_done"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    name: str
    received_at: datetime = moment()
    answer: str | None = None
    done_at: datetime | None = moment(optional=True)


class ScanNote(SQLModel, table=True):
    """The transfer note (*Transfervermerk*) of an inbound document: what it says, and its bytes.

    `attached`: it lies in the PDF itself. The content goes where the scan goes, once the case file has both.
    """

    __tablename__ = "scan_note"

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id", unique=True)
    attached: bool
    sha256: str = Field(min_length=64, max_length=64)
    content: bytes | None = None
    said: dict[str, Any] = json_value()
    """The note's own statements by our names (`gateway.domain.inbound.transfer_note`)."""
    findings: list[str] = json_value()
    """Codes of what TR-03138 A.NB.4 asks for and the note does not say."""
    emptied_at: datetime | None = moment(optional=True)
    """When content and statements were deleted by their rule; hash and findings stay."""


class ScanFeedback(SQLModel, table=True):
    """What a person of the house found wrong with a scan, told to the scan provider (TR-03138 A.NB.3)."""

    __tablename__ = "scan_feedback"
    __table_args__ = (
        Index(
            "one_open_feedback",
            "inbound_id",
            "finding",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id", index=True)
    finding: ScanFinding = choice(ScanFinding, "scan_finding_known")
    page: int | None = None
    reported_by: str
    reported_at: datetime = moment()
    answer_id: int = Field(foreign_key="scan_answer.id")
    settled_at: datetime | None = moment(optional=True)
    """When the rescan came, or a person took the finding back."""


class RejectedClosing(SQLModel, table=True):
    """A person decided that a rejected document is not waited for any more. Append-only; why stands in the trail."""

    __tablename__ = "rejected_closing"

    inbound_id: int = Field(foreign_key="inbound_document.id", primary_key=True)
    decided_by: str
    decided_at: datetime = moment()
