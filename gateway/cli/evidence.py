"""`gateway evidence`: the posting file of one letter, as a court would want it."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.application.evidence.evidencing import packed, posting_file
from gateway.cli.context import console, print_json, services_for, write_bytes


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evidence")(_evidence)


def _evidence(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="Reference of the letter.")],
    out: Annotated[Path, typer.Option(metavar="FILE.zip", help="Where to write it.")],
    login: Annotated[
        str | None, typer.Option("--as", help="Login of the user who asks; else the operator.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Write all that proves what was sent, when, and by whom, as one ZIP that anyone can check."""
    with services_for(context) as services:
        archive, manifest = packed(services, posting_file(services, login, reference))
    write_bytes(out, archive, private=True)
    if json:
        print_json(manifest)
    else:
        console.print(f"{out}: {len(archive)} Bytes, SHA-256 {manifest['archive_sha256']}")
