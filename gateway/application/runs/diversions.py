"""Diversions of one letter (*Umleitungen*): out of which piece each copy moved, to whom and why. Only reads."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.db.people import AuditEntry

DIVERTED = "letter-diverted"
"""What the trail of a letter says of it."""


@dataclass(frozen=True)
class Diversion:
    """A copy moved from one piece to another. `reason` is empty once it left by its rule of retention."""

    recipient: int
    at: datetime
    origin: str
    target: str
    replaces: str
    """Reference of the piece that was withdrawn."""
    piece: str
    reason: str


def diversions(session: Session, reference: str) -> list[Diversion]:
    """All of a letter, the first one first."""
    query = select(AuditEntry).where(AuditEntry.subject == reference, AuditEntry.action == DIVERTED)
    return [
        Diversion(
            recipient=entry.details["recipient"],
            at=entry.at,
            origin=entry.details["origin"],
            target=entry.details["target"],
            replaces=entry.details["replaces"],
            piece=entry.details["piece"],
            reason=entry.reason,
        )
        for entry in session.exec(query.order_by(col(AuditEntry.id))).all()
    ]
