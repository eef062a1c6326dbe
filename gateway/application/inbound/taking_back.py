"""Taking back: what a scan brought in a case where it did not belong acts there no more.

What is about a piece of the right case stays: then only the scan lay wrong. All else waits for a person again.

    what a letter asked for and got            open again; the letter that the evidence names in the right case is kept
    that a piece came back, by this scan       the statement is retracted: status, deadline and addresses are as before
    a letter written in its place              kept back; the desk asks whether to discard or to keep it
    proof of receipt, read off this scan       corrected as recorded in error; on /zustellungsurkunden it waits again
    holds and checks of the paper              stay: they are about the paper, and only ever keep it

Everything stays on record, with who took it back and why.
"""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, audit
from gateway.application.letters.marking import mark_for_filing
from gateway.application.reads.finding import require_for_piece
from gateway.application.reads.proofs import last_proof
from gateway.application.reads.submissions import live_submission
from gateway.application.receipt.delivering import Receipt, correct_in
from gateway.application.returns.retracting import settle_task
from gateway.application.runs.settling import settle
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.returns import CertificateNotice, EventRetraction, ReturnedMail, ReturnNotice
from gateway.domain.permission import Action
from gateway.domain.receipt.delivery import Outcome

MOVED_AWAY = "moved-away"
"""Why it waits for a person: its scan lay in a wrong case."""


def take_back(
    session: Session, services: Services, who: Actor, inbound_id: int, to_case: int | None, reason: str
) -> None:
    """Undo what a document brought that goes to the case `to_case`, or with None back into the tray.

    In the caller's transaction. Raises `NotPermitted` where a proof of receipt falls that the user may not correct.
    """
    proven = session.exec(select(CertificateNotice).where(CertificateNotice.inbound_id == inbound_id)).first()
    if proven is not None and proven.piece_id is not None and not _is_of(session, proven.piece_id, to_case):
        _unprove(session, services, who, proven, reason)
    came_back = session.exec(select(ReturnNotice).where(ReturnNotice.inbound_id == inbound_id)).first()
    if came_back is not None and came_back.returned_id is not None:
        piece_id = session.get_one(ReturnedMail, came_back.returned_id).piece_id
        if not _is_of(session, piece_id, to_case):
            _unsay(session, services, who, came_back, piece_id, reason)


def _is_of(session: Session, piece_id: int, case_id: int | None) -> bool:
    query = select(Letter.id).join(Recipient, col(Recipient.letter_id) == Letter.id)
    return (
        session.exec(query.where(Recipient.mail_piece_id == piece_id, Letter.case_id == case_id)).first()
        is not None
    )


def _unprove(session: Session, services: Services, who: Actor, notice: CertificateNotice, reason: str) -> None:
    """Only the proof in force is corrected; one that a person corrected already says what that person said."""
    piece_id, proof_id = notice.piece_id or 0, notice.proof_id
    last = last_proof(session, piece_id)
    if proof_id is not None and last is not None and last.id == proof_id and last.served is not None:
        require_for_piece(session, who, Action.PROVE_DELIVERY, piece_id)
        taken_back = Receipt(last.kind, Outcome.IN_ERROR, None)
        correct_in(session, services, who.login, piece_id, taken_back, reason)
    session.refresh(notice)
    notice.proof_id = notice.piece_id = None
    notice.found, notice.readings = MOVED_AWAY, notice.readings + 1
    session.add(notice)
    session.flush()
    _note(session, services, who, piece_id, "certificate-taken-back", notice.inbound_id, reason)


def _unsay(
    session: Session, services: Services, who: Actor, notice: ReturnNotice, piece_id: int, reason: str
) -> None:
    """The scan is in the tray of returned mail again; nothing at the piece says any more that it came back."""
    returned_id, event_id = notice.returned_id or 0, notice.event_id
    if event_id is not None:
        session.add(
            EventRetraction(
                event_id=event_id,
                inbound_id=notice.inbound_id or 0,
                retracted_by=who.login,
                retracted_at=services.clock.now(),
            )
        )
    notice.returned_id = notice.event_id = None
    notice.found_by, notice.readings = MOVED_AWAY, notice.readings + 1
    session.add(notice)
    session.flush()
    if submission := live_submission(session, piece_id):
        submission.settled_at = None
        settle(session, services, submission)
    mark_for_filing(session, piece_id)
    settle_task(session, services, who.login, returned_id, notice.reason, reason)
    _note(session, services, who, piece_id, "return-taken-back", notice.inbound_id, reason)


def _note(
    session: Session,
    services: Services,
    who: Actor,
    piece_id: int,
    action: str,
    inbound_id: int | None,
    reason: str,
) -> None:
    piece = session.get_one(MailPiece, piece_id).reference
    audit(session, services, who.login, action, piece, reason=reason, inbound=inbound_id)
