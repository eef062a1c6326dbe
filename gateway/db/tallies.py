"""Tallys with the providers' lists: one for each provider and day, and what they found."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.runs.tally import Difference


class ProviderTally(SQLModel, table=True):
    """An *Abgleich*. "0 letters" is a row; a day without a row is an alarm. A repeat replaces it."""

    __tablename__ = "provider_tally"
    __table_args__ = (UniqueConstraint("provider", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    provider: str
    day: date = Field(index=True)
    made_at: datetime = moment()
    ours: int
    theirs: int
    our_pages: int
    their_pages: int


class TallyFinding(SQLModel, table=True):
    """A difference that the newest comparison of a day found."""

    __tablename__ = "tally_finding"
    __table_args__ = (UniqueConstraint("tally_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    tally_id: int = Field(foreign_key="provider_tally.id", index=True)
    key: str = Field(index=True)
    """Our key, as the provider names it; it need not be one of ours."""
    difference: Difference = choice(Difference, "difference_known")
    provider_reference: str | None = None
