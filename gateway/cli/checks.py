"""`gateway … check` and `doctor`: whether everything is set up, without side effects."""

import os
from typing import Any

import typer

from gateway.application.arrivals.arrival_alarms import arrival_findings
from gateway.application.filing.filing_view import backlog_findings
from gateway.application.operation import checking
from gateway.cli.context import console, print_json, services_for
from gateway.cli.options import Json
from gateway.config import ENV_PREFIX, Settings
from gateway.domain.findings import Finding, has_error


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, help_text, check in (
        ("config", "Configuration.", _config),
        ("providers", "Print-and-post providers.", _providers),
        ("casefiles", "Case files.", _casefiles),
    ):
        part = typer.Typer(help=help_text, no_args_is_help=True)
        part.callback()(_group)
        part.command("check")(check)
        app.add_typer(part, name=name)
    app.command("doctor")(_doctor)


def _group() -> None:
    """Keep `check` a command of its own name, even where it is the only one."""


def _config(context: typer.Context, json: Json = False) -> None:
    """Settings in force, with where they come from."""
    settings: Settings = context.obj.settings()
    rows = dict(_flatten(settings.model_dump(mode="json")))
    origins = {key: _origin(settings, key) for key in rows}
    if json:
        print_json({key: {"value": value, "origin": origins[key]} for key, value in rows.items()})
        return
    for key, value in rows.items():
        console.print(f"{key} = {value!r}  ({origins[key]})", markup=False)


def _flatten(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in tree.items():
        rows += _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return rows


def _origin(settings: Settings, key: str) -> str:
    variable = ENV_PREFIX + key.upper().replace(".", "__")
    if variable in os.environ or f"{variable}_FILE" in os.environ:
        return "environment"
    part: Any = settings
    *sections, name = key.split(".")
    for section in sections:
        part = part[section] if isinstance(part, dict) else getattr(part, section)
    return "file" if name in part.model_fields_set else "default"


def _providers(context: typer.Context, json: Json = False) -> None:
    """Reachability and credentials of the print provider."""
    with services_for(context) as services:
        print_findings(checking.check_providers(services), json=json)


def _casefiles(context: typer.Context, json: Json = False) -> None:
    """Reachability and rights of the case file."""
    with services_for(context) as services:
        print_findings(checking.check_casefile(services), json=json)


def _doctor(context: typer.Context, json: Json = False) -> None:
    """Everything at once."""
    with services_for(context) as services:
        results = checking.check_providers(services)
        results |= checking.check_casefile(services)
        results |= checking.check_templates(services)
        results |= checking.check_desk(services)
        results |= {"filing": backlog_findings(services)}
        results |= arrival_findings(services)
    print_findings(results, json=json)


def print_findings(results: dict[str, list[Finding]], *, json: bool) -> None:
    """Findings by what was checked; ends the command with exit code 1 if any blocks."""
    if json:
        print_json(
            {
                name: {"ok": not has_error(findings), "findings": [finding.as_json() for finding in findings]}
                for name, findings in results.items()
            }
        )
    else:
        for name, findings in results.items():
            console.print(f"{name}: {'Fehler' if has_error(findings) else 'in Ordnung'}")
            for finding in findings:
                console.print(f"  {finding.severity.value} {finding.code}: {finding.message}", markup=False)
    if any(has_error(findings) for findings in results.values()):
        raise typer.Exit(1)
