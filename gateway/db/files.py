"""Filings into case files, scan deliveries, and inbound documents."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment


class Filing(SQLModel, table=True):
    """An *Ablage in der Akte* that the case file has confirmed, or that is being tried.

    What must be filed is computed from letters and inbound documents; a row remembers attempts and success.
    """

    __table_args__ = (
        Index(
            "filing_not_confirmed",
            "next_attempt_at",
            sqlite_where=text("filed_at IS NULL"),
            postgresql_where=text("filed_at IS NULL"),
        ),
        Index(
            "filed_of_letter",
            "letter_id",
            "filed_at",
            sqlite_where=text("filed_at IS NOT NULL"),
            postgresql_where=text("filed_at IS NOT NULL"),
        ),
        Index(
            "filed_document",
            "checked_at",
            sqlite_where=text("document_key IS NOT NULL"),
            postgresql_where=text("document_key IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    case_id: int = Field(foreign_key="case_record.id", index=True)
    attempts: int = 0
    next_attempt_at: datetime | None = moment(optional=True)
    error_code: str | None = None
    failing_since: datetime | None = moment(optional=True)
    """When it failed first; None while it never did, and once it is filed."""
    external_id: str | None = None
    filed_at: datetime | None = moment(optional=True)
    letter_id: int | None = Field(default=None, foreign_key="letter.id")
    """Whose life the entry is part of; None for inbound documents."""
    recipient_id: int | None = Field(default=None, foreign_key="recipient.id")
    """Whose copy it is about, if about one."""
    document_key: str | None = None
    """Under which name the case file gives the document back; None if the entry brought none."""
    sha256: str | None = Field(default=None, min_length=64, max_length=64)
    """Hash of the document that the case file confirmed."""
    checked_at: datetime | None = moment(optional=True)
    """When the document was last fetched back from the case file and was the same."""
    withdrawn_at: datetime | None = moment(optional=True)
    """When the entry was taken out again, because it lay in a wrong file: then the file has no copy any more."""


class ScanDelivery(SQLModel, table=True):
    """A *Scanlieferung* that was taken in."""

    __tablename__ = "scan_delivery"
    __table_args__ = (UniqueConstraint("source", "delivery"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    delivery: str
    sequence: int
    manifest_sha256: str
    documents: int
    pages: int
    received_at: datetime = moment()
    created_at: datetime | None = moment(optional=True)
    """When the scan provider made it, as it says."""
    findings: list[str] | None = json_value(optional=True)
    """Codes of what is odd about the delivery as a whole and did not keep it from being taken."""
    receipt_written_at: datetime | None = moment(optional=True)


class InboundState(StrEnum):
    """Where an inbound document is."""

    ASSIGNED = "assigned"
    """Belongs to a case; filed there."""
    DESK = "desk"
    """No certain case; a person assigns it."""
    QUARANTINE = "quarantine"
    """Bytes are not what the manifest says; rejected in the receipt."""
    REJECTED = "rejected"
    """A person gave it back to the scan provider: it belongs to no case as it is."""
    REPLACED = "replaced"
    """A later scan of the same paper took its place; it stays where it is, and shows that."""


NOT_TAKEN = (InboundState.QUARANTINE, InboundState.REJECTED)
"""Documents that were not taken: the same may be delivered again."""
_TAKEN = text("state NOT IN ('quarantine', 'rejected')")


class InboundDocument(SQLModel, table=True):
    """A *Posteingang*."""

    __tablename__ = "inbound_document"
    __table_args__ = (
        UniqueConstraint("delivery_id", "document_id"),
        Index("inbound_of_paper", "source", "document_id"),
        Index(
            "inbound_not_filed",
            "id",
            sqlite_where=text("state = 'assigned' AND filed_at IS NULL"),
            postgresql_where=text("state = 'assigned' AND filed_at IS NULL"),
        ),
        Index(
            "one_inbound_document",
            "source",
            "document_id",
            unique=True,
            sqlite_where=_TAKEN,
            postgresql_where=_TAKEN,
        ),
        Index(
            "one_inbound_content",
            "source",
            "sha256",
            unique=True,
            sqlite_where=_TAKEN,
            postgresql_where=_TAKEN,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="scan_delivery.id", index=True)
    document_id: str
    source: str
    state: InboundState = choice(InboundState, "inbound_state_known", index=True)
    sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    pages: int
    document_class: str
    received_on: date
    scanned_at: datetime = moment()
    box: str = ""
    batch: str | None = None
    """The stack in which it was scanned, as the scan provider calls it."""
    sender: str | None = None
    """Who the scan provider thinks sent it."""
    quality: str | None = None
    """Result of the scan provider's quality check."""
    replaces_id: int | None = Field(default=None, foreign_key="inbound_document.id", index=True)
    """The earlier scan of the same paper."""
    replaces_named: str | None = None
    """The number that the manifest gave for it; None where a person linked the two, or nobody did."""
    case_id: int | None = Field(default=None, foreign_key="case_record.id", index=True)
    proposed_case_id: int | None = Field(default=None, foreign_key="case_record.id")
    """The likeliest case, for the person who decides."""
    letter_id: int | None = Field(default=None, foreign_key="letter.id", index=True)
    """The letter it answers, where its code says so."""
    match_reason: str = ""
    finding_code: str | None = None
    assigned_by: str | None = None
    filed_at: datetime | None = moment(optional=True)
