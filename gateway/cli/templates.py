"""`gateway templates …`: what templates there are, whether they are right, how they look, and publishing them."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.application import checking
from gateway.application.linting import sample_document
from gateway.application.publishing import publish, version_states
from gateway.cli.checks import print_findings
from gateway.cli.context import console, print_json, services_for

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Template.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    templates = typer.Typer(help="Letter templates.", no_args_is_help=True)
    for name, command in (("list", _list), ("check", _check), ("preview", _preview), ("publish", _publish)):
        templates.command(name)(command)
    app.add_typer(templates, name="templates")


def _list(context: typer.Context, json: Json = False) -> None:
    """All templates with their present version, and whether it is published."""
    with services_for(context) as services:
        states = version_states(services)
    rows = [
        {"name": one.meta.name, "title": one.meta.title, "version": one.meta.version, "state": one.state}
        for one in states
    ]
    if json:
        print_json(rows)
        return
    for row in rows:
        console.print(f"{row['name']}  {row['version']}  {row['state']}  {row['title']}", markup=False)


def _check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One template; else all.")] = None,
    json: Json = False,
) -> None:
    """Lint each template, and check its sample as the run would."""
    with services_for(context) as services:
        print_findings(checking.check_templates(services, name), json=json)


def _preview(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option(help="Where the PDF goes.")],
) -> None:
    """The sample letter of a template as PDF, for a fictional office."""
    with services_for(context) as services:
        document = sample_document(services, services.renderer.template(name))
    out.write_bytes(document.pdf)
    console.print(f"{out}: {document.pages} {'Seite' if document.pages == 1 else 'Seiten'}", markup=False)


def _publish(
    context: typer.Context,
    name: Name,
    login: Annotated[str, typer.Option("--as", help="Login of an administrator.")],
    legal_release: Annotated[str | None, typer.Option(help="Who released the text legally, and when.")] = None,
) -> None:
    """Publish the present version of a template; letters are written from published versions only."""
    with services_for(context) as services:
        meta = publish(services, login, name, legal_release=legal_release)
    console.print(f"Vorlage {meta.name} veröffentlicht, Version {meta.version}.")
