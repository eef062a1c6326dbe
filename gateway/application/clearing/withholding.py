"""Holding a letter back, letting it go again, and cancelling it.

Freely until its release begins: a letter that is in a run already is taken out of it. After that only the provider
can take it back, where it offers that; then the provider's word decides where the letter stands.
The cut-off is `gateway.domain.runs.calendar`'s: it says which run takes a letter, and is no limit for holding it.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.clearing.clearing import facts_of_copies
from gateway.application.clearing.forwarding import may_be_brought_forward
from gateway.application.clearing.reopening import reopen_return
from gateway.application.reads.finding import find_letter
from gateway.application.reads.suspensions import refuse_suspended
from gateway.application.runs.replanning import copies_in, replace, withdraw
from gateway.application.services import Services
from gateway.application.tracking.tracking import try_record
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Submission
from gateway.domain.desk.desk import WITHDRAWN, Facts, Problem, may_be_taken_back
from gateway.domain.letters.letter import CANCELLABLE, LetterState
from gateway.domain.permission import Action
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, OutcomeUnknown, Refused

_BEFORE_PRINTING = (Status.UNKNOWN, Status.ACCEPTED, Status.IN_PRODUCTION)

_AND = " · "
"""Between what a letter was held for and what it is held for as well."""


@dataclass(frozen=True)
class Possible:
    """What can be done about a letter's way out of the house, whoever asks."""

    hold: bool
    cancel: bool
    at_provider: bool
    """Cancelling means to ask the provider."""
    forward: bool = False
    """It waits at the provider and can go to print earlier."""


def possible(session: Session, services: Services, letter: Letter) -> Possible:
    """What `hold` and `cancel` would take on now."""
    if letter.state is not LetterState.BATCHED:
        free = letter.state in CANCELLABLE
        return Possible(free, free, at_provider=False)
    copies = facts_of_copies(session, services, letter)
    if all(_is_free(facts) for _, _, facts in copies):
        return Possible(hold=True, cancel=True, at_provider=False)
    asked = all(
        _is_free(facts) or _may_ask(services, submission, facts)
        for _, submission, facts in copies
        if facts.status is not Status.CANCELLED
    )
    gone = all(facts.fault == WITHDRAWN or facts.status is Status.CANCELLED for _, _, facts in copies)
    return Possible(
        hold=False,
        cancel=asked and not gone,
        at_provider=True,
        forward=may_be_brought_forward(session, services, letter),
    )


