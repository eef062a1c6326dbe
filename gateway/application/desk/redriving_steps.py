"""The steps of redriving: what each decision does to rows, in the transaction in which it was found to be safe.

None of them talks to a provider. `redriving` asks for permission, safety and grounds before.
"""

from collections.abc import Callable

from sqlmodel import Session, select

from gateway.application.access.authorising import Actor, audit
from gateway.application.addresses.suspending import settle_suspension
from gateway.application.clearing.clearing import facts_of_copies
from gateway.application.clearing.trouble import Trouble
from gateway.application.clearing.withholding import cancel_in, keep_no_longer, withdraw_copy
from gateway.application.letters.marking import mark_for_filing
from gateway.application.letters.redrafting import as_before, redraft
from gateway.application.reads.submissions import live_submission
from gateway.application.returns.replacing import replace_copy
from gateway.application.runs.outcomes import HandOver, move_all
from gateway.application.runs.packing import members
from gateway.application.runs.replanning import (
    copies_in,
    must_be_one_sided,
    renew,
    replace,
    require_provider,
    void,
    withdraw,
)
from gateway.application.services import Services
from gateway.db.desk import DeskDecision
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Consignment, MailPiece, Submission
from gateway.db.people import Office
from gateway.domain.desk.desk import WITHDRAWN, Problem, may_be_taken_back
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict


def plan_again(
    provider: str | None,
) -> Callable[[Session, Services, Actor, Letter, Trouble, DeskDecision], str | None]:
    """The piece gets a new submission; at another provider, or to be printed on one side only, a new piece."""

    def step(
        session: Session,
        services: Services,
        _who: Actor,
        _letter: Letter,
        trouble: Trouble,
        decision: DeskDecision,
    ) -> str | None:
        piece = _piece(session, trouble)
        piece_id = row_id(piece)
        target = provider or trouble.provider or ""
        elsewhere = target != trouble.provider
        if elsewhere:
            require_provider(session, services, target, piece)
        if elsewhere or must_be_one_sided(services, target, piece):
            withdraw(session, services, piece_id, f"Neu geplant: {decision.reason}")
            copies = [copy for copy, _ in copies_in(session, piece_id)]
            return f"{replace(session, services, piece_id, copies, target).reference}-1"
        if piece.fault_code is not None:
            compare_and_set(
                session,
                MailPiece,
                piece_id,
                expect={"fault_code": piece.fault_code, "print_sha256": None},
                fault_code=None,
                fault_message=None,
            )
        if submission := live_submission(session, piece_id):
            void(session, services, submission)
        return renew(session, services, piece_id).key

    return step


def cancel_letter(
    session: Session, services: Services, who: Actor, letter: Letter, trouble: Trouble, decision: DeskDecision
) -> str | None:
    """The whole letter, if no copy of it has left; else this copy alone."""
    gone = (SubmissionState.RELEASED, SubmissionState.RELEASING, SubmissionState.IN_DOUBT)
    left = [
        facts
        for _, submission, facts in facts_of_copies(session, services, letter)
        if facts.fault != WITHDRAWN
        and submission is not None
        and submission.state in gone
        and not may_be_taken_back(facts)
    ]
    if left:
        withdraw_copy(session, services, row_id(_piece(session, trouble)), letter, decision.reason)
        mark_for_filing(session, row_id(_piece(session, trouble)))
    else:
        cancel_in(session, services, who, letter, decision.reason)
    return None


def hand_back(
    session: Session, services: Services, who: Actor, letter: Letter, _trouble: Trouble, decision: DeskDecision
) -> str | None:
    """Cancel the letter, and lay a draft of the same content before its author, who then submits or drops it."""
    cancel_in(session, services, who, letter, decision.reason)
    copies = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()
    note = f"Ersetzt das stornierte Schreiben {letter.reference}: {decision.reason}"
    draft = redraft(session, services, letter, [as_before(copy) for copy in copies], note=note)
    audit(session, services, who.login, "letter-handed-back", draft.reference, replaces=letter.reference)
    return draft.reference


