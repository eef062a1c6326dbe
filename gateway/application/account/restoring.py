"""Restoring: stored bytes that are gone or damaged, put back as exactly what they were.

Documents come back from the case file; the print copy is derived from them again, which gives the same bytes on the
same installation. Only bytes with the hash that was signed, or certified, are ever put into the document store.
"""

import hashlib

from sqlmodel import Session, col, select

from gateway.application.filing.recalling import here_again
from gateway.application.reads.case_keys import case_ref, letter_document_key, twin_document_key
from gateway.application.runs.assembling import approved_hashes
from gateway.application.runs.planning import print_profile
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Case, Office
from gateway.errors import IntegrityError, NotFound
from gateway.ports.casefile import CaseRef


def restore(services: Services, piece_id: int) -> str:
    """Make a piece's bytes readable again; returns the hash of its print copy.

    Raises `IntegrityError` ('restored-bytes-differ') or `NotFound` where that cannot be done; then nothing changed.
    """
    with services.db.reading() as session:
        piece = session.get_one(MailPiece, piece_id)
        profile = print_profile(session, services, piece)
        wanted = [
            (copy, session.get_one(Letter, copy.letter_id), _case(session, copy))
            for copy in session.exec(
                select(Recipient).where(Recipient.mail_piece_id == piece_id).order_by(col(Recipient.id))
            ).all()
        ]
    sha256 = piece.print_sha256 or ""
    if _readable(services, sha256):
        return sha256
    for copy, letter, case in wanted:
        _fetch(
            services,
            copy.document_sha256,
            case,
            letter_document_key(letter.reference, copy.number, copy.signing),
        )
        _fetch(services, copy.twin_sha256, case, twin_document_key(letter.reference, copy.number, copy.signing))
    made = services.renderer.assemble(
        [services.blobs.get(each) for each in _approved_hashes(services, piece_id)],
        piece=piece.reference,
        profile=profile,
        duplex=piece.duplex,
    )
    if hashlib.sha256(made.pdf).hexdigest() != sha256:
        raise IntegrityError(
            "restored-bytes-differ",
            "Das Druckexemplar lässt sich auf dieser Installation nicht gleich herstellen. Bitte aus der "
            "Datensicherung wiederherstellen oder das Schreiben stornieren und neu erstellen.",
        )
    stored = services.blobs.put(made.pdf)
    here_again(services, stored)
    return stored


def _approved_hashes(services: Services, piece_id: int) -> list[str]:
    with services.db.reading() as session:
        return approved_hashes(session, [piece_id])[piece_id]


def _fetch(services: Services, sha256: str | None, case: CaseRef, document_key: str) -> None:
    """Put a document back from the case file, if the store cannot give it."""
    if sha256 is None or _readable(services, sha256):
        return
    content = services.casefile.fetch(case, document_key)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(
            "case-file-document-differs",
            "Das Dokument in der Akte ist nicht das freigegebene. Bitte die Administration verständigen.",
        )
    services.blobs.put(content)


def _readable(services: Services, sha256: str) -> bool:
    try:
        services.blobs.get(sha256)
    except (NotFound, IntegrityError):
        return False
    return True


def _case(session: Session, copy: Recipient) -> CaseRef:
    letter = session.get_one(Letter, copy.letter_id)
    return case_ref(session.get_one(Case, letter.case_id), session.get_one(Office, letter.office_id))