def what_is_possible(services: Services, login: str, reference: str) -> Possible:
    """What can be done about a letter now; roles are asked when it is done."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        actor(session, login).require(Action.READ, office.key)
        return possible(session, services, letter)


def hold(services: Services, login: str, reference: str, reason: str) -> None:
    """Keep a letter out of the runs until it is let go; it stays approved, and leaves a run that has it already.

    Raises `Conflict` ('letter-already-released') if a copy of it has left, or may have.
    """
    with services.db.transaction() as session:
        who, letter_id, letter = _open(session, login, reference, Action.HOLD)
        if letter.state is LetterState.BATCHED and letter.held_at is None:
            _leave_run(session, services, letter, f"Angehalten: {reason}")
            compare_and_set(
                session,
                Letter,
                letter_id,
                expect={"state": LetterState.BATCHED},
                state=LetterState.APPROVED,
                held_at=services.clock.now(),
                hold_reason=reason,
            )
        else:
            compare_and_set(
                session,
                Letter,
                letter_id,
                expect={"state": CANCELLABLE, "held_at": None},
                held_at=services.clock.now(),
                hold_reason=reason,
            )
        audit(session, services, who.login, "letter-held", letter.reference, reason=reason)


def let_go(services: Services, login: str, reference: str) -> None:
    """End the holding; the next run takes the letter if it is approved.

    Raises `Conflict` ('letter-not-held', 'recipient-suspended').
    """
    with services.db.transaction() as session:
        who, letter_id, letter = _open(session, login, reference, Action.HOLD)
        if letter.held_at is None:
            raise Conflict("letter-not-held", "Das Schreiben ist nicht angehalten.")
        refuse_suspended(session, letter)
        compare_and_set(
            session, Letter, letter_id, expect={"held_at": letter.held_at}, held_at=None, hold_reason=None
        )
        audit(session, services, who.login, "letter-let-go", letter.reference)


def keep_back(session: Session, services: Services, letter: Letter, why: str) -> bool:
    """Hold a letter until a person has decided, in the caller's transaction; what has left already is only marked.

    `why` ends with the code of the problem; what it was held for before is kept in front. False for a cancelled one.
    """
    if letter.state is LetterState.CANCELLED:
        return False
    before, state = letter.state, letter.state
    reason = f"{letter.hold_reason}{_AND}{why}" if letter.held_at else why
    if before is LetterState.BATCHED and all(
        _is_free(facts) for _, _, facts in facts_of_copies(session, services, letter)
    ):
        _leave_run(session, services, letter, f"Angehalten: {why}")
        state = LetterState.APPROVED
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": before, "held_at": letter.held_at},
        state=state,
        held_at=services.clock.now(),
        hold_reason=reason,
    )
    return True


def keep_no_longer(session: Session, letter: Letter) -> None:
    """A person has decided that it may go on; what it was held for before still holds."""
    earlier, _, _ = (letter.hold_reason or "").rpartition(_AND)
    held_at = letter.held_at if earlier else None
    expect = {"hold_reason": letter.hold_reason}
    compare_and_set(
        session, Letter, row_id(letter), expect=expect, held_at=held_at, hold_reason=earlier or None
    )


def cancel(services: Services, login: str, reference: str, reason: str) -> None:
    """Cancel a letter: here, if no copy of it was released, else through the provider, where it offers that.

    Raises `Conflict`: 'letter-already-released' (a copy has left, or may have, and cannot be taken back),
    'cancel-too-late' (the provider declined), 'cancel-outcome-unknown' (it is on the desk),
    'letter-already-cancelled'. `NotSent` if the provider cannot be reached. What the provider took back stands at
    CANCELLED once it says so.
    """
    with services.db.reading() as session:
        who, _, letter = _open(session, login, reference, Action.CANCEL)
        at_provider = possible(session, services, letter).at_provider
    if at_provider:
        cancel_at_provider(services, who, reference, reason)
        return
    with services.db.transaction() as session:
        who, _, letter = _open(session, login, reference, Action.CANCEL)
        cancel_in(session, services, who, letter, reason)


def _is_signed_anew(session: Session, letter: Letter) -> bool:
    """Whether it was approved before it was healed: the case file has that, and must learn that nothing is posted."""
    later = select(Recipient.id).where(Recipient.letter_id == letter.id, Recipient.signing > 1)
    return session.exec(later.limit(1)).first() is not None


def cancel_in(session: Session, services: Services, who: Actor, letter: Letter, reason: str) -> None:
    """Cancel a letter of which nothing was released, in the caller's transaction, who asked for permission."""
    if letter.state is LetterState.CANCELLED:
        raise Conflict("letter-already-cancelled", "Das Schreiben ist schon storniert.")
    expected = letter.state
    if letter.state is LetterState.BATCHED:
        _require_all_free(session, services, letter)
        _withdraw_pieces(session, services, letter, f"Storniert: {reason}")
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": expected},
        state=LetterState.CANCELLED,
        cancelled_at=services.clock.now(),
        note=reason,
        filing_due=letter.approved_at is not None or _is_signed_anew(session, letter),
    )
    reopen_return(session, services, who.login, letter)
    audit(session, services, who.login, "letter-cancelled", letter.reference, reason=reason)


def withdraw_copy(session: Session, services: Services, piece_id: int, letter: Letter, reason: str) -> None:
    """Take one copy out for good; other letters in its envelope get a new one."""
    others = [copy for copy, of in copies_in(session, piece_id) if of.id != letter.id]
    withdraw(session, services, piece_id, reason)
    if others:
        replace(session, services, piece_id, others)


def _leave_run(session: Session, services: Services, letter: Letter, reason: str) -> None:
    _require_all_free(session, services, letter)
    _withdraw_pieces(session, services, letter, reason)
    for recipient in _copies(session, letter):
        recipient.mail_piece_id = None
    session.flush()


def _withdraw_pieces(session: Session, services: Services, letter: Letter, reason: str) -> None:
    pieces = {copy.mail_piece_id: facts for copy, _, facts in facts_of_copies(session, services, letter)}
    for piece_id, facts in pieces.items():
        if piece_id is not None and facts.fault != WITHDRAWN:
            withdraw_copy(session, services, piece_id, letter, reason)


