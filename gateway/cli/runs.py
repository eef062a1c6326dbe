"""`gateway run` and `forecast`: tonight's run, and what it would be."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import typer

from gateway.application.access.authorising import SYSTEM
from gateway.application.filing.filing import file_due
from gateway.application.letters.rendering import render_submitted
from gateway.application.runs.forecasting import STAYS, Forecast, as_json, forecast, weight_steps
from gateway.application.runs.running import RunReport, cut_off_for, run
from gateway.application.services import Services
from gateway.application.tracking.tracking import poll
from gateway.cli.context import console, notes, print_json, progress_bar, services_for
from gateway.cli.options import Json
from gateway.domain.pieces.bundling_rules import VETOES
from gateway.errors import InputError

Day = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day; else now.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(_run)
    app.command("forecast")(_forecast)


def _run(
    context: typer.Context,
    day: Day = None,
    provider: Annotated[
        str | None, typer.Option(help="Only if this is the provider that takes the letters.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    login: Annotated[str, typer.Option("--as", help="Login; else the system.")] = SYSTEM,
    json: Json = False,
) -> None:
    """Tonight's run, now: batch, assemble, hand over, ask for statuses, file. Resumable at any point.

    Without --date everything approved until now goes; with it, what the cut-off of that day lets in.
    """
    with services_for(context) as services:
        if provider is not None and provider not in services.providers:
            known = ", ".join(sorted(services.providers))
            raise InputError(
                "provider-unknown", f"Den Druckdienstleister „{provider}“ gibt es nicht ({known})."
            )
        wanted = day.date() if day else None
        if dry_run:
            _print_forecast(services, wanted, json=json)
            return
        render_submitted(services)
        with progress_bar("Tageslauf") as told:
            report = run(services, day=wanted, login=login, progress=lambda _step, done: told(done))
        poll(services)
        file_due(services)
    _print_run(report, json=json)
    if report.faulty or report.hand_over.refused or report.hand_over.waiting or report.hand_over.in_doubt:
        raise typer.Exit(1)


def _print_run(report: RunReport, *, json: bool) -> None:
    done = report.hand_over
    for message in done.messages:
        notes.print(message, style="yellow")
    if json:
        print_json(
            {
                "run": report.run,
                "date": report.day.isoformat(),
                "letters": report.letters,
                "batches": report.batches,
                "pieces": report.pieces,
                "faulty": report.faulty,
                "left_for_next_run": report.left_for_next_run,
                "certificates": list(report.certificates),
                "submissions": {
                    "released": done.released,
                    "refused": done.refused,
                    "in_doubt": done.in_doubt,
                    "waiting": done.waiting,
                    "stopped_by": done.stopped_by,
                },
            }
        )
        return
    console.print(
        f"Tageslauf {report.day:%d.%m.%Y} Nr. {report.run}: {report.letters} Schreiben, {report.pieces} Sendungen in "
        f"{report.batches} Chargen; übergeben {done.released}, abgelehnt {done.refused}, ungeklärt {done.in_doubt}, "
        f"wartend {done.waiting}, fehlerhaft {report.faulty}; für den nächsten Lauf bleiben {report.left_for_next_run}."
    )
    for sha256 in report.certificates:
        console.print(f"Laufzertifikat {sha256}")


def _forecast(context: typer.Context, day: Day = None, json: Json = False) -> None:
    """What a run would take now, or of a day: volumes, weight steps, cost, saving by bundling, and what stays."""
    with services_for(context) as services:
        _print_forecast(services, day.date() if day else None, json=json)


def _print_forecast(services: Services, day: date | None, *, json: bool) -> None:
    told = forecast(services, day=day or services.today(), approved_before=cut_off_for(services, day))
    if json:
        print_json(as_json(told))
        return
    for (office, service), volume in sorted(told.by_office.items()):
        console.print(f"{office}: {volume.letters} Schreiben ({service.value}), {volume.pieces} Sendungen")
    for product, volume in weight_steps(told):
        console.print(
            f"{product}: {volume.pieces} Sendungen, {volume.sheets} Blatt, {_eur(volume.postage_eur)}"
        )
    total = told.total
    console.print(
        f"Zusammen {total.letters} Schreiben in {total.pieces} Sendungen, {total.sheets} Blatt, "
        f"Porto {_eur(total.postage_eur)}" + (f" ({total.unpriced} ohne Preis)." if total.unpriced else ".")
    )
    _print_bundling(told)
    for code, count in sorted(told.stays.items()):
        console.print(f"bleibt: {count} {STAYS.get(code, code)} ({code})")


def _print_bundling(told: Forecast) -> None:
    if not told.bundling:
        console.print("Die Bündelung ist ausgeschaltet ([run] bundling).")
        return
    saving = told.saving
    console.print(
        f"Bündelung: {saving.copies_together} Ausfertigungen gehen gemeinsam; das spart {saving.envelopes} Umschläge "
        f"und {_eur(saving.postage_eur)} Porto."
    )
    for code, count in sorted(told.not_bundled.items()):
        console.print(f"nicht gebündelt: {count} – {VETOES[code].reason} ({code})")


def _eur(amount: Decimal) -> str:
    return f"{amount:.2f} €".replace(".", ",")
