"""Writing a letter: choose a template, fill in its form, look at the preview, save or submit it.

The form comes from the template's schema and is checked by the renderer, as every other way in is. Rows are added
and removed by the server, so that all of it works without a script; a script only brings the preview by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from gateway.application.letters.drafting import revise, submit, write_letter
from gateway.application.letters.previewing import offered, preview
from gateway.application.reads.showing import letter_view
from gateway.application.views.searching import CaseView, case_view
from gateway.domain.letters.letter import EDITABLE
from gateway.domain.references import for_people
from gateway.errors import Conflict, DataInvalid, GatewayError, NotFound, RenderError
from gateway.ports.renderer import TemplateMeta
from gateway.web import schema_form
from gateway.web.failing import status_of
from gateway.web.previews import Preview
from gateway.web.visiting import SignedIn, Visit, path_to

router = APIRouter()
PREVIEW_DPI = 96


@dataclass(frozen=True)
class Sheet:
    """The form at hand: for a new letter in a case, or for changing letter `reference`."""

    case: CaseView
    meta: TemplateMeta
    action: str
    reference: str | None = None

    def read(self, visit: Visit) -> Any:
        """What was typed."""
        fields = {name: value for name, value in visit.form.items() if isinstance(value, str)}
        return schema_form.read(self.meta.schema, fields)


@router.get("/faelle/{reference}/schreiben")
def choose(visit: SignedIn, reference: str) -> Response:
    """The templates on offer."""
    case = case_view(visit.services, visit.login, reference)
    return visit.page("choose.html.j2", case=case, offers=offered(visit.services, visit.login, reference))


@router.get("/faelle/{reference}/schreiben/{template}")
def empty(visit: SignedIn, reference: str, template: str) -> Response:
    """The empty form."""
    sheet = _new_sheet(visit, reference, template)
    return _page(visit, sheet, schema_form.blank(sheet.meta.schema))


@router.post("/faelle/{reference}/schreiben/{template}")
def write(visit: SignedIn, reference: str, template: str) -> Response:
    """Whatever button was pressed."""
    return _act(visit, _new_sheet(visit, reference, template))


@router.post("/faelle/{reference}/schreiben/{template}/vorschau")
def live_preview(visit: SignedIn, reference: str, template: str) -> Response:
    """The preview for the script: a key for its pictures, or what is still missing.

    A half-filled form is no error, so the answer is 200 with a message.
    """
    try:
        sheet = _new_sheet(visit, reference, template)
        data = sheet.read(visit)
        schema = sheet.meta.schema
        if empty_fields := schema_form.missing(schema, schema_form.clean(schema, data)):
            return JSONResponse({"message": _still_missing(len(empty_fields))})
        made = _preview(visit, sheet, data)
    except (DataInvalid, RenderError) as error:
        return JSONResponse({"code": error.code, "message": _without_path(error.message)})
    except GatewayError as error:
        return JSONResponse({"code": error.code, "message": error.message}, status_code=status_of(error))
    return JSONResponse({"key": made.key, "pages": made.pages})


@router.get("/vorschau/{key}/{number}.png")
def preview_picture(visit: SignedIn, key: str, number: int) -> Response:
    """A page of a preview that this user made."""
    made = visit.web.previews.get(visit.login, key)
    if made is None or not 1 <= number <= made.pages:
        raise NotFound("preview-gone", "Diese Vorschau gibt es nicht mehr. Bitte neu erzeugen.")
    picture = visit.services.renderer.picture(made.pdf, number, dpi=PREVIEW_DPI)
    return Response(picture, media_type="image/png")


@router.get("/schreiben/{reference}/bearbeiten")
def edit(visit: SignedIn, reference: str) -> Response:
    """The form with the data of a letter that may still be changed."""
    sheet, data = _sheet_of(visit, reference)
    return _page(visit, sheet, data)


@router.post("/schreiben/{reference}/bearbeiten")
def change(visit: SignedIn, reference: str) -> Response:
    """Whatever button was pressed."""
    return _act(visit, _sheet_of(visit, reference)[0])


def _new_sheet(visit: Visit, case: str, template: str) -> Sheet:
    offers = {offer.meta.name: offer for offer in offered(visit.services, visit.login, case)}
    if template not in offers:
        raise NotFound("template-unknown", "Diese Vorlage gibt es nicht. Bitte eine aus der Liste wählen.")
    if not offers[template].published:
        raise Conflict(
            "template-not-published",
            "Diese Fassung der Vorlage ist noch nicht veröffentlicht. Bitte an die Administration wenden.",
        )
    view = case_view(visit.services, visit.login, case)
    return Sheet(view, offers[template].meta, path_to("faelle", view.reference, "schreiben", template))


def _sheet_of(visit: Visit, reference: str) -> tuple[Sheet, dict[str, Any]]:
    view = letter_view(visit.services, visit.login, reference)
    if view.state not in EDITABLE:
        raise Conflict(
            "letter-not-editable",
            f"Das Schreiben {for_people(view.reference)} kann nicht mehr geändert werden.",
        )
    sheet = _new_sheet(visit, view.case, view.template)
    path = path_to("schreiben", view.reference, "bearbeiten")
    return Sheet(sheet.case, sheet.meta, path, view.reference), view.data


def _act(visit: Visit, sheet: Sheet) -> Response:
    data = sheet.read(visit)
    if path := visit.text("add"):
        data = schema_form.add_row(sheet.meta.schema, data, path)
        return _page(visit, sheet, data, new=schema_form.last_row(sheet.meta.schema, data, path))
    if path := visit.text("remove"):
        return _page(visit, sheet, schema_form.remove_row(sheet.meta.schema, data, path))
    cleaned = schema_form.clean(sheet.meta.schema, data)
    if empty_fields := schema_form.missing(sheet.meta.schema, cleaned):
        return _page(visit, sheet, data, errors=empty_fields, status=422)
    try:
        if visit.text("do") == "preview":
            return _page(visit, sheet, data, made=_preview(visit, sheet, data))
        return _store(visit, sheet, cleaned)
    except (DataInvalid, RenderError) as error:
        fault = schema_form.fault_of(error.message)
        errors = {fault[0]: fault[1]} if fault else {}
        return _page(
            visit, sheet, data, errors=errors, message=_without_path(error.message), status=status_of(error)
        )


def _store(visit: Visit, sheet: Sheet, data: Mapping[str, Any]) -> Response:
    if reference := sheet.reference:
        revise(visit.services, visit.login, reference, data)
    else:
        reference = write_letter(
            visit.services,
            visit.login,
            case=sheet.case.reference,
            template=sheet.meta.name,
            data=data,
            recipients=_recipients(visit, sheet.case),
        )
    url = path_to("schreiben", reference)
    if visit.text("do") != "submit":
        return visit.to(url, "Der Entwurf ist gespeichert.")
    return submit_letter(visit, reference, accept_duplicate=False)


def submit_letter(visit: Visit, reference: str, *, accept_duplicate: bool) -> Response:
    """Submit and go to the letter; a probable duplicate is asked about there."""
    url = path_to("schreiben", reference)
    try:
        submit(visit.services, visit.login, reference, accept_duplicate=accept_duplicate)
    except Conflict as error:
        if error.code != "letter-probably-duplicate":
            raise
        return visit.to(f"{url}?zweitschreiben=1", error.message)
    visit.web.nudge()
    return visit.to(url, "Das Schreiben ist zur Freigabe eingereicht.")


def _recipients(visit: Visit, case: CaseView) -> list[str] | None:
    """Who was ticked; None for the usual recipients, whose copies are then marked as such."""
    chosen = [value for value in visit.form.getlist("recipient") if isinstance(value, str)]
    return None if set(chosen) == set(usual_recipients(case)) else chosen


def usual_recipients(case: CaseView) -> list[str]:
    """The addressee, and those who get copies without being asked for (§ 13 SGB X)."""
    copies = [one.person.reference for one in case.representatives if one.gets_copies]
    return list(dict.fromkeys([case.addressee.reference, *copies]))


def _preview(visit: Visit, sheet: Sheet, data: Any) -> Preview:
    document = preview(
        visit.services,
        visit.login,
        case=sheet.case.reference,
        template=sheet.meta.name,
        data=schema_form.clean(sheet.meta.schema, data),
    )
    return visit.web.previews.keep(visit.login, document)


def _page(
    visit: Visit,
    sheet: Sheet,
    data: Any,
    *,
    errors: Mapping[str, str] | None = None,
    message: str | None = None,
    made: Preview | None = None,
    new: str | None = None,
    status: int = 200,
) -> Response:
    chosen = set(visit.form.getlist("recipient")) or set(usual_recipients(sheet.case))
    return visit.page(
        "write.html.j2",
        status=status,
        sheet=sheet,
        form=schema_form.build(sheet.meta.schema, data, errors or {}, new=new),
        errors=errors or {},
        message=message,
        made=made,
        chosen=chosen,
        preview_url=path_to("faelle", sheet.case.reference, "schreiben", sheet.meta.name, "vorschau"),
    )


def _still_missing(count: int) -> str:
    return (
        "Für die Vorschau fehlt noch eine Angabe."
        if count == 1
        else f"Für die Vorschau fehlen noch {count} Angaben."
    )


def _without_path(message: str) -> str:
    """The message for people: field names inside the data say nothing to them."""
    fault = schema_form.fault_of(message)
    return message.replace(f" ({fault[0]})", "") if fault else message
