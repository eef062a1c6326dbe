"""`gateway account` and `gateway sweep`: what became of everything, and whether what is stored is still what it was."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.application.account.account_sheet import account_sheet, hand_out
from gateway.application.account.patrolling import Swept, sweep, sweep_state
from gateway.application.account.reconciling import AccountPage, Selection, copies_on
from gateway.application.services import Services
from gateway.cli.context import console, print_json, run_named, services_for, write_bytes
from gateway.cli.options import Json
from gateway.domain.account.account import Line
from gateway.domain.account.account_report import AccountReport, InboundBalance, meaning_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("account")(_account)
    app.command("sweep")(_sweep)


def _account(
    context: typer.Context,
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Approved on this day; else all.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="A run, such as 2026-11-20-1.")] = None,
    office: Annotated[str | None, typer.Option(help="Key of an office.")] = None,
    line: Annotated[Line | None, typer.Option(help="List the letters of a line instead.")] = None,
    returned: Annotated[bool, typer.Option("--returned", help="List what was posted and came back.")] = False,
    after: Annotated[int, typer.Option(help="Where the list goes on.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the sheet as a PDF.")] = None,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator.")] = None,
    json: Json = False,
) -> None:
    """The zero-balance account: approved = posted + held + cancelled + failed + under way, to the letter."""
    chosen = Selection(day.date() if day else None, run_named(run) if run else None, office)
    with services_for(context) as services:
        if line is not None or returned:
            page = copies_on(
                services,
                line or Line.POSTED,
                login=login,
                chosen=chosen,
                returned=returned,
                after=after,
            )
            _print_line(page, json=json)
            return
        sheet = (
            _write(services, login, chosen, out) if out is not None else account_sheet(services, login, chosen)
        )
    if json:
        print_json(_as_json(sheet))
    else:
        _print(sheet)
    if not sheet.account.balanced or any(one.missing or one.unexplained for one in sheet.inbound):
        raise typer.Exit(1)


def _write(services: Services, login: str | None, chosen: Selection, out: Path) -> AccountReport:
    sheet, content = hand_out(services, login, chosen)
    write_bytes(out, content)
    return sheet


def _as_json(sheet: AccountReport) -> dict[str, object]:
    account = sheet.account
    return {
        "balanced": account.balanced,
        "approved": account.approved,
        "lines": {line.value: count for line, count in account.lines.items()},
        "returned": account.returned,
        "unexplained": [
            {"letter": name, "code": code, "message": meaning_of(code)} for name, code in account.unexplained
        ],
        "standings": {standing.value: count for standing, count in account.standings.items()},
        "offices": {key: {line.value: n for line, n in each.items()} for key, each in account.offices.items()},
        "returned_of": dict(account.returned_of),
        "inbound": [_inbound(one) for one in sheet.inbound],
        "inbound_days": [_inbound(one) for one in sheet.inbound_days],
        "sweep": {
            "documents_overdue": sheet.documents_overdue,
            "filed_overdue": sheet.filed_overdue,
            "rows_checked_at": sheet.rows_checked_at.isoformat() if sheet.rows_checked_at else None,
        },
        "copies_sha256": account.digest or None,
        "sheet_sha256": sheet.sha256,
    }


def _inbound(one: InboundBalance) -> dict[str, object]:
    return {
        "source": one.source,
        "delivery": one.delivery,
        "received_on": one.received_on.isoformat(),
        "scanned": one.scanned,
        "filed": one.filed,
        "to_file": one.to_file,
        "desk": one.desk,
        "quarantined": one.quarantined,
        "given_back": one.given_back,
        "missing": one.missing,
        "unexplained": [
            {"document": name, "code": code, "message": meaning_of(code)} for name, code in one.unexplained
        ],
        "oldest_days": one.oldest_days,
        "refused": one.refused or None,
    }


def _print(sheet: AccountReport) -> None:
    account = sheet.account
    console.print(f"Tagessaldo: {sheet.about}", markup=False)
    console.print(
        f"freigegeben {account.approved} = "
        + " + ".join(f"{line.value} {count}" for line, count in account.lines.items())
    )
    if account.returned:
        console.print(f"posted: davon zurückgekommen {account.returned}")
    for name, code in account.unexplained:
        console.print(f"ungeklärt: {name} {meaning_of(code)} ({code})", style="red", markup=False)
    for one in sheet.inbound_days:
        console.print(
            f"Posteingang {one.received_on:%d.%m.%Y}, {one.delivery}: gescannt {one.scanned}, offen "
            f"{one.desk + one.to_file}, es fehlen {one.missing}",
            style="red" if one.missing else None,
        )
    for one in sheet.inbound:
        if one.refused:
            console.print(
                f"Posteingang {one.received_on:%d.%m.%Y} {one.delivery}: ganze Lieferung in Quarantäne seit "
                f"{one.oldest_days} Tagen ({one.refused})",
                style="red",
                markup=False,
            )
            continue
        console.print(
            f"Posteingang {one.received_on:%d.%m.%Y} {one.delivery}: gescannt {one.scanned} = Akte {one.filed} + "
            f"abzulegen {one.to_file} + Klärung {one.desk} + Quarantäne {one.quarantined} + zurück {one.given_back}"
            + (f", es fehlen {one.missing}" if one.missing else ""),
            style="red" if one.missing else None,
            markup=False,
        )
        for name, code in one.unexplained:
            console.print(f"ungeklärt: {name} {meaning_of(code)} ({code})", style="red", markup=False)


def _print_line(page: AccountPage, *, json: bool) -> None:
    if json:
        letters = [{"letter": name, "office": office, "standing": word} for name, office, word in page.copies]
        print_json({"letters": letters, "next_after": page.next_after})
        return
    for name, office, standing in page.copies:
        console.print(f"{name}  {office}  {standing}", markup=False)
    if page.next_after is not None:
        console.print(f"weiter mit --after {page.next_after}")


def _sweep(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="All of it now, not only the next part.")] = False,
    json: Json = False,
) -> None:
    """Read stored documents, filed documents and rows again, the longest unseen first, and prove them."""
    with services_for(context) as services:
        report = sweep(services, everything=everything)
        state = sweep_state(services)
    if json:
        print_json(
            {
                "documents": report.documents,
                "filed": report.filed,
                "copies": report.copies,
                "findings": report.open,
                "documents_overdue": state.documents_overdue,
                "filed_overdue": state.filed_overdue,
            }
        )
    else:
        _print_sweep(report)
    if report.open:
        raise typer.Exit(1)


def _print_sweep(report: Swept) -> None:
    console.print(
        f"Geprüft: {report.documents} Dokumente, {report.filed} Dokumente in Akten, {report.copies} Sendungen; "
        f"offene Befunde: {report.open}. Der Tagessaldo nennt ihre Schreiben."
    )
