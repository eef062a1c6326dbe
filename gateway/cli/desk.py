"""`gateway desk`, `redrive`, `settle`, `stop`, `resume`: what waits for a person, the decision, the emergency brake."""

from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.desk.alarming import Alarm, settle
from gateway.application.desk.desk_view import DeskEntry, DeskFilter, desk, desk_of_letter
from gateway.application.desk.redriving import Wish, confirm, redrive
from gateway.application.inbound.notices_view import NoticeEntry
from gateway.application.runs.stopping import StopView, live_stops, resume, stop
from gateway.application.services import Services
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json, Reason
from gateway.domain.desk.alarms import AlarmAction
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.references import for_people
from gateway.domain.runs.stopping import StopScope
from gateway.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("desk")(_desk)
    app.command("redrive")(_redrive)
    app.command("settle")(_settle)
    app.command("stop")(_stop)
    app.command("resume")(_resume)


def _desk(
    context: typer.Context,
    login: As,
    office: Annotated[str | None, typer.Option(help="Only of this office.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only of this owner.")] = None,
    problem: Annotated[Problem | None, typer.Option(help="Only this kind.")] = None,
    json: Json = False,
) -> None:
    """What stands still until a person decides, the most pressing first."""
    with services_for(context) as services:
        found = desk(services, login, DeskFilter(office, owner, problem))
    if json:
        print_json(
            {
                "total": found.total,
                "late": found.late,
                "entries": [_entry_json(one) for one in found.letters],
                "alarms": [_alarm_json(one) for one in found.alarms],
                "notices": [_notice_json(one) for one in found.notices],
            }
        )
        return
    for alarm in found.alarms:
        due = f"{alarm.due:%d.%m.%Y}{' !' if alarm.late else ''}"
        console.print(f"{due}  {alarm.provider} {alarm.kind.value}: {alarm.message}", markup=False)
        console.print(f"  {alarm.key}: {', '.join(alarm.actions)}", markup=False)
    for notice in found.notices:
        due = f"{notice.due:%d.%m.%Y}{' !' if notice.late else ''}"
        console.print(f"{due}  {notice.kind.value} {notice.id}: {notice.found} ({notice.owner})", markup=False)
    table = Table("fällig", "Schreiben", "Problem", "Warum", "zuständig", "Entscheidungen")
    for one in found.letters:
        table.add_row(
            f"{one.due:%d.%m.%Y}{' !' if one.late else ''}",
            for_people(one.reference),
            one.problem.value,
            "; ".join(one.problems),
            one.owner,
            ", ".join(one.actions),
        )
    console.print(table)
    console.print(f"{found.total} Einträge, {found.late} über der Frist.")


