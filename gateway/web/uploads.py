"""Files from people: a finished PDF as a letter of a case, and enclosures of a letter.

The file goes to the use case as it came; everything that reads it happens in the renderer's own processes.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.letters.enclosing import enclose, open_enclosure, remove_enclosure
from gateway.application.letters.uploading import Upload, import_letter
from gateway.application.reads.opened import Opened
from gateway.application.reads.showing import letter_view
from gateway.application.services import Services
from gateway.application.views.opening import open_document
from gateway.application.views.searching import case_view
from gateway.domain.findings import Box, Finding
from gateway.errors import GatewayError, InputError, NotPermitted
from gateway.web.failing import status_of
from gateway.web.visiting import SignedIn, Visit, path_to, takes_file

router = APIRouter()
_PICTURE_DPI = 96


@router.get("/faelle/{reference}/hochladen")
def form(visit: SignedIn, reference: str) -> Response:
    """The page on which a finished PDF is handed in."""
    return _form(visit, reference)


@router.post("/faelle/{reference}/hochladen")
@takes_file
def take(visit: SignedIn, reference: str) -> Response:
    """Take it in as a letter; what is wrong with it is said on the same page."""
    try:
        upload = Upload(
            visit.file("datei"),
            reference,
            visit.text("titel"),
            decision=visit.text("bescheid") == "ja",
            remedy_notice=visit.text("belehrung") == "ja",
            recipient=visit.text("empfaenger") or None,
            decision_date=visit.day("datum"),
        )
        accept = visit.text("zweitschreiben") == "ja"
        made = import_letter(visit.services, visit.login, upload, accept_duplicate=accept)
    except NotPermitted:
        raise
    except GatewayError as error:
        return _form(visit, reference, error)
    return visit.to(path_to("schreiben", made), "Das PDF ist aufgenommen und geprüft.")


@router.post("/schreiben/{reference}/anlagen")
@takes_file
def add(visit: SignedIn, reference: str) -> Response:
    """Add an enclosure; the letter becomes a draft."""
    enclose(visit.services, visit.login, reference, visit.file("datei"), visit.text("titel"))
    return visit.to(
        path_to("schreiben", reference), "Die Anlage ist hinzugefügt; bitte zur Freigabe einreichen."
    )


@router.post("/schreiben/{reference}/anlagen/{number}/entfernen")
def remove(visit: SignedIn, reference: str, number: int) -> Response:
    """Take an enclosure out again."""
    remove_enclosure(visit.services, visit.login, reference, number)
    return visit.to(path_to("schreiben", reference), "Die Anlage ist entfernt; bitte zur Freigabe einreichen.")


@router.get("/schreiben/{reference}/anlagen/{number}.pdf")
def enclosure(visit: SignedIn, reference: str, number: int) -> Response:
    """The bytes of an enclosure."""
    content = open_enclosure(visit.services, visit.login, reference, number)
    name = f"{reference}-anlage-{number}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{_plain(name)}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/schreiben/{reference}/{number}/befunde-{page}.png")
def findings(visit: SignedIn, reference: str, number: int, page: int) -> Response:
    """A page as one picture with its findings framed, to be sent to whoever made the PDF."""
    opened = open_document(visit.services, visit.login, reference, number)
    view = letter_view(visit.services, visit.login, reference)
    found = next((one.findings for one in view.recipients if one.number == number), ())
    marks = [
        Finding(one.code, one.severity, one.message, one.page, Box(*one.box_mm)) for one in found if one.box_mm
    ]
    return _picture(visit.services, opened, page, marks)


def _picture(services: Services, opened: Opened, page: int, marks: list[Finding]) -> Response:
    picture = services.renderer.picture_with_findings(opened.content, page, marks, dpi=_PICTURE_DPI)
    return Response(picture, media_type="image/png")


def _form(visit: Visit, reference: str, error: GatewayError | None = None) -> Response:
    case = case_view(visit.services, visit.login, reference)
    if not case.may_write:
        raise NotPermitted("not-permitted", "Dafür fehlt die Berechtigung (Rolle oder Dienststelle).")
    status = status_of(error) if error else 200
    return visit.page("upload.html.j2", status=status, case=case, error=error, typed=visit.form)


def _plain(name: str) -> str:
    if not name.isascii() or any(character in name for character in '"\\\r\n'):
        raise InputError("name-unusable", "Diese Adresse gibt es nicht.")
    return name
