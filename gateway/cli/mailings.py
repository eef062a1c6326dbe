"""`gateway mailings …`: a template and a table become letters, after every row was checked."""

import csv
import json as json_lines
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.table import Table

from gateway.application.letters.rendering import render_submitted
from gateway.application.mailings import mailing as checking
from gateway.application.mailings.mailing_accept import accept, carry_on
from gateway.application.mailings.mailing_approve import approve_mailing
from gateway.application.mailings.mailing_view import (
    MailingView,
    list_mailings,
    mailing_view,
    row_faults,
    sample,
)
from gateway.application.services import Services
from gateway.cli.context import console, notes, print_json, progress_bar, services_for
from gateway.cli.options import As, Json, Viewer
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import UNDER_WAY, MailingState
from gateway.domain.references import for_people
from gateway.errors import DataInvalid

Number = Annotated[int, typer.Argument(help="Number of the mailing.")]
Template = Annotated[str, typer.Option(help="Name of the template.")]
OnlyGood = Annotated[bool, typer.Option("--good-rows-only", help="Leave faulty rows out; else all or nothing.")]
Render = Annotated[bool, typer.Option("--render", help="Render now; else the workers do.")]

MAX_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the commands."""
    mailings = typer.Typer(help="Mass mailings.", no_args_is_help=True)
    app.add_typer(mailings, name="mailings")
    mailings.command("new")(_new)
    mailings.command("accept")(_accept)
    mailings.command("discard")(_discard)
    mailings.command("approve")(_approve)
    mailings.command("list")(_list)
    mailings.command("show")(_show)
    mailings.command("table")(_table)


def _new(
    context: typer.Context,
    template: Template,
    table: Annotated[Path, typer.Option(help="CSV or XLSX; see `mailings table`.")],
    login: As,
    only_good: OnlyGood = False,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Report only; accept later by its number.")
    ] = False,
    accept_repeat: Annotated[bool, typer.Option(help="The same file a second time is intended.")] = False,
    render: Render = False,
    json: Json = False,
) -> None:
    """Check every row; if none is faulty, or with --good-rows-only, write the letters and submit them."""
    with services_for(context) as services:
        with _opened(table) as file, progress_bar("Zeilen prüfen") as progress:
            number = checking.check_table(
                services, login, file, template=template, accept_repeat=accept_repeat, progress=progress
            )
        view = mailing_view(services, login, number)
        if not check_only and view.good and (only_good or not view.faulty):
            accept(services, login, number, only_good=only_good)
            _finish(services, number, render=render)
        view = _print(services, login, number, json=json)
    if view.faulty or view.state is MailingState.STOPPED or not view.good:
        raise typer.Exit(1)


def _accept(
    context: typer.Context,
    number: Number,
    login: As,
    only_good: OnlyGood = False,
    render: Render = False,
    json: Json = False,
) -> None:
    """Write the letters of a mailing that was checked, or go on where this was broken off."""
    with services_for(context) as services:
        if mailing_view(services, login, number).state not in UNDER_WAY:
            accept(services, login, number, only_good=only_good)
        _finish(services, number, render=render)
        _print(services, login, number, json=json)


def _discard(context: typer.Context, number: Number, login: As) -> None:
    """Give up a mailing that was never accepted; its rows are deleted."""
    with services_for(context) as services:
        checking.discard(services, login, number)


def _approve(context: typer.Context, number: Number, login: As, json: Json = False) -> None:
    """Approve all letters of a mailing that are ready; look at some of them first."""
    with services_for(context) as services:
        total = mailing_view(services, login, number).letter_states.get(LetterState.READY)
        with progress_bar("Freigeben", total) as progress:
            report = approve_mailing(services, login, number, progress=progress)
    failures = [
        {"reference": for_people(ref), "code": code, "message": text} for ref, code, text in report.failures
    ]
    if json:
        print_json({"approved": report.approved, "failures": failures})
    else:
        console.print(f"{report.approved} Schreiben freigegeben, {len(failures)} nicht.")
        for one in failures[:MAX_SHOWN]:
            console.print(f"  {one['reference']}  {one['code']}: {one['message']}")
    if failures:
        raise typer.Exit(1)


def _list(context: typer.Context, login: Viewer = None, json: Json = False) -> None:
    """Mailings, newest first."""
    with services_for(context) as services:
        views = list_mailings(services, login)
    if json:
        print_json([_as_json(view) for view in views])
        return
    table = Table("Nummer", "Vorlage", "Stand", "Zeilen", "mit Befund", "eingereicht")
    for view in views:
        day = f"{services.day_of(view.created_at):%d.%m.%Y}"
        table.add_row(str(view.id), view.title, view.state.value, str(view.rows), str(view.faulty), day)
    console.print(table)


def _show(context: typer.Context, number: Number, login: Viewer = None, json: Json = False) -> None:
    """One mailing with the findings of its rows."""
    with services_for(context) as services:
        _print(services, login, number, json=json)


def _table(context: typer.Context, template: Template) -> None:
    """The table to begin with, as CSV: a header and the sample letter as one row."""
    with services_for(context) as services:
        lines = sample(services, template)
    csv.writer(sys.stdout, delimiter=";", lineterminator="\n").writerows(lines)


def _opened(table: Path) -> AbstractContextManager[BinaryIO]:
    try:
        return table.open("rb")
    except OSError:
        raise DataInvalid("table-unreadable", f"Die Datei {table} ist nicht lesbar.") from None


def _finish(services: Services, number: int, *, render: bool) -> None:
    total = 2 * mailing_view(services, None, number).good
    with progress_bar("Schreiben anlegen", total) as progress:
        carry_on(services, number, progress=progress)
    if render:
        with progress_bar("Schreiben erstellen und prüfen") as progress:
            render_submitted(services, progress=progress)


def _print(services: Services, login: str | None, number: int, *, json: bool) -> MailingView:
    view = mailing_view(services, login, number)
    if json:
        _print_report(services, login, view)
        return view
    console.print(f"Serienbrief {view.id}: {view.title}, {view.state.value}")
    console.print(f"  {view.rows} Zeilen, davon {view.faulty} mit Befund")
    for one in view.findings:
        console.print(f"  {one['code']}: {one['message']}")
    for place, fault in enumerate(row_faults(services, login, number)):
        if place == MAX_SHOWN:
            notes.print("  … alle Befunde mit --json")
            break
        where = f"Zeile {fault.row}" + (f", Spalte {fault.column}" if fault.column else "")
        console.print(f"  {where}: {fault.code}: {fault.message}")
    return view


def _print_report(services: Services, login: str | None, view: MailingView) -> None:
    """One JSON document, finding by finding: a report of 100,000 rows is never held whole."""
    head = json_lines.dumps(_as_json(view), ensure_ascii=False, indent=1)
    sys.stdout.write(head.removesuffix("\n}") + ',\n "findings": [')
    separator = "\n  "
    for one in view.findings:
        sys.stdout.write(separator + json_lines.dumps({"row": None, "column": None, **one}, ensure_ascii=False))
        separator = ",\n  "
    for fault in row_faults(services, login, view.id):
        line = {
            "row": fault.row,
            "column": fault.column,
            "code": fault.code,
            "severity": "error",
            "message": fault.message,
        }
        sys.stdout.write(separator + json_lines.dumps(line, ensure_ascii=False))
        separator = ",\n  "
    sys.stdout.write("\n ]\n}\n")


def _as_json(view: MailingView) -> dict[str, Any]:
    return {
        "mailing": view.id,
        "template": view.template,
        "state": view.state.value,
        "rows": view.rows,
        "good": view.good,
        "faulty": view.faulty,
        "letters": {state.value: count for state, count in view.letter_states.items()},
    }
