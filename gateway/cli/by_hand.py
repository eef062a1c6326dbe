"""`gateway by-hand …`: letters that leave the house at once: print, post, hand over, give to a courier, put back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.by_hand.by_hand_view import ByHandLine, waiting_by_hand
from gateway.application.by_hand.leaving_by_hand import (
    Handing,
    courier_reports,
    give_to_courier,
    hand_over_in_person,
    post,
)
from gateway.application.by_hand.printing import print_here
from gateway.application.by_hand.taking_by_hand import put_back, take
from gateway.application.letters.taking import bounded_bytes
from gateway.application.reads.showing import letter_view
from gateway.application.receipt.delivering import Receipt, Scan, correct, store_scan
from gateway.application.services import Services
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json, Reason
from gateway.domain.receipt.delivery import Outcome
from gateway.domain.references import for_people
from gateway.domain.runs.by_hand import HandChannel, Leaving
from gateway.errors import NotFound

Piece = Annotated[str, typer.Argument(help="Reference of the piece (Sendung).")]
Letter = Annotated[str, typer.Argument(help="Reference of the letter.")]
GivenBy = Annotated[str, typer.Option(help="Who of the house gave it away.")]
Carrier = Annotated[str, typer.Option(help="Carrier or courier.")]
Number = Annotated[str, typer.Option(help="Number of the carrier's receipt or of the order.")]
At = Annotated[datetime, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When, at the authority's seat.")]
ReceivedBy = Annotated[str, typer.Option(help="Who took it, as signed.")]
Place = Annotated[str, typer.Option(help="Where.")]
ScanFile = Annotated[
    Path | None, typer.Option("--scan", exists=True, dir_okay=False, help="The receipt as PDF.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    by_hand = typer.Typer(help="Letters that leave by hand (von Hand).", no_args_is_help=True)
    app.add_typer(by_hand, name="by-hand")
    for name, command in (
        ("list", _list),
        ("take", _take),
        ("print", _print),
        ("posted", _posted),
        ("handed-over", _handed_over),
        ("courier", _courier),
        ("received", _received),
        ("put-back", _put_back),
        ("correct", _correct),
    ):
        by_hand.command(name)(command)


def _list(context: typer.Context, login: As, json: Json = False) -> None:
    """What waits to be printed, to leave, or to be heard of."""
    with services_for(context) as services:
        lines = waiting_by_hand(services, login)
    if json:
        print_json([_line_json(line) for line in lines])
        return
    table = Table("bis", "Sendung", "Schreiben", "Stand", "gewünscht", "Grund")
    for line in lines:
        letters = ", ".join(for_people(one.reference) for one in line.letters)
        due = f"{line.due:%d.%m.%Y}{' !' if line.late else ''}"
        table.add_row(
            due, for_people(line.piece), letters, line.step.value, line.wanted.value, line.fault or line.reason
        )
    console.print(table)


def _take(
    context: typer.Context,
    reference: Letter,
    login: As,
    reason: Reason,
    channel: Annotated[HandChannel, typer.Option(help="How it is to leave.")] = HandChannel.POST,
    recipient: Annotated[list[int] | None, typer.Option(help="Only these recipients, by number.")] = None,
    json: Json = False,
) -> None:
    """Take an approved letter out of the runs: it leaves by hand."""
    with services_for(context) as services:
        pieces = take(services, login, reference, channel, reason, numbers=recipient or ())
    _say(
        json,
        {"pieces": [for_people(piece) for piece in pieces]},
        f"Sendung {', '.join(map(for_people, pieces))}",
    )


def _print(
    context: typer.Context,
    piece: Piece,
    login: As,
    out: Annotated[Path, typer.Option(help="File for the print copy.")],
    again: Annotated[str, typer.Option(help="Reason for a further print.")] = "",
    json: Json = False,
) -> None:
    """Write the certified print copy to a file, to be printed now."""
    with services_for(context) as services:
        opened = print_here(services, login, piece, again=again)
    out.write_bytes(opened.content)
    _say(json, {"file": str(out)}, f"{out} geschrieben; bitte jetzt drucken.")


def _posted(
    context: typer.Context,
    piece: Piece,
    login: As,
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the posting.")],
    given_by: GivenBy,
    carrier: Carrier,
    product: Annotated[str, typer.Option(help="How it was franked.")],
    receipt: Number = "",
    json: Json = False,
) -> None:
    """Record that it was given to a carrier: the Ab-Vermerk, in your name."""
    leaving = Leaving(HandChannel.POST, day.date(), given_by, carrier, product, receipt)
    with services_for(context) as services:
        posted_on = post(services, login, piece, leaving)
    _say(json, {"posted_on": posted_on.isoformat()}, f"Aufgabe am {posted_on:%d.%m.%Y} vermerkt.")


def _handed_over(
    context: typer.Context,
    piece: Piece,
    login: As,
    at: At,
    given_by: GivenBy,
    received_by: ReceivedBy,
    signed: Annotated[bool, typer.Option("--signed", help="The receipt is acknowledged in writing.")] = False,
    outcome: Annotated[Outcome, typer.Option(help="To whom.")] = Outcome.HANDED_ADDRESSEE,
    place: Place = "",
    scan: ScanFile = None,
    json: Json = False,
) -> None:
    """Record that it was handed over in person."""
    with services_for(context) as services:
        handing = Handing(outcome.value, received_by, signed=signed, place=place, scan=_stored(services, scan))
        day = hand_over_in_person(services, login, piece, given_by, _here(services, at), handing)
    _say(json, {"effective_on": day.isoformat()}, f"Übergabe am {day:%d.%m.%Y} vermerkt.")


def _courier(
    context: typer.Context,
    piece: Piece,
    login: As,
    at: At,
    given_by: GivenBy,
    carrier: Carrier,
    receipt: Number = "",
    json: Json = False,
) -> None:
    """Record that a courier has it."""
    leaving = Leaving(HandChannel.COURIER, at.date(), given_by, carrier, receipt=receipt)
    with services_for(context) as services:
        give_to_courier(services, login, piece, leaving, _here(services, at))
    _say(json, {"given_at": at.isoformat()}, "Dem Kurier übergeben; bitte den Empfang vermerken.")


def _received(
    context: typer.Context,
    piece: Piece,
    login: As,
    outcome: Annotated[Outcome, typer.Option(help="What the courier's receipt says.")],
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When it was received.")
    ] = None,
    received_by: ReceivedBy = "",
    place: Place = "",
    scan: ScanFile = None,
    json: Json = False,
) -> None:
    """Record what the courier's receipt says."""
    with services_for(context) as services:
        handing = Handing(outcome.value, received_by, signed=False, place=place, scan=_stored(services, scan))
        day = courier_reports(services, login, piece, _here(services, at) if at else None, handing)
    said = (
        f"Zugang am {day:%d.%m.%Y} vermerkt."
        if day
        else "Kein Zugang; die Sendung steht auf der Klärungsliste."
    )
    _say(json, {"effective_on": day.isoformat() if day else None}, said)


