"""Proofs of receipt of mail pieces, of every kind."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from gateway.db.types import choice, json_value, moment
from gateway.domain.receipt.delivery import DeliveryKind


class ToldDeliveryAside(SQLModel, table=True):
    """A person says that nothing follows from a provider's word that a piece was delivered.

    Append-only; the reason is emptied with the letter's personal data.
    """

    __tablename__ = "told_delivery_aside"

    event_id: int = Field(foreign_key="status_event.id", primary_key=True)
    reason: str
    decided_by: str
    decided_at: datetime = moment()


class DeliveryProof(SQLModel, table=True):
    """A *Zugangsnachweis*. Append-only; a correction is a new row that supersedes the one before, with a reason.

    The rows of a piece are one line, so exactly one is in force: the one that none supersedes. What it says about
    service stands at the piece as well (`MailPiece.served`).
    """

    __tablename__ = "delivery_proof"
    __table_args__ = (
        Index(
            "one_first_proof",
            "piece_id",
            unique=True,
            sqlite_where=text("supersedes_id IS NULL"),
            postgresql_where=text("supersedes_id IS NULL"),
        ),
        CheckConstraint("(supersedes_id IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        CheckConstraint("(served IS TRUE) = (effective_on IS NOT NULL)", name="served_has_day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", index=True)
    kind: DeliveryKind = choice(DeliveryKind, "delivery_kind_known")
    outcome: str
    """A code of `gateway.domain.receipt.delivery`, which checked it."""
    served: bool | None = None
    """None: the record proves nothing, it corrects an error."""
    effective_on: date | None = None
    occurred_at: datetime | None = moment(optional=True)
    """When exactly, if that is known."""
    place: str | None = None
    handed_by: str | None = None
    """Who gave it: somebody of the house, the courier, the postman."""
    received_by: str | None = None
    """Who took it, as the receipt says."""
    document_sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    """The receipt as PDF."""
    data: dict[str, Any] = json_value()
    """References only, such as the number of a receipt or of an order."""
    supersedes_id: int | None = Field(default=None, foreign_key="delivery_proof.id", unique=True)
    reason: str | None = None
    recorded_by: str
    recorded_at: datetime = moment()
    emptied_at: datetime | None = moment(optional=True)
    """When names, place and reason left by their rule; None where nothing left."""
