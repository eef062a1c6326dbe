"""`gateway audit …`: the chain of the audit trail, and the trail of one letter."""

from typing import Annotated

import typer
from rich.table import Table

from gateway.application.trail.auditing import TrailLine, departed_until, trail
from gateway.application.trail.sealing import anchor, seal
from gateway.application.trail.verifying import Verified, verify
from gateway.cli.context import console, print_json, progress_bar, services_for
from gateway.cli.options import Json, Viewer
from gateway.domain.references import for_people
from gateway.domain.trail.chain import FAULTS


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(help="The audit trail and its chain.", no_args_is_help=True)
    audit.command("verify")(_verify)
    audit.command("seal")(_seal)
    audit.command("show")(_show)
    app.add_typer(audit, name="audit")


def _verify(context: typer.Context, login: Viewer = None, json: Json = False) -> None:
    """Prove that nothing in the trail was changed, deleted, put in later or moved. Exit code 1 on a finding."""
    with services_for(context) as services, progress_bar("Protokollkette") as told:
        found = verify(services, login, progress=told)
    if json:
        print_json(_as_json(found))
    else:
        _print(found)
    if found.faults_in_all:
        raise typer.Exit(1)


def _seal(context: typer.Context, json: Json = False) -> None:
    """Seal now what is not sealed, and write the head of the chain down outside of the database."""
    with services_for(context) as services:
        sealed = seal(services, thorough=True)
        made = anchor(services)
    if json:
        head = {"at": made.at.isoformat(), "number": made.number, "sha256": made.sha256} if made else None
        print_json({"sealed": sealed, "anchor": head})
    elif made is None:
        console.print("Es gibt noch keinen Eintrag, oder ein anderer Vorgang setzt gerade den Anker.")
    else:
        console.print(f"{sealed} Einträge versiegelt. Kopf der Kette: Nr. {made.number}, SHA-256 {made.sha256}")


def _show(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(help="Reference of the letter.")],
    login: Viewer = None,
    json: Json = False,
) -> None:
    """Who wrote, approved, read and changed a letter, when, why, and through which door."""
    with services_for(context) as services:
        lines = trail(services, login, reference)
        gone = departed_until(services, lines)
        zone = services.schedule.zone
    if json:
        print_json([_line_json(line) for line in lines])
        return
    table = Table(
        "Zeit", "Wer", "Was", "Warum", "Siegel", title=for_people(lines[0].subject) if lines else None
    )
    for line in lines:
        moment = f"{line.at.astimezone(zone):%d.%m.%Y %H:%M:%S}"
        table.add_row(moment, line.name, line.words, line.reason, str(line.seal or "offen"))
    console.print(table)
    if gone:
        console.print(f"Einträge bis {gone:%d.%m.%Y} wurden nach der Aufbewahrungsregel gelöscht.")


def _print(found: Verified) -> None:
    head = found.head
    console.print(
        f"{found.sealed} Siegel, {found.entries} Einträge ({found.unsealed} noch nicht versiegelt), "
        f"{found.anchors} Anker, {found.reasons_deleted} nachgewiesen gelöschte Begründungen, "
        f"{found.departed} nachgewiesen gelöschte Einträge."
    )
    if head is not None:
        console.print(f"Kopf der Kette: Nr. {head.number}, SHA-256 {head.sha256}")
    for fault in found.faults:
        place = f" (Siegel {fault.number})" if fault.number is not None else ""
        place += f" (Eintrag {fault.entry_id})" if fault.entry_id is not None else ""
        console.print(f"{fault.code}{place}: {FAULTS[fault.code]}", style="red")
    if found.faults_in_all > len(found.faults):
        console.print(f"Weitere Befunde: {found.faults_in_all - len(found.faults)}", style="red")
    if not found.faults_in_all:
        console.print("Die Kette ist unversehrt.", style="green")


def _as_json(found: Verified) -> dict[str, object]:
    head = found.head
    return {
        "ok": found.faults_in_all == 0,
        "entries": found.entries,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "reasons_deleted": found.reasons_deleted,
        "departed": found.departed,
        "anchors": found.anchors,
        "head": {"number": head.number, "sha256": head.sha256} if head else None,
        "findings_in_all": found.faults_in_all,
        "findings": [
            {"code": each.code, "seal": each.number, "entry": each.entry_id, "message": FAULTS[each.code]}
            for each in found.faults
        ],
    }


def _line_json(line: TrailLine) -> dict[str, object]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "action": line.action,
        "words": line.words,
        "subject": line.subject,
        "reason": line.reason,
        "details": dict(line.details),
        "seal": line.seal,
    }
