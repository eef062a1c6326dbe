"""`gateway certificates-of-service …`: Zustellungsurkunden that came in, what they say, and what waits for a person."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.certificates_in import certificates_due, collect_certificates
from gateway.application.reading_certificates import (
    CertificateView,
    certificates_waiting,
    put_certificate_aside,
    read_certificate,
)
from gateway.cli.context import console, print_json, services_for
from gateway.domain.delivery import OUTCOMES, DeliveryKind
from gateway.domain.references import for_people

As = Annotated[str, typer.Option("--as", help="Login of who does it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Notice = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the certificate, as `list` shows it.")]
_OUTCOMES = ", ".join(OUTCOMES[DeliveryKind.CERTIFICATE])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Certificates of service that came in.", no_args_is_help=True)
    app.add_typer(group, name="certificates-of-service")
    group.command("list")(_list)
    group.command("record")(_record)
    group.command("put-aside")(_put_aside)
    group.command("collect")(_collect)


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
            f"{one.noticed_at:%d.%m.%Y}",
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
