"""The `gateway` command: wires the sub-commands, and turns errors into exit codes.

`--json` prints one JSON document on standard output and nothing else there; messages go to standard error.
Exit code 0 done, 1 a finding or a refusal, 2 wrong usage, 3 and up as in `gateway.errors`.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from gateway.cli.context import Context
from gateway.errors import GatewayError

PARTS = {
    "demo": "demo",
    "serve": "serve",
    "scheduler": "serve",
    "simulate": "simulate",
    "cases": "cases",
    "letters": "letters",
    "mailings": "mailings",
    "by-hand": "by_hand",
    "explain": "letters",
    "run": "runs",
    "forecast": "runs",
    "account": "account",
    "sweep": "account",
    "desk": "desk",
    "redrive": "desk",
    "stop": "desk",
    "resume": "desk",
    "reconcile": "reconcile",
    "divert": "divert",
    "posting": "postings",
    "inbound": "inbound",
    "returns": "returns",
    "preflight": "preflight",
    "deadlines": "rules",
    "postage": "rules",
    "address": "rules",
    "config": "checks",
    "providers": "checks",
    "casefiles": "checks",
    "templates": "templates",
    "doctor": "checks",
    "users": "administration",
    "tokens": "tokens",
    "certificates": "certificates",
    "certificates-of-service": "certificates_of_service",
    "evidence": "evidence",
    "audit": "audit",
    "retention": "retention",
    "export": "retention",
}
"""Which module brings which command; a command that runs imports its own module only, since imports are slow."""


def make_app(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with the commands that `arguments` name, or with all."""
    app = typer.Typer(
        help="Hybrid-mail gateway for public authorities.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_configure)
    named = [PARTS[argument] for argument in arguments if argument in PARTS]
    for part in dict.fromkeys(named or PARTS.values()):
        importlib.import_module(f"gateway.cli.{part}").register(app)
    return app


def _configure(
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
        make_app(sys.argv[1:])()
    except GatewayError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        sys.exit(error.exit_code)
