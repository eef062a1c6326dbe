"""The `gateway` command: wires settings and sub-commands, and turns errors into exit codes.

`--json` prints one JSON document on standard output and nothing else there; messages go to standard error.
Exit code 0 done, 1 a finding or a refusal, 2 wrong usage, 3 and up as in `gateway.errors`.
"""

import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from gateway.cli import (
    administration,
    cases,
    checks,
    demo,
    inbound,
    letters,
    postings,
    preflight,
    rules,
    runs,
    serve,
    simulate,
)
from gateway.cli.context import Context
from gateway.errors import GatewayError

app = typer.Typer(
    help="Hybrid-mail gateway for public authorities.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (
    demo,
    serve,
    simulate,
    cases,
    letters,
    runs,
    postings,
    inbound,
    preflight,
    rules,
    checks,
    administration,
):
    part.register(app)


@app.callback()
def configure(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Else GATEWAY_CONFIG, else config.toml.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for database, documents and files.")] = None,
) -> None:
    """Read the options that every command shares."""
    context.obj = Context(config=config, data_dir=data_dir)


def run() -> None:
    """Entry point."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app()
    except GatewayError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        sys.exit(error.exit_code)
