"""Letter templates: the list, one with its versions and its sample letter, what two versions differ in, and their life.

Everybody who is signed in may look: samples are about invented people. What may be done is asked by the use cases.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.letters.healing import approve_healed, heal
from gateway.application.templates.linting import lint
from gateway.application.templates.publishing import propose, publish
from gateway.application.templates.template_diff import FOLDER, version_meta
from gateway.application.templates.template_view import (
    DRAFT,
    TemplateView,
    ill_count,
    list_templates,
    template_view,
)
from gateway.application.templates.withdrawing import withdraw
from gateway.domain.findings import Finding, Severity, has_error
from gateway.domain.permission import Action
from gateway.errors import Conflict, DataInvalid, GatewayError, InputError, NotFound, RenderError
from gateway.web.failing import status_of
from gateway.web.visiting import SignedIn, Visit, path_to

router = APIRouter()
_PICTURE_DPI = 96


@router.get("/vorlagen")
def templates(visit: SignedIn) -> Response:
    """All templates."""
    return visit.page("templates.html.j2", templates=list_templates(visit.services))


@router.get("/vorlagen/{name}")
def template(visit: SignedIn, name: str, version: str = "") -> Response:
    """One template: its sample letter in one version, and all its versions."""
    return _page(visit, name, version or None)


@router.get("/vorlagen/{name}/{version}/seite-{page}.png")
def picture(visit: SignedIn, name: str, version: str, page: int) -> Response:
    """A page of the sample letter as picture."""
    document = visit.web.samples.letter(version_meta(visit.services, name, version))
    return _png(visit.services.renderer.picture(document.pdf, page, dpi=_PICTURE_DPI))


@router.get("/vorlagen/{name}/vergleich")
def difference(visit: SignedIn, name: str, alt: str = "", neu: str = "") -> Response:
    """What two versions differ in: how the sample reads, how it looks, and the sources."""
    view = template_view(visit.services, name)
    try:
        found = visit.web.samples.comparison(name, alt or None, neu or None)
    except (Conflict, RenderError, NotFound, DataInvalid) as error:
        return visit.page(
            "template_diff.html.j2",
            status=status_of(error),
            view=view,
            found=None,
            error=error,
            alt=alt,
            neu=neu,
        )
    return visit.page(
        "template_diff.html.j2",
        view=view,
        found=found,
        error=None,
        alt=found.old.version,
        neu=found.new.version,
    )


@router.get("/vorlagen/{name}/vergleich/{old}/{new}/seite-{page}.png")
def pair(visit: SignedIn, name: str, old: str, new: str, page: int) -> Response:
    """A page in two versions beside each other."""
    found = visit.web.samples.comparison(name, old, new)
    if not 1 <= page <= len(found.pages):
        raise NotFound("page-not-found", "Diese Seite gibt es nicht.")
    return _png(found.pages[page - 1].picture)


@router.post("/vorlagen/{name}/vorschlagen")
def to_propose(visit: SignedIn, name: str) -> Response:
    """Lay what lies in the folder before whoever publishes."""
    try:
        _require_shown(visit, name)
        meta = propose(visit.services, visit.login, name, note=visit.text("note"))
    except (Conflict, InputError, RenderError) as error:
        return _page(visit, name, None, error)
    return visit.to(path_to("vorlagen", name), f"Version {meta.version} ist vorgeschlagen.")


@router.post("/vorlagen/{name}/{version}/veroeffentlichen")
def to_publish(visit: SignedIn, name: str, version: str) -> Response:
    """Publish a version."""
    try:
        if version == FOLDER:
            _require_shown(visit, name)
        publish(
            visit.services,
            visit.login,
            name,
            version=None if version == FOLDER else version,
            legal_release=visit.text("legal_release") or None,
        )
    except (Conflict, InputError, RenderError) as error:
        return _page(visit, name, None, error)
    waiting = ill_count(visit.services, name)
    told = f" {waiting} Schreiben aus zurückgezogenen Versionen können jetzt geheilt werden." if waiting else ""
    return visit.to(path_to("vorlagen", name), f"Die Version ist veröffentlicht.{told}")


@router.post("/vorlagen/{name}/{version}/zurueckziehen")
def to_withdraw(visit: SignedIn, name: str, version: str) -> Response:
    """Withdraw a version, with its letters if that is asked."""
    hold = visit.text("anhalten") == "ja"
    held = withdraw(
        visit.services, visit.login, name, reason=visit.reason(), version=version, hold_letters=hold
    )
    told = f" {len(held)} Schreiben sind angehalten." if hold else ""
    return visit.to(path_to("vorlagen", name), f"Die Version {version} ist zurückgezogen.{told}")


@router.post("/vorlagen/{name}/heilen")
def to_heal(visit: SignedIn, name: str) -> Response:
    """Write letters of withdrawn versions anew; the worker renders and checks them."""
    found = heal(visit.services, visit.login, name, render=False)
    visit.web.nudge()
    left = f" {len(found.left)} passen nicht zur neuen Version und bleiben, wie sie sind." if found.left else ""
    return visit.to(
        path_to("vorlagen", name),
        f"{len(found.healed)} Schreiben werden mit der geltenden Version neu erstellt und geprüft.{left}",
    )


@router.post("/vorlagen/{name}/geheilte-freigeben")
def to_approve(visit: SignedIn, name: str) -> Response:
    """Approve the healed letters that were shown, each as if it were alone."""
    found = approve_healed(visit.services, visit.login, name, only=visit.text("letters").split())
    left = f" {len(found.left)} konnten nicht freigegeben werden." if found.left else ""
    return visit.to("/freigabe", f"{len(found.approved)} geheilte Schreiben sind freigegeben.{left}")


def _page(visit: Visit, name: str, version: str | None, error: GatewayError | None = None) -> Response:
    view = template_view(visit.services, name)
    shown = version or _most_wanted(view)
    meta, document, findings = None, None, list[Finding]()
    try:
        meta = version_meta(visit.services, name, shown)
        if view.state_of(meta.version) == DRAFT:
            findings = lint(visit.services, meta)
        document = visit.web.samples.letter(meta)
    except (RenderError, DataInvalid, NotFound) as fault:
        findings = findings or [Finding(fault.code, Severity.ERROR, fault.message)]
    return visit.page(
        "template.html.j2",
        status=status_of(error) if error else 200,
        view=view,
        shown=shown,
        meta=meta,
        document=document,
        findings=findings,
        faulty=has_error(findings),
        error=error,
        typed=visit.form,
        may_propose=visit.who.may(Action.PROPOSE_TEMPLATE),
        may_publish=visit.who.may(Action.PUBLISH_TEMPLATE),
        four_eyes=visit.services.template_four_eyes,
        ill=ill_count(visit.services, name),
    )


def _most_wanted(view: TemplateView) -> str:
    """What people come for: a draft to be proposed, a proposal to be published, else what is in force."""
    if view.has_draft or view.fault:
        return FOLDER
    rows = [*view.proposed, *filter(None, [view.in_force]), *view.versions]
    return rows[0].version if rows else FOLDER


def _require_shown(visit: Visit, name: str) -> None:
    """What was looked at is what is proposed: the folder may have changed since."""
    present = visit.services.renderer.template(name).version
    if visit.text("version") != present:
        raise Conflict(
            "template-changed",
            "Der Vorlagenordner wurde inzwischen geändert. Bitte die Vorschau noch einmal ansehen.",
        )


def _png(picture: bytes) -> Response:
    return Response(picture, media_type="image/png")
