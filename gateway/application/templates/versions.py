"""Which version of a template a letter is written from, and having it at hand.

New letters are written from the newest published version, never from the folder of the authors; a letter keeps its
version. What a version is made of is fetched from the document store when this machine has not seen it yet.
"""

from typing import Any

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.letters import Letter
from gateway.db.templates import TemplateVersion
from gateway.domain.templates.publishing import VersionState
from gateway.errors import Conflict, RenderError
from gateway.ports.renderer import TemplateMeta


def newest(session: Session, services: Services, template: str) -> TemplateMeta:
    """The version that new letters are written from.

    Raises `Conflict` ('template-not-published'), and `NotFound` if there is no such template at all.
    """
    row = newest_row(session, template)
    if row is None:
        if find_rows(session, template) == []:
            services.renderer.template(template)
        raise Conflict(
            "template-not-published",
            f"Die Vorlage „{template}“ ist nicht veröffentlicht. "
            f"Abhilfe: gateway templates publish {template} --as BENUTZER",
        )
    return at_hand(services, row)


def published_metas(session: Session, services: Services) -> list[TemplateMeta]:
    """The newest published version of every template, by name."""
    query = select(TemplateVersion.template).where(TemplateVersion.state == VersionState.PUBLISHED)
    return [newest(session, services, name) for name in sorted(set(session.exec(query).all()))]


def of_letter(session: Session, services: Services, letter: Letter) -> TemplateMeta:
    """The version that a letter was written from, ready to render. Raises `RenderError` if it is nowhere."""
    row = find_row(session, letter.template, letter.template_version)
    if row is None:
        return services.renderer.template(letter.template, letter.template_version)
    return at_hand(services, row)


def letter_values(meta: TemplateMeta) -> dict[str, Any]:
    """What a letter takes from its version, as columns."""
    return {
        "template_version": meta.version,
        "title": meta.title,
        "service": meta.service,
        "four_eyes": meta.four_eyes,
        "is_decision": meta.is_decision,
        "has_remedy_notice": meta.needs_remedy_notice,
        "remedy": meta.remedy,
    }


def renewed_values(letter: Letter, meta: TemplateMeta) -> dict[str, Any]:
    """The same for a letter that takes another version; how somebody chose that it travels, with a reason, stays."""
    kept = {"service": letter.service} if letter.service_reason is not None else {}
    return letter_values(meta) | kept


def at_hand(services: Services, row: TemplateVersion) -> TemplateMeta:
    """A version, put onto the shelf of this machine if it is not there. Raises `RenderError`, `IntegrityError`."""
    if services.renderer.keeps(row.template, row.version):
        return services.renderer.template(row.template, row.version)
    meta = services.renderer.keep(row.template, services.blobs.get(row.bundle_sha256))
    if meta.version != row.version:
        raise RenderError(
            "template-version-damaged",
            f"Die Version {row.version} der Vorlage {row.template} ist nicht, was sie sein soll. "
            "Bitte die Administration verständigen.",
        )
    return meta


def require_usable(session: Session, letter: Letter) -> None:
    """Raise `Conflict` unless the letter's version holds: 'template-version-withdrawn', 'template-not-published'."""
    row = find_row(session, letter.template, letter.template_version)
    if row is not None and row.state is VersionState.PUBLISHED:
        return
    if row is not None and row.state is VersionState.WITHDRAWN:
        raise Conflict(
            "template-version-withdrawn",
            f"Die Vorlage „{row.title}“ wurde in der Version dieses Schreibens zurückgezogen: "
            f"{row.withdrawal_reason} Bitte das Schreiben bearbeiten, prüfen und neu speichern; "
            "es wird dann mit der geltenden Version geschrieben.",
        )
    raise Conflict(
        "template-not-published",
        f"Die Vorlage „{letter.template}“ ist in der Version {letter.template_version} nicht veröffentlicht. "
        "Bitte den Entwurf öffnen, prüfen und neu speichern.",
    )


def is_usable(session: Session, letter: Letter) -> bool:
    """Whether the letter's version is published."""
    row = find_row(session, letter.template, letter.template_version)
    return row is not None and row.state is VersionState.PUBLISHED


def newest_row(session: Session, template: str) -> TemplateVersion | None:
    """The newest published version of a template."""
    published = select(TemplateVersion).where(
        TemplateVersion.template == template, TemplateVersion.state == VersionState.PUBLISHED
    )
    order = (col(TemplateVersion.published_at).desc(), col(TemplateVersion.id).desc())
    return session.exec(published.order_by(*order)).first()


def find_row(session: Session, template: str, version: str) -> TemplateVersion | None:
    """A version by its name."""
    query = select(TemplateVersion).where(
        TemplateVersion.template == template, TemplateVersion.version == version
    )
    return session.exec(query).one_or_none()


def find_rows(session: Session, template: str) -> list[TemplateVersion]:
    """All versions of a template that left the authors' desk, newest first."""
    query = select(TemplateVersion).where(TemplateVersion.template == template)
    return list(session.exec(query.order_by(col(TemplateVersion.id).desc())).all())
