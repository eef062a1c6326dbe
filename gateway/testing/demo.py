"""The demo's story: days in a Jobcenter, played on the real program against the simulator over HTTP.

Caseworkers write letters, colleagues approve them, the nightly run hands them over, the simulator prints and posts
them, a clerk confirms, everything is filed, and a scan delivery comes back. Nothing here is faked inside the
gateway: only the clock is put forward by hand.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from gateway.application.access.administering import add_user
from gateway.application.access.importing import import_cases
from gateway.application.arrivals.receiving import InboundReport, import_delivery
from gateway.application.clearing import withholding
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting
from gateway.application.letters.rendering import render_submitted
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.posting import posting
from gateway.application.posting.posting_view import day_report
from gateway.application.reads.showing import letter_view
from gateway.application.runs.forecasting import tonight
from gateway.application.runs.running import RunReport, run_due
from gateway.application.services import Services
from gateway.application.templates.publishing import publish
from gateway.application.tracking.tracking import poll, record
from gateway.application.views.listing import list_letters
from gateway.domain.account.standing import Standing
from gateway.domain.permission import Role
from gateway.domain.runs.status import Status
from gateway.ports.provider import StatusReport
from gateway.testing.clock import ManualClock
from gateway.testing.epost import EpostSimulator
from gateway.testing.factory import cases_document, letter_data
from gateway.testing.scan_centre import Mail, ScanCentre
from gateway.testing.scan_centre.mail import foreign, identity_paper, letter_naming, reply_slip

PASSWORD = "nur-zur-vorfuehrung"  # noqa: S105 - printed on the demo's last line, for fictional data only
ADMINISTRATOR = "verwaltung"
CLERK = "poststelle"
SECOND_CLERK = "poststelle2"
WITH_REPLY_SLIP = frozenset({"anhoerung", "antwortbogen", "mitwirkungsaufforderung"})
_TOGETHER = ("eingangsbestaetigung", "mitwirkungsaufforderung")
LEGAL_RELEASE = "Vorführung: keine rechtliche Freigabe"

Document = dict[str, Any]
"""Cases in the format of `gateway cases import`."""

Tell = Callable[[str], None]
"""Told each thing that happens, as a line."""


@dataclass
class Story:
    """What has been played so far."""

    visitors: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    runs: list[RunReport] = field(default_factory=list)
    deliveries: list[InboundReport] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """Everything the story needs: the gateway, its clock, the simulator, and the random numbers of the demo."""

    services: Services
    clock: ManualClock
    simulator: EpostSimulator
    chance: random.Random
    folder: Path
    tell: Tell

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        """Put both clocks forward to a local time."""
        moment = datetime.combine(day, time(hour, minute), self.services.schedule.zone)
        self.clock.advance_to(moment)
        self.simulator.advance_to(moment)


def play(stage: Stage, *, first_day: date, days: int, letters: int, cases: int) -> Story:
    """Play `days` working days from `first_day`, with `letters` letters in `cases` cases; then wait for the post."""
    story = Story()
    stage.at(first_day, 7)
    document = cases_document(seed=1, cases=cases, starts_on=first_day)
    _set_up(stage, document)
    story.visitors = [user["login"] for user in visitors(document)]
    calendar = stage.services.schedule.calendar
    day = calendar.next_working_day(first_day)
    for number in range(days):
        _office_day(stage, story, document, day, _share(letters, days, number))
        day = calendar.next_working_day(day + timedelta(days=1))
    for morning in range(
        3
    ):  # the last letters are printed and posted; the last day is left for the visitor to confirm
        _morning_after(stage, day, confirm=morning < 1)
        day = calendar.next_working_day(day + timedelta(days=1))
    story.deliveries.append(_scans_come_back(stage, document, day))
    _loose_ends(stage, story, document, day)
    _second_thoughts(stage)
    file_due(stage.services)
    return story


def _set_up(stage: Stage, document: Document) -> None:
    counts = import_cases(stage.services, document)
    add_user(stage.services, ADMINISTRATOR, name="Vera Waltung", roles=[Role.ADMINISTRATOR], password=PASSWORD)
    add_user(stage.services, CLERK, name="Petra Stell", roles=[Role.POST_ROOM], password=PASSWORD)
    add_user(stage.services, SECOND_CLERK, name="Paul Post", roles=[Role.POST_ROOM], password=PASSWORD)
    for user in visitors(document):
        add_user(
            stage.services,
            user["login"],
            name=user["name"],
            roles=[Role(role) for role in user["roles"]],
            offices=user["offices"],
            password=PASSWORD,
        )
    for meta in stage.services.renderer.templates():
        release = LEGAL_RELEASE if meta.provisional else None
        publish(stage.services, ADMINISTRATOR, meta.name, legal_release=release)
    stage.tell(f"{counts.get('cases_new', 0)} Fälle in {counts.get('offices_new', 0)} Dienststellen übernommen")


def _office_day(stage: Stage, story: Story, document: Document, day: date, letters: int) -> None:
    stage.at(day, 8)
    _morning_after(stage, day)
    stage.at(day, 10)
    written = [_write(stage, document, day) for _ in range(letters - 2)]
    written += _two_for_one_household(stage, document, day, min(letters, 2))
    render_submitted(stage.services)
    stage.at(day, 15)
    approved = [reference for reference in written if _approve(stage, document, reference)]
    story.letters += written
    stage.at(day, 17, 29)
    forecast = tonight(stage.services)
    stage.at(day, 19, 5)
    reports = run_due(stage.services)
    story.runs += reports
    released = sum(report.hand_over.released for report in reports)
    stage.tell(
        f"{day:%d.%m.%Y}: {len(written)} Schreiben verfasst, {len(approved)} freigegeben, "
        f"{released} Sendungen übergeben, durch Bündelung {forecast.saving.envelopes} Umschläge und "
        f"{forecast.saving.postage_eur} EUR Porto gespart"
    )
    file_due(stage.services)


def _loose_ends(stage: Stage, story: Story, document: Document, day: date) -> None:
    """What a visitor finds half done: a draft, a letter that waits for approval, one held, one cancelled."""
    draft, waiting, held, cancelled = (_draft(stage, document, day) for _ in range(4))
    for reference, author in (waiting, held, cancelled):
        drafting.submit(stage.services, author, reference, accept_duplicate=True)
    render_submitted(stage.services)
    for reference, _ in (held, cancelled):
        _approve(stage, document, reference)
    withholding.hold(stage.services, CLERK, held[0], "Rückfrage der Sachbearbeitung")
    withholding.cancel(stage.services, cancelled[1], cancelled[0], "Der Antrag wurde zurückgenommen")
    story.letters += [draft[0], waiting[0], held[0], cancelled[0]]


def _second_thoughts(stage: Stage) -> None:
    """The provider names another day for a piece of the day that waits to be confirmed: two people must decide."""
    open_days = [each for each in posting.posting_days(stage.services, CLERK) if each.confirmed < each.pieces]
    if not open_days:
        return
    report = day_report(stage.services, CLERK, open_days[0].day)
    line = next(line for provider in report.providers for line in provider.pieces if line.ready)
    view = letter_view(stage.services, None, line.letters[0].reference)
    told = next(one for one in view.recipients if one.piece == line.piece)
    other_day = open_days[0].day + timedelta(days=1)
    said = StatusReport(
        key=told.key or "",
        provider_reference=told.provider_reference or "",
        status=Status.HANDED_TO_POST,
        provider_status="4 (berichtigt)",
        occurred_at=stage.clock.now(),
        dedup_key=f"{told.key}:berichtigt",
        raw={"printFeedbackDate": other_day.isoformat()},
        posted_on=other_day,
    )
    record(stage.services, line.provider, [said])
    stage.tell(f"{open_days[0].day:%d.%m.%Y}: zu einer Sendung sind zwei Tage der Aufgabe zur Post gemeldet")


def _morning_after(stage: Stage, day: date, *, confirm: bool = True) -> None:
    """Ask for statuses, let the clerk confirm what was reported, and file."""
    if stage.services.today() < day:
        stage.at(day, 8)
    poll(stage.services)
    for reported in posting.posting_days(stage.services, CLERK) if confirm else ():
        if reported.confirmed < reported.pieces and reported.day < day:
            noted = posting.confirm(stage.services, CLERK, reported.day)
            stage.tell(
                f"{reported.day:%d.%m.%Y}: {len(noted)} Aufgaben zur Post bestätigt, Ab-Vermerke geschrieben"
            )
    file_due(stage.services)


def _two_for_one_household(stage: Stage, document: Document, day: date, letters: int) -> list[str]:
    """What often happens: the receipt of an application and a request for what is missing, the same evening."""
    case = stage.chance.choice(document["cases"])
    return [_write(stage, document, day, case, template) for template in _TOGETHER[:letters]]


def _write(
    stage: Stage, document: Document, day: date, case: Document | None = None, template: str | None = None
) -> str:
    reference, author = _draft(stage, document, day, case, template)
    drafting.submit(stage.services, author, reference, accept_duplicate=True)
    return reference


def _draft(
    stage: Stage, document: Document, day: date, case: Document | None = None, template: str | None = None
) -> tuple[str, str]:
    """A new letter, in some case if none is named, and who wrote it."""
    case = case or stage.chance.choice(document["cases"])
    template = template or stage.chance.choice([meta.name for meta in stage.services.renderer.templates()])
    author = _member(document, case["office"], "caseworker")
    reference = drafting.write_letter(
        stage.services,
        author,
        case=case["reference"],
        template=template,
        data=letter_data(template, case, seed=stage.chance.randrange(10**6), today=day),
    )
    return reference, author


def _approve(stage: Stage, document: Document, reference: str) -> bool:
    view = letter_view(stage.services, None, reference)
    if view.standing is not Standing.READY:
        return False
    approving.approve(stage.services, _member(document, view.office, "approver"), reference)
    return True


def _scans_come_back(stage: Stage, document: Document, day: date) -> InboundReport:
    """A citizen answers on the reply slip, another writes a letter, a third sends an identity paper, or no number.

    The scan centre keeps the paper in its boxes.
    """
    stage.at(day, 9)
    with ScanCentre(stage.folder / "scan-centre", start=stage.clock.now(), speed=0) as centre:
        centre.lay(*_mails(stage, document))
        folder = centre.deliver()
        if folder is None:
            raise RuntimeError("there was paper to scan")
        report = import_delivery(stage.services, folder, source=centre.source)
        make_rounds(stage.services)
    counts = ", ".join(f"{state} {count}" for state, count in sorted(report.counts.items()))
    stage.tell(f"{day:%d.%m.%Y}: Scanlieferung {report.delivery} übernommen ({counts})")
    return report


def _mails(stage: Stage, document: Document) -> list[Mail]:
    asked = [
        line.reference
        for line in list_letters(stage.services, None, limit=1000)
        if letter_view(stage.services, None, line.reference).template in WITH_REPLY_SLIP
    ]
    slips = [reply_slip(_archived(stage, reference)) for reference in asked[:2]]
    writes, shows = stage.chance.choice(document["cases"]), stage.chance.choice(document["cases"])
    passport = identity_paper().typed(shows["file_number"])
    return [*slips, letter_naming(writes["file_number"]), passport, foreign("plain", "demo")]


def _archived(stage: Stage, reference: str) -> bytes:
    recipient = letter_view(stage.services, None, reference).recipients[0]
    return stage.services.blobs.get(recipient.document_sha256 or "")


def _share(letters: int, days: int, number: int) -> int:
    return letters // days + (1 if number < letters % days else 0)


def visitors(document: Document) -> list[dict[str, Any]]:
    """The people of the busiest office, whom a visitor of the demo may be."""
    busiest = Counter(case["office"] for case in document["cases"]).most_common(1)[0][0]
    return [user for user in document["users"] if busiest in user["offices"]]


def _member(document: Document, office: str, role: str) -> str:
    """A user with a role in an office."""
    found: str = next(
        user["login"] for user in document["users"] if role in user["roles"] and office in user["offices"]
    )
    return found
