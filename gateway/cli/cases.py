"""`gateway cases import`: cases, persons and addresses from line-of-business software."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.application.access.importing import import_cases
from gateway.cli.context import console, print_json, read_json, services_for


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cases = typer.Typer(help="Cases and people.", no_args_is_help=True)
    app.add_typer(cases, name="cases")
    cases.command("import")(_import)


def _import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON as the line-of-business software exports it.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take over cases, persons, addresses and representatives; idempotent by their references."""
    document = read_json(file)
    with services_for(context) as services:
        counts = import_cases(services, document)
    if json:
        print_json({"counts": counts, "findings": []})
        return
    for kind, count in sorted(counts.items()):
        console.print(f"{kind}: {count}")
