"""Returning: what came back on paper finds its piece, by its own code or by the reference in the window.

The import knows nothing of this: rows are the queue. A scan of class returned-mail without a notice is looked at once.
What matches nothing, or contradicts what is proven, waits in the tray for a person and is counted there.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.reads.finding import piece_of
from gateway.application.reads.looking import NOTHING, Seen, look, not_looked_at
from gateway.application.reads.returned import not_retracted
from gateway.application.reads.submissions import live_submission
from gateway.application.services import Services
from gateway.application.tracking.coming_back import Told, note_return, told_by
from gateway.application.tracking.tracking import append_about
from gateway.db.by_hand import ByHand
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.db.placings import InboundMatch
from gateway.db.returns import InboundKeyed, ReturnNotice
from gateway.domain.inbound.inbound_classes import CERTIFICATE_OF_SERVICE, RETURNED_MAIL
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import Perhaps, ReturnReason, ReturnSource, agreed, reason_keyed
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError, NotFound
from gateway.ports.provider import StatusReport

BY_PERSON = "person"
SEVERAL, NOT_POSTED, OTHER_CASE = "several-found", "not-posted", "other-case"
_CHUNK = 100


@dataclass
class ReturnReport:
    """What one sweep did: scans that found their piece, scans in the tray, tasks that were missing."""

    matched: int = 0
    tray: int = 0
    told: int = 0


def returns_due(services: Services) -> ReturnReport:
    """Look at every scan of returned mail that nobody looked at, and make tasks that are missing; may be repeated."""
    report = ReturnReport()
    while waiting := not_looked_at(services, RETURNED_MAIL, ReturnNotice, _CHUNK):
        for inbound_id, sha256 in waiting:
            seen = look(services, services.blobs.get(sha256))
            with services.db.transaction() as session:
                if _take(session, services, inbound_id, seen):
                    report.matched += 1
                else:
                    report.tray += 1
    report.tray += _ask_about_citizens_mail(services)
    while made := _make_missing(services):
        report.told += made
    return report


def record_return(
    services: Services,
    login: str,
    reference: str,
    number: int,
    reason: ReturnReason,
    *,
    inbound_id: int | None = None,
    new_address: str = "",
) -> None:
    """A person says that a recipient's copy came back; with `inbound_id` its scan from the tray.

    Raises `NotFound`, `NotPermitted`, `Conflict` ('return-not-posted', 'return-contradicts-proof').
    """
    with services.db.transaction() as session:
        who, piece_id = piece_of(session, login, reference, number, Action.PROVE_DELIVERY)
        if session.get_one(MailPiece, piece_id).served:
            raise Conflict(
                "return-contradicts-proof",
                "Zu dieser Sendung ist der Zugang nachgewiesen. Bitte zuerst den Nachweis berichtigen.",
            )
        if not _was_posted(session, piece_id):
            raise Conflict("return-not-posted", "Diese Sendung hat das Haus noch nicht verlassen.")
        if inbound_id is not None:
            assign_to_piece(session, services, _scan(session, inbound_id), piece_id, who.login)
        told = Told(
            *(ReturnSource.PERSON, reason, services.today(), BY_PERSON),
            inbound_id=inbound_id,
            new_address=new_address.strip() or None,
        )
        key = (
            _scan_key(session, inbound_id)
            if inbound_id is not None
            else f"person-{piece_id}-{services.clock.now()}"
        )
        _say(session, services, piece_id, told, key)
        audit(session, services, who.login, "return-recorded", reference, recipient=number, cause=reason.value)


def put_aside(services: Services, login: str, notice_id: int, reason: str) -> None:
    """A person says that a notice in the tray is about no piece of ours, or that the proof stands; both are kept.

    A scan of citizens' mail among them stays in the tray of arrivals, to be assigned there.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.RECEIVE_SCANS)
        notice = session.get(ReturnNotice, notice_id)
        if notice is None:
            raise NotFound("notice-unknown", "Diese Meldung gibt es nicht.")
        inbound_id = notice.inbound_id
        compare_and_set(
            session,
            ReturnNotice,
            notice_id,
            expect={"settled_at": None, "returned_id": None},
            settled_at=services.clock.now(),
            settled_by=who.login,
            settled_reason=reason.strip(),
        )
        if inbound_id and (match := session.get(InboundMatch, inbound_id)):
            match.returned = False
        audit(*(session, services, who.login, "return-put-aside", f"notice-{notice_id}"), reason=reason.strip())


def _ask_about_citizens_mail(services: Services) -> int:
    """Lay what waits as citizens' mail and may have come back before a person, beside the other returns."""
    query = (
        select(InboundDocument.id, InboundMatch.perhaps)
        .join(InboundMatch, col(InboundMatch.inbound_id) == InboundDocument.id)
        .join(ReturnNotice, col(ReturnNotice.inbound_id) == InboundDocument.id, isouter=True)
        .where(
            InboundDocument.state == InboundState.DESK,
            col(InboundDocument.document_class).not_in((RETURNED_MAIL, CERTIFICATE_OF_SERVICE)),
            col(InboundMatch.returned),
            col(ReturnNotice.id).is_(None),
        )
    )
    with services.db.transaction() as session:
        found = session.exec(query.order_by(col(InboundDocument.id))).all()
        for inbound_id, perhaps in found:
            session.add(
                ReturnNotice(
                    source=ReturnSource.SCAN,
                    inbound_id=inbound_id,
                    reason=ReturnReason.OTHER,
                    found_by=perhaps or Perhaps.WHOLE,
                    noticed_at=services.clock.now(),
                )
            )
    return len(found)


