"""Quarantine: a delivery that is wrong as a whole keeps its bytes, is answered, and waits for a person."""

from pathlib import Path

from sqlmodel import select

from gateway.application.answering_scans import put_answer
from gateway.application.authorising import audit
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery
from gateway.errors import GatewayError


def quarantine(services: Services, folder: Path, source: str, error: GatewayError, who: str) -> None:
    """Keep a refused delivery and answer it; the same delivery once more changes nothing."""
    refusal = services.scans.refusal(folder, source, error, services.clock.now())
    fingerprint = services.scans.fingerprint(folder)
    name = refusal.name.removesuffix(".receipt.json")
    kept = services.quarantine_dir / source / name
    services.scans.keep(folder, kept)
    with services.db.transaction() as session:
        query = select(QuarantinedDelivery.id).where(
            QuarantinedDelivery.source == source,
            QuarantinedDelivery.name == name,
            QuarantinedDelivery.fingerprint == fingerprint,
        )
        if session.exec(query).first() is not None:
            return
        session.add(
            QuarantinedDelivery(
                source=source,
                name=name,
                fingerprint=fingerprint,
                sequence=services.scans.sequence(folder, services.scan_source(source)),
                code=error.code,
                message=error.message,
                folder=str(kept),
                arrived_at=services.clock.now(),
            )
        )
        put_answer(session, services, source, "refusal", refusal)
        audit(session, services, who, "delivery-quarantined", f"{source}/{name}", code=error.code)
