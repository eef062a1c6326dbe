"""Intercepting: what is in a run for a suspended address, and was not released yet, is taken out of the hand-over.

It waits on the desk, where a person cancels it, hands it back to its author or lifts the suspension; then it goes on
as it was. Found when the address is suspended, before staging, and once more in the transaction that commits the
intent to release, under the order of `gateway.db.brake`. What was released before is on its way and is not touched;
what is in doubt may be, and its doubt is cleared up first. What a person hands over in person needs no address.
"""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.reads.suspensions import suspended_among, why_suspended
from gateway.application.services import Services
from gateway.db.by_hand import ByHand
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set
from gateway.db.letters import Recipient
from gateway.db.mail import UNPACKED, MailPiece, Submission
from gateway.db.returns import AddressSuspension
from gateway.domain.receipt.returning import SUSPENDED
from gateway.domain.runs.by_hand import HandChannel
from gateway.domain.runs.submission import SubmissionState

_NOT_LEFT = (SubmissionState.PLANNED, SubmissionState.STAGED)


def intercept(session: Session, services: Services, person_id: int) -> None:
    """Take out what is in a run for a person who was just suspended."""
    query = _to_suspended().where(Recipient.person_id == person_id)
    _take_out(session, services, session.exec(query).all())


def intercepted(services: Services, consignment_id: int) -> int:
    """Take out of a consignment what would go to a suspended address; returns how many pieces."""
    query = _to_suspended().where(Submission.consignment_id == consignment_id)
    with services.db.reading() as session:
        if not suspended_among(session, session.exec(query).all()):
            return 0
    with services.db.transaction() as session:
        return intercept_in(session, services, consignment_id)


def intercept_in(session: Session, services: Services, consignment_id: int) -> int:
    """The same in the caller's transaction."""
    query = _to_suspended().where(Submission.consignment_id == consignment_id)
    return _take_out(session, services, session.exec(query).all())


def suspended_piece(session: Session, piece_id: int) -> str | None:
    """Why a piece must not leave; None if it may."""
    copies = session.exec(_to_suspended().where(MailPiece.id == piece_id)).all()
    return next((why_suspended(session, row) for _, row in suspended_among(session, copies)), None)


def let_go_on(session: Session, services: Services, person_id: int) -> None:
    """What waits for a person of whom a suspension was lifted goes on, unless another one holds for it."""
    query = (
        select(Recipient)
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .where(Recipient.person_id == person_id, MailPiece.fault_code == SUSPENDED)
    )
    waiting = session.exec(query).all()
    still = {copy.mail_piece_id for copy, _ in suspended_among(session, waiting)}
    for piece_id in {copy.mail_piece_id for copy in waiting} - still:
        if piece_id is not None:
            expect = {"fault_code": SUSPENDED}
            compare_and_set(session, MailPiece, piece_id, expect=expect, fault_code=None, fault_message=None)
            audit(session, services, SYSTEM, "piece-let-go", session.get_one(MailPiece, piece_id).reference)


def _to_suspended() -> SelectOfScalar[Recipient]:
    """Copies in a piece that has not left and has no other fault, of persons with a suspended address."""
    suspended = select(AddressSuspension.person_id).where(col(AddressSuspension.lifted_at).is_(None))
    return (
        select(Recipient)
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .join(Submission, col(Submission.piece_id) == MailPiece.id)
        .outerjoin(ByHand, col(ByHand.piece_id) == MailPiece.id)
        .where(
            col(Recipient.person_id).in_(suspended),
            col(Submission.state).in_(_NOT_LEFT),
            col(MailPiece.fault_code).is_(None),
            or_(col(ByHand.wanted).is_(None), col(ByHand.wanted) != HandChannel.IN_PERSON),
        )
    )


def _take_out(session: Session, services: Services, copies: Sequence[Recipient]) -> int:
    """Take out their pieces, those to a suspended address; returns how many."""
    found = {copy.mail_piece_id: row for copy, row in suspended_among(session, copies)}
    taken = 0
    for piece_id, row in found.items():
        if piece_id is not None and _fault(session, piece_id, why := why_suspended(session, row)):
            key = _unpack(session, piece_id)
            audit(session, services, SYSTEM, "piece-held", key, reason=f"{why} ({SUSPENDED})")
            taken += 1
    return taken


def _fault(session: Session, piece_id: int, why: str) -> bool:
    """False if it has got another fault meanwhile: that keeps it as well."""
    session.flush()
    table = table_of(MailPiece)
    statement = update(table).where(table.c.id == piece_id, table.c.fault_code.is_(None))
    done = session.connection().execute(statement.values(fault_code=SUSPENDED, fault_message=why))
    return done.rowcount == 1


def _unpack(session: Session, piece_id: int) -> str:
    """Plan it anew, and all that was staged in one file with it: that file must never go. Returns its key."""
    live = select(Submission).where(Submission.piece_id == piece_id, col(Submission.state).in_(_NOT_LEFT))
    submission = session.exec(live).one()
    key, consignment_id = submission.key, submission.consignment_id
    table = table_of(Submission)
    staged_with_it = (table.c.consignment_id == consignment_id) & (table.c.state == SubmissionState.STAGED)
    session.connection().execute(
        update(table)
        .where((table.c.piece_id == piece_id) | staged_with_it, table.c.state.in_(_NOT_LEFT))
        .values(**UNPACKED, error_code=None, error_message=None)
    )
    session.expire_all()
    return key
