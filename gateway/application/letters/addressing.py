"""From a person on record to the lines in the window and the salutation, frozen for one letter."""

from typing import Any

from gateway.application.services import Services
from gateway.db.letters import Recipient
from gateway.db.people import Person, PersonForm
from gateway.domain.addresses.address import PostalAddress, compose_lines
from gateway.domain.addresses.address_rules import check_lines
from gateway.domain.findings import Finding, Severity
from gateway.errors import AddressInvalid

_FORM_LINE = {PersonForm.FRAU: "Frau", PersonForm.HERR: "Herrn"}


def freeze(services: Services, person: Person) -> dict[str, Any]:
    """Address, salutation and form of copies of `person` as they are today; `AddressInvalid` names the rule broken."""
    if person.emptied_at is not None:
        raise AddressInvalid(
            "person-emptied",
            "Name und Anschrift dieser Person sind nach der Aufbewahrungsregel gelöscht. Bitte die Falldaten aus dem "
            "Fachverfahren neu übernehmen.",
        )
    address = PostalAddress(
        care_of=person.care_of,
        extra=person.extra,
        district=person.district,
        street=person.street,
        po_box=person.po_box,
        postcode=person.postcode,
        place=person.place,
        country=person.country,
    )
    lines = compose_lines(
        name_lines(person),
        address,
        width_mm=services.text.width_mm,
        country_name=services.countries.name,
        place_order=services.countries.place_order,
    )
    findings = check_lines(
        lines,
        width_mm=services.text.width_mm,
        missing_glyphs=services.text.missing_glyphs,
        country=person.country,
    )
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise AddressInvalid(finding.code, f"{finding.message} (Person {person.reference})")
    return {
        "address_lines": lines,
        "salutation": salutation(person),
        "country": person.country,
        "accessible_copy": person.accessible_copy,
    }


def address_warnings(services: Services, recipient: Recipient) -> list[Finding]:
    """What a person should look at in an address that may travel: for whoever approves. Never blocks."""
    findings = check_lines(
        recipient.address_lines,
        width_mm=services.text.width_mm,
        missing_glyphs=services.text.missing_glyphs,
        country=recipient.country,
        places=services.places,
    )
    return [finding for finding in findings if finding.severity is Severity.WARNING]


def name_lines(person: Person) -> list[str]:
    """The lines above the street: form of address on its own line only where the name would not fit beside it."""
    if person.name_lines:
        return list(person.name_lines)
    name = " ".join(part for part in (person.title, person.given_name, person.family_name) if part)
    form = _FORM_LINE.get(person.form)
    return [form, name] if form else [name]


def salutation(person: Person) -> str:
    """The opening of the letter, without comma."""
    titled = " ".join(part for part in (person.title, person.family_name) if part)
    if person.form is PersonForm.FRAU:
        return f"Sehr geehrte Frau {titled}"
    if person.form is PersonForm.HERR:
        return f"Sehr geehrter Herr {titled}"
    if person.form is PersonForm.DIVERS:
        return f"Guten Tag {person.given_name} {titled}"
    return "Sehr geehrte Damen und Herren"
