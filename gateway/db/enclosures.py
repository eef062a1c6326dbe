"""Enclosures of letters: what travels with a letter as it stands, and what was signed with it."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.enclosures import EnclosureSource


class LetterEnclosure(SQLModel, table=True):
    """An *Anlage* of a letter that is not approved yet; may still change."""

    __tablename__ = "letter_enclosure"
    __table_args__ = (UniqueConstraint("letter_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", index=True)
    number: int
    document_sha256: str = Field(foreign_key="document.sha256")
    title: str
    source: EnclosureSource = choice(EnclosureSource, "enclosure_source_known")
    added_by: str
    added_at: datetime = moment()


class ApprovedEnclosure(SQLModel, table=True):
    """An enclosure that was signed together with a recipient's document; what is printed is exactly this.

    Append-only, as the approval itself.
    """

    __tablename__ = "approved_enclosure"
    __table_args__ = (UniqueConstraint("recipient_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    recipient_id: int = Field(foreign_key="recipient.id", index=True)
    number: int
    document_sha256: str = Field(foreign_key="document.sha256")
    title: str
