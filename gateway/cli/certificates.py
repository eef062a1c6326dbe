"""`gateway certificates …`: what was proven of a run before any of its pieces left."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.runs.proving import certified_runs, run_proof
from gateway.cli.context import console, print_json, run_named, services_for, write_bytes
from gateway.domain.runs.proof import RunProof


def register(app: typer.Typer) -> None:
    """Add the commands."""
    certificates = typer.Typer(help="Certificates of runs.", no_args_is_help=True)
    certificates.command("list")(_list)
    certificates.command("show")(_show)
    app.add_typer(certificates, name="certificates")


def _list(
    context: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Runs that have certificates, newest first."""
    with services_for(context) as services:
        runs = certified_runs(services, None)
    if json:
        names = ("certificates", "pieces", "faulty")
        print_json(
            [{"run": f"{one.day}-{one.number}"} | {name: getattr(one, name) for name in names} for one in runs]
        )
        return
    table = Table("Tageslauf", "Zertifikate", "Sendungen", "Zurückgehalten")
    for one in runs:
        table.add_row(f"{one.day}-{one.number}", str(one.certificates), str(one.pieces), str(one.faulty))
    console.print(table)


def _show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Day of the run, and its number: 2026-11-20-1.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Write it as a PDF.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What was checked of a run, how, and with what result. Exit code 1 if a piece was kept back."""
    with services_for(context) as services:
        proof = run_proof(services, None, *run_named(run))
        if out is not None:
            write_bytes(out, services.proof_pdf(proof, services.schedule.zone))
    if json:
        print_json(_as_json(proof))
    elif out is None:
        _print(proof)
    if proof.faulty:
        raise typer.Exit(1)


def _as_json(proof: RunProof) -> dict[str, object]:
    return {
        "run": f"{proof.day}-{proof.number}",
        "pieces": proof.pieces,
        "faulty": proof.faulty,
        "sheets": proof.sheets,
        "pages_without_text": proof.pages_without_text,
        "checks": [{"title": one.title, "how": one.how, "failed": one.failed} for one in proof.checks],
        "tools": dict(proof.tools),
        "profiles": dict(proof.profiles),
        "certificates": [
            {
                "number": one.number,
                "sha256": one.sha256,
                "made_at": one.made_at.isoformat(),
                "pieces": len(one.pieces),
                "faulty": one.faulty,
            }
            for one in proof.certificates
        ],
    }


def _print(proof: RunProof) -> None:
    console.print(
        f"Tageslauf {proof.number} vom {proof.day:%d.%m.%Y}: {proof.pieces} Sendungen geprüft, "
        f"{proof.faulty} zurückgehalten"
    )
    for check in proof.checks:
        console.print(f"  {check.title}: {check.how} Nicht bestanden: {check.failed}")
    for one in proof.certificates:
        console.print(f"  Zertifikat {one.number}: {len(one.pieces)} Sendungen, SHA-256 {one.sha256}")