def confirm_there(
    session: Session, services: Services, _who: Actor, _letter: Letter, trouble: Trouble, decision: DeskDecision
) -> str | None:
    """The provider has the whole consignment, under the reference that he named."""
    handed = _handed_over(session, trouble)
    move_all(
        session,
        handed,
        state=SubmissionState.RELEASED,
        provider_reference=decision.provider_reference,
        released_at=handed.first.releasing_at or services.clock.now(),
        error_code=None,
        error_message=None,
        next_attempt_at=None,
    )
    for submission in handed.submissions:
        mark_for_filing(session, submission.piece_id)
    session.expire_all()
    return decision.provider_reference


def confirm_not_there(
    session: Session,
    services: Services,
    _who: Actor,
    _letter: Letter,
    trouble: Trouble,
    _decision: DeskDecision,
) -> str | None:
    """The provider never got the consignment: each of its pieces gets a new submission."""
    key = None
    for submission in _handed_over(session, trouble).submissions:
        piece_id = submission.piece_id
        void(session, services, submission)
        fresh = renew(session, services, piece_id)
        key = fresh.key if piece_id == trouble.piece_id else key
    return key


def try_again(
    session: Session,
    _services: Services,
    _who: Actor,
    _letter: Letter,
    trouble: Trouble,
    _decision: DeskDecision,
) -> str | None:
    """Read the bytes again with the next pass, not only after the waiting time."""
    submission = live_submission(session, trouble.piece_id)
    if submission is not None:
        compare_and_set(
            session,
            Submission,
            row_id(submission),
            expect={"state": submission.state},
            next_attempt_at=None,
            error_code=None,
            error_message=None,
        )
    return None


def acknowledge(
    session: Session,
    services: Services,
    _who: Actor,
    letter: Letter,
    trouble: Trouble,
    _decision: DeskDecision,
) -> str | None:
    """The row of the decision itself takes the entry off the desk; a letter that was kept back for it goes on."""
    if trouble.problem is Problem.NEEDLESS:
        keep_no_longer(session, letter)
        settle_suspension(session, services, letter)
    return None


def reissue(
    session: Session, services: Services, who: Actor, letter: Letter, trouble: Trouble, _decision: DeskDecision
) -> str | None:
    """A draft with the same content, to the present address, in the place of the copy whose end nobody told."""
    return _replace(session, services, who, letter, trouble)


def serve(
    session: Session, services: Services, who: Actor, letter: Letter, trouble: Trouble, decision: DeskDecision
) -> str | None:
    """The same, to be served with a certificate; why is what was given for the decision."""
    return _replace(session, services, who, letter, trouble, decision.reason)


def _replace(
    session: Session,
    services: Services,
    who: Actor,
    letter: Letter,
    trouble: Trouble,
    serve_because: str | None = None,
) -> str:
    copies = select(Recipient).where(Recipient.letter_id == letter.id, Recipient.number == trouble.number)
    copy = (letter, session.exec(copies).one(), session.get_one(Office, letter.office_id))
    note = f"Ersetzt das Schreiben {letter.reference}, dessen Zustellung nie gemeldet wurde."
    return replace_copy(session, services, who, copy, note=note, serve_because=serve_because)


def _piece(session: Session, trouble: Trouble) -> MailPiece:
    return session.get_one(MailPiece, trouble.piece_id)


def _handed_over(session: Session, trouble: Trouble) -> HandOver:
    """The consignment whose outcome is unknown, whole: its pieces moved together, and are found together."""
    submission = session.get_one(Submission, trouble.submission_id)
    consignment = session.get_one(Consignment, submission.consignment_id)
    found = tuple(members(session, row_id(consignment)))
    if {each.state for each in found} != {submission.state}:
        raise Conflict("state-changed", "Die Übergabe wurde inzwischen von anderer Seite geändert.")
    return HandOver(row_id(consignment), consignment.key, consignment.provider, found)
