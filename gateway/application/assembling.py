"""The nightly run, second step: from approved documents to the print copies of the mail pieces.

The archived document stays untouched; the print copy is derived from it, its codes are proven on the final bytes,
and its hash is kept too. A piece that cannot be assembled goes to the desk, the others go on.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from gateway.application.fitting import require_fit
from gateway.application.planning import print_profile
from gateway.application.rendering import remember_document
from gateway.application.services import Services
from gateway.db.enclosures import SignedCompanion
from gateway.db.engine import compare_and_set
from gateway.db.letters import Approval, Document, Recipient
from gateway.db.mail import MailPiece
from gateway.domain.postage import Postage, postage
from gateway.errors import Conflict, DocumentInvalid, InputError, IntegrityError, NotFound, RenderError


def assemble(services: Services, *, day: date, progress: Callable[[int], None] | None = None) -> int:
    """Assemble every piece that has no print copy yet, of any run; returns how many. Resumable."""
    done = 0
    while pieces := _waiting(services):
        for _ in services.for_each(partial(assemble_piece, services, day), pieces):
            done += 1
            if progress:
                progress(done)
    return done


def _waiting(services: Services) -> list[int]:
    with services.db.reading() as session:
        query = select(MailPiece.id).where(
            col(MailPiece.print_sha256).is_(None), col(MailPiece.fault_code).is_(None)
        )
        found = session.exec(query.order_by(col(MailPiece.id)).limit(200)).all()
        return [piece_id for piece_id in found if piece_id is not None]


def assemble_piece(services: Services, day: date, piece_id: int) -> None:
    """Assemble one piece, or write down why that cannot be; `day` is that of its price."""
    with services.db.reading() as session:
        piece = session.get_one(MailPiece, piece_id)
        hashes = approved_hashes(session, piece_id)
        country = _country(session, piece_id)
        profile = print_profile(session, services, piece)
    try:
        require_fit(services, piece_id, profile)
        documents = [services.blobs.get(sha256) for sha256 in hashes]
        copy = services.renderer.assemble(
            documents, piece=piece.reference, profile=profile, duplex=piece.duplex
        )
        price = _price(services, copy.sheets, piece, country, day)
    except (RenderError, DocumentInvalid, InputError, IntegrityError, NotFound) as error:
        _write_fault(services, piece_id, error.code, error.message)
        return
    sha256 = services.blobs.put(copy.pdf)
    # A conflict says that another run assembled it meanwhile, from the same documents, to the same bytes; or that a
    # letter joined the piece since its documents were read: then it is assembled anew.
    with suppress(Conflict), services.db.transaction() as session:
        remember_document(
            session,
            services,
            sha256,
            pages=copy.pages,
            size_bytes=len(copy.pdf),
            versions={"kind": "print-copy"},
        )
        compare_and_set(
            session,
            MailPiece,
            piece_id,
            expect={"print_sha256": None},
            print_sha256=sha256,
            pages=copy.pages,
            sheets=copy.sheets,
            grams=price.grams if price else None,
            product=price.product if price else None,
            postage_eur=price.price_eur if price else None,
        )
        if approved_hashes(session, piece_id) != hashes:
            raise _changed()


def _price(services: Services, sheets: int, piece: MailPiece, country: str, day: date) -> Postage | None:
    """What it costs; None where the price table ends before `day`: that must not keep a letter from its reader."""
    try:
        return postage(sheets, Decimal(0), piece.service, country, on=day, table=services.postage)
    except InputError as error:
        if error.code != "postage-date-not-covered":
            raise
        return None


def signed_documents(session: Session, recipient_ids: Collection[int]) -> dict[int, list[Document]]:
    """What is printed of each copy, in order: the document that was signed, then all that was signed with it.

    The one place that says so; assembling, planning and forecast go by it. Each starts on a new sheet.
    """
    letters = (
        select(Approval.recipient_id, Document)
        .join(Document, col(Document.sha256) == Approval.document_sha256)
        .join(Recipient, _counts(Approval))
    )
    companions = (
        select(SignedCompanion.recipient_id, Document)
        .join(Document, col(Document.sha256) == SignedCompanion.document_sha256)
        .join(Recipient, _counts(SignedCompanion))
        .order_by(col(SignedCompanion.recipient_id), col(SignedCompanion.number))
    )
    found: dict[int, list[Document]] = defaultdict(list)
    for query, owner in ((letters, Approval.recipient_id), (companions, SignedCompanion.recipient_id)):
        for recipient_id, document in session.exec(query.where(col(owner).in_(recipient_ids))).all():
            found[recipient_id].append(document)
    return found


def _counts(signed: type[Approval] | type[SignedCompanion]) -> ColumnElement[bool]:
    """It was signed in the signing that counts, not before the letter was healed."""
    return (col(Recipient.id) == signed.recipient_id) & (col(Recipient.signing) == signed.signing)


def approved_hashes(session: Session, piece_id: int) -> list[str]:
    """The documents of a piece: letter by letter, each followed by its own companions.

    Whose address is in the window is the first one's; the others have the same (`gateway.domain.bundling`).
    """
    copies = select(Recipient.id).where(Recipient.mail_piece_id == piece_id).order_by(col(Recipient.id))
    recipient_ids = [each for each in session.exec(copies).all() if each is not None]
    signed = signed_documents(session, recipient_ids)
    return [document.sha256 for recipient_id in recipient_ids for document in signed[recipient_id]]


def _country(session: Session, piece_id: int) -> str:
    return session.exec(select(Recipient.country).where(Recipient.mail_piece_id == piece_id)).first() or "DE"


def _changed() -> Conflict:
    return Conflict(
        "piece-changed", "Zur Sendung kam inzwischen ein Schreiben hinzu; sie wird neu zusammengestellt."
    )


def _write_fault(services: Services, piece_id: int, code: str, message: str) -> None:
    with suppress(Conflict), services.db.transaction() as session:
        compare_and_set(
            session, MailPiece, piece_id, expect={"print_sha256": None}, fault_code=code, fault_message=message
        )
