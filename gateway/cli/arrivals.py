"""`gateway inbound fetch`, `feedback` and `quarantine`: what comes from scan providers, and what goes back to them."""

from typing import Annotated

import typer
from rich.table import Table

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.arrivals.quarantining import discard, quarantined
from gateway.application.arrivals.rejected_scans import awaited
from gateway.application.arrivals.rescanning import report_finding
from gateway.application.arrivals.retrying_scans import retry
from gateway.application.filing.filing import file_due
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.parting import part_paper
from gateway.application.paper.same_paper import link_paper, stop_waiting
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json
from gateway.domain.inbound.feedback import ScanFinding


def register(inbound: typer.Typer) -> None:
    """Add the commands."""
    inbound.command("fetch")(_fetch)
    inbound.command("feedback")(_feedback)
    inbound.command("quarantine")(_quarantine)
    inbound.command("discard")(_discard)
    inbound.command("retry")(_retry)
    inbound.command("rejected")(_rejected)
    inbound.command("same-paper")(_same_paper)
    inbound.command("stop-waiting")(_stop_waiting)


def _fetch(context: typer.Context, json: Json = False) -> None:
    """Take in what is ready at every agreed source, now; the schedule does it every two minutes."""
    with services_for(context) as services:
        report = take_arrivals(services)
        make_rounds(services)
        file_due(services)
    if json:
        taken = [{"delivery": each.delivery, "counts": each.counts} for each in report.taken]
        print_json({**vars(report), "taken": taken})
    else:
        count = len(report.taken)
        noun = "Lieferung" if count == 1 else "Lieferungen"
        console.print(f"{count} {noun} übernommen, {report.refused} in Quarantäne.")
        if report.busy:
            console.print("Gerade werden Scanlieferungen geholt; bitte in einigen Minuten noch einmal.")
        for source in report.away:
            console.print(f"Bei {source} ließ sich nicht alles abholen; es wird wieder versucht.")
    if report.refused or report.away or report.busy:
        raise typer.Exit(1)


def _feedback(
    context: typer.Context,
    inbound_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the inbound document.")],
    finding: Annotated[ScanFinding, typer.Option(help="What is wrong with the scan.")],
    login: As,
    page: Annotated[int | None, typer.Option(help="Page, from 1, if it is about one.")] = None,
    reject: Annotated[bool, typer.Option(help="Give it back: it belongs to no case.")] = False,
) -> None:
    """Tell the scan provider what is wrong with a scan."""
    with services_for(context) as services:
        report_finding(services, login, inbound_id, finding, page=page, reject=reject)
        send_answers(services)


def _quarantine(context: typer.Context, login: As, json: Json = False) -> None:
    """Deliveries that were refused as a whole and wait for a decision."""
    with services_for(context) as services:
        lines = quarantined(services, login)
    if json:
        print_json(
            [
                {
                    "id": line.id,
                    "source": line.source,
                    "name": line.name,
                    "code": line.code,
                    "arrived_at": line.arrived_at.isoformat(),
                    "folder": line.folder,
                }
                for line in lines
            ]
        )
        return
    table = Table("Nr.", "Quelle", "Lieferung", "Grund", "Eingang", "Ordner")
    for line in lines:
        moment = f"{line.arrived_at.astimezone(services.schedule.zone):%d.%m.%Y %H:%M}"
        table.add_row(str(line.id), line.source, line.name, line.message, moment, line.folder)
    console.print(table)


def _discard(
    context: typer.Context,
    quarantine_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the quarantined delivery.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit trail.")],
    login: As,
) -> None:
    """Do not take a quarantined delivery in; the provider delivers again, its bytes go by the rule of retention."""
    with services_for(context) as services:
        discard(services, login, quarantine_id, reason)


def _retry(
    context: typer.Context,
    quarantine_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the quarantined delivery.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit trail.")],
    login: As,
) -> None:
    """Read a quarantined delivery again, after what refused it was put right (an agreement, a certificate)."""
    with services_for(context) as services:
        report = retry(services, login, quarantine_id, reason)
        make_rounds(services)
        file_due(services)
    console.print(f"Lieferung {report.delivery} ist übernommen.")


def _rejected(context: typer.Context, login: As, json: Json = False) -> None:
    """Rejected documents that did not come again yet, with the day until which they should."""
    with services_for(context) as services:
        lines = awaited(services, login)
    if json:
        print_json(
            [
                {
                    "id": line.inbound_id,
                    "source": line.source,
                    "delivery": line.delivery,
                    "document_id": line.document_id,
                    "code": line.code,
                    "box": line.box,
                    "paper": line.paper.value if line.paper else None,
                    "due": line.due.isoformat() if line.due else None,
                }
                for line in lines
            ]
        )
        return
    table = Table("Nr.", "Quelle", "Lieferung", "Grund", "Karton", "neu zu liefern bis")
    for line in lines:
        due = f"{line.due:%d.%m.%Y}" if line.due else "Quittung steht aus"
        table.add_row(str(line.inbound_id), line.source, line.delivery, line.code, line.box, due)
    console.print(table)


def _same_paper(
    context: typer.Context,
    rejected_id: Annotated[
        int, typer.Argument(metavar="ID", help="Number of the rejected, or replaced, document.")
    ],
    login: As,
    new: Annotated[int | None, typer.Option(help="Number of the new scan of the same paper.")] = None,
    reason: Annotated[str, typer.Option(help="Without --new: why they are two papers after all.")] = "",
) -> None:
    """Say that a document is the new scan of a rejected one; without --new, that its new scan is of another paper."""
    with services_for(context) as services:
        if new is None:
            part_paper(services, login, rejected_id, reason)
        else:
            link_paper(services, login, rejected_id, new)


def _stop_waiting(
    context: typer.Context,
    rejected_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the rejected document.")],
    reason: Annotated[str, typer.Option(help="What became of the paper; it stands in the audit trail.")],
    login: As,
) -> None:
    """A rejected document does not come again, and its paper is in the house, destroyed, or not found."""
    with services_for(context) as services:
        stop_waiting(services, login, rejected_id, reason)
