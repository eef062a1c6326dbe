"""`gateway letters …`: write, approve and see letters."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.clearing import forwarding, withholding
from gateway.application.letters import approving, drafting
from gateway.application.letters.choosing_service import choose_service
from gateway.application.letters.enclosing import enclose
from gateway.application.letters.rendering import render_letter
from gateway.application.letters.taking import bounded_bytes
from gateway.application.letters.uploading import Upload, import_letter
from gateway.application.reads.showing import letter_view
from gateway.application.receipt.delivering import store_scan
from gateway.application.receipt.serving import record
from gateway.application.services import Services
from gateway.application.trail.auditing import read_letter
from gateway.application.views import explaining
from gateway.application.views.listing import list_letters
from gateway.application.views.shaping import as_json, line_json
from gateway.cli.context import console, print_json, read_json, services_for
from gateway.cli.options import As, Json
from gateway.domain.account.standing import Standing
from gateway.domain.letters.letter import LetterState
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import Outcome
from gateway.domain.references import for_people

Reference = Annotated[str, typer.Argument(help="Reference of the letter.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    letters = typer.Typer(help="Letters.", no_args_is_help=True)
    app.add_typer(letters, name="letters")
    letters.command("new")(_new)
    letters.command("approve")(_approve)
    letters.command("show")(_show)
    letters.command("list")(_list)
    letters.command("import")(_import)
    letters.command("enclose")(_enclose)
    letters.command("hold")(_hold)
    letters.command("let-go")(_let_go)
    letters.command("cancel")(_cancel)
    letters.command("service")(_service)
    letters.command("prove")(_prove)
    letters.command("bring-forward")(_bring_forward)
    app.command("explain")(_explain)


def _new(
    context: typer.Context,
    case: Annotated[str, typer.Option(help="Reference or file number of the case.")],
    template: Annotated[str, typer.Option(help="Name of the template.")],
    data: Annotated[Path, typer.Option(help="JSON with the letter's data.")],
    login: As,
    recipient: Annotated[list[str] | None, typer.Option(help="Person reference; may be repeated.")] = None,
    decision_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Else today.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Do not submit for approval yet.")] = False,
    accept_duplicate: Annotated[bool, typer.Option(help="A second letter like this is intended.")] = False,
    json: Json = False,
) -> None:
    """Write a letter, submit it for approval, render and check it."""
    with services_for(context) as services:
        reference = drafting.write_letter(
            services,
            login,
            case=case,
            template=template,
            data=read_json(data),
            recipients=recipient,
            decision_date=decision_date.date() if decision_date else None,
        )
        if not draft:
            drafting.submit(services, login, reference, accept_duplicate=accept_duplicate)
            render_letter(services, reference)
        state = _print(services, login, reference, json=json)
    if state == LetterState.FAULTY.value:
        raise typer.Exit(1)


def _import(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.pdf", exists=True, dir_okay=False, help="Finished PDF.")
    ],
    case: Annotated[str, typer.Option(help="Reference or file number of the case.")],
    login: As,
    title: Annotated[str, typer.Option(help="What kind of letter it is.")] = "Schreiben aus dem Fachverfahren",
    decision: Annotated[bool, typer.Option("--decision", help="A decision: a second person approves.")] = False,
    no_remedy_notice: Annotated[bool, typer.Option(help="The decision has no Rechtsbehelfsbelehrung.")] = False,
    recipient: Annotated[
        str | None, typer.Option(help="Person reference, if the window shows another address.")
    ] = None,
    decision_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Else today.")] = None,
    accept_duplicate: Annotated[bool, typer.Option(help="The same file once more is intended.")] = False,
    json: Json = False,
) -> None:
    """Take in a finished PDF of line-of-business software, repair what is safe, and check it."""
    upload = Upload(
        bounded_bytes(file),
        case,
        title,
        decision=decision,
        remedy_notice=not no_remedy_notice,
        recipient=recipient,
        decision_date=decision_date.date() if decision_date else None,
    )
    with services_for(context) as services:
        reference = import_letter(services, login, upload, accept_duplicate=accept_duplicate)
        state = _print(services, login, reference, json=json)
    if state == LetterState.FAULTY.value:
        raise typer.Exit(1)


def _enclose(
    context: typer.Context,
    reference: Reference,
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf", exists=True, dir_okay=False, help="Enclosure.")],
    login: As,
    title: Annotated[str, typer.Option(help="What the enclosure is called.")] = "Anlage",
    json: Json = False,
) -> None:
    """Add an enclosure; a letter that was already submitted is submitted and checked again."""
    with services_for(context) as services:
        before = letter_view(services, login, reference)
        enclose(services, login, reference, bounded_bytes(file), title)
        if before.state in {LetterState.READY, LetterState.FAULTY}:
            drafting.submit(services, login, reference, accept_duplicate=True)
            render_letter(services, reference)
        state = _print(services, login, reference, json=json)
    if state == LetterState.FAULTY.value:
        raise typer.Exit(1)


def _approve(context: typer.Context, reference: Reference, login: As, json: Json = False) -> None:
    """Approve a letter that is ready: the next run takes it."""
    with services_for(context) as services:
        approving.approve(services, login, reference)
        _print(services, login, reference, json=json)


def _show(
    context: typer.Context,
    reference: Reference,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator's view.")] = None,
    json: Json = False,
) -> None:
    """One letter with everything known about it."""
    with services_for(context) as services:
        _print(services, login, reference, json=json)


def _list(
    context: typer.Context,
    login: Annotated[str | None, typer.Option("--as", help="Login; else the operator's view.")] = None,
    case: Annotated[str | None, typer.Option(help="Only letters of this case.")] = None,
    status: Annotated[Standing | None, typer.Option(help="Only letters that stand like this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    json: Json = False,
) -> None:
    """Letters, newest first."""
    with services_for(context) as services:
        lines = list_letters(services, login, case=case, standing=status, limit=limit)
    if json:
        print_json([line_json(line) for line in lines])
        return
    table = Table("Schreiben", "Aktenzeichen", "Dienststelle", "Titel", "Stand", "Aufgabe zur Post")
    for line in lines:
        posted = f"{line.posted_on:%d.%m.%Y}" if line.posted_on else ""
        table.add_row(
            for_people(line.reference), line.file_number, line.office, line.title, line.standing.value, posted
        )
    console.print(table)


def _hold(
    context: typer.Context, reference: Reference, login: As, reason: Annotated[str, typer.Option(help="Why.")]
) -> None:
    """Keep a letter out of the runs."""
    with services_for(context) as services:
        withholding.hold(services, login, reference, reason)


def _let_go(context: typer.Context, reference: Reference, login: As) -> None:
    """End the holding."""
    with services_for(context) as services:
        withholding.let_go(services, login, reference)


def _cancel(
    context: typer.Context, reference: Reference, login: As, reason: Annotated[str, typer.Option(help="Why.")]
) -> None:
    """Cancel a letter: here before its release, after it through the provider, where it offers that."""
    with services_for(context) as services:
        withholding.cancel(services, login, reference, reason)


def _bring_forward(context: typer.Context, reference: Reference, login: As) -> None:
    """Let a letter that waits in the provider's hold basket go to print now."""
    with services_for(context) as services:
        forwarding.bring_forward(services, login, reference)


