"""Taking a letter by hand (*von Hand*): out of the nightly run, or out of the run that has it, onto a person's desk.

A copy that goes by hand gets a piece like any other, with the built-in provider `by-hand` (see
`gateway.providers.by_hand`), in a run of its own kind that is never open. So it is in one live submission: the nightly
run selects approved letters and this moves them on, by the same compare-and-set; and from a run only that is taken
which certainly nobody has (`domain.desk.desk.may_be_taken_back`). Assembling and certifying are the run's. From its
print on it counts as released, since paper may exist; then only a person who says that nothing was posted puts it back.
"""

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError as ConstraintBroken
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.clearing.clearing import facts_of_copies
from gateway.application.clearing.withholding import withdraw_copy
from gateway.application.reads.finding import find_letter, require_for_piece
from gateway.application.reads.submissions import live_submission
from gateway.application.runs.assembling import assemble_piece
from gateway.application.runs.certifying import certify
from gateway.application.runs.directing import usual_provider
from gateway.application.runs.planning import new_piece
from gateway.application.runs.replanning import copies_in, replace, withdraw
from gateway.application.services import Services
from gateway.db.by_hand import ByHand
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.domain.desk.desk import WITHDRAWN, may_be_taken_back
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.domain.references import read_reference
from gateway.domain.runs.by_hand import BY_HAND, SERVICES, HandChannel, may_be_put_back
from gateway.errors import Conflict, InputError, NotFound


def take(
    services: Services,
    login: str,
    reference: str,
    wanted: HandChannel,
    reason: str,
    *,
    numbers: Collection[int] = (),
) -> list[str]:
    """Let a letter leave by hand; returns the references of its new pieces, assembled and certified.

    `numbers` are the recipients whose copies go by hand, empty: all; the others go with the next run. Raises `Conflict`
    ('letter-not-approved', 'letter-held', 'by-hand-too-late'), `InputError` ('reason-missing',
    'by-hand-service-not-offered', 'recipient-unknown'), `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    try:
        pieces = _take(services, login, reference, wanted, reason.strip(), frozenset(numbers))
    except ConstraintBroken:
        # Somebody else began the day's run by hand in the same moment (PostgreSQL): join it.
        pieces = _take(services, login, reference, wanted, reason.strip(), frozenset(numbers))
    prepare(services, [row_id(piece) for piece in pieces])
    return [piece.reference for piece in pieces]


def may_go_by_hand(services: Services, login: str, reference: str) -> list[int]:
    """The numbers of the recipients whose copies this user could take by hand now."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        fits = letter.service in SERVICES and letter.held_at is None
        if not fits or not actor(session, login).may(Action.BY_HAND, office.key):
            return []
        if letter.state is LetterState.APPROVED:
            return [copy.number for copy in _copies(session, letter)]
        return sorted(_free_copies(session, services, letter)) if letter.state is LetterState.BATCHED else []


def prepare(services: Services, piece_ids: Collection[int]) -> None:
    """Assemble and certify pieces, as a run would; what is done already stays. Repeating it is harmless."""
    runs = set()
    for piece_id in piece_ids:
        with services.db.reading() as session:
            piece = session.get_one(MailPiece, piece_id)
            runs.add(session.get_one(Batch, piece.batch_id).run_id)
        if piece.print_sha256 is None and piece.fault_code is None:
            assemble_piece(services, services.today(), piece_id)
    for run_id in sorted(runs):
        certify(services, run_id)


