"""Quarantine: a delivery that is wrong as a whole keeps its bytes, is answered, and waits for a person.

The post room decides: it is read again, when what was wrong on our side was put right (see `retrying`), or discarded.
The same bytes once more are the same delivery while it waits; after the decision they wait as one of their own, for the
scan provider believes that they came.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.arrivals.answering_scans import put_answer
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, QuarantineDecision
from gateway.db.engine import compare_and_set
from gateway.domain.permission import Action
from gateway.errors import GatewayError, InputError, NotFound

_ANSWER = ".receipt.json"


def quarantine(
    services: Services, folder: Path, source: str, error: GatewayError, who: str, *, at_site: bool = False
) -> None:
    """Keep a refused delivery and answer it; the same while it waits changes nothing, nor does one that is kept.

    `at_site`: it could not be brought here, and its bytes lie there.
    """
    if folder.is_relative_to(services.quarantine_dir):
        return
    fingerprint = services.scans.fingerprint(folder)
    with services.db.transaction() as session:
        before = _tries(session, source, fingerprint)
        if before and before[-1].decision is None:
            audit(session, services, who, "delivery-repeated", f"{source}/{before[-1].name}")
            return
    told = _told_again(services, error, before[-1]) if before else error
    refusal = services.scans.refusal(folder, source, told, services.clock.now())
    name = refusal.name.removesuffix(_ANSWER) + (f"-{len(before) + 1}" if before else "")
    kept = services.quarantine_dir / source / name
    services.scans.keep(folder, kept)
    with services.db.transaction() as session:
        session.add(
            QuarantinedDelivery(
                source=source,
                name=name,
                fingerprint=fingerprint,
                sequence=services.scans.sequence(folder, services.scan_source(source)),
                code=error.code,
                message=told.message,
                folder=str(kept),
                at_site=at_site,
                arrived_at=services.clock.now(),
            )
        )
        put_answer(session, services, source, "refusal", replace(refusal, name=f"{name}{_ANSWER}"))
        audit(session, services, who, "delivery-quarantined", f"{source}/{name}", code=error.code)


def answer_to(services: Services, folder: Path, source: str) -> str:
    """The name of what the scan provider is told about a delivery that was refused when it came last."""
    with services.db.reading() as session:
        return f"{_tries(session, source, services.scans.fingerprint(folder))[-1].name}{_ANSWER}"


def _tries(session: Session, source: str, fingerprint: str) -> Sequence[QuarantinedDelivery]:
    """Every time that these bytes were refused under this name, the first one first."""
    query = select(QuarantinedDelivery).where(
        QuarantinedDelivery.source == source, QuarantinedDelivery.fingerprint == fingerprint
    )
    return session.exec(query.order_by(col(QuarantinedDelivery.id))).all()


def _told_again(services: Services, error: GatewayError, last: QuarantinedDelivery) -> GatewayError:
    """With what became of it the last time."""
    when = (last.decided_at or last.arrived_at).astimezone(services.schedule.zone)
    done = "verworfen" if last.decision is QuarantineDecision.DISCARDED else "noch einmal eingelesen"
    text = f"Unverändert noch einmal geliefert, nachdem sie am {when:%d.%m.%Y} {done} wurde. {error.message}"
    return GatewayError(error.code, text)


def quarantined(services: Services, login: str) -> list[QuarantinedDelivery]:
    """Deliveries that wait for a decision, the oldest first; for those who receive scans."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        query = select(QuarantinedDelivery).where(col(QuarantinedDelivery.decision).is_(None))
        return list(session.exec(query.order_by(col(QuarantinedDelivery.id))).all())


def discard(services: Services, login: str, quarantine_id: int, reason: str) -> None:
    """It is not taken in; its bytes go by their rule of retention. Raises `InputError` reason-missing, `NotFound`."""
    with services.db.transaction() as session:
        decide(session, services, login, quarantine_id, QuarantineDecision.DISCARDED, reason)


def decide(
    session: Session,
    services: Services,
    login: str,
    quarantine_id: int,
    decision: QuarantineDecision,
    reason: str,
) -> QuarantinedDelivery:
    """Write a decision, in the caller's transaction."""
    actor(session, login).require(Action.RECEIVE_SCANS)
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    row = session.get(QuarantinedDelivery, quarantine_id)
    if row is None:
        raise NotFound("quarantine-unknown", f"Die Lieferung {quarantine_id} ist nicht in Quarantäne.")
    compare_and_set(
        session,
        QuarantinedDelivery,
        quarantine_id,
        expect={"decided_at": None},
        decision=decision,
        decided_by=login,
        decided_at=services.clock.now(),
        reason=reason.strip(),
    )
    subject = f"{row.source}/{row.name}"
    audit(session, services, login, "quarantine-decided", subject, reason=reason, decision=decision.value)
    return row
