"""Publishing template versions: letters are only written from a published one."""

from dataclasses import dataclass

from sqlmodel import Session, select

from gateway.application.authorising import actor, audit
from gateway.application.linting import lint
from gateway.application.services import Services
from gateway.db.letters import Publication
from gateway.domain.findings import Severity
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError
from gateway.ports.renderer import TemplateMeta


@dataclass(frozen=True)
class VersionState:
    """The present version of a template: `draft` until it is published."""

    meta: TemplateMeta
    state: str


def version_states(services: Services) -> list[VersionState]:
    """Every template's present version and its state, by name."""
    with services.db.reading() as session:
        return [
            VersionState(meta, "published" if published(session, meta) else "draft")
            for meta in services.renderer.templates()
        ]


def publish(services: Services, login: str, template: str, *, legal_release: str | None = None) -> TemplateMeta:
    """Publish the present version of `template`; repeating it changes nothing.

    A provisional text (its law is still open) needs `legal_release`: who released it, and when.
    """
    meta = services.renderer.template(template)
    if meta.provisional and not legal_release:
        raise InputError(
            "template-needs-legal-release",
            f"Die Vorlage „{template}“ ist als vorläufig gekennzeichnet. Bitte mit --legal-release angeben, "
            "wer den Text rechtlich freigegeben hat.",
        )
    with services.db.reading() as session:
        actor(session, login).require(Action.PUBLISH_TEMPLATE)
        if published(session, meta):
            return meta
    require_faultless(services, meta)
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.PUBLISH_TEMPLATE)
        if published(session, meta):
            return meta
        session.add(
            Publication(
                template=meta.name,
                version=meta.version,
                published_at=services.clock.now(),
                published_by=who.login,
                legal_release=legal_release,
            )
        )
        audit(session, services, who.login, "template-published", f"{meta.name}@{meta.version}")
    return meta


def require_faultless(services: Services, meta: TemplateMeta) -> None:
    """Raise `Conflict` ('template-faulty') if the lint finds an error."""
    faults = [finding for finding in lint(services, meta) if finding.severity is Severity.ERROR]
    if faults:
        raise Conflict(
            "template-faulty",
            f"Die Vorlage „{meta.name}“ hat Fehler und wird nicht veröffentlicht: {faults[0].message} "
            f"({faults[0].code}{f' und {len(faults) - 1} weitere' if len(faults) > 1 else ''}). "
            f"Alle zeigt: gateway templates check {meta.name}",
        )


def published(session: Session, meta: TemplateMeta) -> bool:
    """Whether this very version is published."""
    found = select(Publication.id).where(Publication.template == meta.name, Publication.version == meta.version)
    return session.exec(found).first() is not None


def require_published(session: Session, meta: TemplateMeta) -> None:
    """Raise `Conflict` ('template-not-published') unless this very version is published."""
    if not published(session, meta):
        raise Conflict(
            "template-not-published",
            f"Die Vorlage „{meta.name}“ ist in der Version {meta.version} nicht veröffentlicht. "
            f"Abhilfe: gateway templates publish {meta.name} --as BENUTZER",
        )
