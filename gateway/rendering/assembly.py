"""Assembly: from the archived documents of one mail piece to its print copy.

Every document starts on a new sheet; in duplex the last back of each is padded with a real blank page, so that
nobody's letter is ever printed on the back of another's. Each front carries its DataMatrix (piece, sheet n of m),
page 1 the piece reference in the return line. The archived bytes are read and never touched, and the same input
gives the same bytes.

What is handed out was proven on the final bytes (`assembly_proof`). Nothing unproven leaves this module.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count

import pikepdf

from gateway.domain.pieces.mailpiece import PieceSide, sides_of
from gateway.domain.references import sheet_codes
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, MM_PER_PT, PrintProfile
from gateway.errors import DocumentInvalid
from gateway.ports.renderer import PrintCopy
from gateway.rendering import conformance, structure
from gateway.rendering.assembly_proof import fingerprints, prove
from gateway.rendering.overlay import stamps

_FIRST_WITH_OBJECT_STREAMS = "1.5"
_BOXES = ("/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")


def assemble(documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool) -> PrintCopy:
    """The print copy of the piece `piece` (a reference with check character) from its archived documents.

    Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted', 'document-missing', 'layers-hidden',
    'too-many-sheets', 'pdf-too-large') and `RenderError` ('sheet-codes-unproven', 'pages-unproven',
    'address-not-always-visible', 'pdf-a-1b-impossible').
    """
    if not documents:
        raise DocumentInvalid(
            "document-missing", "Die Sendung enthält kein Dokument. Bitte ein Schreiben zuordnen."
        )
    with ExitStack() as stack:
        sources = [stack.enter_context(structure.opened(document)) for document in documents]
        # Taken before anything is changed: what the final bytes are held against is what is archived.
        prints = [structure.examined(source, _prints) for source in sources]
        sides = sides_of([len(pages) for pages in prints], duplex=duplex)
        sheets = sides[-1].sheet
        if sheets > profile.max_sheets:
            raise DocumentInvalid(
                "too-many-sheets",
                f"Die Sendung hat {sheets} Blatt, erlaubt sind {profile.max_sheets}. Bitte Anlagen getrennt versenden.",
            )
        final = _joined(sources, sides, piece, profile)
    if len(final) > profile.max_bytes:
        raise DocumentInvalid(
            "pdf-too-large",
            f"Die Sendung ist größer als {profile.max_bytes // 1_000_000} MB. Bitte Anlagen getrennt versenden.",
        )
    prove(final, prints, piece=piece, profile=profile, duplex=duplex)
    return PrintCopy(pdf=final, pages=len(sides), sheets=sheets)


def _prints(source: pikepdf.Pdf) -> list[str]:
    """The fingerprints of the pages of a document that is fit to be printed."""
    if structure.hides_layers(source):
        raise structure.layered()
    for page in source.pages:
        structure.check_shape(page)
    return fingerprints(source)


def _joined(
    sources: Sequence[pikepdf.Pdf], sides: Sequence[PieceSide], piece: str, profile: PrintProfile
) -> bytes:
    """All sides in one new file. Of the documents it takes nothing but pages, and the output intent they share.

    Where the provider takes PDF/A-1b, documents that are PDF/A become that; others stay what they are, unclaimed.
    """
    claim = conformance.common_claim(sources)
    make_1b = profile.pdf_a == "1b" and claim is not None
    pdf = pikepdf.new()
    for side in sides:
        if side.page is None:
            pdf.add_blank_page(page_size=(A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT))
        else:
            pdf.pages.append(sources[side.document].pages[side.page - 1])
    conformance.declare(pdf, sources, claim)
    drawn = stamps(pdf, sheet_codes(piece, sides[-1].sheet), profile)
    for side, page in zip(sides, pdf.pages, strict=True):
        _show_only_the_visible(page)
        if side.front:
            _stamp(page, drawn[side.sheet - 1])
    if make_1b:
        conformance.to_1b(pdf)
    version = "1.4" if make_1b else max(source.pdf_version for source in sources)
    return _saved(pdf, version)


def _saved(pdf: pikepdf.Pdf, version: str) -> bytes:
    """Compressed streams are written as they came; PDF/A-1 is PDF 1.4, and that has no object streams."""
    packs = version >= _FIRST_WITH_OBJECT_STREAMS
    target = io.BytesIO()
    pdf.save(
        target,
        deterministic_id=True,
        fix_metadata_version=False,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate if packs else pikepdf.ObjectStreamMode.disable,
        force_version=version,
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
    """Lay a Form XObject of A4 size over the page as it is seen, as an artifact: it is none of the letter's text."""
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
