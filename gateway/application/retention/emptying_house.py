"""Emptying what people wrote about what is no letter and no scan: a lock of a case, a stop, an alarm, a delivery.

Whatever the trail calls a thing, a reason about it leaves once nothing that lives is named by it, and the term is over
since the last word. So a new action with a reason needs no word here; a new table that keeps the reason as well does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, update
from sqlmodel import Session, col, select

from gateway.application.retention.emptying_rows import empty_and_prove
from gateway.application.services import Services
from gateway.application.trail.living import living
from gateway.db.arrivals import QuarantinedDelivery
from gateway.db.canaries import Canary
from gateway.db.columns import table_of
from gateway.db.desk import AlarmDecision, Stop
from gateway.db.people import Case, Person
from gateway.db.retention import DeletionLock
from gateway.db.returns import AddressSuspension, CertificateNotice, ReturnNotice


@dataclass(frozen=True)
class _Words:
    """Typed words in rows beside the trail: what the trail calls the thing, and since when the row is history."""

    model: Any
    columns: tuple[Any, ...]
    subject: Any
    over: Any
    """None in a row that still holds."""


_WORDS = (
    _Words(
        DeletionLock,
        (DeletionLock.reason,),
        select(Case.reference).where(Case.id == DeletionLock.case_id).scalar_subquery(),
        col(DeletionLock.lifted_at),
    ),
    _Words(
        Stop,
        (Stop.reason, Stop.lift_reason),
        cast(col(Stop.scope), String) + literal(":") + col(Stop.value),
        col(Stop.lifted_at),
    ),
    _Words(AlarmDecision, (AlarmDecision.reason,), col(AlarmDecision.alarm), col(AlarmDecision.decided_at)),
    _Words(
        QuarantinedDelivery,
        (QuarantinedDelivery.reason,),
        col(QuarantinedDelivery.source) + literal("/") + col(QuarantinedDelivery.name),
        col(QuarantinedDelivery.decided_at),
    ),
    _Words(
        AddressSuspension,
        (AddressSuspension.lift_reason,),
        select(Person.reference).where(Person.id == AddressSuspension.person_id).scalar_subquery(),
        col(AddressSuspension.lifted_at),
    ),
    *(
        _Words(model, (model.settled_reason,), literal(name) + cast(col(model.id), String), over)
        for model, name, over in (
            (ReturnNotice, "notice-", func.coalesce(ReturnNotice.settled_at, ReturnNotice.noticed_at)),
            (
                CertificateNotice,
                "certificate-",
                func.coalesce(CertificateNotice.settled_at, CertificateNotice.noticed_at),
            ),
        )
    ),
    _Words(
        Canary,
        (Canary.reason,),
        col(Canary.provider) + literal("@") + cast(col(Canary.day), String),
        col(Canary.accepted_at),
    ),
)


def empty_house(services: Services, subject: str, before: datetime) -> int:
    """Every reason about a subject, in rows and trail, unless it is needed again since it was looked at."""
    with services.db.transaction() as session:
        if is_needed(session, services, subject, before):
            return 0
        for words, mine in _of(subject):
            for column in words.columns:
                statement = update(table_of(words.model)).where(mine, col(column).is_not(None))
                session.connection().execute(statement.values({column.key: ""}))
        return empty_and_prove(session, services, subject)


def is_needed(session: Session, services: Services, subject: str, before: datetime) -> bool:
    """Whether what a subject names lives, or a row about it holds, or ended after that moment."""
    if living(session, services, names_of(subject), before):
        return True
    return any(
        session.exec(select(words.model).where(mine, words.over.is_(None) | (words.over >= before))).first()
        for words, mine in _of(subject)
    )


def names_of(subject: str) -> set[str]:
    """What a subject is about, by the names of the trail: stops and alarms name a letter, a run or a hand-over."""
    parts = [part for part in subject.split(":")[1:] if not part.isdecimal()]
    return {subject, *parts, *(f"run-{part}" for part in parts)}


def _of(subject: str) -> Iterator[tuple[_Words, ColumnElement[bool]]]:
    for words in _WORDS:
        yield words, words.subject == subject
