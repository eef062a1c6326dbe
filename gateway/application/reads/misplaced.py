"""Scans of receipts that were found to belong to another case: where they lay they are shown and filed no more."""

from sqlmodel import Session, select

from gateway.db.mail import MailPiece
from gateway.db.returns import CertificateNotice


def is_misplaced(session: Session, sha256: str | None, piece: str) -> bool:
    """Whether the scan of a receipt was taken away from the piece `piece` (its reference)."""
    if sha256 is None:
        return False
    now_of = select(MailPiece.reference).where(MailPiece.id == CertificateNotice.piece_id).scalar_subquery()
    query = select(CertificateNotice.id).where(
        CertificateNotice.document_sha256 == sha256,
        CertificateNotice.readings > 1,
        now_of.is_distinct_from(piece),
    )
    return session.exec(query).first() is not None
