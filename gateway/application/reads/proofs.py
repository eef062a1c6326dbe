"""Proofs of receipt of a piece, as they were recorded; the last one is in force."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.db.delivery import DeliveryProof
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece


def last_proof(session: Session, piece_id: int | None) -> DeliveryProof | None:
    """The proof that none supersedes."""
    found = proofs_of(session, piece_id)
    return found[-1] if found else None


def proof_in_force(session: Session, piece: MailPiece | None) -> DeliveryProof | None:
    """What holds about a piece; None if nothing is proven."""
    return last_proof(session, row_id(piece)) if piece is not None and piece.served is not None else None


def proofs_of(session: Session, piece_id: int | None) -> Sequence[DeliveryProof]:
    """All proofs of a piece, oldest first; each supersedes the one before."""
    query = select(DeliveryProof).where(DeliveryProof.piece_id == piece_id).order_by(col(DeliveryProof.id))
    return session.exec(query).all()
