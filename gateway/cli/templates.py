"""`gateway templates …`: what templates there are, whether they are right, how they look, and their versions' life."""

import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.application.letters import healing
from gateway.application.operation import checking
from gateway.application.templates import publishing, withdrawing
from gateway.application.templates.linting import sample_document
from gateway.application.templates.template_diff import TemplateDiff, diff_versions, version_meta
from gateway.application.templates.template_view import TemplateView, ill_count, list_templates
from gateway.cli.checks import print_findings
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import As, Json

Name = Annotated[str, typer.Argument(help="Template.")]
Version = Annotated[str | None, typer.Option("--version", help="Which version; else what lies in the folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    templates = typer.Typer(help="Letter templates.", no_args_is_help=True)
    commands = (_list, _check, _preview, _propose, _publish, _withdraw, _diff, _heal)
    for command in commands:
        templates.command(command.__name__.removeprefix("_"))(command)
    app.add_typer(templates, name="templates")


def _list(context: typer.Context, json: Json = False) -> None:
    """All templates with what lies in the folder, its state, and the version in force."""
    with services_for(context) as services:
        rows = [_row(view) for view in list_templates(services)]
    if json:
        print_json(rows)
        return
    for row in rows:
        console.print(f"{row['name']}  {row['version']}  {row['state']}  {row['title']}", markup=False)
        if row["in_force"] and row["in_force"] != row["version"]:
            console.print(
                f"    es gilt {row['in_force']}, veröffentlicht von {row['published_by']}", markup=False
            )


def _row(view: TemplateView) -> dict[str, object]:
    last = view.versions[0].version if view.versions else None
    return {
        "name": view.name,
        "title": view.title,
        "version": view.folder.version if view.folder else last,
        "state": "unusable" if view.fault else view.state,
        "in_force": view.in_force.version if view.in_force else None,
        "published_at": view.in_force.published_at.isoformat()
        if view.in_force and view.in_force.published_at
        else None,
        "published_by": view.in_force.published_by if view.in_force else None,
    }


def _check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One template; else all.")] = None,
    json: Json = False,
) -> None:
    """Lint each template as it lies in the folder, and check its sample as the run would."""
    with services_for(context) as services:
        print_findings(checking.check_templates(services, name), json=json)


def _preview(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option(help="Where the PDF goes.")],
    version: Version = None,
) -> None:
    """The sample letter of a template as PDF, for a fictional office."""
    with services_for(context) as services:
        document = sample_document(services, version_meta(services, name, version))
    out.write_bytes(document.pdf)
    console.print(f"{out}: {document.pages} {'Seite' if document.pages == 1 else 'Seiten'}", markup=False)


def _propose(
    context: typer.Context,
    name: Name,
    login: As,
    note: Annotated[str, typer.Option(help="What changed, for whoever publishes it.")],
) -> None:
    """Lay what lies in the folder before whoever publishes it; only without errors."""
    with services_for(context) as services:
        meta = publishing.propose(services, login, name, note=note)
    console.print(f"Vorlage {meta.name} vorgeschlagen, Version {meta.version}.")


def _publish(
    context: typer.Context,
    name: Name,
    login: As,
    version: Version = None,
    legal_release: Annotated[str | None, typer.Option(help="Who released the text legally, and when.")] = None,
) -> None:
    """Publish a version: new letters are written from it. With four eyes it was proposed by somebody else."""
    with services_for(context) as services:
        meta = publishing.publish(services, login, name, version=version, legal_release=legal_release)
        waiting = ill_count(services, name)
    console.print(f"Vorlage {meta.name} veröffentlicht, Version {meta.version}.")
    if waiting:
        console.print(
            f"{waiting} Schreiben aus zurückgezogenen Versionen können geheilt werden: "
            f"gateway templates heal {name} --as {login}"
        )


def _withdraw(
    context: typer.Context,
    name: Name,
    login: As,
    reason: Annotated[str, typer.Option(help="Why.")],
    version: Annotated[str | None, typer.Option("--version", help="Else the one in force.")] = None,
    hold_letters: Annotated[bool, typer.Option(help="Hold all its letters that are in no run yet.")] = False,
) -> None:
    """Withdraw a version: no new letters from it. Approved letters go on unless they are held."""
    with services_for(context) as services:
        held = withdrawing.withdraw(
            services, login, name, reason=reason, version=version, hold_letters=hold_letters
        )
    console.print(f"Vorlage {name} zurückgezogen; {len(held)} Schreiben angehalten.")


def _diff(
    context: typer.Context,
    name: Name,
    old: Annotated[str | None, typer.Argument(help="Version; else the one in force.")] = None,
    new: Annotated[str | None, typer.Argument(help="Version; else what lies in the folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for texts and pictures.")] = None,
    json: Json = False,
) -> None:
    """What differs between two versions: how the sample reads, the sources, and how the pages look."""
    with services_for(context) as services:
        found = diff_versions(services, name, old, new)
    if out:
        _write(found, out)
    if json:
        print_json(
            {
                "old": found.old.version,
                "new": found.new.version,
                "same_sample": found.same_sample,
                "text": found.unified,
                "sources": {change.path: change.unified for change in found.sources},
                "changed_regions": [page.changes for page in found.pages],
            }
        )
        return
    console.print(f"{found.old.version} → {found.new.version}")
    for text in (found.unified, *(change.unified for change in found.sources)):
        console.print(text, markup=False, end="")
    for number, page in enumerate(found.pages, start=1):
        console.print(f"Seite {number}: {page.changes} geänderte Stellen")
    if out:
        console.print(f"Texte und Bilder: {out}", markup=False)


def _write(found: TemplateDiff, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schreiben.diff").write_text(found.unified, "utf-8")
    for change in found.sources:
        name = re.sub(r"[^A-Za-z0-9._-]", "-", change.path)
        (folder / f"{name}.diff").write_text(change.unified, "utf-8")
    for number, page in enumerate(found.pages, start=1):
        (folder / f"seite-{number}.png").write_bytes(page.picture)


def _heal(context: typer.Context, name: Name, login: As, json: Json = False) -> None:
    """Write letters of withdrawn versions anew with the one in force; they are checked, and approved again."""
    with services_for(context) as services:
        found = healing.heal(services, login, name)
    if json:
        print_json({"version": found.version, "healed": found.healed, "left": found.left})
    else:
        console.print(f"{len(found.healed)} Schreiben mit Version {found.version} neu geschrieben.")
        for reference, why in found.left.items():
            console.print(f"  {reference} bleibt: {why}", markup=False)
    if found.left:
        raise typer.Exit(1)
