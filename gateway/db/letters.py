"""Letters, their recipients and documents, findings and approvals."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.findings import Severity
from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.letters.letter import LetterState
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.deadlines import Remedy


class Document(SQLModel, table=True):
    """An immutable PDF, named by its hash; the bytes are in the document store."""

    sha256: str = Field(primary_key=True, min_length=64, max_length=64)
    pages: int
    size_bytes: int
    versions: dict[str, str] = json_value()
    """What it was made with: WeasyPrint, Pango, HarfBuzz, template version, fonts."""
    created_at: datetime = moment()
    checked_at: datetime | None = moment(optional=True, index=True)
    """When the stored bytes were last read and were what the name says; None before the first time."""


class Letter(SQLModel, table=True):
    """A *Schreiben* in a case."""

    __table_args__ = (
        CheckConstraint("(state <> 'cancelled') OR cancelled_at IS NOT NULL", name="cancelled_has_moment"),
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, min_length=8, max_length=8)
    case_id: int = Field(foreign_key="case_record.id", index=True)
    office_id: int = Field(foreign_key="office.id", index=True)
    author_id: int = Field(foreign_key="user_account.id")
    state: LetterState = choice(LetterState, "letter_state_known", index=True)
    template: str
    template_version: str
    title: str
    service: Service = choice(Service, "letter_service_known")
    service_reason: str | None = None
    """Why it travels otherwise than its template provides; None if it does not."""
    service_options: list[str] | None = json_value(optional=True)
    """What is ordered with a Postzustellungsauftrag (`domain.pieces.formal_service.OrderOption`)."""
    four_eyes: bool
    is_decision: bool
    has_remedy_notice: bool
    remedy: Remedy = choice(Remedy, "letter_remedy_known", default=Remedy.WIDERSPRUCH)
    """What can be filed against it, if it is a decision."""
    data: dict[str, Any] = json_value()
    content_sha256: str = Field(index=True)
    """Hash of case, template and data: finds probable duplicates."""
    duplicate_accepted: bool = False
    decision_date: date
    created_at: datetime = moment()
    submitted_at: datetime | None = moment(optional=True)
    approved_at: datetime | None = moment(optional=True, index=True)
    held_at: datetime | None = moment(optional=True)
    hold_reason: str | None = None
    cancelled_at: datetime | None = moment(optional=True)
    note: str | None = None
    """Why it was rejected or cancelled, or why rendering failed."""
    healed_from: str | None = Field(default=None, index=True)
    """The withdrawn template version it was written from, until it is approved with the mended one."""
    filing_due: bool = Field(default=False, index=True)
    """Set with every fact that belongs in the case file; cleared when all of them are filed."""
    filings: int = Field(default=0, index=True, sa_column_kwargs={"server_default": "0"})
    """How many entries the case file has confirmed: one that is gone is missed by number."""


class Recipient(SQLModel, table=True):
    """One recipient of a letter: a copy of its own, with its own piece, posting and deadline.

    Address and form of an accessible copy are frozen when the letter is submitted; the document, and its twin where
    one was asked for, are what is checked, approved and printed.
    """

    __table_args__ = (
        UniqueConstraint("letter_id", "number"),
        Index(
            "signed_again",
            "signing",
            sqlite_where=text("signing > 1"),
            postgresql_where=text("signing > 1"),
        ),
        Index(
            "further_recipient",
            "letter_id",
            sqlite_where=text("number > 1"),
            postgresql_where=text("number > 1"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", index=True)
    number: int
    person_id: int = Field(foreign_key="person.id", index=True)
    copy_for: str | None = None
    address_lines: list[str] = json_value()
    salutation: str
    country: str = "DE"
    accessible_copy: AccessibleCopy | None = choice(AccessibleCopy, "recipient_copy_known", optional=True)
    document_sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    twin_sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    signing: int = 1
    """Which signing counts. A letter that is healed after its approval begins a new one; it never goes back."""
    mail_piece_id: int | None = Field(default=None, foreign_key="mail_piece.id", index=True)


class LetterFinding(SQLModel, table=True):
    """A *Befund* of rendering or preflight."""

    __tablename__ = "letter_finding"

    id: int | None = Field(default=None, primary_key=True)
    recipient_id: int = Field(foreign_key="recipient.id", index=True)
    code: str
    severity: Severity = choice(Severity, "finding_severity_known")
    message: str
    page: int | None = None
    box_mm: list[float] | None = json_value(optional=True)


class Approval(SQLModel, table=True):
    """A *Freigabe*: who signed which bytes. Append-only; one per recipient and signing, for ever.

    It counts while `signing` is the recipient's: what was signed before a letter was healed stays on record only.
    """

    __table_args__ = (UniqueConstraint("recipient_id", "signing"),)

    id: int | None = Field(default=None, primary_key=True)
    recipient_id: int = Field(foreign_key="recipient.id")
    signing: int = 1
    document_sha256: str = Field(foreign_key="document.sha256", index=True)
    approved_by_id: int = Field(foreign_key="user_account.id")
    approved_at: datetime = moment()