def put_back(services: Services, login: str, piece_reference: str, reason: str) -> str:
    """Nothing was posted or handed over, and what was printed is destroyed: the letter goes with the next run.

    Returns the reference of the piece that is no more.

    Raises `Conflict` ('by-hand-already-left'), `InputError` ('reason-missing'), `NotFound`, `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who, piece, submission, hand = open_piece(session, services, login, piece_reference)
        if not may_be_put_back(submission.state, left=hand.channel is not None):
            raise Conflict(
                "by-hand-already-left",
                "Zu dieser Sendung ist vermerkt, dass sie das Haus verlassen hat. Sie kann nicht mehr zurück.",
            )
        printed = submission.released_at is not None
        copies = copies_in(session, row_id(piece))
        reference = piece.reference
        withdraw(session, services, row_id(piece), f"Zurückgenommen: {reason.strip()}")
        _back_to_the_run(session, services, piece, copies)
        audit(
            session, services, who.login, "by-hand-put-back", reference, reason=reason.strip(), printed=printed
        )
        return reference


def open_piece(
    session: Session, services: Services, login: str, piece_reference: str
) -> tuple[Actor, MailPiece, Submission, ByHand]:
    """A piece that goes by hand, locked, if the user may do something about it.

    One that was diverted here has no wish of its own and gets one. Raises `NotFound` ('by-hand-unknown'),
    `NotPermitted`.
    """
    who = actor(session, login)
    who.require(Action.BY_HAND)
    named = select(MailPiece).where(MailPiece.reference == read_reference(piece_reference))
    # Locked first: what two people do about one piece at once happens one after the other (PostgreSQL; SQLite lets one
    # write at a time).
    piece = session.exec(named.with_for_update()).one_or_none()
    submission = live_submission(session, row_id(piece)) if piece else None
    if piece is None or submission is None or submission.provider != BY_HAND:
        raise NotFound("by-hand-unknown", "Eine solche Sendung, die von Hand geht, gibt es nicht (mehr).")
    require_for_piece(session, who, Action.BY_HAND, row_id(piece))
    hand = session.get(ByHand, row_id(piece))
    if hand is None:
        hand = ByHand(
            piece_id=row_id(piece),
            wanted=HandChannel.POST,
            reason="umgeleitet",
            asked_by=who.login,
            asked_at=services.clock.now(),
        )
        session.add(hand)
        session.flush()
    return who, piece, submission, hand


def _take(
    services: Services,
    login: str,
    reference: str,
    wanted: HandChannel,
    reason: str,
    numbers: frozenset[int],
) -> list[MailPiece]:
    with services.db.transaction() as session:
        letter, office = find_letter(session, reference)
        who = actor(session, login)
        who.require(Action.BY_HAND, office.key)
        copies = _copies(session, letter)
        chosen = [copy for copy in copies if not numbers or copy.number in numbers]
        _require_possible(letter, chosen, numbers)
        run_id = _run_of_the_day(session, services)
        if letter.state is LetterState.APPROVED:
            others = [copy for copy in copies if copy not in chosen]
            _leave_the_queue(session, services, letter, others, run_id)
        else:
            _leave_the_run(session, services, letter, chosen, reason)
        pieces = []
        for copy in chosen:
            piece = _new_piece(session, services, letter, copy, run_id, BY_HAND)
            session.add(
                ByHand(
                    piece_id=row_id(piece),
                    wanted=wanted,
                    reason=reason,
                    asked_by=who.login,
                    asked_at=services.clock.now(),
                )
            )
            pieces.append(piece)
        audit(
            *(session, services, who.login, "taken-by-hand", letter.reference),
            reason=reason,
            wanted=wanted.value,
            pieces=[piece.reference for piece in pieces],
        )
        session.flush()
        return pieces


def _require_possible(letter: Letter, chosen: Collection[Recipient], numbers: frozenset[int]) -> None:
    if letter.state not in {LetterState.APPROVED, LetterState.BATCHED}:
        raise Conflict("letter-not-approved", "Von Hand geht nur ein freigegebenes Schreiben.")
    if letter.held_at is not None:
        raise Conflict("letter-held", "Das Schreiben ist angehalten. Bitte es zuerst weiterlaufen lassen.")
    if letter.service not in SERVICES:
        raise InputError(
            "by-hand-service-not-offered",
            "Eine Postzustellung braucht Vordruck und inneren Umschlag; sie geht nicht von Hand.",
        )
    if not chosen or {copy.number for copy in chosen} < numbers:
        raise InputError("recipient-unknown", "Einen solchen Empfänger hat das Schreiben nicht.")


def _leave_the_queue(
    session: Session, services: Services, letter: Letter, others: Collection[Recipient], run_id: int
) -> None:
    """As the nightly run would: a letter is planned once. Copies that do not go by hand go with the next run."""
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": LetterState.APPROVED, "held_at": None},
        state=LetterState.BATCHED,
    )
    for copy in others:
        _new_piece(session, services, letter, copy, run_id, usual_provider(session, services, letter, copy))


def _leave_the_run(
    session: Session, services: Services, letter: Letter, chosen: Collection[Recipient], reason: str
) -> None:
    free = _free_copies(session, services, letter)
    for copy in chosen:
        if copy.number not in free:
            raise Conflict(
                "by-hand-too-late",
                "Das geht nicht mehr: Der Druckdienstleister hat die Sendung oder kann sie haben, "
                "oder sie geht schon von Hand.",
            )
        if copy.mail_piece_id is not None:
            withdraw_copy(session, services, copy.mail_piece_id, letter, f"Geht von Hand: {reason}")


def _free_copies(session: Session, services: Services, letter: Letter) -> set[int]:
    """Of a letter in a run: the copies that certainly nobody has, and that do not go by hand already."""
    return {
        copy.number
        for copy, live, facts in facts_of_copies(session, services, letter)
        if (live is None or live.provider != BY_HAND) and facts.fault != WITHDRAWN and may_be_taken_back(facts)
    }


def _back_to_the_run(
    session: Session, services: Services, piece: MailPiece, copies: Collection[tuple[Recipient, Letter]]
) -> None:
    """A letter with one copy is approved again; what was planned together stays planned, with its provider."""
    [(first, letter), *more] = copies
    if more or len(_copies(session, letter)) > 1:
        provider = usual_provider(session, services, letter, first)
        replace(session, services, row_id(piece), [copy for copy, _ in copies], provider)
        return
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": LetterState.BATCHED},
        state=LetterState.APPROVED,
    )
    session.get_one(Recipient, row_id(first)).mail_piece_id = None


def _new_piece(
    session: Session, services: Services, letter: Letter, copy: Recipient, run_id: int, provider: str
) -> MailPiece:
    piece = new_piece(
        session,
        services,
        run_id=run_id,
        provider=provider,
        office_id=letter.office_id,
        service=letter.service,
        duplex=services.duplex,
    )
    copy.mail_piece_id = row_id(piece)
    return piece


def _run_of_the_day(session: Session, services: Services) -> int:
    today, now = services.today(), services.clock.now()
    found = session.exec(select(Run).where(Run.day == today, col(Run.by_hand))).first()
    if found is None:
        last = session.exec(select(func.max(Run.number)).where(Run.day == today)).one()
        found = Run(
            day=today, number=(last or 0) + 1, by_hand=True, started_at=now, planned_at=now, finished_at=now
        )
        session.add(found)
        session.flush()
    return row_id(found)


def _copies(session: Session, letter: Letter) -> list[Recipient]:
    query = select(Recipient).where(Recipient.letter_id == letter.id)
    return list(session.exec(query.order_by(col(Recipient.number))).all())