def _redrive(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(help="Reference of the letter.")],
    login: As,
    action: Annotated[DeskAction | None, typer.Option(help="Without it, what is safe is shown.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    problem: Annotated[str | None, typer.Option(help="Key of the problem, if there are several.")] = None,
    provider: Annotated[str | None, typer.Option(help="Plan again: with another provider.")] = None,
    source: Annotated[str, typer.Option(help="In doubt: who said it at the provider, and when.")] = "",
    provider_reference: Annotated[str, typer.Option(help="In doubt: its number there.")] = "",
    confirm_number: Annotated[
        int | None, typer.Option("--confirm", help="Confirm this proposal of another person.")
    ] = None,
    json: Json = False,
) -> None:
    """Give a letter of the desk its way back; shows what is safe if no action is named."""
    with services_for(context) as services:
        if confirm_number is not None:
            done = confirm(services, login, confirm_number)
        elif action is None:
            _show(services, login, reference, json=json)
            return
        else:
            wish = Wish(action, reason, problem, provider, source, provider_reference)
            done = redrive(services, login, reference, wish)
    if json:
        print_json({"action": done.action.value, "follow_up": done.follow_up, "waits": done.waits})
    elif done.waits is not None:
        console.print(
            f"Vorgeschlagen. Eine zweite Person bestätigt mit: gateway redrive {reference} --confirm {done.waits}"
        )
    else:
        console.print(f"Erledigt: {done.action.value} {done.follow_up or ''}".rstrip())


def _settle(
    context: typer.Context,
    alarm: Annotated[str, typer.Argument(help="Key of a problem with a provider, as `gateway desk` shows it.")],
    login: As,
    action: Annotated[AlarmAction, typer.Option(help="What to do about it.")],
    reason: Annotated[str, typer.Option(help="How it was cleared up; it is kept.")] = "",
) -> None:
    """Settle a problem with a provider: a comparison that differs or is missing, or a test letter."""
    with services_for(context) as services:
        settle(services, login, alarm, action, reason)
    console.print(f"Erledigt: {action.value}.")


def _show(services: Services, login: str, reference: str, *, json: bool) -> None:
    entries = desk_of_letter(services, login, reference)
    if json:
        print_json([_entry_json(one) for one in entries])
        return
    for one in entries:
        console.print(f"{one.problem.value}  {one.key}  fällig {one.due:%d.%m.%Y}", markup=False)
        for message in one.problems:
            console.print(f"  {message}", markup=False)
        for action, why in one.actions.items():
            console.print(f"  --action {action.value}: {why}", markup=False)
    if not entries:
        console.print("Das Schreiben steht nicht auf der Klärungsliste.")


def _stop(
    context: typer.Context,
    login: As,
    scope: Annotated[
        StopScope | None, typer.Option(help="What is stopped; without it, stops are listed.")
    ] = None,
    value: Annotated[
        str, typer.Option(help="Letter, template[@version], office, run (2026-11-16-1) or provider.")
    ] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Pull the emergency brake: what it covers is not released any more, from the next release on."""
    with services_for(context) as services:
        made = [stop(services, login, scope, value, reason)] if scope else live_stops(services, login)
    if json:
        print_json([_stop_json(one) for one in made])
        return
    for one in made:
        console.print(
            f"{one.id}  {one.scope.value} {one.value}: {one.kept_back} Sendungen bleiben im Haus ({one.reason})",
            markup=False,
        )
    if not made:
        console.print("Nichts ist angehalten.")


def _resume(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the stop, as `gateway stop` lists it.")],
    login: As,
    reason: Reason,
) -> None:
    """Lift a stop; what it kept back goes on."""
    if not reason:
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services_for(context) as services:
        resume(services, login, number, reason)
    console.print("Die Anhaltung ist aufgehoben.")


def _entry_json(one: DeskEntry) -> dict[str, Any]:
    return {
        "letter": one.reference,
        "recipient": one.number,
        "file_number": one.file_number,
        "office": one.office,
        "title": one.title,
        "problem": one.problem.value,
        "key": one.key,
        "why": list(one.problems),
        "owner": one.owner,
        "since": one.since.isoformat(),
        "due": one.due.isoformat(),
        "late": one.late,
        "age_days": one.age_days,
        "actions": {action.value: why for action, why in one.actions.items()},
        "proposal": one.proposal.id if one.proposal else None,
    }


def _alarm_json(one: Alarm) -> dict[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind.value,
        "provider": one.provider,
        "day": one.day.isoformat(),
        "days": [day.isoformat() for day in one.days or (one.day,)],
        "why": one.message,
        "letters": list(one.letters),
        "since": one.since.isoformat(),
        "due": one.due.isoformat(),
        "late": one.late,
        "actions": {action.value: why for action, why in one.actions.items()},
    }


def _notice_json(one: NoticeEntry) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "id": one.id,
        "why": one.found,
        "letters": list(one.letters),
        "owner": one.owner,
        "since": one.since.isoformat(),
        "due": one.due.isoformat(),
        "late": one.late,
    }


def _stop_json(one: StopView) -> dict[str, Any]:
    return {
        "id": one.id,
        "scope": one.scope.value,
        "value": one.value,
        "reason": one.reason,
        "set_by": one.set_by,
        "set_at": one.set_at.isoformat(),
        "kept_back": one.kept_back,
        "releasing": one.releasing,
    }
