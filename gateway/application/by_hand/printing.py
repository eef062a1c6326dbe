"""Printing here: a person takes the certified print copy of a piece that goes by hand.

That is its release: what is written down, before the bytes are given out, is that paper may exist from now on. A
second print is asked for with a reason, counted and kept, so that nobody posts two without anybody knowing.
"""

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import audit
from gateway.application.addresses.intercepting import suspended_piece
from gateway.application.by_hand.taking_by_hand import open_piece, prepare
from gateway.application.reads.opened import Opened
from gateway.application.runs.stopping import stopped_among
from gateway.application.services import Services
from gateway.application.tracking.tracking import append
from gateway.db import mail
from gateway.db.brake import pass_brake
from gateway.db.by_hand import ByHand, HandPrint
from gateway.db.certificates import PieceCertificate
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mail import MailPiece, Submission
from gateway.domain.receipt.returning import SUSPENDED
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError
from gateway.ports.provider import StatusReport


def print_here(services: Services, login: str, piece_reference: str, *, again: str = "") -> Opened:
    """The print copy of a piece, to be printed now; `again` is the reason for a further print.

    Raises `Conflict` ('by-hand-not-ready', 'by-hand-already-left', 'hand-over-stopped', 'recipient-suspended'),
    `InputError` ('reprint-needs-reason'), `NotFound`, `NotPermitted`, `IntegrityError`: then nothing is written down.
    """
    with services.db.transaction() as session:
        _, piece, _, _ = open_piece(session, services, login, piece_reference)
        piece_id, sha256 = row_id(piece), piece.print_sha256
    if sha256 is None or not _is_certified(services, piece_id):
        prepare(services, [piece_id])
    with services.db.reading() as session:
        piece = session.get_one(MailPiece, piece_id)
        content = services.blobs.get(_ready(piece))
    with services.db.transaction() as session:
        pass_brake(session)
        who, piece, submission, hand = open_piece(session, services, login, piece_reference)
        _require_possible(session, piece, submission, hand)
        number = _count(session, piece_id) + 1
        if number > 1 and not again.strip():
            raise InputError(
                "reprint-needs-reason",
                "Diese Sendung wurde schon gedruckt. Für einen weiteren Druck bitte den Grund angeben und das "
                "frühere Exemplar vernichten.",
            )
        reason = again.strip() if number > 1 else None
        if submission.state is SubmissionState.PLANNED:
            _release(session, services, row_id(submission), submission.key)
        now = services.clock.now()
        session.add(
            HandPrint(piece_id=piece_id, number=number, reason=reason, printed_by=who.login, printed_at=now)
        )
        report = StatusReport(
            key=submission.key,
            provider_reference=submission.key,
            status=Status.PRINTED,
            provider_status=f"Druck {number} im Haus",
            occurred_at=now,
            dedup_key=f"{submission.key}:print:{number}",
            raw={"print": number, "by": who.login},
        )
        append(session, services, BY_HAND, report)
        audit(
            *(session, services, who.login, "printed-by-hand", piece.reference),
            reason=reason or "",
            number=number,
            sha256=piece.print_sha256,
        )
        return Opened(content, f"sendung-{piece.reference}.pdf")


def _ready(piece: MailPiece) -> str:
    if piece.fault_code is not None or piece.print_sha256 is None:
        raise Conflict(
            "by-hand-not-ready",
            f"Die Sendung lässt sich nicht zusammenstellen ({piece.fault_code}); sie steht auf der Klärungsliste.",
        )
    return piece.print_sha256


def _require_possible(session: Session, piece: MailPiece, submission: Submission, hand: ByHand) -> None:
    if hand.channel is not None:
        raise Conflict("by-hand-already-left", "Die Sendung hat das Haus schon verlassen.")
    if stopped_among(session, [submission]):
        raise Conflict(
            "hand-over-stopped",
            "Die Übergabe ist angehalten (Notbremse). Es wird nichts gedruckt, bis sie gilt.",
        )
    if why := suspended_piece(session, row_id(piece)):
        raise Conflict(SUSPENDED, why)
    certificate = session.get(PieceCertificate, row_id(piece))
    if certificate is None or not certificate.clean or certificate.print_sha256 != piece.print_sha256:
        raise Conflict(
            "by-hand-not-ready", "Das Druckexemplar wird gerade geprüft. Bitte gleich noch einmal versuchen."
        )


def _release(session: Session, services: Services, submission_id: int, key: str) -> None:
    """One consignment of one piece, as with any provider; its reference there is our own key."""
    consignment = mail.Consignment(key=key, provider=BY_HAND)
    session.add(consignment)
    session.flush()
    now = services.clock.now()
    compare_and_set(
        session,
        Submission,
        submission_id,
        expect={"state": SubmissionState.PLANNED, "voided_at": None},
        state=SubmissionState.RELEASED,
        consignment_id=row_id(consignment),
        handle=key,
        provider_reference=key,
        staged_at=now,
        releasing_at=now,
        released_at=now,
    )


def _is_certified(services: Services, piece_id: int) -> bool:
    with services.db.reading() as session:
        return session.get(PieceCertificate, piece_id) is not None


def _count(session: Session, piece_id: int) -> int:
    query = select(func.count()).select_from(HandPrint).where(col(HandPrint.piece_id) == piece_id)
    return session.exec(query).one()
