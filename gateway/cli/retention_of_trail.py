"""`gateway retention trail …`: old entries of the audit trail, which two people let go."""

from typing import Annotated

import typer
from rich.table import Table

from gateway.application.trail.trail_releasing import (
    DepartureView,
    confirm_departure,
    departures,
    drop_departure,
    look_at_trail,
    propose_departure,
)
from gateway.cli.context import console, print_json, progress_bar, services_for
from gateway.cli.options import As, Json, Viewer

Number = Annotated[int, typer.Argument(help="Number of the departure.")]


def register(retention: typer.Typer) -> None:
    """Add the commands."""
    trail = typer.Typer(help="Old entries of the audit trail; two people let them go.", no_args_is_help=True)
    trail.command("plan")(_plan)
    trail.command("propose")(_propose)
    trail.command("confirm")(_confirm)
    trail.command("drop")(_drop)
    trail.command("list")(_list)
    retention.add_typer(trail, name="trail")


def _plan(context: typer.Context, login: Viewer = None, json: Json = False) -> None:
    """Say how many old entries may go, and what keeps the others. Changes nothing."""
    with services_for(context) as services, progress_bar("Protokoll") as told:
        found = look_at_trail(services, login, progress=told)
    if json:
        print_json({"cut_off": found.cut_off.isoformat(), "departs": vars(found.departs), "kept": found.kept})
        return
    going = found.departs
    console.print(f"Alt genug sind Einträge bis {found.cut_off:%d.%m.%Y}.")
    console.print(
        f"{going.count} dürfen gehen, in {going.stretches} Strecken von Siegel {going.first} bis {going.last}."
        if going.count
        else "Keiner darf gehen."
    )
    for why, number in sorted(found.kept.items()):
        console.print(f"{number} bleiben: {why}")


def _propose(context: typer.Context, login: As, json: Json = False) -> None:
    """Propose that they go, as an administrator. An auditor confirms; until then nothing is deleted."""
    with services_for(context) as services, progress_bar("Protokoll") as told:
        made = propose_departure(services, login, progress=told)
    if json:
        print_json(_as_json(made))
        return
    console.print(
        f"Löschung {made.id}: {made.count} Einträge bis {made.cut_off:%d.%m.%Y}, Summe {made.sha256}."
    )
    console.print(
        "Die Revision bestätigt sie auf der Seite Aufbewahrung oder mit `gateway retention trail confirm`."
    )


def _confirm(
    context: typer.Context,
    number: Number,
    login: As,
    sha256: Annotated[str | None, typer.Option(help="Sum of the list that was seen.")] = None,
) -> None:
    """Confirm as the second person, an auditor. The next `gateway retention apply` deletes."""
    with services_for(context) as services:
        confirm_departure(services, login, number, expected=sha256)


def _drop(context: typer.Context, number: Number, login: As) -> None:
    """Not after all; as long as the deletion has not begun."""
    with services_for(context) as services:
        drop_departure(services, login, number)


def _list(context: typer.Context, login: Viewer = None, json: Json = False) -> None:
    """All departures, newest first."""
    with services_for(context) as services:
        found = departures(services, login)
    if json:
        print_json([_as_json(each) for each in found])
        return
    table = Table("Nr.", "Einträge bis", "Anzahl", "Siegel", "vorgeschlagen", "bestätigt", "Stand")
    for each in found:
        day, span = f"{each.cut_off:%d.%m.%Y}", f"{each.first}–{each.last}"
        state = each.state if each.gone is None else f"{each.state}: {each.gone}"
        who = (each.proposed_by, each.confirmed_by or "–", state)
        table.add_row(str(each.id), day, str(each.count), span, *who)
    console.print(table)


def _as_json(each: DepartureView) -> dict[str, object]:
    return {
        "id": each.id,
        "state": each.state,
        "cut_off": each.cut_off.isoformat(),
        "first": each.first,
        "last": each.last,
        "count": each.count,
        "sha256": each.sha256,
        "proposed_by": each.proposed_by,
        "confirmed_by": each.confirmed_by,
        "gone": each.gone,
        "finished_at": each.finished_at.isoformat() if each.finished_at else None,
        "dropped_by": each.dropped_by,
    }
