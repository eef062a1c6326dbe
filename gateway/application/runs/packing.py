"""Packing: which submissions one external effect carries, and their bytes as the provider reads them.

An interface that takes letters gets consignments of one piece; a print centre gets the pieces of one batch together.
A piece is packed only with a clean certificate of the very bytes (`certifying`), and not while a stop covers it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.runs.stopping import stopped
from gateway.application.services import Services
from gateway.db.certificates import PieceCertificate
from gateway.db.columns import table_of
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, Consignment, MailPiece, Submission
from gateway.db.people import Office
from gateway.domain.pieces.formal_service import ServiceOrder, order_for
from gateway.domain.runs.submission import SubmissionState
from gateway.ports.provider import PrintPiece, Sender, Unit

_AT_ONCE = 1000


def pack(services: Services, *, not_before: datetime | None) -> None:
    """Give every planned, certified submission its consignment.

    What waits for a later attempt than `not_before` stays unpacked (None: nothing waits). Repeating it is harmless.
    """
    with services.locks.try_lock("packing-1") as held:
        while held and _pack_some(services, not_before):
            pass


def members(session: Session, consignment_id: int) -> list[Submission]:
    """The submissions that still move with a consignment, by id; refused and voided ones have left it."""
    query = select(Submission).where(
        Submission.consignment_id == consignment_id,
        col(Submission.state).not_in((SubmissionState.REFUSED, SubmissionState.VOID)),
    )
    return list(session.exec(query.order_by(col(Submission.id))).all())


def _pack_some(services: Services, not_before: datetime | None) -> bool:
    """Pack the oldest; true if there may be more."""
    with services.db.transaction() as session:
        rows = _unpacked(session, services, not_before)
        known = _known(session, [submission.key for submission, _ in rows])
        for (provider, _batch), group in groupby(rows, key=lambda row: (row[0].provider, row[1])):
            facts = services.providers[provider].capabilities
            submissions = [submission for submission, _ in group]
            size = facts.max_pieces if facts.unit is Unit.BATCH else 1
            for start in range(0, len(submissions), size):
                _put_together(session, services, submissions[start : start + size], facts.unit, known)
        return len(rows) == _AT_ONCE


def _unpacked(
    session: Session, services: Services, not_before: datetime | None
) -> Sequence[tuple[Submission, int]]:
    taken_by_people = [
        name for name, each in services.providers.items() if each.capabilities.unit is Unit.PERSON
    ]
    query = (
        select(Submission, MailPiece.batch_id)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .join(PieceCertificate, col(PieceCertificate.piece_id) == MailPiece.id)
        .where(
            Submission.state == SubmissionState.PLANNED,
            col(Submission.consignment_id).is_(None),
            col(Submission.provider).not_in(taken_by_people),
            col(PieceCertificate.print_sha256) == MailPiece.print_sha256,
            col(PieceCertificate.clean),
            col(MailPiece.fault_code).is_(None),
        )
        .order_by(Submission.provider, col(MailPiece.batch_id), col(Submission.id))
        .limit(_AT_ONCE)
    )
    if not_before is not None:
        waiting = col(Submission.next_attempt_at)
        query = query.where(waiting.is_(None) | (waiting <= not_before))
    if (kept_back := stopped(session)) is not None:
        query = query.where(col(Submission.id).not_in(kept_back))
    return session.exec(query).all()


def _known(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Consignments of single pieces that were taken out of the hand-over before it began, and go on in it now."""
    query = select(Consignment.key, Consignment.id).where(col(Consignment.key).in_(keys))
    return {key: found for key, found in session.exec(query).all() if found is not None}


def _put_together(
    session: Session, services: Services, submissions: list[Submission], unit: Unit, known: Mapping[str, int]
) -> None:
    key = submissions[0].key if unit is Unit.PIECE else f"L{services.new_reference()}"
    consignment_id = known.get(key)
    if consignment_id is None:
        consignment = Consignment(key=key, provider=submissions[0].provider)
        session.add(consignment)
        session.flush()
        consignment_id = row_id(consignment)
    for submission in submissions:
        submission.consignment_id = consignment_id


def take_out(services: Services, submission_ids: Collection[int], **values: object) -> None:
    """Take submissions that nobody staged out of their consignment; the others go without them."""
    table = table_of(Submission)
    ids = sorted(submission_ids)
    for start in range(0, len(ids), _AT_ONCE):
        with services.db.transaction() as session:
            session.connection().execute(
                update(table)
                .where(table.c.id.in_(ids[start : start + _AT_ONCE]), table.c.state == SubmissionState.PLANNED)
                .values(consignment_id=None, **values)
            )


class StoredPieces(Collection[PrintPiece]):
    """The pieces of a consignment, read from the document store one at a time, as often as it is iterated."""

    def __init__(self, services: Services, submissions: Sequence[Submission]) -> None:
        self._services = services
        self._submissions = submissions
        self._described = _describe(services, submissions)
        self.reading: int | None = None
        """Submission whose bytes are being read: the one at fault if that fails."""

    def __len__(self) -> int:
        return len(self._submissions)

    def __contains__(self, piece: object) -> bool:
        return isinstance(piece, PrintPiece) and piece.key in {each.key for each in self._submissions}

    def __iter__(self) -> Iterator[PrintPiece]:
        for submission, piece in zip(self._submissions, self._described, strict=True):
            self.reading = submission.id
            yield replace(piece, pdf=self._services.blobs.get(piece.sha256))
        self.reading = None


def _describe(services: Services, submissions: Sequence[Submission]) -> list[PrintPiece]:
    """Everything but the bytes, in the order of the submissions."""
    with services.db.reading() as session:
        return [_described(session, submission) for submission in submissions]


def _described(session: Session, submission: Submission) -> PrintPiece:
    piece = session.get_one(MailPiece, submission.piece_id)
    batch = session.get_one(Batch, piece.batch_id)
    office = session.get_one(Office, batch.office_id)
    recipient = _recipient(session, row_id(piece))
    return PrintPiece(
        key=submission.key,
        pdf=b"",
        sha256=piece.print_sha256 or "",
        pages=piece.pages or 0,
        duplex=piece.duplex,
        colour=False,
        service=piece.service,
        address_lines=tuple(recipient.address_lines),
        sender=Sender(office.name, office.street, office.postcode, office.place),
        cost_centre=office.cost_centre,
        batch=row_id(batch),
        order=_order(session, piece, recipient),
    )


def _order(session: Session, piece: MailPiece, recipient: Recipient) -> ServiceOrder | None:
    """A Postzustellungsauftrag always travels alone: its letter is the recipient's."""
    letter = session.get_one(Letter, recipient.letter_id)
    return order_for(piece.service, piece.reference, letter.service_options or (), recipient.address_lines)


def _recipient(session: Session, piece_id: int) -> Recipient:
    """Whose address is in the window: the first of the envelope."""
    of_piece = select(Recipient).where(Recipient.mail_piece_id == piece_id).order_by(col(Recipient.id))
    return session.exec(of_piece.limit(1)).one()
