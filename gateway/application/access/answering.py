"""Answering a request of another system once: its key is written in the transaction of its effect.

    claim key → effect → what was done (one commit) → answer derived from that, stored

Whatever dies, dies before the commit (then nothing happened, and the same key may try again) or after it (then the
answer is derived from what the audit trail says was done). Two equal requests at once meet at the unique key: the
database lets one of them act, and both get its answer. A refused request changes nothing and keeps no key.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.engine import Database
from gateway.db.people import AuditEntry
from gateway.db.tokens import ApiAnswer
from gateway.errors import InputError

KEPT = timedelta(days=7)
"""How long a key is remembered."""


@dataclass(frozen=True)
class Keyed:
    """A request: whose, its key, and a hash of everything that it asks for."""

    token_id: int
    key: str
    request_sha256: str


@dataclass(frozen=True)
class Effect:
    """What was done, as the first audit entry of the request's transaction says: references, never persons."""

    action: str
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """Status and JSON body; neither holds names or addresses."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


class _KeyTaken(Exception):
    """Another request with this key was quicker."""


def request_hash(*parts: str) -> str:
    """Hash of what a request asks for; equal for equal parts only."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part.encode())}:{part}".encode())
    return digest.hexdigest()


def answer_once(
    services: Services,
    asked: Keyed,
    do: Callable[[Services], object],
    tell: Callable[[Services, Effect], Answer],
) -> Answer:
    """Do it unless this key was used; `tell` makes the answer from the effect and may be repeated harmlessly.

    `do` works on the services that it is handed, and its first write is the one effect that must not be doubled.
    Raises `InputError` ('idempotency-key-reused') if the key came with another request before.
    """
    if (known := _known(services, asked)) is None:
        keyed = _KeyedDatabase(services.db, asked, services.clock.now())
        with suppress(_KeyTaken):
            do(replace(services, db=keyed))
        known = _known(services, asked)
    if known is None:
        raise RuntimeError("a request without an effect needs no key")
    if known.status is not None:
        return Answer(known.status, known.body or {}, repeated=True)
    return _store(services, asked, tell(services, Effect(**(known.effect or {}))))


class _KeyedDatabase(Database):
    """The same database; its first write transaction claims the key before, and notes the effect after, its work."""

    def __init__(self, database: Database, asked: Keyed, now: datetime) -> None:
        vars(self).update(vars(database))
        self._asked, self._now = asked, now
        self._claimed = False

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction; the first one carries the key. Raises `_KeyTaken`."""
        with super().transaction() as session:
            if self._claimed:
                yield session
                return
            row = self._claim(session)
            entries = _audited(session)
            yield session
            session.flush()
            first = entries[0]
            effect = {"action": first.action, "subject": first.subject, "details": dict(first.details)}
            session.connection().execute(
                update(ApiAnswer).where(col(ApiAnswer.id) == row).values(effect=effect)
            )
        self._claimed = True

    def _claim(self, session: Session) -> int:
        session.connection().execute(delete(ApiAnswer).where(col(ApiAnswer.made_at) < self._now - KEPT))
        row = ApiAnswer(
            token_id=self._asked.token_id,
            key=self._asked.key,
            request_sha256=self._asked.request_sha256,
            made_at=self._now,
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError:
            raise _KeyTaken from None
        return row.id or 0


def _audited(session: Session) -> list[AuditEntry]:
    """Filled with the audit entries that the session writes, in their order."""
    entries: list[AuditEntry] = []

    @event.listens_for(session, "after_flush")
    def _note(flushed: Session, _context: object) -> None:
        entries.extend(row for row in flushed.new if isinstance(row, AuditEntry))

    return entries


def _known(services: Services, asked: Keyed) -> ApiAnswer | None:
    with services.db.reading() as session:
        query = select(ApiAnswer).where(ApiAnswer.token_id == asked.token_id, ApiAnswer.key == asked.key)
        known = session.exec(query).one_or_none()
    if known is not None and known.request_sha256 != asked.request_sha256:
        raise InputError(
            "idempotency-key-reused",
            "Dieser Idempotency-Key gehörte zu einer anderen Anfrage. Es wurde nichts getan; "
            "bitte für jede neue Anfrage einen neuen Schlüssel bilden.",
        )
    return known


def _store(services: Services, asked: Keyed, answer: Answer) -> Answer:
    """The first answer stays, should two requests derive it at once."""
    unanswered = update(ApiAnswer).where(
        col(ApiAnswer.token_id) == asked.token_id,
        col(ApiAnswer.key) == asked.key,
        col(ApiAnswer.status).is_(None),
    )
    with services.db.transaction() as session:
        session.connection().execute(unanswered.values(status=answer.status, body=answer.body))
    return answer
