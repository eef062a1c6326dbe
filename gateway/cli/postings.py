"""`gateway posting …`: what providers report as posted, the lists that prove it, a clerk's confirmation, exceptions."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.application.filing.filing import file_due
from gateway.application.letters.taking import bounded_bytes
from gateway.application.posting.enlisting import import_lists
from gateway.application.posting.excepting import propose, reject, second
from gateway.application.posting.posting import confirm, posting_days
from gateway.application.posting.posting_basis import Basis
from gateway.application.posting.posting_list_view import ListLine
from gateway.application.posting.posting_view import DayReport, PieceLine, ProviderDay, day_report
from gateway.application.posting.supplementing import enter
from gateway.application.posting.unreported_view import unreported
from gateway.application.services import Services
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json
from gateway.domain.references import for_people
from gateway.errors import InputError

Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day that was reported.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept and stands in the record of posting.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    posting = typer.Typer(help="Posting (Aufgabe zur Post).", no_args_is_help=True)
    app.add_typer(posting, name="posting")
    posting.callback()(_posting)
    posting.command("list")(_list)
    posting.command("show")(_show)
    posting.command("missing")(_missing)
    posting.command("confirm")(_confirm)
    posting.command("import")(_import)
    posting.command("except")(_except)
    posting.command("second")(_second)
    posting.command("number")(_number)
    posting.command("reject")(_reject)


def _posting() -> None:
    """Posting (Aufgabe zur Post)."""


def _list(context: typer.Context, login: As, json: Json = False) -> None:
    """Days for which a posting was reported, newest first."""
    with services_for(context) as services:
        days = posting_days(services, login)
    if json:
        print_json(
            [
                {"date": each.day.isoformat(), "pieces": each.pieces, "confirmed": each.confirmed}
                for each in days
            ]
        )
        return
    table = Table("Aufgabe zur Post", "gemeldet", "bestätigt")
    for each in days:
        table.add_row(f"{each.day:%d.%m.%Y}", str(each.pieces), str(each.confirmed))
    console.print(table)


def _show(context: typer.Context, day: Day, login: As, json: Json = False) -> None:
    """A day's report: what was reported, what lists prove, and what speaks against it."""
    with services_for(context) as services:
        report = day_report(services, login, day.date())
    if json:
        print_json(_report_json(report))
    else:
        _print(report)
    if report.held_back:
        raise typer.Exit(1)


def _missing(context: typer.Context, login: As, json: Json = False) -> None:
    """What was handed over and nobody reported as posted; two people may prove its day with `except`."""
    with services_for(context) as services:
        lines = unreported(services, login)
    if json:
        print_json(
            [
                {
                    "piece": for_people(line.piece),
                    "key": line.key,
                    "provider": line.provider,
                    "handed_over_at": line.handed_over_at.isoformat(),
                    "letters": [for_people(letter) for letter in line.letters],
                    "exception": line.waits,
                }
                for line in lines
            ]
        )
        return
    table = Table("Sendung", "Dienstleister", "übergeben", "Schreiben")
    for line in lines:
        letters = ", ".join(for_people(letter) for letter in line.letters)
        table.add_row(for_people(line.piece), line.provider, f"vor {line.age_days} Tagen", letters)
    console.print(table)


def _confirm(context: typer.Context, day: Day, login: As, json: Json = False) -> None:
    """Confirm what is clean of a day's postings; only then are its deadlines final."""
    with services_for(context) as services:
        pieces = [for_people(reference) for reference in confirm(services, login, day.date())]
        held_back = _held_back(services, login, day.date())
        file_due(services)
    if json:
        told = [{"piece": for_people(line.piece), "findings": _codes(line)} for line in held_back]
        print_json({"date": day.date().isoformat(), "confirmed": pieces, "held_back": told})
        return
    console.print(f"{len(pieces)} Sendungen vom {day:%d.%m.%Y} bestätigt.")
    for line in held_back:
        console.print(f"  {for_people(line.piece)} nicht: {', '.join(_codes(line))}", markup=False)


def _import(
    context: typer.Context,
    provider: Annotated[str | None, typer.Option(help="Only of this provider.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what lies there since long ago.")] = False,
    json: Json = False,
) -> None:
    """Take in the posting lists that providers have published; the same bytes are taken once."""
    with services_for(context) as services:
        if provider is not None and provider not in services.providers:
            raise InputError("provider-unknown", "Diesen Druckdienstleister kennt das Gateway nicht.")
        taken = import_lists(services, provider, everything=everything)
    if json:
        print_json({"imported": taken})
    else:
        console.print(f"{len(taken)} Einlieferungslisten übernommen: {', '.join(taken) or '–'}", markup=False)


