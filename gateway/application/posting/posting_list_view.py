"""Posting lists for people: the newest, one with its lines, and its bytes as they came. Only reads.

Lists name pieces by key and hold nothing about people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor
from gateway.application.posting.attesting import findings_of_list
from gateway.application.posting.list_signatures import signature_fault, signatures_of
from gateway.application.reads.records import SupplementView, supplement_views
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Submission
from gateway.db.postings import PostingList, PostingListItem, PostingSupplement
from gateway.domain.findings import Finding
from gateway.domain.permission import Action
from gateway.domain.posting.posting_list import Evidence
from gateway.errors import NotFound


@dataclass(frozen=True)
class ListLine:
    """A posting list: what it tells, what its lines and our pieces sum up to, and what is wrong with it."""

    id: int
    provider: str
    number: str
    kind: Evidence
    day: date | None
    carrier: str
    contract: str
    received_at: datetime
    sha256: str
    proven: bool
    signed: str | None
    """What is wrong with the signature that was agreed; empty if nothing, None if none was agreed."""
    told_pieces: int | None
    told_sheets: int | None
    told_pages: int | None
    lines: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ListView:
    """One list with its lines; the reference of a piece is None where a line names none of ours."""

    line: ListLine
    name: str
    items: tuple[tuple[PostingListItem, str | None], ...]
    late: Mapping[str, Sequence[SupplementView]]
    """By piece, the numbers that came after its record of posting was written."""


def list_view(services: Services, login: str, number: int) -> ListView:
    """One list. Raises `NotFound`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        listed = _list(session, number)
        rows = session.exec(
            select(PostingListItem, MailPiece)
            .join(
                Submission,
                (col(Submission.key) == PostingListItem.key) & (col(Submission.provider) == listed.provider),
                isouter=True,
            )
            .join(MailPiece, col(MailPiece.id) == Submission.piece_id, isouter=True)
            .where(PostingListItem.list_id == number)
            .order_by(col(PostingListItem.position))
        ).all()
        items = tuple((item, piece.reference if piece else None) for item, piece in rows)
        return ListView(list_line(session, services, listed), listed.name, items, _late(session, number))


def _late(session: Session, number: int) -> dict[str, list[SupplementView]]:
    query = (
        select(MailPiece.reference, MailPiece.id)
        .join(Submission, col(Submission.piece_id) == MailPiece.id)
        .join(PostingListItem, col(PostingListItem.key) == Submission.key)
        .join(PostingSupplement, col(PostingSupplement.piece_id) == MailPiece.id)
        .where(PostingListItem.list_id == number)
        .distinct()
    )
    return {piece: supplement_views(session, piece_id) for piece, piece_id in session.exec(query).all()}


def list_content(services: Services, login: str, number: int) -> tuple[str, bytes]:
    """The name and the bytes of a list as they came. Raises `NotFound`, `IntegrityError`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        listed = _list(session, number)
    return listed.name or f"{listed.number}.json", services.blobs.get(listed.sha256)


def posting_lists(services: Services, login: str, limit: int = 100) -> list[ListLine]:
    """The newest lists."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        query = select(PostingList).order_by(col(PostingList.id).desc()).limit(limit)
        return [list_line(session, services, listed) for listed in session.exec(query).all()]


def list_signature(services: Services, login: str, number: int) -> tuple[str, bytes]:
    """The name and the bytes of the signature that counts. Raises `NotFound`, `IntegrityError`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        listed = _list(session, number)
        found = [each for each in signatures_of(session, number) if each.sha256]
        counts = next((each for each in found if not each.fault), found[-1] if found else None)
    if counts is None:
        raise NotFound("list-signature-missing", "Zu dieser Einlieferungsliste liegt keine Signatur vor.")
    return f"{listed.name or listed.number}.p7s", services.blobs.get(counts.sha256)


def _list(session: Session, number: int) -> PostingList:
    listed = session.get(PostingList, number)
    if listed is None:
        raise NotFound("posting-list-unknown", f"Die Einlieferungsliste {number} gibt es nicht.")
    return listed


def list_line(session: Session, services: Services, listed: PostingList) -> ListLine:
    """A list with what is wrong with it, without asking for permission."""
    items = session.exec(select(PostingListItem.id).where(PostingListItem.list_id == row_id(listed))).all()
    return ListLine(
        id=row_id(listed),
        provider=listed.provider,
        number=listed.number,
        kind=listed.kind,
        day=listed.day,
        carrier=listed.carrier,
        contract=listed.contract,
        received_at=listed.received_at,
        sha256=listed.sha256,
        proven=bool(listed.told_sha256) and listed.told_sha256 == listed.sha256,
        told_pieces=listed.told_pieces,
        told_sheets=listed.told_sheets,
        told_pages=listed.told_pages,
        lines=len(items),
        signed=signature_fault(session, row_id(listed)),
        findings=tuple(findings_of_list(session, services, listed)),
    )
