"""Pieces that leave the house by hand: who asked for it, each print, and how it left."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.runs.by_hand import HandChannel


class ByHand(SQLModel, table=True):
    """What is known about a piece's way out by hand: the wish, then what really happened."""

    __tablename__ = "by_hand"
    __table_args__ = (
        CheckConstraint(
            "(channel IS NULL) = (left_on IS NULL) AND (channel IS NULL) = (given_by IS NULL)"
            " AND (channel IS NULL) = (recorded_by IS NULL) AND (channel IS NULL) = (recorded_at IS NULL)",
            name="leaving_is_whole",
        ),
        CheckConstraint(
            "channel IS NULL OR channel = 'in-person' OR carrier IS NOT NULL", name="carrier_is_named"
        ),
    )

    piece_id: int = Field(foreign_key="mail_piece.id", primary_key=True)
    wanted: HandChannel = choice(HandChannel, "by_hand_wanted_known")
    reason: str
    asked_by: str
    asked_at: datetime = moment()
    channel: HandChannel | None = choice(HandChannel, "by_hand_channel_known", optional=True)
    left_on: date | None = None
    left_at: datetime | None = moment(optional=True)
    """When exactly, if that is known."""
    given_by: str | None = None
    """Who of the house gave it away."""
    carrier: str | None = None
    """Name of the carrier or the courier."""
    product: str | None = None
    receipt: str | None = None
    """Number of the carrier's receipt (*Einlieferungsbeleg*) or of the order."""
    recorded_by: str | None = None
    recorded_at: datetime | None = moment(optional=True)

    def forget_handing_over(self) -> None:
        """A handing over that was recorded in error did not happen: the piece is still in the house."""
        if self.channel is HandChannel.IN_PERSON:
            self.channel = self.left_on = self.left_at = self.given_by = None
            self.recorded_by = self.recorded_at = None


class HandPrint(SQLModel, table=True):
    """One print of a piece in the house. Append-only; every print after the first has a reason."""

    __tablename__ = "hand_print"
    __table_args__ = (
        UniqueConstraint("piece_id", "number"),
        CheckConstraint("(number = 1) = (reason IS NULL)", name="reprint_has_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", index=True)
    number: int
    reason: str | None = None
    printed_by: str
    printed_at: datetime = moment()
