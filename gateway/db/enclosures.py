"""What travels with letters: enclosures as they stand, and all that was signed with a recipient's document."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.letters.accessible import CompanionKind
from gateway.domain.letters.enclosures import EnclosureSource


class LetterEnclosure(SQLModel, table=True):
    """An *Anlage* of a letter that is not approved yet; may still change."""

    __tablename__ = "letter_enclosure"
    __table_args__ = (UniqueConstraint("letter_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", index=True)
    number: int
    document_sha256: str = Field(foreign_key="document.sha256", index=True)
    title: str
    source: EnclosureSource = choice(EnclosureSource, "enclosure_source_known")
    added_by: str
    added_at: datetime = moment()


class SignedCompanion(SQLModel, table=True):
    """What was signed together with a recipient's document and travels with it: its accessible twin, enclosures.

    What is printed is exactly this, in the order of `number`. Append-only, as the approval itself.
    """

    __tablename__ = "signed_companion"
    __table_args__ = (UniqueConstraint("recipient_id", "signing", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    recipient_id: int = Field(foreign_key="recipient.id", index=True)
    signing: int = 1
    """It travels while this is the recipient's, as with approvals."""
    number: int
    """Enclosures count from 1; a twin has 0, for it lies directly behind the letter that it repeats."""
    kind: CompanionKind = choice(CompanionKind, "companion_kind_known")
    document_sha256: str = Field(foreign_key="document.sha256", index=True)
    title: str
