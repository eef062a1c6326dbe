"""What proves the posting of a piece and its receipt, as parts of a posting file."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.evidence.evidence_rows import as_row, rows_part
from gateway.application.posting.list_signatures import signatures_of
from gateway.application.posting.posting_basis import basis_of, own_bases
from gateway.application.reads.misplaced import is_misplaced
from gateway.application.reads.proofs import proofs_of
from gateway.application.reads.records import supplements_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import User
from gateway.db.postings import (
    PostingException,
    PostingList,
    PostingListItem,
    PostingRecord,
)
from gateway.domain.account.evidence import Part


def posting_parts(session: Session, services: Services, number: int, piece_id: int) -> Iterator[Part]:
    """The posting as it was reported and confirmed, its records with what they rest on; nothing if there is none."""
    posting = session.get(Posting, piece_id)
    if posting is None:
        return
    yield rows_part(
        f"aufgabe-zur-post-{number}.json", "Aufgabe zur Post: gemeldet, bestätigt", _posting(session, posting)
    )
    yield rows_part(
        f"ab-vermerk-{number}.json",
        "Ab-Vermerke mit der Einlieferungsliste und der Zeile dieser Sendung; der letzte gilt",
        _records(session, piece_id),
    )
    yield from _bases(session, services, number, piece_id)


def _posting(session: Session, posting: Posting) -> dict[str, Any]:
    clerk = session.get(User, posting.confirmed_by_id) if posting.confirmed_by_id else None
    return as_row(posting) | {
        "confirmed_by": clerk.login if clerk else None,
        "name": clerk.name if clerk else None,
    }


def _records(session: Session, piece_id: int) -> list[dict[str, Any]]:
    """A list's other lines are other people's; its hash proves the whole."""
    rows = session.exec(
        select(PostingRecord, PostingList)
        .join(PostingList, col(PostingList.id) == PostingRecord.list_id, isouter=True)
        .where(PostingRecord.piece_id == piece_id)
        .order_by(col(PostingRecord.number))
    ).all()
    return [
        as_row(record)
        | {
            "confirmed_by": _login(session, record.confirmed_by_id),
            "second": _login(session, record.second_id),
            "list": _list(session, listed) if listed else None,
            "exception": _exception(session, record.exception_id),
            "line": _line(session, listed, piece_id) if listed else None,
            "supplements": [
                as_row(each) for each in supplements_of(session, piece_id) if each.record_no == record.number
            ],
        }
        for record, listed in rows
    ]


def _list(session: Session, listed: PostingList) -> dict[str, Any]:
    return as_row(listed) | {"signatures": [as_row(each) for each in signatures_of(session, row_id(listed))]}


def _exception(session: Session, exception_id: int | None) -> dict[str, Any] | None:
    """What two people answered for, and what they rested it on."""
    if exception_id is None:
        return None
    basis = basis_of(session, exception_id)
    return as_row(session.get_one(PostingException, exception_id)) | {"basis": as_row(basis) if basis else None}


def _bases(session: Session, services: Services, number: int, piece_id: int) -> Iterator[Part]:
    """The documents behind exceptions that are about this piece alone; others name other people's, and have a hash."""
    for record_no, basis in own_bases(session, piece_id).items():
        if services.blobs.has(basis.document_sha256):
            what = f"Beleg zum Ab-Vermerk Nr. {record_no}: {basis.source}"
            yield Part(f"beleg-{number}-{record_no}.pdf", what, services.blobs.get(basis.document_sha256))


def proof_parts(session: Session, services: Services, number: int, piece_id: int) -> Iterator[Part]:
    """What proves the receipt, each record with its receipt; the last one holds."""
    proofs = proofs_of(session, piece_id)
    if not proofs:
        return
    what = "Zugangsnachweise mit Ergebnis, Tag und Beleg; der letzte gilt"
    yield rows_part(f"zugangsnachweis-{number}.json", what, [as_row(proof) for proof in proofs])
    piece = session.get_one(MailPiece, piece_id).reference
    for position, proof in enumerate(proofs, start=1):
        sha256 = proof.document_sha256
        misplaced = is_misplaced(session, sha256, piece)
        if sha256 and not misplaced and services.blobs.has(sha256):
            content = services.blobs.get(sha256)
            yield Part(
                f"zugangsnachweis-{number}-{position}.pdf", f"Beleg zum Zugangsnachweis {position}", content
            )


def _line(session: Session, listed: PostingList, piece_id: int) -> dict[str, Any] | None:
    query = (
        select(PostingListItem)
        .join(Submission, col(Submission.key) == PostingListItem.key)
        .where(PostingListItem.list_id == row_id(listed), Submission.piece_id == piece_id)
    )
    item = session.exec(query).first()
    return as_row(item) if item else None


def _login(session: Session, user_id: int | None) -> str | None:
    return session.get_one(User, user_id).login if user_id else None
