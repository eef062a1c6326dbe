"""Posting lists as they were received, the records of posting, and what two people answered for."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.posting.posting_list import Evidence
from gateway.domain.posting.posting_record import How


class PostingList(SQLModel, table=True):
    """An *Einlieferungsliste*, append-only. Its bytes are in the document store; what it says is in its items.

    The provider's own, or drawn up from the field that the contract equates with posting (`kind`).
    """

    __tablename__ = "posting_list"
    __table_args__ = (UniqueConstraint("provider", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    provider: str
    number: str = Field(index=True)
    kind: Evidence = choice(Evidence, "list_kind_known")
    name: str = ""
    """Of the file that it came as."""
    day: date | None = Field(default=None, index=True)
    carrier: str = ""
    contract: str = ""
    """Where it is agreed that this is proof, as it was agreed then."""
    told_pieces: int | None = None
    told_sheets: int | None = None
    told_pages: int | None = None
    sha256: str = Field(min_length=64, max_length=64)
    told_sha256: str = ""
    """What the provider said about the bytes; empty if nothing."""
    received_at: datetime = moment()


class PostingListSignature(SQLModel, table=True):
    """A signature that was agreed for a list, as it was found, append-only; one that comes late is another row.

    Its bytes are in the document store. One that is sound proves the list, whatever was found before.
    """

    __tablename__ = "posting_list_signature"
    __table_args__ = (UniqueConstraint("list_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="posting_list.id", index=True)
    sha256: str = ""
    """Empty if there was none."""
    fault: str = ""
    """What was wrong with it, as a code; empty if nothing."""
    found_at: datetime = moment()


class PostingListItem(SQLModel, table=True):
    """A line of a list, append-only; `key` is the submission's, whether we know it or not."""

    __tablename__ = "posting_list_item"
    __table_args__ = (UniqueConstraint("list_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="posting_list.id")
    position: int
    key: str = Field(index=True)
    posted_on: date | None = None
    sheets: int | None = None
    pages: int | None = None
    product: str = ""
    franking_id: str = ""
    sha256: str = ""


class ExceptionState(StrEnum):
    """Whether an exception holds."""

    PROPOSED = "proposed"
    """A second person must confirm it; until then nothing is changed."""
    DONE = "done"
    REJECTED = "rejected"


class PostingException(SQLModel, table=True):
    """Somebody wants pieces confirmed that the check does not let pass, or a confirmed day corrected.

    `posted_on` None: they were not posted. Nothing in it is ever changed but the one decision of a second person.
    """

    __tablename__ = "posting_exception"
    __table_args__ = (
        CheckConstraint(
            "(state = 'proposed') = (decided_by_id IS NULL) AND (state = 'proposed') = (decided_at IS NULL)",
            name="exception_decision_is_whole",
        ),
        CheckConstraint("state <> 'done' OR decided_by_id <> proposed_by_id", name="exception_has_two_people"),
    )

    id: int | None = Field(default=None, primary_key=True)
    state: ExceptionState = choice(ExceptionState, "exception_state_known", index=True)
    posted_on: date | None = None
    reason: str
    proposed_by_id: int = Field(foreign_key="user_account.id")
    proposed_at: datetime = moment()
    decided_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    decided_at: datetime | None = moment(optional=True)
    note: str | None = None
    """Why it was rejected."""


class PostingExceptionPiece(SQLModel, table=True):
    """A piece that an exception is about, and the findings that stood against it when it was proposed. Append-only."""

    __tablename__ = "posting_exception_piece"

    exception_id: int = Field(foreign_key="posting_exception.id", primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", primary_key=True, index=True)
    how: How = choice(How, "exception_how_known")
    codes: list[str] = json_value()


class PostingExceptionBasis(SQLModel, table=True):
    """What an exception rests on, such as the provider's written confirmation. Append-only."""

    __tablename__ = "posting_exception_basis"

    exception_id: int = Field(foreign_key="posting_exception.id", primary_key=True)
    source: str
    """Whose word it is and of which day, in words."""
    document_sha256: str = Field(foreign_key="document.sha256", index=True)


class PostingRecord(SQLModel, table=True):
    """An *Ab-Vermerk*, append-only: written by the machine after a person confirmed. The newest of a piece holds.

    Whoever corrects one writes another. `posted_on` None: the piece was not posted after all.
    """

    __tablename__ = "posting_record"
    __table_args__ = (
        UniqueConstraint("piece_id", "number"),
        UniqueConstraint("piece_id", "number", "posted_on"),
        CheckConstraint("(exception_id IS NULL) = (second_id IS NULL)", name="exception_has_a_second"),
        CheckConstraint("second_id IS NULL OR second_id <> confirmed_by_id", name="second_is_another_person"),
        CheckConstraint(
            "exception_id IS NOT NULL OR (number = 1 AND how IN ('checked', 'by-hand'))",
            name="correction_needs_two",
        ),
        CheckConstraint("posted_on IS NOT NULL OR how = 'revoked'", name="only_revoked_without_day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", index=True)
    number: int = Field(ge=1)
    """Counts from 1 with each piece."""
    posted_on: date | None = None
    how: How = choice(How, "record_how_known")
    text: str
    list_id: int | None = Field(default=None, foreign_key="posting_list.id", index=True)
    carrier: str = ""
    delivery_days: str = ""
    """The carrier's days by contract, `Mo Di Mi Do Fr Sa`; empty if no contract is known."""
    product: str = ""
    franking_id: str = ""
    confirmed_by_id: int = Field(foreign_key="user_account.id")
    confirmed_at: datetime = moment()
    exception_id: int | None = Field(default=None, foreign_key="posting_exception.id", index=True)
    second_id: int | None = Field(default=None, foreign_key="user_account.id")
    emptied_at: datetime | None = moment(optional=True)
    """When its text left by its rule."""


class PostingSupplement(SQLModel, table=True):
    """A number of the carrier's that came after the record of posting was written. Append-only; the record stays."""

    __tablename__ = "posting_supplement"
    __table_args__ = (
        UniqueConstraint("piece_id", "number"),
        CheckConstraint("franking_id <> '' OR tracking_number <> ''", name="supplement_says_something"),
        ForeignKeyConstraint(
            ["piece_id", "record_no"],
            ["posting_record.piece_id", "posting_record.number"],
            name="adds_to_a_record",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id")
    record_no: int
    """The record that was in force then."""
    number: int = Field(ge=1)
    """Counts from 1 with each piece."""
    franking_id: str = ""
    tracking_number: str = ""
    source: str
    """Whose word it is: the provider and its statement, its list, or what a person read it from."""
    noted_by: str
    noted_at: datetime = moment()
    emptied_at: datetime | None = moment(optional=True)
    """When the source left by its rule."""
