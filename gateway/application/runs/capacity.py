"""Capacity: how many more pieces each provider takes on a day, as the configuration says."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby

from sqlmodel import Session, col, func, select

from gateway.application.runs.directing import kind_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.domain.pieces.routing import Evening


class Capacity:
    """The room of one day. Each copy counts as a piece, although some will share an envelope: it is a limit."""

    def __init__(self, session: Session, services: Services, day: date, evening: Evening) -> None:
        self._session, self._services, self._evening = session, services, evening
        limited = services.routing.daily_capacity
        self._taken = _taken(session, day) if limited else Counter[str]()

    def take(self, copies: Sequence[tuple[Letter, Recipient]]) -> list[int]:
        """The letters, in their order, whose every copy still has room; they take it, the others wait."""
        return [
            letter_id
            for letter_id, group in groupby(copies, key=lambda copy: row_id(copy[0]))
            if self._has_room(
                Counter(self._evening.provider_for(kind_of(self._session, *copy)) for copy in group)
            )
        ]

    def _has_room(self, wanted: Counter[str]) -> bool:
        left = {name: self._services.routing.left_today(name, self._taken[name]) for name in wanted}
        if any(room is not None and wanted[name] > room for name, room in left.items()):
            return False
        self._taken += wanted
        return True


def _taken(session: Session, day: date) -> Counter[str]:
    """How many pieces each provider gets by the runs of a day."""
    query = (
        select(Submission.provider, func.count())
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .join(Run, col(Run.id) == Batch.run_id)
        .where(Run.day == day, col(Submission.voided_at).is_(None))
        .group_by(Submission.provider)
    )
    return Counter(dict(session.exec(query).all()))
