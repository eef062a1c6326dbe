"""Retrying: a delivery in quarantine is read again, after what refused it was put right on our side."""

import shutil
from pathlib import Path

from gateway.application.authorising import actor
from gateway.application.quarantining import decide
from gateway.application.receiving import InboundReport, import_delivery
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, QuarantineDecision
from gateway.domain.permission import Action
from gateway.errors import InputError, NotFound


def retry(services: Services, login: str, quarantine_id: int, reason: str) -> InboundReport:
    """Take it in from where it is kept, if it is right now. Raises what `import_delivery` raises, and `InputError`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        row = session.get(QuarantinedDelivery, quarantine_id)
    if row is None or row.decision is not None:
        raise NotFound("quarantine-unknown", f"Die Lieferung {quarantine_id} ist nicht in Quarantäne.")
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    report = import_delivery(services, Path(row.folder), source=row.source, login=login)
    with services.db.transaction() as session:
        decide(session, services, login, quarantine_id, QuarantineDecision.RETRIED, reason)
    shutil.rmtree(row.folder, ignore_errors=True)
    return report