def _service(
    context: typer.Context,
    reference: Reference,
    service: Annotated[Service, typer.Argument(help="How it is to travel.")],
    login: As,
    reason: Annotated[str, typer.Option(help="Why, if the template provides another service.")] = "",
    option: Annotated[list[OrderOption] | None, typer.Option(help="With pzu; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Choose how a draft travels (Versandart); it is submitted anew afterwards."""
    with services_for(context) as services:
        choose_service(services, login, reference, service, reason, option or ())
        _print(services, login, reference, json=json)


def _prove(
    context: typer.Context,
    reference: Reference,
    login: As,
    outcome: Annotated[Outcome, typer.Option(help="What the certificate, slip or record says.")],
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day on which it was served.")
    ] = None,
    recipient: Annotated[int, typer.Option(help="Number of the recipient.")] = 1,
    received_by: Annotated[str, typer.Option(help="Who took it.")] = "",
    place: Annotated[str, typer.Option(help="Where.")] = "",
    number: Annotated[str, typer.Option(help="Number of the certificate or slip.")] = "",
    scan: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Its image as PDF.")] = None,
    json: Json = False,
) -> None:
    """Record what proves receipt: certificate of service, Rückschein, or the carrier's record of registered mail."""
    with services_for(context) as services:
        record(
            services,
            login,
            reference,
            recipient,
            outcome,
            day.date() if day else None,
            place=place,
            received_by=received_by,
            certificate=number,
            scan=store_scan(services, bounded_bytes(scan)) if scan else None,
        )
        _print(services, login, reference, json=json)


def _explain(context: typer.Context, reference: Reference, json: Json = False) -> None:
    """Say why a letter is where it is, and what happens next."""
    with services_for(context) as services:
        read_letter(services, None, reference)
        sentences = explaining.explain(services, reference)
    if json:
        print_json({"reference": reference, "sentences": sentences})
    else:
        console.print("\n".join(sentences))


def _print(services: Services, login: str | None, reference: str, *, json: bool) -> str:
    view = read_letter(services, login, reference)
    if json:
        print_json(as_json(view))
        return view.state
    console.print(f"{for_people(view.reference)}  {view.title}  {view.standing.value}")
    for sentence in explaining.explain(services, reference):
        console.print(f"  {sentence}")
    return view.state
