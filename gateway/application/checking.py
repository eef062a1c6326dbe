"""Checking: is everything set up, without side effects? Provider, case file, templates."""

from datetime import date

from gateway.application.publishing import published
from gateway.application.rendering import office_values
from gateway.application.services import Services
from gateway.db.people import Office
from gateway.domain.findings import Finding, Severity
from gateway.errors import DataInvalid, NotFound, RenderError
from gateway.ports.renderer import OfficeValues, RenderRequest, TemplateMeta

_SAMPLE_ADDRESS = ("Frau", "Erika Muster", "Musterweg 1", "46325 Borken")
_SAMPLE_OFFICE = OfficeValues(
    name="Jobcenter Musterstadt",
    authority="Kreis Muster – Der Landrat – Jobcenter",
    street="Musterplatz 1",
    postcode="46325",
    place="Borken",
    phone="02861 000-0",
    email="jobcenter@example.org",
    website="www.example.org",
    return_line="Jobcenter Muster · Musterplatz 1 · 46325 Borken",
    signature_block="Im Auftrag",
)


def check_providers(services: Services) -> dict[str, list[Finding]]:
    """Reachability and credentials of every provider, by name."""
    return {name: provider.check() for name, provider in services.providers.items()}


def check_casefile(services: Services) -> dict[str, list[Finding]]:
    """Reachability and rights of the case file, by name."""
    return {services.casefile.name: services.casefile.check()}


def check_templates(services: Services, name: str | None = None) -> dict[str, list[Finding]]:
    """Each template rendered with its sample and checked as the run would, by name."""
    names = [name] if name else [meta.name for meta in services.renderer.templates()]
    return {each: _check_template(services, services.renderer.template(each)) for each in names}


def sample_request(meta: TemplateMeta, office: Office | None = None) -> RenderRequest:
    """A request with the template's own sample, for checks and template authors."""
    return RenderRequest(
        template=meta.name,
        template_version=meta.version,
        letter_reference="00000000",
        file_number="JC-MUS-2026-00001",
        bg_number="00000//0000001",
        decision_date=date(2026, 11, 20),
        office=office_values(office) if office else _SAMPLE_OFFICE,
        author_name="Max Beispiel",
        author_phone="02861 000-100",
        author_room="1.01",
        address_lines=_SAMPLE_ADDRESS,
        salutation="Sehr geehrte Frau Muster",
        data=meta.sample,
    )


def _check_template(services: Services, meta: TemplateMeta) -> list[Finding]:
    findings: list[Finding] = []
    try:
        services.renderer.validate(meta.name, meta.sample)
        document = services.renderer.render(sample_request(meta))
        report = services.renderer.preflight(document.pdf, services.provider.profile, _SAMPLE_ADDRESS)
        findings += report.findings
    except (RenderError, DataInvalid, NotFound) as error:
        findings.append(Finding(error.code, Severity.ERROR, error.message))
    with services.db.reading() as session:
        if not published(session, meta):
            message = f"Die Version {meta.version} ist nicht veröffentlicht."
            findings.append(Finding("template-not-published", Severity.WARNING, message))
    if meta.provisional:
        message = "Der Text ist vorläufig; zur Veröffentlichung braucht es eine rechtliche Freigabe."
        findings.append(Finding("template-provisional", Severity.INFO, message))
    return findings
