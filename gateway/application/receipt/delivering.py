"""Proving receipt (*Zugangsnachweis*): who got a piece, when, and by what that is proven; corrected, never changed.

One way for every kind of proof. Status, deadline, case file and desk follow from the proof in force: what it says about
service is written to the piece in the same transaction, and beats what a provider reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session

from gateway.application.access.authorising import audit
from gateway.application.letters.marking import mark_for_filing
from gateway.application.letters.rendering import remember_document
from gateway.application.letters.taking import take_in
from gateway.application.reads.finding import piece_of
from gateway.application.reads.misplaced import is_misplaced
from gateway.application.reads.opened import Opened
from gateway.application.reads.proofs import last_proof, proofs_of
from gateway.application.reads.submissions import live_submission
from gateway.application.returns.retracting import forget_unserved
from gateway.application.runs.settling import settle
from gateway.application.services import Services
from gateway.application.tracking.coming_back import note_unserved
from gateway.db.by_hand import ByHand
from gateway.db.delivery import DeliveryProof
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mail import MailPiece, Posting
from gateway.domain.permission import Action
from gateway.domain.receipt.delivery import CARRIERS_RECORDS, DeliveryKind, Outcome, Verdict, judge
from gateway.errors import Conflict, InputError, NotFound


@dataclass(frozen=True)
class Scan:
    """A receipt as PDF, stored."""

    sha256: str
    pages: int
    size_bytes: int


@dataclass(frozen=True)
class Receipt:
    """What somebody says about the receipt of a piece; `outcome` is a code of `gateway.domain.receipt.delivery`.

    `data` holds references only, such as the number of a receipt.
    """

    kind: DeliveryKind
    outcome: str
    effective_on: date | None
    occurred_at: datetime | None = None
    place: str = ""
    handed_by: str = ""
    received_by: str = ""
    scan: Scan | None = None
    data: Mapping[str, object] = field(default_factory=dict)


def store_scan(services: Services, pdf: bytes) -> Scan:
    """Take a scanned receipt in and store it. Raises `DocumentInvalid` as every PDF that comes in."""
    taken = take_in(services, pdf)
    return Scan(services.blobs.put(taken.pdf), taken.pages, len(taken.pdf))


def prove(session: Session, services: Services, who: str, piece_id: int, receipt: Receipt) -> DeliveryProof:
    """Record the first proof of a piece, in the caller's transaction, who asked for permission.

    Raises `Conflict` ('delivery-already-proven'), `InputError` ('delivery-record-missing', or as
    `domain.receipt.delivery.judge`).
    """
    last = last_proof(session, piece_id)
    if last is not None and last.served is not None:
        raise Conflict(
            "delivery-already-proven",
            "Zu dieser Sendung gibt es schon einen Zugangsnachweis. Bitte ihn mit Grund berichtigen.",
        )
    return _write(session, services, who, piece_id, receipt, last, "nach einer Berichtigung neu vermerkt")


def correct(services: Services, login: str, reference: str, number: int, receipt: Receipt, reason: str) -> None:
    """Replace the proof of one recipient's copy by another record, with a reason; both stay on record.

    The outcome 'recorded-in-error' takes it back: then nothing is proven. Raises `InputError`, `NotPermitted`,
    `NotFound` ('delivery-not-proven').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who, piece_id = piece_of(session, login, reference, number, Action.PROVE_DELIVERY)
        correct_in(session, services, who.login, piece_id, receipt, reason)


def correct_in(
    session: Session, services: Services, who: str, piece_id: int, receipt: Receipt, reason: str
) -> DeliveryProof:
    """Correct in the caller's transaction, who asked for permission and a reason; see `correct`."""
    last = last_proof(session, piece_id)
    if last is None:
        raise NotFound("delivery-not-proven", "Zu dieser Sendung gibt es keinen Zugangsnachweis.")
    row = _write(session, services, who, piece_id, receipt, last, reason.strip(), corrects=True)
    forget_unserved(session, services, who, row_id(last), reason.strip())
    hand = session.get(ByHand, piece_id)
    if hand is not None and session.get_one(MailPiece, piece_id).served is None:
        hand.forget_handing_over()
    return row


