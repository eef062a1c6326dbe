"""Replanning: taking a piece back that certainly was not released, and giving it another way out of the house.

Works in the caller's transaction. Whether it is certain is decided by `gateway.domain.desk.desk`, by the caller, in the
same transaction; here each step is a compare-and-set of the state that this was decided on.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.application.reads.submissions import live_submission
from gateway.application.runs.planning import new_piece, new_submission
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import UNPACKED, Batch, MailPiece, Submission, WithdrawnCopy
from gateway.domain.desk.desk import WITHDRAWN
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import InputError


def void(session: Session, services: Services, submission: Submission) -> None:
    """Declare a submission void. What was staged in one file with it is planned anew: that file must never go."""
    consignment_id, state = submission.consignment_id, submission.state
    compare_and_set(
        session,
        Submission,
        row_id(submission),
        expect={"state": state, "voided_at": None},
        state=SubmissionState.VOID,
        voided_at=services.clock.now(),
        next_attempt_at=None,
    )
    if state is SubmissionState.STAGED:
        _unpack(session, consignment_id)


def renew(session: Session, services: Services, piece_id: int) -> Submission:
    """A new submission of a piece whose last one is void, under a key that nobody has used."""
    piece = session.get_one(MailPiece, piece_id)
    earlier = session.exec(
        select(Submission).where(Submission.piece_id == piece_id).order_by(col(Submission.id))
    ).all()
    return new_submission(session, services, piece, earlier[-1].provider, len(earlier) + 1)


def withdraw(session: Session, services: Services, piece_id: int, reason: str) -> None:
    """Take a piece out of production for good: it is never assembled, certified or handed over.

    Whose copies lay in it is kept: they move on, and its words leave with theirs.
    """
    for copy, _ in copies_in(session, piece_id):
        session.merge(WithdrawnCopy(piece_id=piece_id, recipient_id=row_id(copy)))
    piece = session.get_one(MailPiece, piece_id)
    compare_and_set(
        session,
        MailPiece,
        piece_id,
        expect={"fault_code": piece.fault_code},
        fault_code=WITHDRAWN,
        fault_message=reason,
    )
    if submission := live_submission(session, piece_id):
        void(session, services, submission)


def replace(
    session: Session,
    services: Services,
    piece_id: int,
    recipients: Sequence[Recipient],
    provider: str | None = None,
) -> MailPiece:
    """A new piece, in the same run, for copies whose piece was withdrawn; `provider` None keeps the provider.

    It is assembled and certified by the next run, and handed over after that.
    """
    old = session.get_one(MailPiece, piece_id)
    batch = session.get_one(Batch, old.batch_id)
    target = provider or batch.provider
    piece = new_piece(
        session,
        services,
        run_id=batch.run_id,
        provider=target,
        office_id=batch.office_id,
        service=old.service,
        duplex=services.prints_duplex(target, old.service),
    )
    for recipient in recipients:
        recipient.mail_piece_id = row_id(piece)
    session.flush()
    return piece


def require_provider(session: Session, services: Services, name: str, piece: MailPiece) -> None:
    """Raise `InputError` unless it can take the piece to where it goes.

    Codes 'provider-unknown', 'provider-lacks-service', 'provider-not-abroad'.
    """
    if name not in services.providers:
        known = ", ".join(sorted(services.providers))
        raise InputError("provider-unknown", f"Den Druckdienstleister „{name}“ gibt es nicht ({known}).")
    can = services.providers[name].capabilities
    if piece.service not in can.services:
        raise InputError(
            "provider-lacks-service", f"Der Druckdienstleister „{name}“ bietet diese Versandart nicht an."
        )
    if not can.carries(piece.service, abroad=goes_abroad(session, row_id(piece))):
        raise InputError(
            "provider-not-abroad", f"Der Druckdienstleister „{name}“ bietet diese Versandart nur im Inland an."
        )


def goes_abroad(session: Session, piece_id: int) -> bool:
    """Whether the address of an envelope is in another country."""
    return session.exec(select(abroad(piece_id))).one()


def abroad(piece_id: Any) -> ColumnElement[bool]:
    """The same as a condition about a piece, by a column or its number."""
    copy = aliased(Recipient)  # of its own: a query may name the recipients, too
    return select(copy.id).where(copy.mail_piece_id == piece_id, copy.country != "DE").exists()


def must_be_one_sided(services: Services, provider: str, piece: MailPiece) -> bool:
    """Whether it was planned for both sides before the provider was known to print such pieces on one only."""
    return piece.duplex and piece.service in services.providers[provider].capabilities.one_sided


def copies_in(session: Session, piece_id: int) -> list[tuple[Recipient, Letter]]:
    """Whose copies lie in the envelope, in their order."""
    query = select(Recipient, Letter).join(Letter, col(Letter.id) == Recipient.letter_id)
    rows = session.exec(query.where(Recipient.mail_piece_id == piece_id).order_by(col(Recipient.id))).all()
    return list(rows)


def _unpack(session: Session, consignment_id: int | None) -> None:
    table = table_of(Submission)
    session.connection().execute(
        update(table)
        .where(table.c.consignment_id == consignment_id, table.c.state == SubmissionState.STAGED)
        .values(**UNPACKED)
    )
    session.expire_all()
