"""What the rolling sweep found, and how far it has come."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.account.sweep import Place


class SweepFinding(SQLModel, table=True):
    """A *Befund des Rundgangs*; gone once a later pass finds it healed."""

    __tablename__ = "sweep_finding"
    __table_args__ = (UniqueConstraint("place", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    place: Place = choice(Place, "sweep_place_known")
    subject: str
    """A SHA-256, a filing key, or the id of a copy."""
    fault: str
    found_at: datetime = moment()


class SweepRound(SQLModel, table=True):
    """The *Rundgang* at one place: where the next pass goes on, and when everything was looked at last."""

    __tablename__ = "sweep_round"
    __table_args__ = (UniqueConstraint("place"),)

    id: int | None = Field(default=None, primary_key=True)
    place: Place = choice(Place, "round_place_known")
    position: str = ""
    """The last subject that was looked at; empty before the first."""
    began_at: datetime | None = moment(optional=True)
    finished_at: datetime | None = moment(optional=True)
    """When the last whole round ended."""
