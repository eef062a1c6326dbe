"""`gateway certificates-of-service …`: proofs of receipt that came in, what they say, and what waits for a person."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.letters.taking import bounded_bytes
from gateway.application.receipt.certificates_in import certificates_due, collect_certificates
from gateway.application.receipt.delivering import store_scan
from gateway.application.receipt.reading_certificates import (
    CertificateView,
    certificates_waiting,
    put_certificate_aside,
    read_certificate,
)
from gateway.application.receipt.told_deliveries import (
    ToldDelivery,
    confirm_told,
    put_told_aside,
    told_deliveries,
)
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json
from gateway.domain.receipt.delivery import CARRIERS_RECORDS, OUTCOMES, DeliveryKind
from gateway.domain.references import for_people

Notice = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the certificate, as `list` shows it.")]
Told = Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, as `told` shows it.")]
_OUTCOMES = ", ".join(OUTCOMES[DeliveryKind.CERTIFICATE])
_RECORDS = ", ".join(outcome for kind in sorted(CARRIERS_RECORDS) for outcome in OUTCOMES[kind])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Certificates of service that came in, and registered mail that was told to be delivered.",
        no_args_is_help=True,
    )
    app.add_typer(group, name="certificates-of-service")
    group.command("list")(_list)
    group.command("record")(_record)
    group.command("put-aside")(_put_aside)
    group.command("collect")(_collect)
    group.command("told")(_told)
    group.command("confirm-told")(_confirm_told)
    group.command("put-told-aside")(_put_told_aside)


def _list(context: typer.Context, login: As, json: Json = False) -> None:
    """What waits for you: what came on paper and is to be read, and what cannot be right. Oldest first."""
    with services_for(context) as services:
        found = certificates_waiting(services, login)
    if json:
        print_json([_json(one) for one in found])
        return
    table = Table("Nr.", "gekommen", "Schreiben", "Warum", "Vorschlag", "Tag")
    for one in found:
        table.add_row(
            str(one.id),
            f"{services.day_of(one.noticed_at):%d.%m.%Y}",
            ", ".join(for_people(reference) for reference, _ in one.letters),
            one.found,
            one.outcome or "",
            f"{one.effective_on:%d.%m.%Y}" if one.effective_on else "",
        )
    console.print(table)


def _record(
    context: typer.Context,
    number: Notice,
    login: As,
    outcome: Annotated[str, typer.Option(help=f"What it says: {_OUTCOMES}.")],
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="When it was served.")
    ] = None,
    place: Annotated[str, typer.Option(help="Where.")] = "",
    by: Annotated[str, typer.Option(help="Who served it.")] = "",
    letter: Annotated[str, typer.Option(help="Reference of its letter, if it matched none.")] = "",
    recipient: Annotated[int, typer.Option(help="Number of the recipient.")] = 1,
    reason: Annotated[str, typer.Option(help="Why an earlier proof is corrected; it is kept.")] = "",
) -> None:
    """Say what a certificate says, after a look at its picture: effective date and deadline follow."""
    with services_for(context) as services:
        read_certificate(
            services,
            login,
            number,
            outcome=outcome,
            effective_on=day.date() if day else None,
            place=place,
            served_by=by,
            reason=reason,
            reference=letter,
            number=recipient,
        )
    console.print("Die Zustellung ist vermerkt.")


def _put_aside(
    context: typer.Context,
    number: Notice,
    login: As,
    reason: Annotated[str, typer.Option(help="Why nothing follows from it; it is kept.")],
) -> None:
    """Say that nothing follows from a certificate; it is kept, with the reason."""
    with services_for(context) as services:
        put_certificate_aside(services, login, number, reason)
    console.print("Die Urkunde ist abgelegt.")


def _collect(context: typer.Context, json: Json = False) -> None:
    """Record what print houses publish, and look at scanned ones, as the schedule does; may be repeated."""
    with services_for(context) as services:
        told, scanned = collect_certificates(services), certificates_due(services)
    if json:
        print_json({"recorded": told.recorded, "waiting": told.waiting + scanned.waiting})
    else:
        console.print(f"Vermerkt: {told.recorded}; zu lesen oder zu klären: {told.waiting + scanned.waiting}.")


def _told(
    context: typer.Context,
    login: As,
    everything: Annotated[bool, typer.Option("--all", help="Also what changes no deadline.")] = False,
    json: Json = False,
) -> None:
    """Registered mail that a provider tells to be delivered, and what hangs on it; it waits for your word."""
    with services_for(context) as services:
        found = told_deliveries(services, login, everything=everything)
    if json:
        print_json([_told_json(one) for one in found])
        return
    table = Table("Nr.", "Schreiben", "Zugang", "Fiktion", "Sendungsnummer", "Warum")
    for one in found:
        letters = ", ".join(for_people(reference) for reference, _ in one.letters)
        days = [f"{day:%d.%m.%Y}" if day else "" for day in (one.on, one.deemed)]
        table.add_row(str(one.id), letters, *days, one.tracking_number, one.why)
    console.print(table)


def _confirm_told(
    context: typer.Context,
    number: Told,
    login: As,
    outcome: Annotated[str, typer.Option(help=f"What the carrier's record says: {_RECORDS}.")] = "",
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="If the record says another day.")
    ] = None,
    received_by: Annotated[str, typer.Option(help="Who took it.")] = "",
    scan: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The carrier's record as PDF.")
    ] = None,
) -> None:
    """Make it a proof of receipt; without the carrier's record only the status is believed."""
    with services_for(context) as services:
        on = confirm_told(
            services,
            login,
            number,
            outcome=outcome,
            effective_on=day.date() if day else None,
            received_by=received_by,
            scan=store_scan(services, bounded_bytes(scan)) if scan else None,
        )
    console.print(f"Der Zugang am {on:%d.%m.%Y} ist vermerkt.")


def _put_told_aside(
    context: typer.Context,
    number: Told,
    login: As,
    reason: Annotated[str, typer.Option(help="Why nothing follows from it; it is kept.")],
) -> None:
    """Say that nothing follows from what a provider told; it is kept, with the reason."""
    with services_for(context) as services:
        put_told_aside(services, login, number, reason)
    console.print("Die Meldung ist abgelegt.")


def _told_json(one: ToldDelivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "piece": for_people(one.piece),
        "letters": [{"letter": reference, "recipient": number} for reference, number in one.letters],
        "kind": one.kind.value,
        "provider": one.provider,
        "said": one.said,
        "date": one.on.isoformat() if one.on else None,
        "deemed": one.deemed.isoformat() if one.deemed else None,
        "tracking_number": one.tracking_number or None,
        "why": one.why,
    }


def _json(one: CertificateView) -> dict[str, Any]:
    return {
        "id": one.id,
        "came": one.noticed_at.isoformat(),
        "provider": one.provider,
        "inbound": one.inbound_id,
        "why": one.found,
        "letters": [{"letter": reference, "recipient": number} for reference, number in one.letters],
        "proposal": {
            "outcome": one.outcome,
            "date": one.effective_on.isoformat() if one.effective_on else None,
            "place": one.place,
            "by": one.served_by,
        },
    }
