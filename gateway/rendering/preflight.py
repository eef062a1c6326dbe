"""Preflight (*Druckprüfung*): would this PDF print as the profile asks, and does its window show the address.

Every check is a small function with one stable code; a PDF is good if none of them has an error to report.
What is outside, in the way or missing is judged by the ink that will be on the paper, not by what the file says
about itself: a white rectangle or an empty picture is nothing, a clipped letter is clipped.
Nothing is ever repaired or erased here, and no message carries a name or an address.
"""

from collections.abc import Callable, Iterator, Sequence

from gateway.domain.findings import Box, Finding, Severity
from gateway.domain.pieces.mailpiece import sheets_for
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, PrintProfile
from gateway.ports.renderer import PreflightReport
from gateway.rendering import reading, structure
from gateway.rendering.reading import PageReading, Reading
from gateway.rendering.window import AddressWindow
from gateway.rendering.window_checks import ADDRESS_CHECKS, address_differs, where

SIZE_TOLERANCE_MM = 1.0
"""A4 is rounded differently everywhere (595 × 842 pt is 209.9 × 297.04 mm)."""
SMALLEST_PICTURE_MM = 8.0
"""Smaller pictures are logos, codes and marks, whose sharpness nobody misses."""
DPI_TOLERANCE = 0.02

_SURROGATES_OF_PRIVATE_PLANES = range(0xDB80, 0xDC00)
_PRIVATE_AREA = range(0xE000, 0xF900)


def preflight(pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None) -> PreflightReport:
    """All checks. `expected_address` None: there is no address on record to compare with.

    Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted') where nothing can be checked.
    """
    with reading.read(pdf) as document:
        findings = list(_size(pdf, profile))
        for check in DOCUMENT_CHECKS:
            findings.extend(check(document, profile))
        first = document.page(1)
        findings.extend(_page_findings(first, profile))
        sheets = sheets_for(document.page_count, duplex=True)
        address, address_findings = _address(first, profile, expected_address, sheets)
        findings.extend(address_findings)
        for number in range(2, min(document.page_count, 2 * profile.max_sheets) + 1):
            findings.extend(_page_findings(document.page(number), profile))
        findings.sort(key=lambda finding: finding.page or 0)
        return PreflightReport(document.page_count, address, findings)


