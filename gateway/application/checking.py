"""Checking: is everything set up, without side effects? Provider, case file, templates."""

from gateway.application.linting import lint
from gateway.application.publishing import published
from gateway.application.services import Services
from gateway.domain.findings import Finding, Severity
from gateway.ports.renderer import TemplateMeta


def check_providers(services: Services) -> dict[str, list[Finding]]:
    """Reachability and credentials of every provider, by name."""
    return {name: provider.check() for name, provider in services.providers.items()}


def check_casefile(services: Services) -> dict[str, list[Finding]]:
    """Reachability and rights of the case file, by name."""
    return {services.casefile.name: services.casefile.check()}


def check_templates(services: Services, name: str | None = None) -> dict[str, list[Finding]]:
    """Each template linted, and its sample checked as the run would, by name."""
    names = [name] if name else [meta.name for meta in services.renderer.templates()]
    return {each: _check_template(services, services.renderer.template(each)) for each in names}


def _check_template(services: Services, meta: TemplateMeta) -> list[Finding]:
    findings = lint(services, meta)
    with services.db.reading() as session:
        if not published(session, meta):
            message = f"Die Version {meta.version} ist nicht veröffentlicht."
            findings.append(Finding("template-not-published", Severity.WARNING, message))
    if meta.provisional:
        message = "Der Text ist vorläufig; zur Veröffentlichung braucht es eine rechtliche Freigabe."
        findings.append(Finding("template-provisional", Severity.INFO, message))
    return findings