def _take(session: Session, services: Services, inbound_id: int, seen: Seen) -> bool:
    """Write down what was seen; whether it found its piece."""
    document = session.get_one(InboundDocument, inbound_id)
    piece, found_by = _piece(session, document, seen)
    keyed = session.get(InboundKeyed, inbound_id) or InboundKeyed(inbound_id=inbound_id)
    told = Told(
        source=ReturnSource.SCAN,
        reason=agreed((seen.reason, reason_keyed(keyed.return_reason))),
        on=document.received_on,
        found_by=found_by,
        inbound_id=inbound_id,
        new_address=keyed.new_address,
    )
    if piece is None:
        session.add(
            ReturnNotice(
                source=told.source,
                inbound_id=inbound_id,
                reason=told.reason,
                found_by=found_by,
                new_address=told.new_address,
                noticed_at=services.clock.now(),
            )
        )
        return False
    if piece.served:
        note_return(session, services, row_id(piece), told)
        return False
    assign_to_piece(session, services, document, row_id(piece), SYSTEM)
    _say(session, services, row_id(piece), told, f"scan-{inbound_id}")
    return True


def _piece(session: Session, document: InboundDocument, seen: Seen) -> tuple[MailPiece | None, str]:
    """The one piece that it can be, or why there is none."""
    if seen.references == ():
        return None, seen.found_by
    query = select(MailPiece).where(col(MailPiece.reference).in_(seen.references))
    found = session.exec(query).all()
    if len(found) != 1:
        return None, SEVERAL if len(found) > 1 else NOTHING
    piece = found[0]
    if not _was_posted(session, row_id(piece)):
        return None, NOT_POSTED
    cases = _cases(session, row_id(piece))
    if document.case_id is not None and document.case_id not in cases:
        return None, OTHER_CASE
    return piece, seen.found_by


def _was_posted(session: Session, piece_id: int) -> bool:
    """Nothing comes back that never left: handed over, and reported as posted or given away by hand."""
    submission = live_submission(session, piece_id)
    if submission is None or submission.state is not SubmissionState.RELEASED:
        return False
    hand = session.get(ByHand, piece_id)
    return session.get(Posting, piece_id) is not None or (hand is not None and hand.left_on is not None)


def _cases(session: Session, piece_id: int) -> set[int]:
    query = select(Letter.case_id).join(Recipient, col(Recipient.letter_id) == Letter.id)
    return set(session.exec(query.where(Recipient.mail_piece_id == piece_id)).all())


def assign_to_piece(
    session: Session, services: Services, document: InboundDocument, piece_id: int, who: str
) -> None:
    """File the picture into the case, where the envelope holds letters of one case only; else a person assigns it."""
    cases = _cases(session, piece_id)
    if document.state is not InboundState.DESK or len(cases) != 1:
        return
    letters = session.exec(select(Recipient.letter_id).where(Recipient.mail_piece_id == piece_id)).all()
    compare_and_set(
        session,
        InboundDocument,
        row_id(document),
        expect={"state": InboundState.DESK},
        state=InboundState.ASSIGNED,
        case_id=next(iter(cases)),
        letter_id=letters[0] if len(letters) == 1 else None,
        match_reason="Als Rückläufer der Sendung erkannt.",
        assigned_by=who,
    )
    audit(session, services, who, "inbound-assigned", f"inbound-{document.id}")


def _scan(session: Session, inbound_id: int) -> InboundDocument:
    """A scan from the tray. Raises `NotFound`, `Conflict` ('return-known')."""
    document = session.get(InboundDocument, inbound_id)
    if document is None:
        raise NotFound("inbound-unknown", f"Den Posteingang {inbound_id} gibt es nicht.")
    known = select(ReturnNotice).where(ReturnNotice.inbound_id == inbound_id)
    notice = session.exec(known).one_or_none()
    if notice is not None and (notice.returned_id is not None or notice.settled_at is not None):
        raise Conflict("return-known", "Dieser Rückläufer ist schon zugeordnet oder abgelegt.")
    return document


def _scan_key(session: Session, inbound_id: int) -> str:
    """What a scan says, it says once; after it lay in a wrong case, it may say something else."""
    query = select(ReturnNotice.readings).where(ReturnNotice.inbound_id == inbound_id)
    readings = session.exec(query).one_or_none() or 1
    return f"scan-{inbound_id}" if readings == 1 else f"scan-{inbound_id}-{readings}"


def _say(session: Session, services: Services, piece_id: int, told: Told, key: str) -> None:
    """The return as one more statement about the piece, beside what the provider says."""
    submission = live_submission(session, piece_id)
    if submission is None:
        raise Conflict("return-not-posted", "Diese Sendung hat das Haus noch nicht verlassen.")
    report = StatusReport(
        key=submission.key,
        provider_reference=submission.provider_reference or "",
        status=Status.RETURNED,
        provider_status=f"returned-{told.source.value}",
        occurred_at=services.clock.now(),
        dedup_key=key,
        raw={"inbound": told.inbound_id} if told.inbound_id is not None else {},
    )
    append_about(session, services, submission, told.source.value, report, told)


def _make_missing(services: Services) -> int:
    """Tasks for statements of which none was made, such as those of an earlier version."""
    made = 0
    with services.db.transaction() as session:
        events = (
            select(StatusEvent, Submission)
            .join(Submission, col(Submission.id) == StatusEvent.submission_id)
            .join(ReturnNotice, col(ReturnNotice.event_id) == StatusEvent.id, isouter=True)
            .where(
                StatusEvent.status == Status.RETURNED,
                col(Submission.voided_at).is_(None),
                col(ReturnNotice.id).is_(None),
                not_retracted(),
            )
        )
        for event, submission in session.exec(events.order_by(col(StatusEvent.id)).limit(_CHUNK)).all():
            note_return(session, services, submission.piece_id, told_by(services, event), event=event)
            made += 1
    return made
