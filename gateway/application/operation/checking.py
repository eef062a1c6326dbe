"""Checking: is everything set up, without side effects? Provider, case file, templates."""

from gateway.application.desk.desk_view import overdue_entries
from gateway.application.runs.stopping import live_stops
from gateway.application.services import Services
from gateway.application.templates.linting import lint
from gateway.application.templates.publishing import in_folder
from gateway.application.templates.versions import find_row
from gateway.domain.findings import Finding, Severity
from gateway.domain.templates.publishing import VersionState
from gateway.errors import RenderError


def check_providers(services: Services) -> dict[str, list[Finding]]:
    """Reachability and credentials of every provider, by name."""
    return {name: provider.check() for name, provider in services.providers.items()}


def check_casefile(services: Services) -> dict[str, list[Finding]]:
    """Reachability and rights of the case file, by name."""
    return {services.casefile.name: services.casefile.check()}


def check_desk(services: Services) -> dict[str, list[Finding]]:
    """What is overdue on the desk, and what is stopped: alarms, though nothing is set up wrongly."""
    findings = []
    if late := overdue_entries(services):
        message = f"Auf der Klärungsliste sind {late} Einträge über der Frist. Bitte dort entscheiden."
        findings.append(Finding("desk-overdue", Severity.WARNING, message))
    if stops := live_stops(services, None):
        kept = sum(each.kept_back for each in stops)
        message = f"{len(stops)} Notbremsen sind gezogen; {kept} Sendungen bleiben im Haus."
        findings.append(Finding("hand-over-stopped", Severity.WARNING, message))
    return {"desk": findings}


def check_templates(services: Services, name: str | None = None) -> dict[str, list[Finding]]:
    """Each template linted, and its sample checked as the run would, by name."""
    names = [name] if name else services.renderer.template_names()
    return {each: _check_template(services, each) for each in names}


def _check_template(services: Services, name: str) -> list[Finding]:
    """What lies in the authors' folder; what cannot even be read is a finding, too."""
    try:
        meta = in_folder(services, name)
    except RenderError as error:
        return [Finding(error.code, Severity.ERROR, error.message)]
    findings = lint(services, meta)
    with services.db.reading() as session:
        row = find_row(session, meta.name, meta.version)
        if row is None or row.state is not VersionState.PUBLISHED:
            message = f"Die Version {meta.version} ist nicht veröffentlicht."
            findings.append(Finding("template-not-published", Severity.WARNING, message))
    if meta.provisional:
        message = "Der Text ist vorläufig; zur Veröffentlichung braucht es eine rechtliche Freigabe."
        findings.append(Finding("template-provisional", Severity.INFO, message))
    return findings
