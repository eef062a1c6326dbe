"""`gateway returns …`: mail that came back, and what is decided about it."""

from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.returns.deciding_returns import Decision, NewAddress, decide
from gateway.application.returns.returning import record_return
from gateway.application.returns.returns_view import ReturnedLetter, ReturnLine, returns
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As
from gateway.domain.receipt.returning import (
    ACTION_WORDS,
    FICTION_WORDS,
    REASON_WORDS,
    ReturnAction,
    ReturnFiction,
    ReturnReason,
)
from gateway.domain.references import for_people
from gateway.errors import InputError

Ref = Annotated[str, typer.Argument(metavar="REF", help="Reference of the letter.")]
Number = Annotated[int, typer.Option("--recipient", help="Number of the recipient, if there are several.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Mail that came back.", no_args_is_help=True)
    app.add_typer(group, name="returns")
    group.command("list")(_list)
    group.command("decide")(_decide)
    group.command("record")(_record)


def _list(
    context: typer.Context,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator's view.")] = None,
    closed: Annotated[bool, typer.Option("--all", help="Also what is done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What came back and waits for a decision, oldest first; and what matches no piece."""
    with services_for(context) as services:
        found = returns(services, login, closed=closed)
    if json:
        tray = [{"id": one.id, "inbound": one.inbound_id, "why": one.found_by} for one in found.tray or ()]
        print_json({"returns": [_json(line) for line in found.lines], "unmatched": tray})
        return
    table = Table("zurück am", "Schreiben", "Grund", "Bekanntgabe", "Frist", "Stand", "zuständig")
    for line in found.lines:
        table.add_row(
            f"{line.came_back_on:%d.%m.%Y}",
            ", ".join(for_people(one.reference) for one in line.letters),
            REASON_WORDS[line.reason],
            FICTION_WORDS[line.fiction],
            ", ".join(_deadline(one) for one in line.letters),
            ACTION_WORDS[line.action] if line.action else "offen",
            line.owner,
        )
    console.print(table)
    if found.tray:
        console.print(f"Ohne Sendung: {len(found.tray)}, zu klären auf der Seite „Rückläufer“.")


def _decide(
    context: typer.Context,
    reference: Ref,
    login: As,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    action: Annotated[ReturnAction | None, typer.Option(help="How the task ends.")] = None,
    fiction: Annotated[ReturnFiction | None, typer.Option(help="Whether it counts as notified.")] = None,
    cause: Annotated[ReturnReason | None, typer.Option(help="Why it came back, if read wrongly.")] = None,
    number: Number = 0,
    street: Annotated[str, typer.Option(help="Present address: street and house number.")] = "",
    postcode: Annotated[str, typer.Option(help="Present address.")] = "",
    place: Annotated[str, typer.Option(help="Present address.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decide about a letter that came back; re-issuing lays a new draft before you."""
    address = NewAddress(street, postcode, place) if street or postcode or place else None
    if address is not None and not (street and postcode and place):
        raise InputError("address-incomplete", "Bitte Straße, Postleitzahl und Ort angeben.")
    decision = Decision(reason, fiction, action, cause, address)
    with services_for(context) as services:
        new = decide(services, login, reference, decision, number)
    if json:
        print_json({"new": [for_people(each) for each in new]})
    else:
        drafts = ", ".join(for_people(each) for each in new)
        console.print(f"Entschieden.{f' Neuer Entwurf: {drafts}' if new else ''}")


def _record(
    context: typer.Context,
    reference: Ref,
    login: As,
    cause: Annotated[ReturnReason, typer.Option(help="What stands on the envelope.")],
    number: Number = 1,
    inbound: Annotated[int | None, typer.Option(help="Number of its scan, if it lies in the tray.")] = None,
) -> None:
    """Say that a piece came back that nothing recognised."""
    with services_for(context) as services:
        record_return(services, login, reference, number, cause, inbound_id=inbound)
    console.print("Der Rückläufer ist vermerkt.")


def _deadline(letter: ReturnedLetter) -> str:
    found = letter.assessment
    if found is None or found.deadline is None:
        return "keine"
    return f"{found.deadline:%d.%m.%Y}{' strittig' if found.disputed else ''}"


def _json(line: ReturnLine) -> dict[str, Any]:
    return {
        "piece": for_people(line.piece),
        "reason": line.reason.value,
        "came_back_on": line.came_back_on.isoformat(),
        "age_days": line.age_days,
        "fiction": line.fiction.value,
        "proposal": line.rule.proposal.value if line.rule.proposal else None,
        "rule": line.rule.rule,
        "action": line.action.value if line.action else None,
        "owner": line.owner,
        "letters": [
            {
                "letter": one.reference,
                "recipient": one.number,
                "file_number": one.file_number,
                "office": one.office,
                "dates": one.assessment.as_json() if one.assessment else None,
                "replaced_by": [for_people(each) for each in one.replaced_by],
            }
            for one in line.letters
        ],
        "inbound": line.scans,
        "sources": [notice.source.value for notice in line.notices],
    }
