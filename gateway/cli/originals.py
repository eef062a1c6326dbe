"""`gateway inbound …` about the paper at the scan site: release, holds, recalls, certificates."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_destroying import take_reports
from gateway.application.paper.paper_facts import PaperRow
from gateway.application.paper.paper_holding import compare, hold, let_go
from gateway.application.paper.paper_releasing import Released, ReleasePlan, release, release_plan
from gateway.application.paper.paper_returning import arrived, recall
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.paper.paper_view import originals
from gateway.application.services import Services
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json, Reason
from gateway.domain.paper.originals import Hold, Quality
from gateway.errors import InputError

Document = Annotated[int, typer.Argument(metavar="ID", help="Number of the inbound document.")]


def add_to(inbound: typer.Typer) -> None:
    """Add the commands to `gateway inbound`."""
    inbound.command("release-destruction")(_release)
    inbound.command("originals")(_originals)
    inbound.command("check-scan")(_check)
    inbound.command("hold")(_hold)
    inbound.command("let-go")(_let_go)
    inbound.command("recall")(_recall)
    inbound.command("arrived")(_arrived)
    inbound.command("report")(_report)


def _release(
    context: typer.Context,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="What may go on this day; else today."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the list.")] = False,
    login: Annotated[str | None, typer.Option("--as", help="Login of the person who confirms.")] = None,
    json: Json = False,
) -> None:
    """Release paper for destruction: what is filed, checked, old enough and not held. A named person confirms."""
    on = day.date() if day else None
    if login is None and not dry_run:
        raise typer.BadParameter("name who confirms the list with --as, or look at it with --dry-run")
    with services_for(context) as services:
        make_rounds(services)
        paper_round(services)
        plan = release_plan(services, login, on=on)
        done = [] if dry_run or login is None or not plan.due else _confirm(services, login, plan, on)
    if json:
        print_json(_as_json(plan, done))
        return
    _print(plan, done)


def _confirm(services: Services, login: str, plan: ReleasePlan, on: date | None) -> list[Released]:
    done = release(services, login, expected=plan.sha256, on=on)
    send_answers(services)
    return done


def _as_json(plan: ReleasePlan, done: list[Released]) -> dict[str, object]:
    return {
        "date": plan.day.isoformat(),
        "sha256": plan.sha256,
        "due": [_row(row) for row in plan.due],
        "blocked": [{**_row(row), "because": [each.value for each in row.blocks]} for row in plan.blocked],
        "released": [vars(each) for each in done],
    }


def _row(row: PaperRow) -> dict[str, object]:
    return {
        "id": row.inbound_id,
        "document_id": row.document_id,
        "source": row.source,
        "delivery": row.delivery,
        "box": row.box,
        "sha256": row.sha256,
        "class": row.facts.document_class,
        "due": row.due.isoformat() if row.due else None,
        "state": row.state.value,
    }


def _print(plan: ReleasePlan, done: list[Released]) -> None:
    table = Table("Nr.", "Art", "Lieferung", "Kiste", "frei ab", "Warum es bleibt")
    for row in (*plan.due, *plan.blocked):
        because = ", ".join(each.value for each in row.blocks)
        due = f"{row.due:%d.%m.%Y}" if row.due else "–"
        table.add_row(
            str(row.inbound_id), row.facts.document_class, row.delivery, row.box, due, because or "darf gehen"
        )
    console.print(table)
    for each in done:
        console.print(f"Freigegeben: {each.name}, {each.documents} Originale", markup=False)
    if not plan.due:
        console.print("Nichts ist freizugeben.")


def _originals(
    context: typer.Context,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator's view.")] = None,
    json: Json = False,
) -> None:
    """Where the paper is: counts, open checks of scans, released lists, recalls, certificates."""
    with services_for(context) as services:
        found = originals(services, login)
    told = {
        "papers": {paper.value: count for paper, count in found.counts.items()},
        "due": len(found.plan.due),
        "blocked": len(found.plan.blocked),
        "to_check": [
            {"delivery": one.delivery, "plan": one.plan.value, "open": one.open, "rejected": one.rejected}
            for one in found.to_compare
        ],
        "lists": [
            {
                "list": one.name,
                "date": one.day.isoformat(),
                "documents": one.documents,
                "without_certificate": one.open,
                "due": one.due.isoformat(),
            }
            for one in found.lists
        ],
        "recalled": [
            {"id": row.inbound_id, "recall": one.name, "answer": one.answer.value if one.answer else None}
            for row, one in found.recalled
        ],
        "certificates": [
            {"certificate": one.number, "destroyed_on": one.destroyed_on.isoformat(), "level": one.level}
            for one in found.certificates
        ],
    }
    if json:
        print_json(told)
        return
    for name, value in told.items():
        console.print(f"{name}: {value}", markup=False)


def _check(
    context: typer.Context,
    inbound_id: Document,
    login: As,
    found: Annotated[Quality, typer.Option("--found", help="Whether the scan is whole and readable.")],
    reason: Annotated[str, typer.Option(help="What is wrong with it.")] = "",
) -> None:
    """Say that a scan was compared: good, or rejected with a reason."""
    with services_for(context) as services:
        compare(services, login, inbound_id, found, reason)


def _hold(
    context: typer.Context,
    inbound_id: Document,
    kind: Annotated[Hold, typer.Option(help="What holds it.")],
    reason: Reason,
    login: As,
) -> None:
    """Keep the paper of an inbound document from being destroyed."""
    with services_for(context) as services:
        hold(services, login, inbound_id, kind, reason)


def _let_go(
    context: typer.Context,
    hold_id: Annotated[int, typer.Argument(metavar="HOLD", help="Number of the hold.")],
    reason: Reason,
    login: As,
) -> None:
    """Lift a hold."""
    with services_for(context) as services:
        let_go(services, login, hold_id, reason)


def _recall(context: typer.Context, inbound_id: Document, reason: Reason, login: As) -> None:
    """Demand the paper back from the scan site, as long as it is not destroyed."""
    with services_for(context) as services:
        console.print(recall(services, login, inbound_id, reason))
        send_answers(services)


def _arrived(context: typer.Context, inbound_id: Document, login: As) -> None:
    """Say that recalled paper is back in the house."""
    with services_for(context) as services:
        arrived(services, login, inbound_id)


def _report(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Certificate of destruction, or answer to recalls.", exists=True)
    ],
    json: Json = False,
) -> None:
    """Take in a report of the scan site that came by another way."""
    source = context.obj.settings().inbound.scan_source
    try:
        content = file.read_bytes()
    except OSError:
        raise InputError("file-unreadable", f"Die Datei {file} ist nicht lesbar.") from None
    with services_for(context) as services:
        done = take_reports(services, source, [(file.name, content)])
    if json:
        print_json(vars(done))
    else:
        console.print(f"Nachweise {done.certificates}, vernichtet {done.destroyed}, Befunde {done.findings}")
    if done.findings:
        raise typer.Exit(1)
