"""Publishing template versions: proposed by an author, published by another person where four eyes are asked.

What was checked is what is kept is what letters are written from: the archive is made first, all else is done with it.
"""

from dataclasses import dataclass

from sqlmodel import Session

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.services import Services
from gateway.application.templates.linting import lint
from gateway.application.templates.versions import at_hand, find_row
from gateway.db.engine import compare_and_set, row_id
from gateway.db.templates import TemplateVersion
from gateway.domain.findings import Finding, Severity
from gateway.domain.permission import Action
from gateway.domain.templates.publishing import Step, VersionState, after, may_publish
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from gateway.ports.renderer import TemplateMeta


@dataclass(frozen=True)
class _Candidate:
    """What lies in the authors' folder now, stored and checked."""

    meta: TemplateMeta
    bundle_sha256: str
    findings: list[Finding]


def propose(services: Services, login: str, template: str, *, note: str) -> TemplateMeta:
    """Lay the version in the authors' folder before whoever publishes; `note` says what changed.

    Repeating it changes nothing. A version that was withdrawn may be proposed anew. Raises `Conflict`
    ('template-faulty'), `InputError` ('note-missing'), `NotFound`, `NotPermitted`, `RenderError`.
    """
    _require(services, login, Action.PROPOSE_TEMPLATE)
    if not note.strip():
        raise InputError("note-missing", "Bitte angeben, was sich an der Vorlage geändert hat.")
    candidate = _candidate(services, template)
    with services.db.transaction() as session:
        _propose(session, services, actor(session, login), candidate, note.strip())
    return candidate.meta


def publish(
    services: Services,
    login: str,
    template: str,
    *,
    version: str | None = None,
    legal_release: str | None = None,
) -> TemplateMeta:
    """Publish a version; repeating it changes nothing. `version` None is what lies in the authors' folder.

    With four eyes it must have been proposed by somebody else; without, it is proposed and published in one step.
    A provisional text (its law is still open) needs `legal_release`: who released it, and when. Raises `Conflict`
    ('template-faulty', 'template-not-proposed', 'template-withdrawn'), `NotPermitted` ('template-needs-four-eyes'),
    `InputError` ('template-needs-legal-release').
    """
    _require(services, login, Action.PUBLISH_TEMPLATE)
    candidate = None
    if version is None:
        version = services.renderer.template(template).version
        if not services.template_four_eyes and not _known(services, template, version):
            candidate = _candidate(services, template)
            version = candidate.meta.version
    row = _known(services, template, version)
    if row is not None and row.state is VersionState.PUBLISHED:
        return at_hand(services, row)
    meta = at_hand(services, row) if row else candidate.meta if candidate else None
    if meta is None:
        raise _not_proposed(template, version)
    _require_release(meta, legal_release)
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.PUBLISH_TEMPLATE)
        if candidate:
            _propose(session, services, who, candidate, "Ohne Vorschlag veröffentlicht.")
        _publish(session, services, who, meta, legal_release)
    return meta


def in_folder(services: Services, template: str) -> TemplateMeta:
    """The version in the authors' folder, held fast: it can be looked at while its author goes on."""
    return services.renderer.keep(template, services.renderer.template_bundle(template))


def _candidate(services: Services, template: str) -> _Candidate:
    bundle = services.renderer.template_bundle(template)
    meta = services.renderer.keep(template, bundle)
    findings = lint(services, meta)
    if faults := [finding for finding in findings if finding.severity is Severity.ERROR]:
        raise Conflict(
            "template-faulty",
            f"Die Vorlage „{meta.name}“ hat Fehler und wird nicht veröffentlicht: {faults[0].message} "
            f"({faults[0].code}{f' und {len(faults) - 1} weitere' if len(faults) > 1 else ''}). "
            f"Alle zeigt: gateway templates check {meta.name}",
        )
    return _Candidate(meta, services.blobs.put(bundle), findings)


def _propose(session: Session, services: Services, who: Actor, candidate: _Candidate, note: str) -> None:
    meta = candidate.meta
    row = find_row(session, meta.name, meta.version)
    values = {
        "state": VersionState.PROPOSED,
        "findings": [finding.as_json() for finding in candidate.findings],
        "note": note,
        "proposed_at": services.clock.now(),
        "proposed_by": who.login,
    }
    if row is None:
        key = {"template": meta.name, "version": meta.version, "bundle_sha256": candidate.bundle_sha256}
        session.add(TemplateVersion.model_validate({**key, "title": meta.title, **values}))
        session.flush()
    elif after(row.state, Step.PROPOSE):
        compare_and_set(session, TemplateVersion, row_id(row), expect={"state": row.state}, **values)
    else:
        return
    audit(session, services, who.login, "template-proposed", f"{meta.name}@{meta.version}", reason=note)


def _publish(
    session: Session, services: Services, who: Actor, meta: TemplateMeta, legal_release: str | None
) -> None:
    row = find_row(session, meta.name, meta.version)
    if row is None:
        raise _not_proposed(meta.name, meta.version)
    if after(row.state, Step.PUBLISH) is None:
        raise Conflict(
            "template-withdrawn",
            f"Die Version {meta.version} der Vorlage „{meta.name}“ ist {_WORDS[row.state]}. "
            "Soll sie wieder gelten, bitte erneut vorschlagen.",
        )
    if not may_publish(proposed_by=row.proposed_by, publisher=who.login, four_eyes=services.template_four_eyes):
        raise NotPermitted(
            "template-needs-four-eyes",
            "Diese Vorlage veröffentlicht eine andere Person als die, die sie vorgeschlagen hat.",
        )
    compare_and_set(
        session,
        TemplateVersion,
        row_id(row),
        expect={"state": VersionState.PROPOSED, "proposed_by": row.proposed_by},
        state=VersionState.PUBLISHED,
        published_at=services.clock.now(),
        published_by=who.login,
        legal_release=legal_release,
    )
    audit(
        session,
        services,
        who.login,
        "template-published",
        f"{meta.name}@{meta.version}",
        legal_release=legal_release,
    )


_WORDS = {VersionState.WITHDRAWN: "zurückgezogen", VersionState.PUBLISHED: "schon veröffentlicht"}


def _known(services: Services, template: str, version: str) -> TemplateVersion | None:
    with services.db.reading() as session:
        return find_row(session, template, version)


def _require(services: Services, login: str, action: Action) -> None:
    with services.db.reading() as session:
        actor(session, login).require(action)


def _require_release(meta: TemplateMeta, legal_release: str | None) -> None:
    if meta.provisional and not (legal_release or "").strip():
        raise InputError(
            "template-needs-legal-release",
            f"Die Vorlage „{meta.name}“ ist als vorläufig gekennzeichnet. Bitte angeben, wer den Text rechtlich "
            "freigegeben hat und wann (--legal-release).",
        )


def _not_proposed(template: str, version: str) -> NotFound:
    return NotFound(
        "template-not-proposed",
        f"Die Version {version} der Vorlage „{template}“ ist nicht vorgeschlagen. "
        f"Abhilfe: gateway templates propose {template} --note TEXT --as BENUTZER",
    )
