"""Assembly: from the archived documents of one mail piece to its print copy, and the proof that it is right.

Every document starts on a new sheet; in duplex the last back of each is padded with a real blank page, so that
nobody's letter is ever printed on the back of another's. Each front carries its DataMatrix (piece, sheet n of m),
page 1 the piece reference in the return line. The archived bytes are read and never touched, and the same input
gives the same bytes.

What is handed out was proven on the final bytes: the codes by reading them off the page, the pages by comparing
them with their documents. Nothing unproven leaves this module.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import pikepdf

from gateway.domain.layout import A4_HEIGHT_MM, A4_WIDTH_MM, PrintProfile
from gateway.domain.mailpiece import impose, sheets_for
from gateway.domain.references import SheetCode, decode_sheet_code, for_people
from gateway.errors import DocumentInvalid, RenderError
from gateway.ports.renderer import PrintCopy
from gateway.rendering import conformance, reading, structure
from gateway.rendering.codes import read_codes
from gateway.rendering.overlay import overlay
from gateway.rendering.reading import MM_PER_PT, PageReading
from gateway.rendering.window import AddressWindow, lines

_STAMPED = re.compile(rb"(/GatewayStamp\d+) Do\nQ\nEMC\n$")
_PICTURE_FORMATS = {"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"}
_BOXES = ("/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")


@dataclass(frozen=True)
class Side:
    """One printed side of the piece: `page` (from 1) of document `document` (from 0), None is blank."""

    document: int
    page: int | None
    sheet: int
    front: bool


def assemble(documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool) -> PrintCopy:
    """The print copy of the piece `piece` (a reference with check character) from its archived documents.

    Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted', 'document-missing', 'too-many-sheets',
    'pdf-too-large') and `RenderError` ('sheet-codes-unproven', 'pages-unproven',
    'address-not-always-visible', 'pdf-a-1b-impossible').
    """
    if not documents:
        raise DocumentInvalid(
            "document-missing", "Die Sendung enthält kein Dokument. Bitte ein Schreiben zuordnen."
        )
    for document in documents:
        structure.read(document)
    with ExitStack() as stack:
        sources = [stack.enter_context(structure.opened(document)) for document in documents]
        sides = sides_of([len(source.pages) for source in sources], duplex=duplex)
        sheets = sides[-1].sheet
        if sheets > profile.max_sheets:
            raise DocumentInvalid(
                "too-many-sheets",
                f"Die Sendung hat {sheets} Blatt, erlaubt sind {profile.max_sheets}. Bitte Anlagen getrennt versenden.",
            )
        final = _joined(sources, sides, overlay(_codes(piece, sheets), profile), profile)
    if len(final) > profile.max_bytes:
        raise DocumentInvalid(
            "pdf-too-large",
            f"Die Sendung ist größer als {profile.max_bytes // 1_000_000} MB. Bitte Anlagen getrennt versenden.",
        )
    prove(final, documents, piece=piece, profile=profile, duplex=duplex)
    return PrintCopy(pdf=final, pages=len(sides), sheets=sheets)


def prove(final: bytes, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool) -> None:
    """That `final` is the print copy of just these documents: every side, every code.

    Raises `RenderError` ('pages-unproven', 'sheet-codes-unproven', 'address-not-always-visible'), `DocumentInvalid`.
    """
    prints = [_fingerprints(document) for document in documents]
    sides = sides_of([len(pages) for pages in prints], duplex=duplex)
    _prove_pages(final, sides, prints)
    codes = _codes(piece, sides[-1].sheet)
    _prove_sheet_codes(final, sides, codes, profile)
    # Page 1 is read once for both: reading its characters costs more than any other proof.
    with reading.read(final) as document:
        page = document.page(1)
        _prove_return_code(page, codes[0], profile)
        _prove_window(page, sides[-1].sheet, profile)


def sides_of(page_counts: Sequence[int], *, duplex: bool) -> list[Side]:
    """Every printed side of a piece in order; sheets are counted over the whole piece."""
    sides: list[Side] = []
    for document, pages in enumerate(page_counts):
        before = sum(sheets_for(count, duplex=duplex) for count in page_counts[:document])
        sides.extend(
            Side(document, side.page, before + side.sheet, side.front) for side in impose(pages, duplex=duplex)
        )
    return sides


def _codes(piece: str, sheets: int) -> list[SheetCode]:
    return [SheetCode(piece, sheet, sheets) for sheet in range(1, sheets + 1)]


def _joined(
    sources: Sequence[pikepdf.Pdf], sides: Sequence[Side], stamps: bytes, profile: PrintProfile
) -> bytes:
    """All sides in one file. It grows on the first document, which keeps its metadata, tags and profile.

    Where the provider takes PDF/A-1b, documents that are PDF/A become that; others stay what they are, unclaimed.
    """
    make_1b = profile.pdf_a == "1b" and conformance.common_claim(sources) is not None
    claim = conformance.common_claim(sources) if len(sources) > 1 else None
    pdf = sources[0]
    for side in sides:
        if side.page is None:
            pdf.add_blank_page(page_size=(A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT))
        elif side.document > 0:
            pdf.pages.append(sources[side.document].pages[side.page - 1])
    if len(sources) > 1:
        conformance.drop_structure(pdf, claim)
    with pikepdf.open(io.BytesIO(stamps)) as drawn:
        for side, page in zip(sides, pdf.pages, strict=True):
            _show_only_the_visible(page)
            if side.front:
                stamp = drawn.pages[side.sheet - 1].as_form_xobject()
                _stamp(page, pdf.copy_foreign(stamp))
        if make_1b:
            conformance.to_1b(pdf)
        return _saved(pdf, as_1b=make_1b)


def _saved(pdf: pikepdf.Pdf, *, as_1b: bool) -> bytes:
    """Compressed streams are written as they came; PDF/A-1 is PDF 1.4 and has no object streams."""
    mode = pikepdf.ObjectStreamMode.disable if as_1b else pikepdf.ObjectStreamMode.preserve
    target = io.BytesIO()
    pdf.save(
        target,
        deterministic_id=True,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=mode,
        force_version="1.4" if as_1b else "",
    )
    return target.getvalue()


def _show_only_the_visible(page: pikepdf.Page) -> None:
    """One box for all: a printer that goes by the MediaBox must not print what the CropBox hides."""
    left, bottom, right, top = _media_box(page)
    crop = [float(edge) for edge in page.cropbox]
    visible = [max(left, crop[0]), max(bottom, crop[1]), min(right, crop[2]), min(top, crop[3])]
    if any(key in page.obj for key in _BOXES) or visible != [left, bottom, right, top]:
        for key in _BOXES:
            if key in page.obj:
                del page.obj[key]
        page.mediabox = pikepdf.Array(visible)


def _media_box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """In points. A page tree can turn out to be damaged only when pages are added to it; then this refuses."""
    if page.mediabox is None:
        raise structure.unreadable()
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return left, bottom, right, top


def _stamp(page: pikepdf.Page, stamp: pikepdf.Object) -> None:
    """Lay a Form XObject of A4 size over the page as it is seen, as an artifact, so that its tags stay true."""
    forms = dict(structure.forms(page))
    name = next(name for name in _stamp_names() if name not in forms)
    # Copies: pages of one document often share these dictionaries, and each sheet has its own stamp.
    resources = pikepdf.Dictionary(dict(structure.resources(page).items()))
    resources.XObject = pikepdf.Dictionary({**forms, name: stamp})
    page.obj.Resources = resources
    matrix = " ".join(f"{number:.5f}".rstrip("0").rstrip(".") for number in _seen_to_page(page))
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(
        f"\nQ\n/Artifact <</Type /Pagination>> BDC\nq\n{matrix} cm\n{name} Do\nQ\nEMC\n".encode("ascii")
    )


def _stamp_names() -> Iterator[str]:
    """A document may itself be an old print copy, so the first name may be taken."""
    return (f"/GatewayStamp{number}" for number in count(1))


def _seen_to_page(page: pikepdf.Page) -> tuple[float, float, float, float, float, float]:
    """The matrix from the turned page as seen (origin bottom left, A4 anchored at the top) to its own coordinates."""
    left, bottom, right, top = _media_box(page)
    turn = int(structure.inherited(page.obj, "/Rotate") or 0) % 360
    seen_height = right - left if turn in {90, 270} else top - bottom
    lift = seen_height - A4_HEIGHT_MM / MM_PER_PT
    return {
        0: (1.0, 0.0, 0.0, 1.0, left, bottom + lift),
        90: (0.0, 1.0, -1.0, 0.0, right - lift, bottom),
        180: (-1.0, 0.0, 0.0, -1.0, right, top - lift),
        270: (0.0, -1.0, 1.0, 0.0, left + lift, top),
    }[turn]


def _fingerprints(pdf: bytes, stamped: Sequence[bool] = ()) -> list[str]:
    """One for each page; `stamped` says of each page whether a stamp of ours is to be left out."""
    with structure.opened(pdf) as document:
        flags = [*stamped, *[False] * len(document.pages)]
        return [_fingerprint(page, stamp) for page, stamp in zip(document.pages, flags, strict=False)]


def _fingerprint(page: pikepdf.Page, stamped: bool) -> str:
    """A hash of what the page draws: its content streams and the pictures and forms it uses."""
    streams = structure.contents(page)
    forms = dict(structure.forms(page))
    if stamped and (stamp := _STAMPED.search(streams[-1].read_bytes())):
        streams = streams[1:-1]
        forms.pop(stamp[1].decode("ascii"), None)
    digest = hashlib.sha256()
    for stream in [*streams, *forms.values()]:
        drawn = _drawn_bytes(stream)
        digest.update(len(drawn).to_bytes(8, "big") + drawn)
    return digest.hexdigest()


def _drawn_bytes(stream: pikepdf.Object) -> bytes:
    """Unpacked, since saving may have packed it; pictures in their own formats (JPEG, fax) as they are."""
    filters = stream.get("/Filter", pikepdf.Array())
    names = {str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])}
    return bytes(stream.read_raw_bytes() if names & _PICTURE_FORMATS else stream.read_bytes())


def _prove_pages(final: bytes, sides: Sequence[Side], prints: Sequence[Sequence[str]]) -> None:
    """Every side of every sheet draws exactly the page of the document it belongs to, or nothing."""
    blank = hashlib.sha256((0).to_bytes(8, "big")).hexdigest()
    wanted = [blank if side.page is None else prints[side.document][side.page - 1] for side in sides]
    if _fingerprints(final, [side.front for side in sides]) != wanted:
        raise RenderError(
            "pages-unproven",
            "Die Druckfassung enthält nicht genau die Seiten ihrer Dokumente. Sie wird nicht übergeben; "
            "bitte die Administration verständigen.",
        )


def _prove_sheet_codes(
    final: bytes, sides: Sequence[Side], codes: Sequence[SheetCode], profile: PrintProfile
) -> None:
    """Every front shows exactly its code, no back shows one."""
    expected = [(page, codes[side.sheet - 1]) for page, side in enumerate(sides, start=1) if side.front]
    found = [(code.page, decode_sheet_code(code.text)) for code in read_codes(final, box=profile.sheet_code)]
    if found != expected:
        raise _codes_unproven()


def _prove_return_code(page: PageReading, code: SheetCode, profile: PrintProfile) -> None:
    """Page 1 shows the piece reference in the return line."""
    found = " ".join(line.text for line in lines(page.characters(profile.return_code)))
    if found != for_people(code.piece):
        raise _codes_unproven()


def _codes_unproven() -> RenderError:
    return RenderError(
        "sheet-codes-unproven",
        "Die Blattcodes der Druckfassung lassen sich nicht einwandfrei zurücklesen. Sie wird nicht übergeben; "
        "bitte prüfen, ob die Plätze der Codes frei und die Seiten A4 hochkant sind.",
    )


def _prove_window(page: PageReading, sheets: int, profile: PrintProfile) -> None:
    """The address in every position of the packet in the envelope that so many sheets need.

    Preflight knew the letter alone; only now is it certain what travels with it, and on how many sheets.
    """
    window = AddressWindow(page, profile, sheets)
    if window.not_always_visible():
        raise RenderError(
            "address-not-always-visible",
            f"Mit {sheets} Blatt geht die Sendung im Umschlag {window.envelope.name}, in dem die Anschrift nicht "
            "in jeder Lage ganz zu sehen ist. Bitte Anlagen getrennt versenden oder ein Deckblatt verwenden.",
        )
