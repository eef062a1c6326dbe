"""Locking: nothing of a case is deleted while somebody needs it: objection, lawsuit, request for information."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.paper.paper_wanted import call_back_within
from gateway.application.reads.finding import find_case
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.people import Case
from gateway.db.retention import DeletionLock
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError, NotFound


@dataclass(frozen=True)
class LockView:
    """A lock (*Löschsperre*) that holds."""

    case: str
    file_number: str
    reason: str
    set_by: str
    set_at: datetime


def lock_deletion(services: Services, login: str, case: str, reason: str) -> None:
    """Lock deletion in a case; its paper that was released and is not destroyed is recalled with it.

    Raises `NotFound`, `NotPermitted`, `InputError`, `Conflict` ('deletion-locked').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who, found = _permitted(session, login, case)
        # A release of paper of this case that began before is waited for; one that begins now waits for us.
        session.exec(select(Case.id).where(Case.id == found.id).with_for_update()).one()
        if _live(session, found) is not None:
            raise Conflict("deletion-locked", "Für diesen Fall besteht schon eine Löschsperre.")
        session.add(
            DeletionLock(
                case_id=row_id(found), reason=reason.strip(), set_by=who.login, set_at=services.clock.now()
            )
        )
        session.flush()
        call_back_within(session, services, found.id)
        audit(session, services, who.login, "deletion-locked", found.reference, reason=reason.strip())


def unlock_deletion(services: Services, login: str, case: str) -> None:
    """Lift the lock of a case. Raises `NotFound` ('deletion-not-locked'), `NotPermitted`."""
    with services.db.transaction() as session:
        who, found = _permitted(session, login, case)
        lock = _live(session, found)
        if lock is None:
            raise NotFound("deletion-not-locked", "Für diesen Fall besteht keine Löschsperre.")
        values = {"lifted_at": services.clock.now(), "lifted_by": who.login}
        compare_and_set(session, DeletionLock, row_id(lock), expect={"lifted_at": None}, **values)
        audit(session, services, who.login, "deletion-unlocked", found.reference)


def list_locks(services: Services, login: str | None = None) -> list[LockView]:
    """All locks that hold, newest first; `login` None is the operator. Raises `NotPermitted`."""
    with services.db.reading() as session:
        if login is not None:
            actor(session, login).require(Action.SEE_RETENTION)
        rows = session.exec(
            select(DeletionLock, Case)
            .join(Case, col(Case.id) == DeletionLock.case_id)
            .where(col(DeletionLock.lifted_at).is_(None))
            .order_by(col(DeletionLock.id).desc())
        ).all()
    return [
        LockView(case.reference, case.file_number, lock.reason, lock.set_by, lock.set_at) for lock, case in rows
    ]


def _permitted(session: Session, login: str, case: str) -> tuple[Actor, Case]:
    found, office = find_case(session, case)
    who = actor(session, login)
    who.require(Action.LOCK_DELETION, office.key)
    return who, found


def _live(session: Session, case: Case) -> DeletionLock | None:
    query = select(DeletionLock).where(DeletionLock.case_id == case.id, col(DeletionLock.lifted_at).is_(None))
    return session.exec(query).one_or_none()
