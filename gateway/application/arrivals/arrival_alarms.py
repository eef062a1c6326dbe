"""Alarms about scan deliveries of agreed sources: a number is missing, nothing came or can be fetched, one waits.

What was rejected and does not come again is one, too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from threading import Thread

from sqlmodel import Session, col, select

from gateway.application.arrivals.arrivals_view import SourceView, source_views
from gateway.application.arrivals.rejected_scans import RejectedLine, open_rejected
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery
from gateway.domain.desk.alarms import AlarmKind
from gateway.domain.findings import Finding, Severity
from gateway.domain.inbound.rejected import reminders
from gateway.domain.inbound.sequences import as_words
from gateway.ports.scans import ScanSite

_ANSWER_WAITS = timedelta(hours=24)
_OUTAGE_WAITS = timedelta(hours=1)
"""A line that is down for some minutes mends itself."""
ANSWERS_WITHIN_S = 20.0
"""So long the first silent site is waited for; the others are asked meanwhile."""


@dataclass(frozen=True)
class ArrivalAlarm:
    """One of them, `source` as people call it. `occasion` makes its key; it closes when what is missing comes."""

    kind: AlarmKind
    source: str
    occasion: str
    message: str
    since: datetime
    delivery_id: str = ""
    """Of the delivery that it is about, if it is about one that was taken."""


def arrival_alarms(session: Session, services: Services) -> Iterator[ArrivalAlarm]:
    """All that is open now."""
    for view in source_views(session, services):
        if view.agreed:
            yield from _of_source(services, view)
    query = select(QuarantinedDelivery).where(col(QuarantinedDelivery.decision).is_(None))
    waiting: dict[str, list[QuarantinedDelivery]] = defaultdict(list)
    for row in session.exec(query.order_by(col(QuarantinedDelivery.id))).all():
        waiting[row.source].append(row)
    for source, rows in waiting.items():
        yield _in_quarantine(services, source, rows)
    yield from _not_redelivered(session, services)


def _in_quarantine(services: Services, source: str, rows: Sequence[QuarantinedDelivery]) -> ArrivalAlarm:
    """One of a source, however many wait: each stands on its page. Another delivery is another occasion."""
    many = f"{len(rows)} Scanlieferungen sind abgelehnt und warten auf eine Entscheidung."
    what = rows[0].message if len(rows) == 1 else many
    return ArrivalAlarm(
        AlarmKind.SCAN_QUARANTINE,
        services.scan_source(source).shown,
        f"{source}:{rows[-1].id}",
        f"{what} Bitte unter Scanlieferungen entscheiden.",
        rows[0].arrived_at,
    )


def _not_redelivered(session: Session, services: Services) -> Iterator[ArrivalAlarm]:
    """By delivery, what was rejected and did not come again in time; asked for again after each further term."""
    within, today = services.originals.redelivered_within_days, services.today()
    by_delivery: dict[int, list[RejectedLine]] = defaultdict(list)
    for line in open_rejected(session, services):
        if reminders(line.due, within, today):
            by_delivery[line.delivery_id].append(line)
    for delivery_id, lines in by_delivery.items():
        first = min(line.due for line in lines if line.due is not None)
        one = len(lines) == 1
        what = "Ein abgelehntes Dokument" if one else f"{len(lines)} abgelehnte Dokumente"
        text = (
            f"{what} der Lieferung {lines[0].delivery} {'ist' if one else 'sind'} nicht neu geliefert. Bitte"
            " bei der Scanstelle nachfragen, oder das Papier zurückfordern."
        )
        yield ArrivalAlarm(
            AlarmKind.SCAN_NOT_REDELIVERED,
            services.scan_source(lines[0].source).shown,
            f"{delivery_id}:{reminders(first, within, today)}",
            text,
            datetime.combine(first, time(0), UTC),
            f"{delivery_id}",
        )


def arrival_findings(services: Services) -> dict[str, list[Finding]]:
    """The same for `gateway doctor`, with what every site says of itself."""
    with services.db.reading() as session:
        found = list(arrival_alarms(session, services))
    told = [Finding(each.kind.value, Severity.WARNING, f"{each.source}: {each.message}") for each in found]
    return {"scans": [*told, *_checked(services)]}


def _checked(services: Services) -> Iterator[Finding]:
    """What the sites say of themselves, all asked at once: one that does not answer holds up nobody for long."""
    said: dict[str, list[Finding]] = {}

    def ask(source: str, site: ScanSite) -> None:
        said[source] = site.check()

    asked = {
        source: Thread(target=ask, args=(source, site), daemon=True)
        for source, site in services.scan_sites.items()
        if source
    }
    for thread in asked.values():
        thread.start()
    patience_s = ANSWERS_WITHIN_S
    for source, thread in asked.items():
        thread.join(patience_s)
        if thread.is_alive():
            patience_s = 0.0  # the others had as long
        if source in said:
            yield from said[source]
        else:
            text = (
                f"Die Scanstelle {services.scan_source(source).shown} hat nach {ANSWERS_WITHIN_S:.0f} Sekunden noch"
                " nicht geantwortet. Bitte Leitung und Adresse prüfen."
            )
            yield Finding("scan-site-silent", Severity.ERROR, text)


def _of_source(services: Services, view: SourceView) -> Iterator[ArrivalAlarm]:
    now = services.clock.now()
    for gap in view.missing:
        text = f"Es fehlt die Scanlieferung Nr. {as_words(gap)}. Bitte bei der Scanstelle nachfragen."
        occasion = f"{view.name}:{gap[0]}-{gap[1]}"
        yield ArrivalAlarm(AlarmKind.SCAN_GAP, view.shown, occasion, text, view.last_at or now)
    if view.is_silent and view.due is not None and view.last_at is not None:
        last_on = services.day_of(view.last_at)
        text = f"Seit dem {last_on:%d.%m.%Y} kam keine Scanlieferung. Bitte bei der Scanstelle nachfragen."
        since = datetime.combine(view.due, time(0), services.schedule.zone)
        yield ArrivalAlarm(AlarmKind.SCANS_LATE, view.shown, f"{view.name}:{view.due}", text, since)
    if view.outage is not None and now - view.outage.began_at >= _OUTAGE_WAITS:
        began = view.outage.began_at.astimezone(services.schedule.zone)
        text = f"Seit dem {began:%d.%m.%Y, %H:%M} Uhr lässt sich dort nicht alles abholen. {view.outage.error_message}"
        occasion = f"{view.name}:{view.outage.id}"
        yield ArrivalAlarm(AlarmKind.SCAN_OUTAGE, view.shown, occasion, text, view.outage.began_at)
    if view.answers_since is not None and now - view.answers_since > _ANSWER_WAITS:
        one = view.waiting_answers == 1
        what = "Eine Antwort" if one else f"{view.waiting_answers} Antworten"
        text = f"{what} an die Scanstelle {'konnte' if one else 'konnten'} seit über einem Tag nicht übergeben werden."
        occasion = f"{view.name}:{view.answers_since:%Y-%m-%dT%H}"
        yield ArrivalAlarm(AlarmKind.SCAN_ANSWER, view.shown, occasion, text, view.answers_since)
