"""`gateway reconcile`: our rows against the list of the print-and-post provider, and against its invoice."""

from datetime import datetime
from typing import Annotated

import typer

from gateway.application.tracking import tallying
from gateway.application.tracking.tallying import Tallied, Totals
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import Json
from gateway.domain.runs.tally import MEANING

Provider = Annotated[str | None, typer.Option(help="Whose; else the general provider's.")]
_DATE = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    part = typer.Typer(help="Tally with the provider's list and with its invoice.", no_args_is_help=True)
    part.command("list")(_list)
    part.command("invoice")(_invoice)
    app.add_typer(part, name="reconcile")


def _list(
    context: typer.Context,
    day: Annotated[datetime | None, typer.Option("--date", formats=_DATE, help="One day, now.")] = None,
    provider: Provider = None,
    json: Json = False,
) -> None:
    """Compare every day that is due, or one day now; shows what both sides count and where they differ."""
    with services_for(context) as services:
        if day:
            made = [tallying.tally_day(services, provider or services.provider_name, day.date())]
        else:
            tallying.tally_due(services)
            made = tallying.tallies(services)
        missing = [{"provider": name, "date": each.isoformat()} for name, each in tallying.missing(services)]
    if json:
        print_json({"tallies": [_as_json(each) for each in made], "missing": missing})
    else:
        _print(made, missing)
    if missing or any(each.found for each in made):
        raise typer.Exit(1)


def _as_json(compared: Tallied) -> dict[str, object]:
    return {
        "provider": compared.provider,
        "date": compared.day.isoformat(),
        "ours": {"pieces": compared.ours, "pages": compared.our_pages},
        "theirs": {"pieces": compared.theirs, "pages": compared.their_pages},
        "differences": [
            {"key": key, "code": difference.value, "message": MEANING[difference]}
            for key, difference in compared.found
        ],
    }


def _print(made: list[Tallied], missing: list[dict[str, str]]) -> None:
    for each in made:
        console.print(
            f"{each.day:%d.%m.%Y} {each.provider}: wir {each.ours} Sendungen ({each.our_pages} Seiten), "
            f"dort {each.theirs} ({each.their_pages} Seiten), {len(each.found)} Abweichungen"
        )
        for key, difference in each.found:
            console.print(f"  {key}: {MEANING[difference]} ({difference.value})", markup=False)
    for alarm in missing:
        console.print(f"FEHLT: kein Abgleich mit {alarm['provider']} für den {alarm['date']}", style="red")


def _invoice(
    context: typer.Context,
    first: Annotated[datetime, typer.Option("--from", formats=_DATE, help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=_DATE, help="Last day.")],
    pieces: Annotated[int, typer.Option(min=0, help="Pieces on the invoice.")],
    pages: Annotated[int | None, typer.Option(min=0, help="Pages on the invoice, if it names them.")] = None,
    provider: Provider = None,
    json: Json = False,
) -> None:
    """Hold an invoice against what was handed over in its period, and what the provider's own lists count."""
    with services_for(context) as services:
        ours = tallying.totals(services, provider or services.provider_name, first.date(), last.date())
    difference = {"pieces": pieces - ours.pieces, "pages": None if pages is None else pages - ours.pages}
    if json:
        print_json(
            {
                "provider": ours.provider,
                "ours": {"pieces": ours.pieces, "pages": ours.pages, "sheets": ours.sheets},
                "products": [vars(each) for each in ours.products],
                "list": {
                    "pieces": ours.listed_pieces,
                    "pages": ours.listed_pages,
                    "not_compared": [day.isoformat() for day in ours.not_compared],
                },
                "invoice": {"pieces": pieces, "pages": pages},
                "difference": difference,
            }
        )
    else:
        _print_invoice(ours, pieces, pages)
    if any(difference.values()):
        raise typer.Exit(1)


def _print_invoice(ours: Totals, pieces: int, pages: int | None) -> None:
    console.print(
        f"{ours.provider}: übergeben {ours.pieces} Sendungen, {ours.pages} Seiten, {ours.sheets} Blatt"
    )
    for each in ours.products:
        console.print(
            f"  {each.product or 'ohne Produkt'}: {each.pieces} Sendungen, {each.pages} Seiten", markup=False
        )
    console.print(f"Listen des Dienstleisters: {ours.listed_pieces} Sendungen, {ours.listed_pages} Seiten")
    if ours.not_compared:
        days = ", ".join(f"{day:%d.%m.}" for day in ours.not_compared)
        console.print(f"  ohne Abgleich: {days}")
    console.print(f"Rechnung: {pieces} Sendungen" + (f", {pages} Seiten" if pages is not None else ""))