def _page_findings(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    for check in PAGE_CHECKS:
        yield from check(page, profile)
    if _is_a4_portrait(page):
        for check in INK_CHECKS if page.number > 1 else INK_CHECKS + FIRST_PAGE_CHECKS:
            yield from check(page, profile)


def _address(
    page: PageReading, profile: PrintProfile, expected: Sequence[str] | None, sheets: int
) -> tuple[list[str], list[Finding]]:
    if not _is_a4_portrait(page):
        return [], []
    window = AddressWindow(page, profile, sheets)
    found = [finding for check in ADDRESS_CHECKS for finding in check(window)]
    shown = [line.text for line in window.lines]
    return shown, [*found, *address_differs(window, shown, expected)]


# The document


def _size(pdf: bytes, profile: PrintProfile) -> Iterator[Finding]:
    if len(pdf) > profile.max_bytes:
        yield _error(
            "pdf-too-large",
            f"Das PDF ist größer als {profile.max_bytes // 1_000_000} MB. "
            "Bitte Bilder verkleinern oder Anlagen getrennt versenden.",
        )


def too_many_sheets(document: Reading, profile: PrintProfile) -> Iterator[Finding]:
    """'too-many-sheets' where even both sides do not do; a warning where only double-sided printing does."""
    pages, most = document.page_count, profile.max_sheets
    if pages > 2 * most:
        yield _error(
            "too-many-sheets",
            f"Das PDF hat {pages} Seiten; auch beidseitig sind höchstens {2 * most} möglich ({most} Blatt). "
            "Bitte Anlagen getrennt versenden.",
        )
    elif pages > most:
        yield Finding(
            "duplex-required",
            Severity.WARNING,
            f"Das PDF hat {pages} Seiten und passt nur beidseitig in einen Umschlag ({most} Blatt). "
            "Bitte nicht einseitig drucken lassen.",
        )


def depends_on_a_program(document: Reading, _: PrintProfile) -> Iterator[Finding]:
    """'javascript-present', 'layers-hidden': what is printed must not depend on what a program makes or shows of it."""
    if document.facts.has_javascript:
        yield _error(
            "javascript-present", "Das PDF enthält JavaScript. Bitte ohne Skripte neu speichern (PDF/A)."
        )
    if document.facts.hides_layers:
        yield _error("layers-hidden", structure.HIDDEN_LAYERS)


def form_field_present(document: Reading, _: PrintProfile) -> Iterator[Finding]:
    """'form-field-present': a field may print empty, filled or not at all."""
    if document.facts.has_form_fields:
        yield _error(
            "form-field-present",
            "Das PDF enthält Formularfelder. Bitte das ausgefüllte Formular als reines PDF drucken.",
        )


# Every page


def page_not_a4(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'page-not-a4': the visible page, whichever way up."""
    short, long = sorted((page.width_mm, page.height_mm))
    if not _near(short, A4_WIDTH_MM) or not _near(long, A4_HEIGHT_MM) or page.user_unit != 1:
        yield _error(
            "page-not-a4",
            f"Die Seite ist {page.width_mm:.0f} × {page.height_mm:.0f} mm groß. "
            "Bitte als A4 (210 × 297 mm) neu erzeugen.",
            page,
        )


def page_not_portrait(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'page-not-portrait': as seen, so a landscape sheet that /Rotate turns upright is fine."""
    if page.width_mm > page.height_mm:
        yield _error("page-not-portrait", "Die Seite liegt quer. Bitte im Hochformat neu erzeugen.", page)


def font_not_embedded(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'font-not-embedded': the printer would take another font, with other widths and glyphs."""
    for font in page.fonts:
        if not font.embedded:
            yield _error(
                "font-not-embedded",
                f"Die Schrift „{font.name}“ ist nicht eingebettet. "
                "Bitte als PDF/A oder mit eingebetteten Schriften speichern.",
                page,
                font.box,
            )


def character_unprintable(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'character-unprintable': a replacement character, or a glyph that stands for no character (.notdef)."""
    points = () if page.text.is_plain else page.text.code_points
    bad = [index for index, code_point in enumerate(points) if code_point in {0, 0xFFFD}]
    if bad:
        yield _error(
            "character-unprintable",
            f"{len(bad)} Zeichen dieser Seite haben kein Schriftbild. Bitte das Zeichen ersetzen "
            "oder eine Schrift wählen, die es enthält.",
            page,
            page.text.character(bad[0]).box,
        )


def character_private(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'character-private', a warning: private characters look different in every font."""
    private = [
        index
        for index, code_point in enumerate(() if page.text.is_plain else page.text.code_points)
        if code_point in _PRIVATE_AREA or code_point in _SURROGATES_OF_PRIVATE_PLANES
    ]
    if private:
        yield Finding(
            "character-private",
            Severity.WARNING,
            f"{len(private)} Zeichen dieser Seite sind Sonderzeichen einer Symbolschrift. "
            "Bitte am Bild prüfen, ob sie stimmen.",
            page.number,
            page.text.character(private[0]).box,
        )


def annotation_present(page: PageReading, _: PrintProfile) -> Iterator[Finding]:
    """'annotation-present': notes, stamps and framed links; links that leave no trace on paper are none."""
    for annotation in page.annotations:
        yield _error(
            "annotation-present",
            f"Die Seite trägt eine Anmerkung ({annotation.kind}). Bitte alle Kommentare und Stempel entfernen "
            "oder fest in die Seite drucken.",
            page,
            annotation.box,
        )


def transparency_forbidden(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'transparency-forbidden' where the provider's format has none: its conversion could change the page."""
    if page.is_transparent and not profile.allows_transparency:
        yield _error(
            "transparency-forbidden",
            "Die Seite enthält durchscheinende Elemente, die dieser Druckdienstleister nicht annimmt. "
            "Bitte ohne Transparenz neu erzeugen (Bilder ohne Alphakanal, PDF/A-1b).",
            page,
        )


def picture_format_forbidden(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'picture-format-forbidden': PDF/A-1 has no JPEG 2000, and nothing is packed anew here."""
    if page.has_jpeg2000 and profile.pdf_a == "1b":
        yield _error(
            "picture-format-forbidden",
            "Die Seite enthält ein Bild im Format JPEG 2000, das dieser Druckdienstleister nicht annimmt. "
            "Bitte mit JPEG- oder verlustfreien Bildern neu erzeugen (PDF/A-1b).",
            page,
        )


# The ink of every page


def image_resolution(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'image-resolution-low' and 'image-resolution-high', warnings, for pictures that show and are no mere marks."""
    for image in page.images:
        box = image.box
        if min(box.x1_mm - box.x0_mm, box.y1_mm - box.y0_mm) < SMALLEST_PICTURE_MM or not page.ink.bounds(box):
            continue
        if image.min_dpi < profile.min_image_dpi * (1 - DPI_TOLERANCE):
            yield Finding(
                "image-resolution-low",
                Severity.WARNING,
                f"Ein Bild hat nur {image.min_dpi:.0f} dpi und wird unscharf gedruckt "
                f"(mindestens {profile.min_image_dpi:.0f} dpi). Bitte feiner scannen oder kleiner abbilden.",
                page.number,
                box,
            )
        elif image.max_dpi > profile.max_image_dpi * (1 + DPI_TOLERANCE):
            yield Finding(
                "image-resolution-high",
                Severity.WARNING,
                f"Ein Bild hat {image.max_dpi:.0f} dpi; mehr als {profile.max_image_dpi:.0f} dpi werden nicht "
                "gedruckt und machen die Datei groß. Bitte das Bild verkleinern.",
                page.number,
                box,
            )


def outside_printable_area(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'content-outside-printable-area': text, lines or pictures where the printer prints nothing."""
    area = profile.printable
    for zone, side in (
        (Box(0, 0, area.x0_mm, page.height_mm), f"linken Rand ({area.x0_mm:g} mm)"),
        (Box(area.x1_mm, 0, page.width_mm, page.height_mm), f"rechten Rand (ab {area.x1_mm:g} mm)"),
        (Box(area.x0_mm, 0, area.x1_mm, area.y0_mm), f"oberen Rand ({area.y0_mm:g} mm)"),
        (Box(area.x0_mm, area.y1_mm, area.x1_mm, page.height_mm), f"unteren Rand (ab {area.y1_mm:g} mm)"),
    ):
        if ink := page.ink.bounds(zone):
            yield _error(
                "content-outside-printable-area",
                f"Im {side} wird nicht gedruckt, dort steht aber etwas. Bitte den Inhalt nach innen rücken.",
                page,
                ink,
            )


def sheet_code_zone_not_free(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'sheet-code-zone-not-free': on any page, since any page can be the front of a sheet."""
    if ink := page.ink.bounds(profile.sheet_code):
        yield _error(
            "sheet-code-zone-not-free",
            f"Der Platz für den Blattcode ({where(profile.sheet_code)}) ist nicht frei. Bitte dort nichts drucken.",
            page,
            ink,
        )


# The ink of page 1


def franking_band_not_free(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'franking-band-not-free': the print centre puts its franking mark there."""
    if ink := page.ink.bounds(profile.franking_band):
        yield _error(
            "franking-band-not-free",
            f"Der Platz für die Frankierung ({where(profile.franking_band)}) ist nicht frei. "
            "Bitte die Anschrift tiefer setzen und dort nichts drucken.",
            page,
            ink,
        )


def return_code_zone_not_free(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'return-code-zone-not-free': the piece reference is printed there."""
    if ink := page.ink.bounds(profile.return_code):
        yield _error(
            "return-code-zone-not-free",
            f"Der Platz für die Sendungsnummer in der Absenderzeile ({where(profile.return_code)}) ist nicht frei. "
            "Bitte die Absenderzeile weiter rechts beginnen.",
            page,
            ink,
        )


def content_in_window_leak_area(page: PageReading, profile: PrintProfile) -> Iterator[Finding]:
    """'content-in-window-leak-area': an error, because what a postman can read is disclosed (§ 35 SGB I)."""
    own = (profile.return_line, profile.franking_band, profile.recipient)
    if ink := page.ink.bounds(profile.leak_area, *own):
        yield _error(
            "content-in-window-leak-area",
            f"Im Umschlagfenster ({where(profile.leak_area)}) könnte mehr als die Anschrift zu lesen sein. "
            "Bitte den Inhalt darunter beginnen lassen oder nach rechts rücken.",
            page,
            ink,
        )


PageCheck = Callable[[PageReading, PrintProfile], Iterator[Finding]]

DOCUMENT_CHECKS: tuple[Callable[[Reading, PrintProfile], Iterator[Finding]], ...] = (
    too_many_sheets,
    depends_on_a_program,
    form_field_present,
)
PAGE_CHECKS: tuple[PageCheck, ...] = (
    page_not_a4,
    page_not_portrait,
    font_not_embedded,
    character_unprintable,
    character_private,
    annotation_present,
    transparency_forbidden,
    picture_format_forbidden,
)
INK_CHECKS: tuple[PageCheck, ...] = (outside_printable_area, sheet_code_zone_not_free, image_resolution)
FIRST_PAGE_CHECKS: tuple[PageCheck, ...] = (
    franking_band_not_free,
    return_code_zone_not_free,
    content_in_window_leak_area,
)


def _is_a4_portrait(page: PageReading) -> bool:
    return page.user_unit == 1 and _near(page.width_mm, A4_WIDTH_MM) and _near(page.height_mm, A4_HEIGHT_MM)


def _near(length_mm: float, wanted_mm: float) -> bool:
    return abs(length_mm - wanted_mm) <= SIZE_TOLERANCE_MM


def _error(code: str, message: str, page: PageReading | None = None, box: Box | None = None) -> Finding:
    return Finding(code, Severity.ERROR, message, page.number if page else None, box)
