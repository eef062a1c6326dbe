"""`gateway inbound …`: scan deliveries."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.inbound.inbound_view import inbound_list
from gateway.application.inbound.moving import move
from gateway.application.inbound.placing import assign
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.cli import arrivals, originals
from gateway.cli.context import console, print_json, services_for


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inbound = typer.Typer(help="Scan deliveries.", no_args_is_help=True)
    app.add_typer(inbound, name="inbound")
    inbound.command("import")(_import)
    inbound.command("list")(_list)
    inbound.command("assign")(_assign)
    inbound.command("move")(_move)
    originals.add_to(inbound)
    arrivals.register(inbound)


def _import(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of the delivery.")],
    source: Annotated[str | None, typer.Option(help="An agreed source, which it is held to.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take in a scan delivery: prove it, match its documents, file them, write the receipt."""
    source = source or context.obj.settings().inbound.scan_source
    with services_for(context) as services:
        report = import_delivery(services, folder, source=source)
        make_rounds(services)
        file_due(services)
    if json:
        print_json(
            {
                "delivery": report.delivery,
                "already_known": report.already_known,
                "receipt": str(report.receipt),
                "counts": report.counts,
            }
        )
    else:
        counts = ", ".join(f"{state} {count}" for state, count in sorted(report.counts.items()))
        console.print(f"Lieferung {report.delivery}: {counts}. Quittung: {report.receipt}")


def _list(
    context: typer.Context,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator's view.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Inbound documents, newest first."""
    with services_for(context) as services:
        lines = inbound_list(services, login)
    if json:
        print_json(
            [
                {
                    "id": line.id,
                    "document_id": line.document_id,
                    "delivery": line.delivery,
                    "class": line.document_class,
                    "received_on": line.received_on.isoformat(),
                    "state": line.state.value,
                    "file_number": line.file_number,
                    "proposal": line.proposal,
                    "reason": line.reason,
                }
                for line in lines
            ]
        )
        return
    table = Table("Nr.", "Eingang", "Art", "Stand", "Aktenzeichen", "Grund")
    for line in lines:
        where = line.file_number or (f"Vorschlag: {line.proposal}" if line.proposal else "")
        table.add_row(
            str(line.id),
            f"{line.received_on:%d.%m.%Y}",
            line.document_class,
            line.state.value,
            where,
            line.reason,
        )
    console.print(table)


def _move(
    context: typer.Context,
    inbound_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the inbound document.")],
    reason: Annotated[str, typer.Option(help="Why it lay in the wrong case; without names.")],
    login: Annotated[str, typer.Option("--as", help="Login of the user who decides.")],
    case: Annotated[str | None, typer.Option(help="The right case; else back to the tray.")] = None,
) -> None:
    """Take a wrongly assigned document out of its case, and out of its file; it is filed into the right one."""
    with services_for(context) as services:
        move(services, login, inbound_id, case, reason)
        file_due(services)


def _assign(
    context: typer.Context,
    inbound_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the inbound document.")],
    case: Annotated[str, typer.Option(help="Reference or file number of the case.")],
    login: Annotated[str, typer.Option("--as", help="Login of the user who decides.")],
) -> None:
    """Say to which case a document on the desk belongs; it is filed there."""
    with services_for(context) as services:
        assign(services, login, inbound_id, case)
        file_due(services)
