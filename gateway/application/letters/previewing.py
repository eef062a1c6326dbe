"""Previewing: a letter as it would look, before anything is stored. The templates that may be used, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.letters.addressing import freeze
from gateway.application.letters.rendering import office_values
from gateway.application.reads.finding import find_case
from gateway.application.services import Services
from gateway.application.templates.versions import newest, published_metas
from gateway.db.people import Case, Office, Person
from gateway.domain.permission import Action
from gateway.errors import NotFound
from gateway.ports.renderer import RenderedDocument, RenderRequest, TemplateMeta

PREVIEW_REFERENCE = "VORSCHAU"
"""Stands where a letter's reference will be; its check character is wrong, so no scan takes it for one."""


@dataclass(frozen=True)
class Offer:
    """A version of a template, and whether it may be used for letters."""

    meta: TemplateMeta
    published: bool


def offered(services: Services, login: str, case: str) -> list[Offer]:
    """The templates for a letter in `case`; raises `NotFound` or `NotPermitted`."""
    with services.db.reading() as session:
        _, office = find_case(session, case)
        actor(session, login).require(Action.WRITE_LETTER, office.key)
        return offered_metas(session, services)


def offered_metas(session: Session, services: Services) -> list[Offer]:
    """The version that letters are written from, of every template, by name; of what was never published, the draft."""
    offers = {meta.name: Offer(meta, published=True) for meta in published_metas(session, services)}
    drafts = (meta for meta in services.renderer.templates() if meta.name not in offers)
    offers |= {meta.name: Offer(meta, published=False) for meta in drafts}
    return [offers[name] for name in sorted(offers)]


def preview(
    services: Services,
    login: str,
    *,
    case: str,
    template: str,
    data: Mapping[str, Any],
    recipient: str | None = None,
    decision_date: date | None = None,
) -> RenderedDocument:
    """Render what a draft would become; nothing is stored.

    `recipient` is a person's reference, without it the case's addressee. Raises `DataInvalid`, `AddressInvalid`,
    `RenderError`, `NotFound`, `NotPermitted`.
    """
    with services.db.reading() as session:
        meta = newest(session, services, template)
        who = actor(session, login)
        found, office = find_case(session, case)
        who.require(Action.WRITE_LETTER, office.key)
        frozen = freeze(services, _person(session, found, recipient))
    return services.renderer.render(
        _request(meta, who, found, office, frozen, data, decision_date or services.today())
    )


def _person(session: Session, case: Case, reference: str | None) -> Person:
    if reference is None:
        return session.get_one(Person, case.addressee_id)
    person = session.exec(select(Person).where(Person.reference == reference)).one_or_none()
    if person is None:
        raise NotFound("person-unknown", "Diesen Empfänger gibt es nicht. Bitte die Empfänger prüfen.")
    return person


def _request(
    meta: TemplateMeta,
    who: Actor,
    case: Case,
    office: Office,
    frozen: Mapping[str, Any],
    data: Mapping[str, Any],
    decision_date: date,
) -> RenderRequest:
    return RenderRequest(
        template=meta.name,
        template_version=meta.version,
        letter_reference=PREVIEW_REFERENCE,
        file_number=case.file_number,
        bg_number=case.bg_number,
        decision_date=decision_date,
        office=office_values(office),
        author_name=who.name,
        author_phone=who.phone or office.phone,
        author_room=who.room,
        address_lines=tuple(frozen["address_lines"]),
        salutation=frozen["salutation"],
        data=data,
    )