def _require_all_free(session: Session, services: Services, letter: Letter) -> None:
    if not all(_is_free(facts) for _, _, facts in facts_of_copies(session, services, letter)):
        raise Conflict(
            "letter-already-released",
            "Mindestens ein Exemplar ist schon übergeben oder seine Übergabe ist ungeklärt. "
            "Hier kann das Schreiben nicht mehr zurückgehalten werden.",
        )


def cancel_at_provider(services: Services, who: Actor, reference: str, reason: str) -> None:
    """Ask for each copy that has left; only when all are taken back are the others withdrawn."""
    with services.db.reading() as session:
        letter, _ = find_letter(session, reference)
        copies = facts_of_copies(session, services, letter)
        if not possible(session, services, letter).cancel:
            raise Conflict(
                "letter-already-released",
                "Mindestens ein Exemplar ist schon übergeben und kann hier nicht zurückgenommen werden. Bitte beim "
                "Druckdienstleister anrufen; was im Haus gedruckt ist, zuerst unter „Von Hand“ zurücknehmen.",
            )
    for _, submission, facts in copies:
        if submission is not None and not _is_free(facts) and facts.status is not Status.CANCELLED:
            _ask_back(services, who, reference, submission, reason)
    with services.db.transaction() as session:
        letter, _ = find_letter(session, reference)
        for copy, _, facts in facts_of_copies(session, services, letter):
            if copy.mail_piece_id is not None and _is_free(facts) and facts.fault != WITHDRAWN:
                withdraw_copy(session, services, copy.mail_piece_id, letter, f"Storniert: {reason}")
        letter.note, letter.filing_due = reason, True
        audit(session, services, who.login, "letter-cancelled-at-provider", letter.reference, reason=reason)


def _ask_back(services: Services, who: Actor, reference: str, submission: Submission, reason: str) -> None:
    """One attempt to have one piece taken back; what came of it is written down before anything else."""
    provider = services.providers[submission.provider]
    named = submission.provider_reference or submission.key
    try:
        provider.cancel(named)
    except Refused as fact:
        _note(services, who, reference, submission, "provider-cancel-refused", reason)
        raise Conflict(
            "cancel-too-late", f"Der Druckdienstleister nimmt die Sendung nicht mehr zurück: {fact.message}"
        ) from None
    except OutcomeUnknown as fact:
        message = f"Ob die Sendung zurückgenommen ist, ist ungeklärt: {fact.message}"
        _note(services, who, reference, submission, "provider-cancel-unknown", reason, message)
        raise Conflict(Problem.CANCEL_UNKNOWN.value, f"{message} Sie steht auf der Klärungsliste.") from None
    _note(services, who, reference, submission, "provider-cancelled", reason)
    try_record(services, submission.provider, [named])


def _note(
    services: Services,
    who: Actor,
    reference: str,
    submission: Submission,
    action: str,
    reason: str,
    doubt: str | None = None,
) -> None:
    with services.db.transaction() as session:
        row = session.get_one(Submission, row_id(submission))
        if doubt is not None:
            row.error_code, row.error_message = Problem.CANCEL_UNKNOWN.value, doubt
        elif row.error_code == Problem.CANCEL_UNKNOWN.value:
            row.error_code = row.error_message = None
        letter, _ = find_letter(session, reference)
        audit(session, services, who.login, action, letter.reference, reason=reason, key=submission.key)


def _is_free(facts: Facts) -> bool:
    """Whether the copy is in the house, or certainly was never printed."""
    return facts.fault == WITHDRAWN or may_be_taken_back(facts)


def _may_ask(services: Services, submission: Submission | None, facts: Facts) -> bool:
    """Whether the provider can be asked for this copy, and nothing else would be taken back with it."""
    return (
        submission is not None
        and submission.state is SubmissionState.RELEASED
        and facts.status in _BEFORE_PRINTING
        and facts.alone_in_handover
        and services.providers[submission.provider].capabilities.can_cancel
    )


def _copies(session: Session, letter: Letter) -> list[Recipient]:
    query = select(Recipient).where(Recipient.letter_id == letter.id)
    return list(session.exec(query.order_by(col(Recipient.number))).all())


def _open(session: Session, login: str, reference: str, action: Action) -> tuple[Actor, int, Letter]:
    who = actor(session, login)
    letter, office = find_letter(session, reference)
    who.require(action, office.key)
    return who, row_id(letter), letter