def _except(
    context: typer.Context,
    pieces: Annotated[list[str], typer.Argument(help="References of the pieces.")],
    login: As,
    reason: Reason,
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the posting.")
    ] = None,
    not_posted: Annotated[bool, typer.Option("--not-posted", help="They were not posted.")] = False,
    source: Annotated[str, typer.Option(help="Whose word the evidence is, and of which day.")] = "",
    evidence: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="PDF; needed if nobody reported it.")
    ] = None,
    json: Json = False,
) -> None:
    """Propose what the check does not let pass, or correct what was confirmed; a second person confirms."""
    if (day is None) != not_posted:
        raise InputError("day-missing", "Bitte entweder --date oder --not-posted angeben.")
    basis = Basis(source, bounded_bytes(evidence)) if evidence else None
    with services_for(context) as services:
        number = propose(services, login, pieces, day.date() if day else None, reason, basis)
    if json:
        print_json({"exception": number})
    else:
        console.print(
            f"Vorgeschlagen. Eine zweite Person bestätigt mit: gateway posting second {number} --as …"
        )


def _number(
    context: typer.Context,
    piece: Annotated[str, typer.Argument(help="Reference of the piece.")],
    login: As,
    source: Annotated[str, typer.Option(help="Where the number stands.")],
    franking_id: Annotated[str, typer.Option(help="Frankier-ID.")] = "",
    tracking_number: Annotated[str, typer.Option(help="Number of registered mail.")] = "",
    json: Json = False,
) -> None:
    """Add a number of the carrier's that came after the record of posting was written; the record stays."""
    with services_for(context) as services:
        number = enter(
            services, login, piece, franking_id=franking_id, tracking_number=tracking_number, source=source
        )
        file_due(services)
    if json:
        print_json({"piece": piece, "supplement": number})
    else:
        console.print(f"Ergänzung {number} steht am Ab-Vermerk.")


def _second(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the exception.")],
    login: As,
    json: Json = False,
) -> None:
    """Confirm an exception as second person: its records of posting are written."""
    with services_for(context) as services:
        noted = [for_people(piece) for piece in second(services, login, number)]
        file_due(services)
    if json:
        print_json({"exception": number, "noted": noted})
    else:
        console.print(f"{len(noted)} Ab-Vermerke geschrieben.")


def _reject(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the exception.")],
    login: As,
    reason: Reason,
) -> None:
    """Decline an exception, or take an own one back."""
    with services_for(context) as services:
        reject(services, login, number, reason)


def _held_back(services: Services, login: str, day: date) -> list[PieceLine]:
    report = day_report(services, login, day)
    return [line for provider in report.providers for line in provider.held_back]


def _codes(line: PieceLine) -> list[str]:
    return [finding.code for finding in line.findings]


def _print(report: DayReport) -> None:
    for provider in report.providers:
        console.print(
            f"{provider.provider}: {provider.expected} gemeldet, {provider.listed} in einer Liste, "
            f"{provider.settled} bestätigt, {provider.ready} ohne Befund",
            markup=False,
        )
        for listed in provider.lists:
            _print_list(listed)
        for line in provider.held_back:
            console.print(f"  {for_people(line.piece)}", markup=False)
            for finding in line.findings:
                console.print(f"    {finding.code}: {finding.message}", markup=False)
        for missing in provider.missing:
            console.print(
                f"  {for_people(missing.piece)} noch nicht zur Post gegeben, übergeben vor {missing.age_days} Tagen"
            )


def _print_list(listed: ListLine) -> None:
    console.print(f"  Einlieferungsliste {listed.number}: {listed.lines} Zeilen", markup=False)
    for finding in listed.findings:
        console.print(f"    {finding.code}: {finding.message}", markup=False)


def _report_json(report: DayReport) -> dict[str, Any]:
    return {"date": report.day.isoformat(), "providers": [_provider_json(each) for each in report.providers]}


def _provider_json(day: ProviderDay) -> dict[str, Any]:
    return {
        "provider": day.provider,
        "evidence": day.agreed.evidence.value,
        "contract": day.agreed.contract,
        "expected": day.expected,
        "listed": day.listed,
        "confirmed": day.settled,
        "ready": day.ready,
        "lists": [_list_json(each) for each in day.lists],
        "pieces": [_piece_json(each) for each in day.pieces],
        "missing": [{"piece": for_people(each.piece), "age_days": each.age_days} for each in day.missing],
    }


def _list_json(listed: ListLine) -> dict[str, Any]:
    return {
        "number": listed.number,
        "kind": listed.kind.value,
        "date": listed.day.isoformat() if listed.day else None,
        "carrier": listed.carrier,
        "sha256": listed.sha256,
        "signature": None if listed.signed is None else listed.signed or "signature-valid",
        "counts": {"pieces": listed.told_pieces, "sheets": listed.told_sheets, "pages": listed.told_pages},
        "lines": listed.lines,
        "findings": [finding.as_json() for finding in listed.findings],
    }


def _piece_json(line: PieceLine) -> dict[str, Any]:
    return {
        "piece": for_people(line.piece),
        "letters": [for_people(letter.reference) for letter in line.letters],
        "handed_over_at": line.handed_over_at.isoformat() if line.handed_over_at else None,
        "posting_reported_on": line.reported_on.isoformat() if line.reported_on else None,
        "posting_confirmed_on": line.confirmed_on.isoformat() if line.confirmed_on else None,
        "list": line.list_number or None,
        "ready": line.ready,
        "exception": line.waits,
        "findings": [finding.as_json() for finding in line.findings],
    }
