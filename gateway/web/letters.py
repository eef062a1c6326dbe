"""Letters: the tracking list, one letter with all that is known about it, its documents, and what can be done."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from gateway.application.by_hand.taking_by_hand import may_go_by_hand
from gateway.application.clearing.forwarding import bring_forward
from gateway.application.clearing.withholding import cancel, hold, let_go, what_is_possible
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.letters.approving import approve, reject
from gateway.application.letters.enclosing import EnclosureView, enclosures_of
from gateway.application.reads.opened import Opened
from gateway.application.reads.showing import LetterView, letter_view
from gateway.application.receipt.delivering import Scan, store_scan
from gateway.application.receipt.serving import awaited
from gateway.application.receipt.told_deliveries import told_about
from gateway.application.services import Services
from gateway.application.trail.auditing import read_letter
from gateway.application.views.explaining import beside, explain
from gateway.application.views.opening import document_pages, open_document
from gateway.application.views.searching import LetterFilter, find_letters, my_offices
from gateway.domain.account.standing import Standing
from gateway.domain.letters.letter import EDITABLE, LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action, may_approve
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import OUTCOMES
from gateway.domain.runs.by_hand import HandChannel
from gateway.errors import InputError
from gateway.web.visiting import SignedIn, Visit, path_to
from gateway.web.writing import submit_letter

router = APIRouter()
PICTURE_DPI = 96
_PER_PAGE = 50


@router.get("/schreiben")
def letters(visit: SignedIn, stand: str = "", dienststelle: str = "", vor: int | None = None) -> Response:
    """The tracking list; what may be a name comes by POST only."""
    return _list(visit, LetterFilter(_standing(stand), dienststelle or None), vor)


@router.post("/schreiben")
def filtered(visit: SignedIn) -> Response:
    """The tracking list, narrowed down."""
    before = visit.text("vor")
    wanted = LetterFilter(
        standing=_standing(visit.text("stand")),
        office=visit.text("dienststelle") or None,
        text=visit.text("text"),
        first_day=visit.day("von"),
        last_day=visit.day("bis"),
    )
    return _list(visit, wanted, int(before) if before.isascii() and before.isdigit() else None)


@router.get("/schreiben/{reference}")
def letter(visit: SignedIn, reference: str, zweitschreiben: bool = False) -> Response:
    """One letter."""
    view = read_letter(visit.services, visit.login, reference)
    enclosures = enclosures_of(visit.services, visit.login, reference)
    return visit.page(
        "letter.html.j2",
        letter=view,
        pages=document_pages(visit.services, visit.login, reference),
        twin_pages=document_pages(visit.services, visit.login, reference, twin=True),
        enclosures=enclosures,
        documents=documents_of(view, enclosures),
        sentences=explain(visit.services, reference, visit.login),
        beside=beside(visit.services, reference, visit.login),
        can=_possible(visit, view),
        outcomes=OUTCOMES,
        awaited=awaited(visit.services, reference),
        told=told_about(visit.services, reference),
        services=list(Service),
        options=list(OrderOption),
        by_hand=may_go_by_hand(visit.services, visit.login, reference),
        channels=list(HandChannel),
        ask_duplicate=zweitschreiben,
        refresh=view.standing is Standing.SUBMITTED,
    )


@router.get("/schreiben/{reference}/{number}/dokument.pdf")
def document(visit: SignedIn, reference: str, number: int) -> Response:
    """The archived bytes."""
    return pdf(open_document(visit.services, visit.login, reference, number))


@router.get("/schreiben/{reference}/{number}/seite-{page}.png")
def picture(visit: SignedIn, reference: str, number: int, page: int) -> Response:
    """A page as picture."""
    opened = open_document(visit.services, visit.login, reference, number)
    return png(visit.services, opened, page)


@router.get("/schreiben/{reference}/{number}/abschrift.pdf")
def twin(visit: SignedIn, reference: str, number: int) -> Response:
    """The accessible copy."""
    return pdf(open_document(visit.services, visit.login, reference, number, twin=True))


@router.get("/schreiben/{reference}/{number}/abschrift-{page}.png")
def twin_picture(visit: SignedIn, reference: str, number: int, page: int) -> Response:
    """A page of the accessible copy as picture."""
    opened = open_document(visit.services, visit.login, reference, number, twin=True)
    return png(visit.services, opened, page)


@router.get("/schreiben/{reference}/nachweis.zip")
def evidence(visit: SignedIn, reference: str) -> Response:
    """The posting file, as a court would want it."""
    file = posting_file(visit.services, visit.login, reference)
    archive, _ = packed(visit.services, file)
    disposition = f'attachment; filename="{file.name}"'
    return Response(archive, media_type="application/zip", headers={"Content-Disposition": disposition})


@router.post("/schreiben/{reference}/einreichen")
def submit(visit: SignedIn, reference: str) -> Response:
    """Submit for approval, with the explicit yes to a second letter if it was given."""
    return submit_letter(visit, reference, accept_duplicate=visit.text("zweitschreiben") == "ja")


@router.post("/schreiben/{reference}/freigeben")
def sign(visit: SignedIn, reference: str) -> Response:
    """Approve what was looked at: the hashes of the page must still be those of the letter."""
    view = letter_view(visit.services, visit.login, reference)
    if visit.text("documents") != documents_of(view, enclosures_of(visit.services, visit.login, reference)):
        raise InputError(
            "documents-changed",
            "Das Dokument wurde inzwischen neu erstellt. Bitte neu ansehen und dann entscheiden.",
        )
    approve(visit.services, visit.login, reference)
    return visit.to(_after(visit, reference), f"{view.title} ist freigegeben.")


@router.post("/schreiben/{reference}/zurueckgeben")
def give_back(visit: SignedIn, reference: str) -> Response:
    """Give it back to its author."""
    reject(visit.services, visit.login, reference, visit.reason())
    return visit.to(_after(visit, reference), "Das Schreiben ist zurückgegeben.")


@router.post("/schreiben/{reference}/anhalten")
def keep(visit: SignedIn, reference: str) -> Response:
    """Keep it out of the runs."""
    return _withhold(visit, reference, hold, "Das Schreiben ist angehalten.")


@router.post("/schreiben/{reference}/weiterlaufen")
def release(visit: SignedIn, reference: str) -> Response:
    """End the holding."""
    let_go(visit.services, visit.login, reference)
    return visit.to(path_to("schreiben", reference), "Das Schreiben läuft weiter.")


@router.post("/schreiben/{reference}/stornieren")
def drop(visit: SignedIn, reference: str) -> Response:
    """Cancel it."""
    return _withhold(visit, reference, cancel, "Das Schreiben ist storniert.")


@router.post("/schreiben/{reference}/vorziehen")
def forward(visit: SignedIn, reference: str) -> Response:
    """Let it go to print now, where it waits at the provider."""
    bring_forward(visit.services, visit.login, reference)
    return visit.to(
        path_to("schreiben", reference), "Der Druckdienstleister druckt das Schreiben ohne weiteres Warten."
    )


def pdf(opened: Opened) -> Response:
    """A PDF to be shown in the browser; a saved copy is named by its reference."""
    disposition = f'inline; filename="{opened.name}"'
    return Response(opened.content, media_type="application/pdf", headers={"Content-Disposition": disposition})


def png(services: Services, opened: Opened, page: int) -> Response:
    """A page as PNG."""
    return Response(services.renderer.picture(opened.content, page, dpi=PICTURE_DPI), media_type="image/png")


def scan_of(visit: Visit) -> Scan | None:
    """The scanned receipt, if one came with the form."""
    value = visit.form.get("beleg")
    if not isinstance(value, UploadFile) or not value.filename:
        return None
    return store_scan(visit.services, visit.file("beleg"))


def documents_of(view: LetterView, enclosures: Sequence[EnclosureView] = ()) -> str:
    """What is signed with this page: the hashes of all documents, of their twins, and of what travels with them."""
    hashes = [recipient.document_sha256 or "-" for recipient in view.recipients]
    hashes += [recipient.twin_sha256 or "-" for recipient in view.recipients if recipient.twin]
    return " ".join([*hashes, *(enclosure.sha256 for enclosure in enclosures)])


def _withhold(
    visit: Visit, reference: str, do: Callable[[Services, str, str, str], None], notice: str
) -> Response:
    do(visit.services, visit.login, reference, visit.reason())
    return visit.to(path_to("schreiben", reference), notice)


def _after(visit: Visit, reference: str) -> str:
    """Back to where the decision was made."""
    return path_to("freigabe") if visit.text("back") == "freigabe" else path_to("schreiben", reference)


def _possible(visit: Visit, view: LetterView) -> dict[str, bool]:
    """Which buttons are shown; the use cases decide again."""
    who, state = visit.who, LetterState(view.state)
    signs = may_approve(who.roles, author=view.author, approver=who.login, four_eyes=view.four_eyes)
    approves = state is LetterState.READY and who.may(Action.APPROVE, view.office)
    writes = who.may(Action.WRITE_LETTER, view.office)
    free = what_is_possible(visit.services, visit.login, view.reference)
    holds = who.may(Action.HOLD, view.office)
    return {
        "edit": writes and state in EDITABLE and view.template != FINISHED_PDF,
        "enclose": writes and state in EDITABLE,
        "choose_service": writes and state in EDITABLE,
        "submit": writes and state is LetterState.DRAFT,
        "approve": approves and signs,
        "wait_for_second": approves and not signs,
        "reject": approves,
        "hold": holds and free.hold and view.held_at is None,
        "let_go": holds and free.hold and view.held_at is not None,
        "cancel": free.cancel and who.may(Action.CANCEL, view.office),
        "ask_back": free.at_provider,
        "prove": who.may(Action.PROVE_DELIVERY, view.office),
        "forward": free.forward and holds,
    }


def _standing(text: str) -> Standing | None:
    return Standing(text) if text in set(Standing) else None


def _list(visit: Visit, wanted: LetterFilter, before: int | None) -> Response:
    found = find_letters(visit.services, visit.login, wanted, limit=_PER_PAGE, before=before)
    return visit.page(
        "letters.html.j2",
        found=found,
        wanted={name: _iso(value) for name, value in asdict(wanted).items()},
        standings=list(Standing),
        offices=my_offices(visit.services, visit.login),
        first=before is None,
    )


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
