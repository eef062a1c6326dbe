"""Safe repairs of a finished PDF: what does not print is taken out, how the page lies is put straight.

Each repair is one small function with one code, and each is proven: the pages as they print, before and after, are
compared point by point, and a repair that would change a page is not made. Nothing is distilled anew, cut, whitened
or moved; what these repairs do not mend is for `preflight` to refuse. Form fields whose look is not fixed in the
file, and comments that would print, are left alone on purpose: nobody but the author knows what was meant.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pikepdf
from PIL import Image, ImageChops, ImageFilter

from gateway.domain.findings import Finding, Severity
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, MM_PER_PT
from gateway.ports.renderer import RepairedDocument
from gateway.rendering import geometry, intake, reading, structure
from gateway.rendering.ink import MM_PER_INCH

PROOF_DPI = 150
MAX_DIFFERENCE = 24
"""Of 255, at any point: what rounding does to the edge of a letter, and far below what ink is."""

_MAX_SIDE_PX = 2000
_BOXES = ("/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")
_HIDDEN, _PRINT = 2, 4
"""Annotation flags, ISO 32000-1, 12.5.3: without the print flag an annotation never prints."""


@dataclass(frozen=True)
class Repair:
    """`make` changes the document and returns the numbers of the pages that it touched."""

    code: str
    message: str
    make: Callable[[pikepdf.Pdf], list[int]]


def repair(pdf: bytes) -> RepairedDocument:
    """The file with all safe repairs, each named in an INFO finding. Raises as `intake.check`.

    Same file, same bytes; a file that needs nothing comes back untouched.
    """
    intake.check(pdf)
    findings: list[Finding] = []
    for each in REPAIRS:
        pdf, found = _attempt(pdf, each)
        findings += found
    with structure.opened(pdf) as document:
        return RepairedDocument(pdf, len(document.pages), tuple(findings))


def flatten_form_fields(document: pikepdf.Pdf) -> list[int]:
    """The look of every field becomes part of its page, as it prints."""
    if "/AcroForm" not in document.Root:
        return []
    if bool(document.Root.AcroForm.get("/NeedAppearances", False)):
        return []  # every viewer would draw the fields anew, each in its own way
    touched = _pages_with(document, _is_widget)
    has_fields = len(document.Root.AcroForm.get("/Fields", [])) > 0
    others = [_take_others(page) for page in document.pages]
    document.flatten_annotations("print")
    for page, kept in zip(document.pages, others, strict=True):
        if any(not _is_empty(field) for field in page.obj.get("/Annots", [])):
            raise ValueError("a field without a look of its own")
        _set_annotations(page, kept)
    if "/AcroForm" in document.Root:
        del document.Root.AcroForm
    return touched or ([1] if has_fields else [])


def drop_unprinted_annotations(document: pikepdf.Pdf) -> list[int]:
    """Links and comments that leave no trace on paper."""
    touched = _pages_with(document, _leaves_no_trace)
    for page in document.pages:
        _set_annotations(page, [each for each in _annotations(page) if not _leaves_no_trace(each)])
    return touched


def straighten_pages(document: pikepdf.Pdf) -> list[int]:
    """One box that begins at 0, 0 and no rotation, for A4 pages seen upright."""
    touched = []
    for number, page in enumerate(document.pages, start=1):
        # What annotations are left would stay where they are; such a page is refused anyway.
        if _is_crooked(page) and _is_seen_as_a4(page) and not _annotations(page):
            _straighten(page)
            touched.append(number)
    return touched


REPAIRS = (
    Repair(
        "repaired-form-fields",
        "Formularfelder wurden fest in die Seite übernommen, so wie sie gedruckt erscheinen.",
        flatten_form_fields,
    ),
    Repair(
        "repaired-annotations",
        "Verweise und Anmerkungen, die nicht gedruckt werden, wurden entfernt.",
        drop_unprinted_annotations,
    ),
    Repair(
        "repaired-page-geometry",
        "Lage und Drehung der Seite im PDF wurden vereinheitlicht; das Seitenbild ist unverändert.",
        straighten_pages,
    ),
)


def _attempt(pdf: bytes, each: Repair) -> tuple[bytes, list[Finding]]:
    with structure.opened(pdf) as document:
        try:
            pages = each.make(document)
        # A form or an annotation of a shape that nobody foresaw: left as it is, preflight says what is wrong.
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
            return pdf, [_not_made(each)]
        if not pages:
            return pdf, []
        mended = _saved(document)
    if not same_picture(pdf, mended):
        return pdf, [_not_made(each)]
    return mended, [Finding(each.code, Severity.INFO, each.message, page) for page in pages]


def _not_made(each: Repair) -> Finding:
    return Finding(
        "repair-refused",
        Severity.WARNING,
        f"Die Reparatur „{each.code}“ ließ sich nicht machen, ohne das Seitenbild zu gefährden, und unterblieb. "
        "Bitte das Dokument genau ansehen oder neu erzeugen.",
    )


def same_picture(before: bytes, after: bytes) -> bool:
    """Whether every page prints the same, point by point."""
    count = _page_count(before)
    return count == _page_count(after) and all(
        _same(_raster(before, number), _raster(after, number)) for number in range(count)
    )


def _page_count(pdf: bytes) -> int:
    with reading.opened(pdf) as document:
        return len(document)


def _raster(pdf: bytes, index: int) -> Image.Image:
    """The page as a printing viewer shows it, its form fields too, which pdfium draws only when asked to.

    In grey: pdfium smooths the text of fields in colours, and other text in grey.
    """
    with reading.opened(pdf) as document:
        document.init_forms()
        page = document[index]
        longest_inch = max(*geometry.size_mm(page), 1.0) / MM_PER_INCH
        dpi = min(PROOF_DPI, _MAX_SIDE_PX / longest_inch)
        bitmap = page.render(scale=dpi / 72, may_draw_forms=True, draw_annots=True, optimize_mode="print")
        picture: Image.Image = bitmap.to_pil().convert("L")
        bitmap.close()
    return picture


def _same(before: Image.Image, after: Image.Image) -> bool:
    size = min(before.width, after.width), min(before.height, after.height)
    if abs(before.width - after.width) > 1 or abs(before.height - after.height) > 1:
        return False  # one pixel is rounding
    one, other = before.crop((0, 0, *size)), after.crop((0, 0, *size))
    return _is_black(ImageChops.difference(one, other)) or (
        _lies_within(one, other) and _lies_within(other, one)
    )


def _lies_within(inner: Image.Image, outer: Image.Image) -> bool:
    """No point is darker or lighter than what `outer` has at its place or right beside it.

    Turned by a matrix instead of /Rotate, small letters are set a fraction of a point beside their place. Asked
    both ways, what is new and what is gone is seen all the same.
    """
    too_dark = ImageChops.subtract(outer.filter(ImageFilter.MinFilter(3)), inner)
    too_light = ImageChops.subtract(inner, outer.filter(ImageFilter.MaxFilter(3)))
    return _is_black(too_dark) and _is_black(too_light)


def _is_black(picture: Image.Image) -> bool:
    return picture.point(lambda value: 255 if value > MAX_DIFFERENCE else 0).getbbox() is None


def _saved(document: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    document.save(
        target,
        deterministic_id=True,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
    )
    return target.getvalue()


# Annotations


def _annotations(page: pikepdf.Page) -> list[pikepdf.Object]:
    return list(page.obj.get("/Annots", []))


def _set_annotations(page: pikepdf.Page, annotations: Sequence[pikepdf.Object]) -> None:
    if annotations:
        page.obj.Annots = pikepdf.Array(annotations)
    elif "/Annots" in page.obj:
        del page.obj.Annots


def _take_others(page: pikepdf.Page) -> list[pikepdf.Object]:
    """Leave nothing but form fields on the page, and return the rest."""
    found = _annotations(page)
    _set_annotations(page, [each for each in found if _is_widget(each)])
    return [each for each in found if not _is_widget(each)]


def _is_widget(annotation: pikepdf.Object) -> bool:
    return bool(annotation.get("/Subtype") == "/Widget")


def _is_empty(field: pikepdf.Object) -> bool:
    """Has no area, as the field of an invisible signature, or never prints."""
    left, bottom, right, top = (float(edge) for edge in field.get("/Rect", [0, 0, 0, 0]))
    return left == right or bottom == top or not _prints(field)


def _prints(annotation: pikepdf.Object) -> bool:
    flags = int(annotation.get("/F", 0))
    return bool(flags & _PRINT) and not flags & _HIDDEN


def _leaves_no_trace(annotation: pikepdf.Object) -> bool:
    """Never prints, or is a link without frame. Form fields are the business of another repair."""
    if _is_widget(annotation):
        return False
    return not _prints(annotation) or structure.is_invisible_link(annotation)


def _pages_with(document: pikepdf.Pdf, wanted: Callable[[pikepdf.Object], bool]) -> list[int]:
    pages = enumerate(document.pages, start=1)
    return [number for number, page in pages if any(wanted(each) for each in _annotations(page))]


# How the page lies


def _visible(page: pikepdf.Page) -> tuple[float, float, float, float]:
    media = [float(edge) for edge in page.mediabox]
    crop = [float(edge) for edge in page.cropbox]
    return max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])


def _turn(page: pikepdf.Page) -> int:
    return int(structure.inherited(page.obj, "/Rotate") or 0) % 360


def _is_crooked(page: pikepdf.Page) -> bool:
    left, bottom, right, top = _visible(page)
    whole = [float(edge) for edge in page.mediabox] == [left, bottom, right, top]
    return _turn(page) != 0 or not whole or left != 0 or bottom != 0


def _is_seen_as_a4(page: pikepdf.Page) -> bool:
    """Other pages are refused anyway; of those nothing is touched."""
    left, bottom, right, top = _visible(page)
    width, height = (right - left, top - bottom) if _turn(page) in {0, 180} else (top - bottom, right - left)
    is_a4 = abs(width * MM_PER_PT - A4_WIDTH_MM) <= 1 and abs(height * MM_PER_PT - A4_HEIGHT_MM) <= 1
    return is_a4 and float(page.obj.get("/UserUnit", 1)) == 1


def _straighten(page: pikepdf.Page) -> None:
    """Turn and move the content instead of the page."""
    left, bottom, right, top = _visible(page)
    turn = _turn(page)
    matrix = {
        0: (1, 0, 0, 1, -left, -bottom),
        90: (0, -1, 1, 0, -bottom, right),
        180: (-1, 0, 0, -1, right, top),
        270: (0, 1, -1, 0, top, -left),
    }[turn]
    width, height = (right - left, top - bottom) if turn in {0, 180} else (top - bottom, right - left)
    numbers = " ".join(f"{number:.5f}" for number in matrix)
    page.contents_add(f"q {numbers} cm\n".encode("ascii"), prepend=True)
    page.contents_add(b"\nQ\n")
    for key in _BOXES:
        if key in page.obj:
            del page.obj[key]
    box = pikepdf.Array([0, 0, width, height])
    page.obj.MediaBox = box
    if structure.inherited(page.obj, "/CropBox") is not None:
        page.obj.CropBox = box
    page.obj.Rotate = 0
