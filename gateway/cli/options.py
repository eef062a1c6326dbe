"""Options that many commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
As = Annotated[str, typer.Option("--as", help="Login of the user who acts.")]
Viewer = Annotated[str | None, typer.Option("--as", help="Login; else the operator.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
