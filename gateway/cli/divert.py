"""`gateway divert`: the rest to another print-and-post provider."""

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.application.runs.diverting import Staying, divert
from gateway.cli.context import console, print_json, progress_bar, services_for
from gateway.cli.options import Json
from gateway.domain.pieces.mailpiece import SERVICE_WORDS
from gateway.domain.references import for_people


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("divert")(_divert)


def _divert(
    context: typer.Context,
    origin: Annotated[str, typer.Option("--from", help="Provider that cannot take them.")],
    target: Annotated[str, typer.Option("--to", help="Provider that shall take them.")],
    login: Annotated[str, typer.Option("--as", help="Login.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    json: Json = False,
) -> None:
    """Move what certainly has not been accepted to another provider; the next run hands it over there."""
    with services_for(context) as services, progress_bar("Umleiten") as told:
        done = divert(services, login, origin=origin, target=target, reason=reason, progress=told)
    if json:
        counts = {"moved": done.moved, "unknown": done.unknown, "not_offered": done.not_offered}
        print_json({**counts, "staying": [asdict(each) for each in done.staying]})
    else:
        console.print(
            f"{done.moved} Sendungen von {origin} zu {target} umgeleitet; {done.unknown} warten, weil offen ist, ob "
            f"{origin} sie hat; {done.not_offered} bleiben, weil {target} sie so nicht befördert."
        )
        for each in done.staying:
            console.print(_said(each, target))
    if done.unknown or done.not_offered:
        raise typer.Exit(1)


def _said(one: Staying, target: str) -> str:
    letters, where = ", ".join(map(for_people, one.letters)), "nur im Inland" if one.not_abroad else "nicht"
    offer = f"{SERVICE_WORDS[one.service]} bietet {target} {where} an"
    return f"  Sendung {for_people(one.piece)}, Schreiben {letters}: {offer}."
