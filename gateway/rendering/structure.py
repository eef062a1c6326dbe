"""What a PDF carries besides its pages' content: encryption, scripts, annotations, form fields.

Read with pikepdf, which refuses what it would have to repair: a repaired document may have lost pages.
It does not look at the content (that is `reading`) and judges nothing (that is `preflight`).
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import pikepdf

from gateway.errors import DocumentInvalid

HIDDEN_LAYERS = (
    "Das PDF enthält Ebenen, die aus- oder eingeblendet werden können; was gedruckt würde, ist nicht sicher. "
    "Bitte ohne Ebenen neu speichern (PDF/A-1) oder als reines PDF drucken."
)
_MAX_TREE_DEPTH = 50
Found = TypeVar("Found")


@dataclass(frozen=True)
class Annotation:
    """An annotation that shows or may show; `rect` is (left, bottom, right, top) in the page's own points."""

    kind: str
    rect: tuple[float, float, float, float]


@dataclass(frozen=True)
class Structure:
    """The facts, page by page where they belong to a page."""

    has_javascript: bool
    has_form_fields: bool
    hides_layers: bool
    """Whether something on a page shows or not depending on a layer; layers that always show are none."""
    annotations: tuple[tuple[Annotation, ...], ...]
    user_units: tuple[float, ...]
    transparent: tuple[bool, ...]
    """Whether the page uses transparency; a transparency group alone, as word processors write it, is none."""
    jpeg2000: tuple[bool, ...]
    """Whether the page shows JPEG 2000 pictures."""


def unreadable() -> DocumentInvalid:
    """Not a PDF, or a damaged one."""
    return DocumentInvalid(
        "pdf-unreadable",
        "Die Datei ist kein lesbares PDF oder beschädigt. Bitte das PDF neu erzeugen und noch einmal einreichen.",
    )


def encrypted() -> DocumentInvalid:
    """A PDF with a password or with restricted rights."""
    return DocumentInvalid(
        "pdf-encrypted",
        "Das PDF ist verschlüsselt oder mit Rechten geschützt. Bitte ohne Kennwort und Schutz neu speichern.",
    )


def layered() -> DocumentInvalid:
    """A PDF of which a part shows or not depending on a layer."""
    return DocumentInvalid("layers-hidden", HIDDEN_LAYERS)


@contextmanager
def opened(pdf: bytes) -> Iterator[pikepdf.Pdf]:
    """The document, open in pikepdf. Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted').

    That also holds for what turns out to be damaged only while the document is read.
    """
    try:
        with pikepdf.open(io.BytesIO(pdf), attempt_recovery=False) as document:
            if document.is_encrypted:
                raise encrypted()
            yield document
    except pikepdf.PasswordError:
        raise encrypted() from None
    except pikepdf.PdfError:
        raise unreadable() from None


def contents(page: pikepdf.Page) -> list[pikepdf.Object]:
    """The content streams of a page, in order."""
    found = page.obj.get("/Contents", pikepdf.Array())
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def resources(page: pikepdf.Page) -> pikepdf.Object:
    """The resources of a page, its own or inherited."""
    return inherited(page.obj, "/Resources") or pikepdf.Dictionary()


def forms(page: pikepdf.Page) -> list[tuple[str, pikepdf.Object]]:
    """The pictures and forms of a page, by name."""
    return sorted(resources(page).get("/XObject", pikepdf.Dictionary()).items())


def inherited(node: pikepdf.Object, key: str) -> pikepdf.Object | None:
    """A page attribute of its own or of the nearest ancestor that has it."""
    for _ in range(_MAX_TREE_DEPTH):
        if key in node or "/Parent" not in node:
            break
        node = node.Parent
    return node.get(key)


