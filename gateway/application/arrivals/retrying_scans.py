"""Retrying: a delivery in quarantine is read again, after what refused it was put right.

What lies here is read from where it is kept. What could not be brought here is fetched anew from the site, as it lies
there by now: the scan provider repaired it, or the agreed size was raised.
"""

import shutil
from pathlib import Path

from gateway.application.access.authorising import actor
from gateway.application.arrivals.quarantining import decide
from gateway.application.arrivals.receiving import InboundReport, import_delivery
from gateway.application.arrivals.spooling import spool_of
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, QuarantineDecision
from gateway.db.engine import row_id
from gateway.domain.permission import Action
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound
from gateway.ports.scans import RefusedArrival


def retry(services: Services, login: str, quarantine_id: int, reason: str) -> InboundReport:
    """Take it in, if it is right now. Raises what `import_delivery` raises, `InputError`, `NotFound`, `ProviderError`.

    Of what lies at the site: `Conflict` ('delivery-not-there', 'delivery-busy'), `DocumentInvalid` as when it came.
    """
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        row = session.get(QuarantinedDelivery, quarantine_id)
    if row is None or row.decision is not None:
        raise NotFound("quarantine-unknown", f"Die Lieferung {quarantine_id} ist nicht in Quarantäne.")
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    if row.at_site:
        report = _fetch_again(services, login, row, reason)
    else:
        report = import_delivery(services, Path(row.folder), source=row.source, login=login)
    with services.db.transaction() as session:
        decide(session, services, login, quarantine_id, QuarantineDecision.RETRIED, reason)
    shutil.rmtree(row.folder, ignore_errors=True)
    return report


def _fetch_again(services: Services, login: str, row: QuarantinedDelivery, reason: str) -> InboundReport:
    """Nobody else looks at the site meanwhile; a kill leaves there what the next look takes in."""
    with services.locks.try_lock("sweep-arrivals") as held:
        if not held:
            text = "Gerade werden Scanlieferungen geholt. Bitte in einigen Minuten noch einmal."
            raise Conflict("delivery-busy", text)
        site = services.scan_site(row.source)
        arrival = site.again(row.name.rpartition(".refused-")[0], spool_of(services, row.source))
        if arrival is None:
            text = (
                "Die Lieferung liegt nicht fertig und lesbar bei der Scanstelle. Bitte dort neu anfordern: Sie kommt"
                " dann von selbst, und diese hier kann verworfen werden. Es wurde nichts geändert."
            )
            raise Conflict("delivery-not-there", text)
        if isinstance(arrival, RefusedArrival):
            site.set_aside(arrival)
            raise arrival.error
        return _take(services, login, row, reason, arrival)


def _take(
    services: Services, login: str, row: QuarantinedDelivery, reason: str, arrival: Path
) -> InboundReport:
    """Where it is refused for another reason, it is in quarantine now with all its bytes, on its own."""
    site = services.scan_site(row.source)
    try:
        report = import_delivery(services, arrival, source=row.source, login=login)
    except (DocumentInvalid, Conflict) as error:
        if error.code != "delivery-busy":
            site.taken(arrival)
            with services.db.transaction() as session:
                decide(session, services, login, row_id(row), QuarantineDecision.RETRIED, reason)
        raise
    site.taken(arrival)
    return report