def open_scan(services: Services, login: str, reference: str, number: int, proof: int) -> Opened:
    """The scanned receipt of the `proof`-th record, counted from 1. Raises `NotFound` ('delivery-scan-missing')."""
    with services.db.transaction() as session:
        who, piece_id = piece_of(session, login, reference, number, Action.READ)
        found = proofs_of(session, piece_id)[proof - 1 : proof] if proof > 0 else []
        if not found or found[0].document_sha256 is None:
            raise NotFound("delivery-scan-missing", "Zu diesem Zugangsnachweis ist kein Beleg hinterlegt.")
        sha256 = found[0].document_sha256
        if is_misplaced(session, sha256, session.get_one(MailPiece, piece_id).reference):
            raise NotFound(
                "delivery-scan-misplaced", "Der Beleg gehörte zu einem anderen Fall; er liegt nicht mehr hier."
            )
        audit(session, services, who.login, "delivery-scan-read", reference, recipient=number, sha256=sha256)
    return Opened(services.blobs.get(sha256), f"{reference}-{number}-zugangsnachweis-{proof}.pdf")


def _write(
    session: Session,
    services: Services,
    who: str,
    piece_id: int,
    receipt: Receipt,
    last: DeliveryProof | None,
    reason: str,
    *,
    corrects: bool = False,
) -> DeliveryProof:
    verdict = judge(
        receipt.kind,
        receipt.outcome,
        receipt.effective_on,
        today=services.today(),
        left_on=_left_on(session, piece_id),
        corrects=corrects,
    )
    document = receipt.scan.sha256 if receipt.scan else _kept(last, verdict)
    _require_record(receipt, verdict, document)
    if receipt.scan is not None:
        remember_scan(session, services, receipt.scan)
    row = DeliveryProof(
        piece_id=piece_id,
        kind=receipt.kind,
        outcome=receipt.outcome,
        served=verdict.served,
        effective_on=verdict.effective_on,
        occurred_at=receipt.occurred_at,
        place=receipt.place.strip() or None,
        handed_by=receipt.handed_by.strip() or None,
        received_by=receipt.received_by.strip() or None,
        document_sha256=document,
        data=dict(receipt.data),
        supersedes_id=last.id if last else None,
        reason=reason if last else None,
        recorded_by=who,
        recorded_at=services.clock.now(),
    )
    _put_in_force(session, services, piece_id, verdict)
    session.add(row)
    session.flush()
    note_unserved(session, services, row)
    audit(
        *(session, services, who, "delivery-corrected" if corrects else "delivery-proven"),
        session.get_one(MailPiece, piece_id).reference,
        reason=reason if corrects else "",
        proof=row.id,
        kind=row.kind.value,
        outcome=row.outcome,
        effective_on=row.effective_on.isoformat() if row.effective_on else None,
        document=row.document_sha256,
    )
    return row


def _kept(last: DeliveryProof | None, verdict: Verdict) -> str | None:
    """A correction without a scan is about the same receipt, unless the record was about another piece."""
    return last.document_sha256 if last is not None and verdict.served is not None else None


def _require_record(receipt: Receipt, verdict: Verdict, document: str | None) -> None:
    """Who took registered mail is proven by the carrier's record, never by a status (BAG 30.01.2025, 2 AZR 68/24)."""
    told = receipt.outcome == Outcome.TOLD or not verdict.served
    if receipt.kind in CARRIERS_RECORDS and not told and document is None:
        raise InputError(
            "delivery-record-missing",
            "Bitte den Auslieferungsbeleg als PDF hinterlegen; ohne ihn ist nicht bewiesen, wer die Sendung erhielt. "
            "Es wurde nichts vermerkt.",
        )


def _put_in_force(session: Session, services: Services, piece_id: int, verdict: Verdict) -> None:
    """The piece says what is proven; comparing with what was read keeps two records at once apart."""
    before = session.get_one(MailPiece, piece_id).served
    compare_and_set(session, MailPiece, piece_id, expect={"served": before}, served=verdict.served)
    if submission := live_submission(session, piece_id):
        submission.settled_at = None
        settle(session, services, submission)
    mark_for_filing(session, piece_id)


def _left_on(session: Session, piece_id: int) -> date | None:
    """The day on which it surely left the house; what a provider reports and nobody confirmed may be wrong."""
    hand = session.get(ByHand, piece_id)
    posting = session.get(Posting, piece_id)
    return (hand.left_on if hand else None) or (posting.confirmed_on if posting else None)


def remember_scan(session: Session, services: Services, scan: Scan) -> None:
    """Know a stored receipt as a document."""
    remember_document(
        session,
        services,
        scan.sha256,
        pages=scan.pages,
        size_bytes=scan.size_bytes,
        versions={"kind": "delivery-proof"},
    )
