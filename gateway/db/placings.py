"""Why an inbound document was put where it is: the match and its proposals, who opened it, and how it was moved."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.inbound.match_strength import Confidence, Evidence


class InboundMatch(SQLModel, table=True):
    """What matching made of an inbound document when it came."""

    __tablename__ = "inbound_match"

    inbound_id: int = Field(foreign_key="inbound_document.id", primary_key=True)
    confidence: Confidence = choice(Confidence, "match_confidence_known")
    evidence: Evidence = choice(Evidence, "match_evidence_known")
    """The strongest that led there."""
    returned: bool = False
    """It is paper of ours that came back, or may have."""
    perhaps: str | None = None
    """Why it may have (`domain.receipt.returning.Perhaps`), where it came as citizens' mail."""


class InboundProposal(SQLModel, table=True):
    """A case that something on a document points to, with the reason; `place` 1 is the likeliest."""

    __tablename__ = "inbound_proposal"
    __table_args__ = (UniqueConstraint("inbound_id", "case_id"),)

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id", index=True)
    place: int
    case_id: int = Field(foreign_key="case_record.id", index=True)
    letter_id: int | None = Field(default=None, foreign_key="letter.id")
    """The letter that the paper answers or is about, where the evidence names one."""
    evidence: Evidence = choice(Evidence, "proposal_evidence_known")
    reason: str


class InboundReading(SQLModel, table=True):
    """Somebody of the office in charge opened an inbound document first; until then it is new in its case."""

    __tablename__ = "inbound_reading"
    __table_args__ = (UniqueConstraint("inbound_id", "case_id"),)

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id")
    case_id: int = Field(foreign_key="case_record.id")
    read_by: str
    read_at: datetime = moment()


class InboundMove(SQLModel, table=True):
    """An inbound document was taken out of a case (*Umhängen*), by whom and why, and how far the old file is.

    `number` counts the moves of a document; so each time that it is filed, it has a key of its own.
    """

    __tablename__ = "inbound_move"
    __table_args__ = (
        UniqueConstraint("inbound_id", "number"),
        CheckConstraint("noted_at IS NULL OR withdrawn_at IS NOT NULL", name="noted_after_withdrawn"),
        Index(
            "move_not_done",
            "next_attempt_at",
            sqlite_where=text("noted_at IS NULL"),
            postgresql_where=text("noted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id")
    number: int
    from_case_id: int = Field(foreign_key="case_record.id", index=True)
    to_case_id: int | None = Field(default=None, foreign_key="case_record.id", index=True)
    """None: back to the tray."""
    reason: str
    moved_by: str
    moved_at: datetime = moment()
    attempts: int = 0
    next_attempt_at: datetime | None = moment(optional=True)
    error_code: str | None = None
    withdrawn_at: datetime | None = moment(optional=True)
    """When the case file confirmed that the old file has no copy any more."""
    noted_at: datetime | None = moment(optional=True)
    """When the log of the old file said that something was withdrawn."""
    replaced_by_id: int | None = Field(default=None, foreign_key="inbound_document.id")
    """It was in the right case, and left because this later scan of the same paper took its place."""
    undone_at: datetime | None = moment(optional=True)
    """The later scan was of another paper; the document was filed again."""


class AsksForNothing(SQLModel, table=True):
    """A letter of a template that asks for documents, and this one asks for none: nobody looks again."""

    __tablename__ = "asks_for_nothing"

    letter_id: int = Field(foreign_key="letter.id", primary_key=True)
    noted_at: datetime = moment()


class RequestedItem(SQLModel, table=True):
    """A *Unterlage* that a letter asks for, and when it came."""

    __tablename__ = "requested_item"
    __table_args__ = (
        UniqueConstraint("letter_id", "number"),
        CheckConstraint(
            "(settled_by IS NULL) = (settled_at IS NULL) AND (settled_by IS NULL) = "
            "(came_on IS NULL AND reason IS NULL)",
            name="settled_by_somebody",
        ),
        CheckConstraint("came_on IS NULL OR inbound_id IS NOT NULL", name="came_with_a_document"),
    )

    id: int | None = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id")
    number: int
    """As in the letter, from 1."""
    title: str
    due_on: date | None = None
    inbound_id: int | None = Field(default=None, foreign_key="inbound_document.id", index=True)
    came_on: date | None = None
    """The day of receipt, not of the scan."""
    reason: str | None = None
    """Why it is not needed any more, where no document came."""
    settled_by: str | None = None
    settled_at: datetime | None = moment(optional=True)
