"""Approving: a person signs the hash of every recipient's document. Approving *is* sending: the next run takes it."""

from sqlmodel import select

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.asking import remember_request
from gateway.application.letters.companions import sign_companions
from gateway.application.letters.timeliness import refuse_stale
from gateway.application.reads.finding import find_letter
from gateway.application.reads.suspensions import refuse_suspended
from gateway.application.services import Services
from gateway.application.templates.versions import require_usable
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.people import User
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action, may_approve
from gateway.errors import Conflict, IntegrityError, NotPermitted


def approve(services: Services, login: str, reference: str) -> None:
    """Sign a ready letter. What is signed is what is printed: the bytes are read and verified once more here.

    Raises `Conflict` ('letter-not-ready' with its state, 'letter-stale', 'recipient-suspended'), `NotPermitted`
    ('approval-needs-four-eyes').
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        letter, office = find_letter(session, reference)
        who.require(Action.APPROVE, office.key)
        author = session.get_one(User, letter.author_id)
        if not may_approve(who.roles, author=author.login, approver=who.login, four_eyes=letter.four_eyes):
            raise NotPermitted(
                "approval-needs-four-eyes",
                "Dieses Schreiben gibt eine zweite Person mit der Rolle Freigabe frei, nie die Verfasserin selbst.",
            )
        if letter.state is not LetterState.READY:
            raise Conflict("letter-not-ready", _why_not_ready(letter.state))
        if letter.template != FINISHED_PDF:
            require_usable(session, letter)
        refuse_stale(session, services, letter)
        refuse_suspended(session, letter)
        now = services.clock.now()
        for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
            sign_companions(session, services, letter, recipient)
            session.add(
                Approval(
                    recipient_id=row_id(recipient),
                    signing=recipient.signing,
                    document_sha256=_verified(services, recipient),
                    approved_by_id=who.id,
                    approved_at=now,
                )
            )
        session.flush()
        compare_and_set(
            session,
            Letter,
            row_id(letter),
            expect={"state": LetterState.READY},
            state=LetterState.APPROVED,
            approved_at=now,
            healed_from=None,
            filing_due=True,
        )
        remember_request(session, services, letter)
        audit(session, services, who.login, "letter-approved", letter.reference)


def reject(services: Services, login: str, reference: str, reason: str) -> None:
    """Give a ready letter back to its author, with a reason."""
    with services.db.transaction() as session:
        who = actor(session, login)
        letter, office = find_letter(session, reference)
        who.require(Action.APPROVE, office.key)
        compare_and_set(
            session,
            Letter,
            row_id(letter),
            expect={"state": LetterState.READY},
            state=LetterState.DRAFT,
            note=reason,
        )
        audit(session, services, who.login, "letter-rejected", letter.reference, reason=reason)


def _verified(services: Services, recipient: Recipient) -> str:
    if recipient.document_sha256 is None:
        raise IntegrityError("document-missing", "Zu einem Empfänger fehlt das Dokument. Bitte neu einreichen.")
    services.blobs.get(recipient.document_sha256)
    return recipient.document_sha256


def _why_not_ready(state: LetterState) -> str:
    reasons = {
        LetterState.DRAFT: "Das Schreiben ist ein Entwurf. Bitte zuerst zur Freigabe einreichen.",
        LetterState.SUBMITTED: "Das Schreiben wird gerade erstellt und geprüft. Bitte gleich noch einmal versuchen.",
        LetterState.FAULTY: "Die Druckprüfung hat Fehler gefunden. Bitte überarbeiten und neu einreichen.",
        LetterState.CANCELLED: "Das Schreiben ist storniert.",
    }
    return reasons.get(state, "Das Schreiben ist bereits freigegeben.")