def drawn(found: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Every picture and form that these resources can draw, forms within forms and in patterns included, each once."""
    waiting, seen = [found], set()
    while waiting:
        part = waiting.pop()
        streams = [*part.get("/XObject", {}).values(), *part.get("/Pattern", {}).values()]
        for stream in streams:
            if stream.objgen in seen and stream.is_indirect:
                continue
            seen.add(stream.objgen)
            yield stream
            if "/Resources" in stream:
                waiting.append(stream.Resources)


def is_transparent(found: pikepdf.Object) -> bool:
    """Whether something that these resources can draw lets through what is below (ISO 19005-1, 6.4)."""
    streams = list(drawn(found))
    parts = [found, *(stream.Resources for stream in streams if "/Resources" in stream)]
    states = (state for part in parts for state in part.get("/ExtGState", {}).values())
    return any(map(_is_masked, streams)) or any(map(_lets_through, states))


def _is_masked(stream: pikepdf.Object) -> bool:
    return "/SMask" in stream or int(stream.get("/SMaskInData", 0)) != 0


def _lets_through(state: pikepdf.Object) -> bool:
    if state.get("/SMask", "/None") != "/None":
        return True
    if any(float(state.get(key, 1)) != 1 for key in ("/CA", "/ca")):
        return True
    mode = state.get("/BM", "/Normal")
    first = (mode[0] if len(mode) else "/Normal") if isinstance(mode, pikepdf.Array) else mode
    return str(first) not in {"/Normal", "/Compatible"}


def _any_picture(page: pikepdf.Page, test: Callable[[pikepdf.Object], bool]) -> bool:
    return any(test(stream) for stream in drawn(resources(page)) if stream.get("/Subtype") == "/Image")


def _is_jpeg2000(picture: pikepdf.Object) -> bool:
    return "/JPXDecode" in filters(picture)


def filters(stream: pikepdf.Object) -> list[str]:
    """How a stream is packed, outermost first."""
    found = stream.get("/Filter", pikepdf.Array())
    return [str(name) for name in (found if isinstance(found, pikepdf.Array) else [found])]


def read(pdf: bytes) -> Structure:
    """All facts of a document. Raises `DocumentInvalid`."""
    with opened(pdf) as document:
        return facts(document)


def facts(document: pikepdf.Pdf) -> Structure:
    """All facts of an open document; to be called within `opened`. Raises `DocumentInvalid` ('pdf-unreadable')."""
    return examined(document, _facts)


def examined(document: pikepdf.Pdf, look: Callable[[pikepdf.Pdf], Found]) -> Found:
    """What `look` finds in an open document, whose content it reads to the end.

    Raises `DocumentInvalid` ('pdf-unreadable') if the document turns out to be damaged meanwhile, or has no page.
    """
    try:
        found = look(document)
    # A broken object shows as whatever type pikepdf happens to meet in its place.
    except (AttributeError, KeyError, TypeError, ValueError):
        raise unreadable() from None
    # A warning is such as a stream that ends too early: the rest of a page would be missing, without any error.
    if document.get_warnings() or not len(document.pages):
        raise unreadable()
    return found


def _facts(document: pikepdf.Pdf) -> Structure:
    for page in document.pages:
        check_shape(page)
        _check_streams(page)
    pages = [page.obj for page in document.pages]
    root = document.Root
    return Structure(
        has_javascript=_has_javascript(root, pages),
        has_form_fields="/AcroForm" in root and len(root.AcroForm.get("/Fields", [])) > 0,
        hides_layers=hides_layers(document),
        annotations=tuple(tuple(_annotations(page)) for page in pages),
        user_units=tuple(float(page.get("/UserUnit", 1)) for page in pages),
        transparent=tuple(is_transparent(resources(page)) for page in document.pages),
        jpeg2000=tuple(_any_picture(page, _is_jpeg2000) for page in document.pages),
    )


def check_shape(page: pikepdf.Page) -> None:
    """A page box and a rotation as every later step relies on. Raises what `examined` takes for damage."""
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    if left >= right or bottom >= top or int(inherited(page.obj, "/Rotate") or 0) % 90:
        raise ValueError("page box or rotation")


def _check_streams(page: pikepdf.Page) -> None:
    """That all content can be read to its end. Raises what `examined` takes for damage."""
    if not all(isinstance(stream, pikepdf.Stream) for stream in contents(page)):
        raise TypeError("content stream")
    if not all(isinstance(form, pikepdf.Stream) for _, form in forms(page)):
        raise TypeError("picture or form")
    drawn = [form for _, form in forms(page) if form.get("/Subtype") == "/Form"]
    for stream in [*contents(page), *drawn]:
        stream.read_bytes()


def hides_layers(document: pikepdf.Pdf) -> bool:
    """A layer that is off or that a viewer switches by itself, or a rule about layers (ISO 32000-1, 8.11)."""
    if "/OCProperties" not in document.Root:
        return False
    default = document.Root.OCProperties.get("/D", pikepdf.Dictionary())
    if len(default.get("/OFF", [])) or default.get("/BaseState", "/ON") != "/ON" or len(default.get("/AS", [])):
        return True
    return any(
        isinstance(part, pikepdf.Dictionary)
        and part.get("/Type") == "/OCMD"
        and ("/VE" in part or part.get("/P", "/AnyOn") not in {"/AnyOn", "/AllOn"})
        for part in document.objects
    )


def _annotations(page: pikepdf.Object) -> Iterator[Annotation]:
    for annotation in page.get("/Annots", []):
        if not is_invisible_link(annotation):
            left, bottom, right, top = (float(value) for value in annotation.get("/Rect", [0, 0, 0, 0]))
            kind = str(annotation.get("/Subtype", "/Unknown"))[1:]
            yield Annotation(kind, (min(left, right), min(bottom, top), max(left, right), max(bottom, top)))


def is_invisible_link(annotation: pikepdf.Object) -> bool:
    """A link without border or appearance leaves no trace on paper; without /Border its border is 1 pt wide."""
    if annotation.get("/Subtype") != "/Link" or "/AP" in annotation:
        return False
    if "/BS" in annotation:
        return float(annotation.BS.get("/W", 1)) == 0
    border = annotation.get("/Border", [0, 0, 1])
    return len(border) < 3 or float(border[2]) == 0


def _has_javascript(root: pikepdf.Object, pages: Sequence[pikepdf.Object]) -> bool:
    """Scripts hide in the name tree and behind the actions of document, pages, annotations and fields."""
    if "/JavaScript" in root.get("/Names", {}):
        return True
    carriers = [root, *pages, *(annotation for page in pages for annotation in page.get("/Annots", []))]
    if "/AcroForm" in root:
        carriers.extend(root.AcroForm.get("/Fields", []))
    return any(_is_script(action) for carrier in carriers for action in _actions(carrier))


def _actions(carrier: pikepdf.Object) -> Iterator[pikepdf.Object]:
    for key in ("/OpenAction", "/A"):
        if isinstance(carrier.get(key), pikepdf.Dictionary):
            yield carrier[key]
    yield from carrier.get("/AA", {}).values()


def _is_script(action: pikepdf.Object | None) -> bool:
    """The action itself or the next in its chain; a chain of more than ten is not followed."""
    for _ in range(10):
        if not isinstance(action, pikepdf.Dictionary):
            return False
        if "/JS" in action or action.get("/S") == "/JavaScript":
            return True
        action = action.get("/Next")
    return False
