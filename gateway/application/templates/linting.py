"""Linting a template: its sample is read for two offices, printed once, and judged by the rules of the domain.

What the lint calls an error keeps a template from being published. The offices are fictional, so that whatever a
template names of a real one shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import date

from sqlmodel import Session, select

from gateway.application.services import Services
from gateway.db.people import Office
from gateway.domain.findings import Finding, Severity, about
from gateway.domain.letters.accessible import TWIN_TITLES, AccessibleCopy
from gateway.domain.templates.template_rules import ISSUER_RULES, check_sample, check_schema
from gateway.domain.templates.template_sample import Issuer, LetterText, Sample
from gateway.errors import AddressInvalid, DataInvalid, NotFound, RenderError
from gateway.ports.renderer import OfficeValues, RenderedDocument, RenderRequest, TemplateMeta

SAMPLE_ADDRESS = ("Frau", "Erika Muster", "Musterweg 1", "99998 Musterdorf")
SAMPLE_OFFICE = OfficeValues(
    name="Sozialamt Musterstadt",
    authority="Stadt Musterstadt – Die Bürgermeisterin – Sozialamt",
    street="Musterplatz 17",
    postcode="99998",
    place="Musterstadt",
    phone="09999 111-0",
    email="sozialamt@musterstadt.example",
    website="www.musterstadt.example",
    return_line="Stadt Musterstadt · Musterplatz 17 · Musterstadt",
    signature_block="Im Auftrag",
)
OTHER_OFFICE = OfficeValues(
    name="Leistungsstelle Probeheim",
    authority="Kreis Probeheim – Der Landrat – Leistungsstelle",
    street="Probeallee 23",
    postcode="99997",
    place="Probeheim",
    phone="08888 222-0",
    email="leistung@probeheim.example",
    website="www.probeheim.example",
    return_line="Kreis Probeheim · Probeallee 23 · Probeheim",
    signature_block="In Vertretung",
)
"""Differs from the first in everything: what a letter of this office shows of the first one stands in the template."""


def lint(services: Services, meta: TemplateMeta) -> list[Finding]:
    """Everything that is wrong with a template, rules and preflight; empty is good."""
    findings = check_schema(meta.schema)
    findings += [_unknown_name(name) for name in services.renderer.unknown_names(meta.name, meta.version)]
    try:
        services.renderer.validate(meta.name, meta.sample, meta.version)
        findings += _read_findings(services, meta)
    except DataInvalid as error:
        message = f"Das Beispiel in sample.json passt nicht zur Vorlage. {error.message}"
        findings.append(Finding("template-sample-invalid", Severity.ERROR, message))
    except (RenderError, AddressInvalid, NotFound) as error:
        findings.append(Finding(error.code, Severity.ERROR, error.message))
    return findings


def sample_request(
    meta: TemplateMeta, office: OfficeValues = SAMPLE_OFFICE, data: Mapping[str, object] | None = None
) -> RenderRequest:
    """A request with the template's own sample (or `data`), for checks, previews and template authors."""
    return RenderRequest(
        template=meta.name,
        template_version=meta.version,
        letter_reference="00000000",
        file_number="MUS-2026-00001",
        bg_number="00000//0000001",
        decision_date=date(2026, 11, 20),
        office=office,
        author_name="Max Beispiel",
        author_phone="09999 111-100",
        author_room="101",
        address_lines=SAMPLE_ADDRESS,
        salutation="Sehr geehrte Frau Muster,",
        data=meta.sample if data is None else data,
    )


def sample_document(services: Services, meta: TemplateMeta) -> RenderedDocument:
    """The sample letter of a template, for people who want to see it. Raises as `Renderer.render`."""
    return services.renderer.render(sample_request(meta))


def _read_findings(services: Services, meta: TemplateMeta) -> list[Finding]:
    with services.db.reading() as session:
        real = _real_offices(session)
    request, other = sample_request(meta), sample_request(meta, OTHER_OFFICE)
    document = services.renderer.render(request)
    sample = _sample(meta, request, services.renderer.read_letter(request), (_issuer(OTHER_OFFICE), *real))
    sample = replace(sample, pages=tuple(services.renderer.page_texts(document.pdf)))
    moved = _sample(meta, other, services.renderer.read_letter(other), (_issuer(SAMPLE_OFFICE),))
    report = services.renderer.preflight(document.pdf, services.provider.profile, request.address_lines)
    found = [*check_sample(sample), *check_sample(moved, ISSUER_RULES), *report.findings]
    for copy in AccessibleCopy:
        found += _twin_findings(services, replace(request, accessible_copy=copy), TWIN_TITLES[copy])
    return list(dict.fromkeys(found))


def _twin_findings(services: Services, request: RenderRequest, title: str) -> list[Finding]:
    """What is wrong with an accessible copy: whoever asks for one would not get the letter at all."""
    try:
        twin = services.renderer.render(request)
    except RenderError as error:
        return [Finding(error.code, Severity.ERROR, f"{title}: {error.message}")]
    report = services.renderer.preflight(twin.pdf, services.provider.profile, request.address_lines)
    return [about(title, finding) for finding in report.findings]


def _sample(
    meta: TemplateMeta, request: RenderRequest, letter: LetterText, others: tuple[Issuer, ...]
) -> Sample:
    return Sample(
        is_decision=meta.is_decision,
        needs_remedy_notice=meta.needs_remedy_notice,
        issuer=_issuer(request.office),
        file_number=request.file_number,
        decision_date=request.decision_date,
        author_name=request.author_name,
        letter=letter,
        pages=(),
        others=others,
        given=tuple(_texts(meta.sample)),
    )


def _issuer(office: OfficeValues) -> Issuer:
    values = asdict(office)
    del values["signature_block"]
    return Issuer(**values)


def _real_offices(session: Session) -> tuple[Issuer, ...]:
    keys = Issuer.__dataclass_fields__
    return tuple(
        Issuer(**{key: getattr(office, key) for key in keys}) for office in session.exec(select(Office)).all()
    )


def _texts(value: object) -> Iterator[str]:
    """Every text in a sample's data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _unknown_name(name: str) -> Finding:
    message = f"Die Vorlage verwendet, was es nicht gibt: {name}. Bitte Namen, Textbaustein oder Feld prüfen."
    return Finding("template-name-unknown", Severity.ERROR, message)
