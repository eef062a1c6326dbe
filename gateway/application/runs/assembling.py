"""The nightly run, second step: from approved documents to the print copies of the mail pieces.

The archived document stays untouched; the print copy is derived from it, its codes are proven on the final bytes,
and its hash is kept too. A piece that cannot be assembled goes to the desk, the others go on.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, cast

from sqlalchemy import ColumnElement, bindparam, update
from sqlmodel import Session, col, select

from gateway.application.letters.fitting import require_fit
from gateway.application.runs.planning import print_profile
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.enclosures import SignedCompanion
from gateway.db.engine import row_id
from gateway.db.letters import Approval, Document, Recipient
from gateway.db.mail import MailPiece
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import Postage, postage
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import DocumentInvalid, InputError, IntegrityError, NotFound, RenderError

_IS_WAITING = (col(MailPiece.print_sha256).is_(None), col(MailPiece.fault_code).is_(None))
_AT_ONCE = 200
"""Pieces that are read, and written down, in one transaction: what a kill may cost is made again."""


@dataclass(frozen=True)
class _Waiting:
    """A piece without a print copy as it was read: what it is made of, and what its price depends on."""

    piece_id: int
    reference: str
    profile: PrintProfile
    service: Service
    duplex: bool
    country: str
    hashes: Sequence[str]


@dataclass(frozen=True)
class _Result:
    """What became of a piece, as columns of its row; `size_bytes` of its print copy, None if there is none."""

    piece: _Waiting
    columns: Mapping[str, Any]
    size_bytes: int | None = None


def assemble(services: Services, *, day: date, progress: Callable[[int], None] | None = None) -> int:
    """Assemble every piece that has no print copy yet, of any run; returns how many. Resumable."""
    done, after = 0, 0
    while pieces := _waiting(services, col(MailPiece.id) > after):
        results: list[_Result] = []
        for result in services.for_each(partial(_assembled, services, day), pieces):
            results.append(cast("_Result", result))
            done += 1
            if progress:
                progress(done)
        if _write(services, results):
            after = pieces[-1].piece_id
    return done


def assemble_piece(services: Services, day: date, piece_id: int) -> None:
    """Assemble one piece, or write down why that cannot be; `day` is that of its price."""
    pieces = _waiting(services, col(MailPiece.id) == piece_id)
    _write(services, [_assembled(services, day, piece) for piece in pieces])


def _waiting(services: Services, which: ColumnElement[bool]) -> list[_Waiting]:
    """The next of these pieces, by id."""
    query = select(MailPiece).where(*_IS_WAITING, which).order_by(col(MailPiece.id)).limit(_AT_ONCE)
    with services.db.reading() as session:
        pieces = session.exec(query).all()
        piece_ids = [row_id(piece) for piece in pieces]
        hashes, countries = approved_hashes(session, piece_ids), _countries(session, piece_ids)
        return [
            _Waiting(
                piece_id=row_id(piece),
                reference=piece.reference,
                profile=print_profile(session, services, piece),
                service=piece.service,
                duplex=piece.duplex,
                country=countries.get(row_id(piece)) or "DE",
                hashes=hashes[row_id(piece)],
            )
            for piece in pieces
        ]


def _assembled(services: Services, day: date, piece: _Waiting) -> _Result:
    """Make the print copy and store it; nothing of it is known until it is written down."""
    try:
        require_fit(services, piece.piece_id, piece.profile)
        copy = services.renderer.assemble(
            [services.blobs.get(sha256) for sha256 in piece.hashes],
            piece=piece.reference,
            profile=piece.profile,
            duplex=piece.duplex,
        )
        price = _price(services, copy.sheets, piece, day)
    except (RenderError, DocumentInvalid, InputError, IntegrityError, NotFound) as error:
        return _Result(piece, {"fault_code": error.code, "fault_message": error.message})
    columns = {
        "print_sha256": services.blobs.put(copy.pdf),
        "pages": copy.pages,
        "sheets": copy.sheets,
        "grams": price.grams if price else None,
        "product": price.product if price else None,
        "postage_eur": price.price_eur if price else None,
    }
    return _Result(piece, columns, len(copy.pdf))


def _write(services: Services, results: Sequence[_Result]) -> bool:
    """Write down what became of the pieces that still are as they were read; whether those were all.

    Another run may have assembled one meanwhile, from the same documents, to the same bytes; or a letter joined it
    since its documents were read: then it is assembled anew.
    """
    by_id = {result.piece.piece_id: result for result in results}
    with services.db.transaction() as session:
        # Locked, so that a letter that would join now sees the print copy; what is being joined is passed over.
        query = select(MailPiece.id).where(*_IS_WAITING, col(MailPiece.id).in_(by_id))
        locked = session.exec(query.with_for_update(skip_locked=True, key_share=True)).all()
        hashes = approved_hashes(session, [each for each in locked if each is not None])
        same = [by_id[each] for each, found in hashes.items() if found == by_id[each].piece.hashes]
        _remember(session, services, same)
        for made in (True, False):
            _set_columns(session, [each for each in same if (each.size_bytes is not None) is made])
    return len(same) == len(results)


def _remember(session: Session, services: Services, results: Sequence[_Result]) -> None:
    """A row for each print copy; a piece that is assembled again, to the same bytes, has one."""
    copies = {each.columns["print_sha256"]: each for each in results if each.size_bytes is not None}
    known = session.exec(select(Document.sha256).where(col(Document.sha256).in_(copies))).all()
    session.add_all(
        Document(
            sha256=sha256,
            pages=copies[sha256].columns["pages"],
            size_bytes=copies[sha256].size_bytes or 0,
            versions={"kind": "print-copy"},
            created_at=services.clock.now(),
        )
        for sha256 in copies.keys() - known
    )
    session.flush()


def _set_columns(session: Session, results: Sequence[_Result]) -> None:
    """All in one statement; all results have the same columns."""
    if results:
        table = table_of(MailPiece)
        statement = update(table).where(table.c.id == bindparam("piece_id"))
        rows = [{"piece_id": each.piece.piece_id, **each.columns} for each in results]
        session.connection().execute(statement, rows)


def _price(services: Services, sheets: int, piece: _Waiting, day: date) -> Postage | None:
    """What it costs; None where the price table ends before `day`: that must not keep a letter from its reader."""
    try:
        return postage(sheets, Decimal(0), piece.service, piece.country, on=day, table=services.postage)
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


def approved_hashes(session: Session, piece_ids: Collection[int]) -> dict[int, list[str]]:
    """The documents of each piece: letter by letter, each followed by its own companions.

    Whose address is in the window is the first one's; the others have the same (`gateway.domain.pieces.bundling`).
    """
    copies = (
        select(Recipient.id, Recipient.mail_piece_id)
        .where(col(Recipient.mail_piece_id).in_(piece_ids))
        .order_by(col(Recipient.id))
    )
    found: dict[int, list[str]] = {piece_id: [] for piece_id in piece_ids}
    rows = session.exec(copies).all()
    signed = signed_documents(session, [recipient_id for recipient_id, _ in rows if recipient_id is not None])
    for recipient_id, piece_id in rows:
        if recipient_id is not None and piece_id is not None:
            found[piece_id].extend(document.sha256 for document in signed[recipient_id])
    return found


def _countries(session: Session, piece_ids: Collection[int]) -> dict[int | None, str]:
    query = select(Recipient.mail_piece_id, Recipient.country).where(
        col(Recipient.mail_piece_id).in_(piece_ids)
    )
    return dict(session.exec(query).all())
