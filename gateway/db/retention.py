"""What has left the gateway by its rule of retention, and what must not leave."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from gateway.db.types import choice, moment
from gateway.domain.retention import Kind


class ContentDeparture(SQLModel, table=True):
    """The bytes of a document that were deleted here. Its row in `document` stays, with hash and size.

    A document of which there is a departure is not missing: the account and everybody else may take it for present.
    With a `document_key` the case file gives it back (`application.recalling`); a print copy is made again from its
    documents. Written before the deletion, `left_at` after it: a kill in between is made up for in the next pass.
    """

    __tablename__ = "content_departure"

    document_sha256: str = Field(foreign_key="document.sha256", primary_key=True)
    kind: Kind = choice(Kind, "departure_kind_known")
    subject: str = Field(index=True)
    """Reference of the letter or the piece, or the inbound document, it belonged to."""
    case_id: int | None = Field(default=None, foreign_key="case_record.id")
    document_key: str | None = None
    """Under which key the case file has it."""
    confirmed_as: str | None = None
    """The case file's own name for the filing that confirmed it."""
    decided_at: datetime = moment()
    left_at: datetime | None = moment(optional=True, index=True)


class LetterRetention(SQLModel, table=True):
    """What has left of one letter, and when; a letter without a row is whole."""

    __tablename__ = "letter_retention"

    letter_id: int = Field(foreign_key="letter.id", primary_key=True)
    content_left_at: datetime = moment(index=True)
    payloads_left_at: datetime | None = moment(optional=True)
    personal_left_at: datetime | None = moment(optional=True)
    """None again where something was written since, until that leaves, too."""
    emptied_at: datetime | None = moment(optional=True)
    """When addresses, data and words last left; stays whatever is written since."""


class DeletionLock(SQLModel, table=True):
    """A *Löschsperre*: nothing of this case is deleted until it is lifted. One live lock a case."""

    __tablename__ = "deletion_lock"
    __table_args__ = (
        Index(
            "one_live_lock",
            "case_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lock_lifting_is_whole"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_record.id")
    reason: str
    set_by: str
    set_at: datetime = moment()
    lifted_by: str | None = None
    lifted_at: datetime | None = moment(optional=True)
