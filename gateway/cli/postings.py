"""`gateway posting …`: what providers report as posted, and a clerk's confirmation."""

from datetime import datetime
from typing import Annotated

import typer

from gateway.application.filing import file_due
from gateway.application.posting import confirm
from gateway.cli.context import console, print_json, services_for
from gateway.domain.references import for_people


def register(app: typer.Typer) -> None:
    """Add the commands."""
    posting = typer.Typer(help="Posting (Aufgabe zur Post).", no_args_is_help=True)
    app.add_typer(posting, name="posting")
    posting.callback()(_posting)
    posting.command("confirm")(_confirm)


def _posting() -> None:
    """Posting (Aufgabe zur Post)."""


def _confirm(
    context: typer.Context,
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day that was reported.")],
    login: Annotated[str, typer.Option("--as", help="Login of the post-room clerk.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Confirm a day's postings; only then is the deadline final."""
    with services_for(context) as services:
        pieces = [for_people(reference) for reference in confirm(services, login, day.date())]
        file_due(services)
    if json:
        print_json({"date": day.date().isoformat(), "confirmed": pieces})
    else:
        console.print(f"{len(pieces)} Sendungen vom {day:%d.%m.%Y} bestätigt.")