def _put_back(context: typer.Context, piece: Piece, login: As, reason: Reason, json: Json = False) -> None:
    """Nothing left the house: the letter goes with the next run."""
    with services_for(context) as services:
        gone = put_back(services, login, piece, reason)
    _say(json, {"put_back": for_people(gone)}, "Zurückgenommen; das Schreiben geht mit dem nächsten Tageslauf.")


def _correct(
    context: typer.Context,
    reference: Letter,
    login: As,
    outcome: Annotated[Outcome, typer.Option(help="What is true; recorded-in-error: nothing is proven.")],
    reason: Reason,
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the receipt.")
    ] = None,
    recipient: Annotated[int, typer.Option(help="Number of the recipient.")] = 1,
    received_by: ReceivedBy = "",
    json: Json = False,
) -> None:
    """Correct a proof of receipt (Zugangsnachweis); the earlier record stays in sight."""
    with services_for(context) as services:
        view = letter_view(services, login, reference)
        last = next((one.proofs[-1] for one in view.recipients if one.number == recipient and one.proofs), None)
        if last is None:
            raise NotFound("delivery-not-proven", "Zu dieser Sendung gibt es keinen Zugangsnachweis.")
        effective = day.date() if day else None
        receipt = Receipt(last.kind, outcome.value, effective, received_by=received_by, data=dict(last.data))
        correct(services, login, reference, recipient, receipt, reason)
    _say(json, {"outcome": outcome.value, "effective_on": effective and effective.isoformat()}, "Berichtigt.")


def _stored(services: Services, file: Path | None) -> Scan | None:
    return store_scan(services, bounded_bytes(file)) if file else None


def _here(services: Services, at: datetime) -> datetime:
    return at.replace(tzinfo=services.schedule.zone)


def _say(json: bool, document: dict[str, Any], sentence: str) -> None:
    if json:
        print_json(document)
    else:
        console.print(sentence, markup=False)


def _line_json(line: ByHandLine) -> dict[str, Any]:
    return {
        "piece": for_people(line.piece),
        "letters": [for_people(one.reference) for one in line.letters],
        "office": line.office,
        "step": line.step.value,
        "wanted": line.wanted.value,
        "reason": line.reason,
        "asked_by": line.asked_by,
        "asked_at": line.asked_at.astimezone(UTC).isoformat(),
        "due": line.due.isoformat(),
        "late": line.late,
        "prints": line.prints,
        "carrier": line.carrier,
        "problem": line.fault,
    }
