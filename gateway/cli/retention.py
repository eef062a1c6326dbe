"""`gateway retention …` and `gateway export person`: what is kept how long, and all that is held about one person."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.retention.columns import column_rules
from gateway.application.retention.destroying import ANCHORS_AWAY, Pass, apply, plan
from gateway.application.retention.exporting import export_person
from gateway.application.retention.locking import list_locks, lock_deletion, unlock_deletion
from gateway.cli import retention_of_trail
from gateway.cli.context import console, notes, print_json, services_for, write_bytes
from gateway.cli.options import As, Json
from gateway.domain.retention import RetentionRule

FAULTS = {
    "audit-chain-broken": "Vom Protokoll wurde nichts gelöscht. Bitte `gateway audit verify` ausführen.",
    ANCHORS_AWAY: "Vom Protokoll wurde nichts gelöscht: In die Ankerdatei lässt sich nicht schreiben.",
}
"""Of what is no contradiction of the case file."""
Case = Annotated[str, typer.Option(help="Reference or file number of the case.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    retention = typer.Typer(help="What is kept how long, and deletion.", no_args_is_help=True)
    retention.command("plan")(_plan)
    retention.command("apply")(_apply)
    retention.command("columns")(_columns)
    retention.command("lock")(_lock)
    retention.command("unlock")(_unlock)
    retention.command("locks")(_locks)
    retention_of_trail.register(retention)
    app.add_typer(retention, name="retention")
    export = typer.Typer(help="Hand out what is held.", no_args_is_help=True)
    export.callback()(lambda: None)
    export.command("person")(_person)
    app.add_typer(export, name="export")


def _plan(
    context: typer.Context,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator.")] = None,
    json: Json = False,
) -> None:
    """Say what the rules would delete now, and what stays although it is old enough. Changes nothing."""
    with services_for(context) as services:
        found = plan(services, login)
        rules = services.retention.all(services.today())
    _print(found, rules, json=json)


def _apply(context: typer.Context, json: Json = False) -> None:
    """Delete what the rules allow, now; the schedule does it every day. Exit code 1 if the case file disagreed."""
    with services_for(context) as services:
        found = apply(services)
        rules = services.retention.all(services.today())
    if found is None:
        notes.print("Ein anderer Vorgang wendet die Regeln gerade an.")
        raise typer.Exit(1)
    _print(found, rules, json=json)
    if found.faults:
        raise typer.Exit(1)


def _columns(context: typer.Context, json: Json = False) -> None:
    """Which text column of which table is emptied by which rule, and why the others stay (for the Löschkonzept)."""
    with services_for(context) as services:
        days = {rule.kind: rule.days for rule in services.retention.all(services.today())}
    rows = [
        {
            "column": one.column,
            "rule": one.kind.value if one.kind else None,
            "days": days[one.kind] if one.kind else None,
            "why": one.why,
        }
        for one in column_rules()
    ]
    if json:
        print_json(rows)
        return
    table = Table("Spalte", "Regel", "Tage", "Wann, oder warum sie bleibt")
    for row in rows:
        table.add_row(str(row["column"]), str(row["rule"] or "bleibt"), str(row["days"] or ""), str(row["why"]))
    console.print(table)


def _lock(
    context: typer.Context, case: Case, login: As, reason: Annotated[str, typer.Option(help="Why.")]
) -> None:
    """Keep everything of a case from being deleted: objection, lawsuit, request for information."""
    with services_for(context) as services:
        lock_deletion(services, login, case, reason)


def _unlock(context: typer.Context, case: Case, login: As) -> None:
    """Lift the lock of a case."""
    with services_for(context) as services:
        unlock_deletion(services, login, case)


def _locks(context: typer.Context, json: Json = False) -> None:
    """Cases of which nothing is deleted."""
    with services_for(context) as services:
        locks = list_locks(services)
    if json:
        print_json([vars(one) | {"set_at": one.set_at.isoformat()} for one in locks])
        return
    for one in locks:
        console.print(f"{one.file_number}: {one.reason} ({one.set_by}, {services.day_of(one.set_at):%d.%m.%Y})")


def _person(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="ID", help="Reference of the person.")],
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Else standard output.")] = None,
) -> None:
    """All that is held about one person, as JSON (Art. 15 DSGVO)."""
    with services_for(context) as services:
        found = export_person(services, login, reference)
    if out is None:
        print_json(found)
        return
    write_bytes(out, (json_text.dumps(found, ensure_ascii=False, indent=1) + "\n").encode(), private=True)


def _print(found: Pass, rules: list[RetentionRule], *, json: bool) -> None:
    if json:
        print_json(
            {
                "rules": [
                    {"kind": rule.kind.value, "days": rule.days, "reason": rule.reason} for rule in rules
                ],
                "deletable": found.gone,
                "kept": found.kept,
                "faults": found.faults,
            }
        )
        return
    table = Table("Was", "Frist in Tagen", "gelöscht / löschbar", "bleibt")
    for rule in rules:
        kept = ", ".join(
            f"{why} {number}" for why, number in sorted(found.kept.get(rule.kind.value, {}).items())
        )
        table.add_row(rule.kind.value, str(rule.days), str(found.gone.get(rule.kind.value, 0)), kept)
    console.print(table)
    for code, number in found.faults.items():
        said = FAULTS.get(code, "Die Akte hat nicht zurückgegeben, was abgelegt wurde.")
        notes.print(f"{number} mal {code}: {said}", style="red")
