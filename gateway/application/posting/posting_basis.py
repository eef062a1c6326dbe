"""What an exception of posting rests on: a document that two people looked at, kept as it came in, named by its hash.

Where nobody reported a posting the word of two people is not enough: the provider's written confirmation, or another
document from outside, has to lie before them, and the record of posting names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.rendering import remember_document
from gateway.application.letters.taking import take_in
from gateway.application.reads.opened import Opened
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.postings import (
    PostingException,
    PostingExceptionBasis,
    PostingExceptionPiece,
    PostingRecord,
)
from gateway.domain.permission import Action
from gateway.errors import InputError, NotFound

KIND = "posting-evidence"
_LONGEST_SOURCE = 200


@dataclass(frozen=True)
class Basis:
    """What somebody hands in: whose word it is and of which day, and the document as PDF."""

    source: str
    pdf: bytes


@dataclass(frozen=True)
class StoredBasis:
    """The same, stored."""

    source: str
    sha256: str
    pages: int
    size_bytes: int


def store(services: Services, basis: Basis) -> StoredBasis:
    """Take the document in and store it; a document that no row names does no harm.

    Raises `InputError` ('posting-source-missing') and `DocumentInvalid` as every PDF that comes in.
    """
    source = " ".join(basis.source.split()).rstrip(".")[:_LONGEST_SOURCE]
    if not source:
        raise InputError(
            "posting-source-missing",
            "Bitte angeben, von wem und von welchem Tag der Beleg ist. Es wurde nichts geändert.",
        )
    taken = take_in(services, basis.pdf)
    return StoredBasis(source, services.blobs.put(taken.pdf), taken.pages, len(taken.pdf))


def keep(session: Session, services: Services, row: PostingException, basis: StoredBasis) -> None:
    """Put it to an exception, in the transaction that proposes it."""
    remember_document(
        session,
        services,
        basis.sha256,
        pages=basis.pages,
        size_bytes=basis.size_bytes,
        versions={"kind": KIND},
    )
    session.flush()
    session.add(
        PostingExceptionBasis(exception_id=row_id(row), source=basis.source, document_sha256=basis.sha256)
    )
    session.flush()


def basis_of(session: Session, exception_id: int | None) -> PostingExceptionBasis | None:
    """What an exception rests on, if anything was handed in."""
    return session.get(PostingExceptionBasis, exception_id) if exception_id is not None else None


def own_bases(session: Session, piece_id: int | None) -> Mapping[int, PostingExceptionBasis]:
    """The documents behind records of a piece, by the record's number: those that are about this piece alone.

    One that is about several names other people's pieces too: it goes into nobody's file, and its hash stands in the
    record.
    """
    query = (
        select(PostingRecord.number, PostingExceptionBasis)
        .join(PostingExceptionBasis, col(PostingExceptionBasis.exception_id) == PostingRecord.exception_id)
        .where(PostingRecord.piece_id == piece_id)
        .where(
            ~select(PostingExceptionPiece.piece_id)
            .where(
                PostingExceptionPiece.exception_id == PostingExceptionBasis.exception_id,
                PostingExceptionPiece.piece_id != piece_id,
            )
            .exists()
        )
    )
    return dict(session.exec(query.order_by(col(PostingRecord.number))).all())


def in_words(basis: PostingExceptionBasis | None) -> str:
    """For the record of posting; empty if nothing was handed in."""
    return f"{basis.source} (Beleg, SHA-256 {basis.document_sha256})" if basis else ""


def open_basis(services: Services, login: str, number: int) -> Opened:
    """The document behind an exception, for those who may confirm postings or read the trail of all offices.

    Raises `NotFound` ('posting-basis-missing'), `NotPermitted`, `IntegrityError`.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        if not who.may(Action.READ_TRAIL):
            who.require(Action.CONFIRM_POSTING)
        basis = basis_of(session, number)
        if basis is None:
            raise NotFound("posting-basis-missing", "Zu dieser Ausnahme ist kein Beleg hinterlegt.")
        sha256 = basis.document_sha256
        audit(session, services, who.login, "posting-basis-read", str(number), sha256=sha256)
    return Opened(services.blobs.get(sha256), f"ausnahme-{number}-beleg.pdf")
