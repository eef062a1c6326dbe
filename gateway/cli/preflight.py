"""`gateway preflight FILE.pdf`: checks a PDF as the run would, without database or provider.

What is printed with `--json` is stable; without it the same is said in German. The exit code is 1 where a finding
would keep the letter from being approved.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.domain.findings import Severity, has_error
from gateway.domain.pieces.mailpiece import sheets_for

if TYPE_CHECKING:
    from gateway.ports.renderer import PreflightReport

_MARKS = {Severity.ERROR: "Fehler", Severity.WARNING: "Warnung", Severity.INFO: "Hinweis"}


def register(app: typer.Typer) -> None:
    """Add the command to the `gateway` command."""
    app.command("preflight")(preflight)


def preflight(
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf", exists=True, dir_okay=False, readable=True)],
    *,
    profile: Annotated[str, typer.Option(help="Druckprofil des Druckdienstleisters.")] = "epost",
    simplex: Annotated[bool, typer.Option("--simplex", help="Blätter bei einseitigem Druck zählen.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Ein JSON-Dokument auf der Standardausgabe.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png", help="Bild der ersten Seite mit Befund; die Befunde sind rot markiert."
        ),
    ] = None,
) -> None:
    """Druckprüfung eines PDF: Zonen, Schriften, Seiten und die Anschrift im Fenster."""
    # Reading PDFs is slow to import, and no other command needs it.
    from gateway.providers.profiles import load_profile  # noqa: PLC0415
    from gateway.rendering import preflight as checks  # noqa: PLC0415

    pdf = file.read_bytes()
    report = checks.preflight(pdf, load_profile(profile), None)
    if picture is not None:
        _write_picture(picture, pdf, report)
    sheets = sheets_for(report.pages, duplex=not simplex)
    if as_json:
        typer.echo(json.dumps(report.as_json(duplex=not simplex), ensure_ascii=False, indent=2))
    else:
        _print(report, sheets)
    if has_error(report.findings):
        raise typer.Exit(1)


def _print(report: "PreflightReport", sheets: int) -> None:
    typer.echo(f"{report.pages} {'Seite' if report.pages == 1 else 'Seiten'}, {sheets} Blatt")
    typer.echo("Anschrift im Fenster:")
    for line in report.address or ["(keine)"]:
        typer.echo(f"  {line}")
    for finding in report.findings:
        where = f"Seite {finding.page}" if finding.page else "Dokument"
        if finding.box:
            x0, y0, x1, y1 = (f"{edge:.1f}".replace(".", ",") for edge in finding.box.as_list())
            where += f", x {x0}–{x1}, y {y0}–{y1} mm"
        typer.echo(f"{_MARKS[finding.severity]} {finding.code} ({where})\n  {finding.message}")
    typer.echo("Nicht druckfertig." if has_error(report.findings) else "Druckfertig.")


def _write_picture(target: Path, pdf: bytes, report: "PreflightReport") -> None:
    """The first page that has a finding, else the first page."""
    from gateway.rendering.pictures import picture_with_findings  # noqa: PLC0415

    page = next((finding.page for finding in report.findings if finding.page), 1)
    target.write_bytes(picture_with_findings(pdf, page, report.findings, dpi=100))
    typer.echo(f"Bild von Seite {page}: {target}", err=True)
