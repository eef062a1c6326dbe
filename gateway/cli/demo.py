"""`gateway demo`: plays days in a Jobcenter on the real program, then says where to look."""

import random
import shutil
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from gateway import bootstrap
from gateway.application.account import reconciling
from gateway.application.reads.showing import letter_view
from gateway.application.services import Services
from gateway.application.views.listing import list_letters
from gateway.cli.context import console, notes, print_json
from gateway.cli.serve import serve
from gateway.config import Settings
from gateway.domain.account.standing import Standing
from gateway.errors import ConfigError
from gateway.testing.clock import ManualClock
from gateway.testing.demo import ADMINISTRATOR, CLERK, PASSWORD, SECOND_CLERK, Stage, Story, play
from gateway.testing.epost import EpostSimulator

_MARKER = ".gateway-demo"
_CASES = 34


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(_demo)


def _demo(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=60, help="Working days to play.")] = 3,
    letters: Annotated[int, typer.Option(min=1, max=10_000, help="Letters to write.")] = 40,
    show: Annotated[bool, typer.Option("--serve", help="Show the pages afterwards, until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fill a fresh data folder with fictional cases and play the main job against the built-in simulator."""
    settings = context.obj.settings()
    folder = _fresh_folder(context.obj.data_dir or settings.data_dir / "demo")
    first_day = date.today() - timedelta(days=2 * days + 9)  # noqa: DTZ011 - the demo's days are about today
    start = datetime.combine(first_day, time(6), ZoneInfo(settings.run.time_zone))
    with EpostSimulator(folder=folder / "print-centre", speed=0, start=start, poll_interval_s=0) as simulator:
        demo_settings = _settings(settings, folder, simulator.base_url)
        with bootstrap.gateway(demo_settings, clock=ManualClock(start)) as services:
            stage = _stage(services, simulator, folder)
            story = play(stage, first_day=first_day, days=days, letters=letters, cases=_CASES)
            _take_out_letters(services, folder / "letters")
            totals = _totals(services)
    if json:
        print_json({"folder": str(folder), "totals": totals, "letters": len(story.letters)})
    else:
        _print(settings, folder, totals, story)
    if show:
        serve(demo_settings.model_copy(update={"provider": settings.provider}))


def _fresh_folder(folder: Path) -> Path:
    """An empty folder; an earlier demo is removed, anything else is left alone."""
    if (folder / _MARKER).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise ConfigError(
            "demo-folder-not-empty",
            f"{folder} ist nicht leer und stammt nicht von einer Vorführung. Bitte mit --data-dir einen anderen "
            "Ordner nennen.",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _MARKER).touch()
    return folder.absolute()


def _settings(settings: Settings, folder: Path, base_url: str) -> Settings:
    """The configuration in force, but with the demo's folder and simulator."""
    epost = settings.provider.epost.model_copy(update={"base_url": base_url, "min_poll_interval_s": 0.0})
    provider = settings.provider.model_copy(update={"epost": epost})
    return settings.model_copy(update={"data_dir": folder, "provider": provider})


def _stage(services: Services, simulator: EpostSimulator, folder: Path) -> Stage:
    clock = services.clock
    if not isinstance(clock, ManualClock):
        raise TypeError("the demo puts its clock forward by hand")
    chance = random.Random(2026)  # noqa: S311 - the same demo every time
    return Stage(services, clock, simulator, chance, folder, notes.print)


def _take_out_letters(services: Services, folder: Path) -> None:
    """The archived documents as files that a person can open, named by reference only."""
    folder.mkdir()
    for line in list_letters(services, None, limit=10_000):
        view = letter_view(services, None, line.reference)
        for recipient in view.recipients:
            if recipient.approved_sha256:
                name = f"{view.template}-{view.reference}-{recipient.number}.pdf"
                (folder / name).write_bytes(services.blobs.get(recipient.approved_sha256))


def _totals(services: Services) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in list_letters(services, None, limit=10_000):
        totals[line.standing.value] = totals.get(line.standing.value, 0) + 1
    account = reconciling.account(services)
    return {**totals, "approved_copies": account.approved, "unexplained_copies": len(account.unexplained)}


def _print(settings: Settings, folder: Path, totals: dict[str, int], story: Story) -> None:
    table = Table("Stand", "Anzahl", title="Schreiben am Ende der Vorführung")
    for standing in Standing:
        if standing.value in totals:
            table.add_row(standing.value, str(totals[standing.value]))
    console.print(table)
    for name, what in (
        ("letters", "Schreiben als PDF"),
        ("case-files", "Akten, ein Ordner je Fall (Verlauf.md, index.json, documents/)"),
        ("print-centre", "was der Druckdienstleister gedruckt hat"),
        ("scan-centre", "Scanstelle: Lieferung (in) und das Papier in ihren Kartons (centre)"),
        ("receipts", "Quittungen an die Scanstelle"),
    ):
        console.print(f"{what}: {folder / name}")
    for report in story.deliveries:
        console.print(f"Scanlieferung {report.delivery}: {report.counts}")
    web = settings.web
    console.print(f"\nSeiten:  {sys.argv[0]} --data-dir {folder} serve   →  http://{web.host}:{web.port}/")
    logins = ", ".join([CLERK, SECOND_CLERK, ADMINISTRATOR, *story.visitors])
    console.print(f"Anmelden als: {logins}   Kennwort: {PASSWORD}")
