"""The proof of a print copy on its final bytes: every side, every code, the address in its window.

The pages are compared with their documents by what they draw, the codes are read off the page, the address where it
stands. It is read anew from the bytes that would be handed over, and knows nothing of how they were made.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain

import pikepdf

from gateway.domain.pieces.mailpiece import PieceSide, sides_of
from gateway.domain.references import SheetCode, decode_sheet_code, for_people, sheet_codes
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import RenderError
from gateway.rendering import reading, structure
from gateway.rendering.codes import texts_in
from gateway.rendering.reading import PageReading
from gateway.rendering.window import AddressWindow, around, lines, read_area

_STAMPED = re.compile(rb"(/GatewayStamp\d+) Do\nQ\nEMC\n$")
_PICTURE_FORMATS = {"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"}
_BLANK = hashlib.sha256((0).to_bytes(8, "big")).hexdigest()


def prove(
    final: bytes, prints: Sequence[Sequence[str]], *, piece: str, profile: PrintProfile, duplex: bool
) -> None:
    """That `final` is the print copy of just these documents: every side, every code.

    `prints`: the fingerprints of each document. Raises `DocumentInvalid` and `RenderError` ('pages-unproven',
    'sheet-codes-unproven', 'address-not-always-visible').
    """
    sides = sides_of([len(pages) for pages in prints], duplex=duplex)
    codes = sheet_codes(piece, sides[-1].sheet)
    stamped = [side.front for side in sides]
    with structure.opened(final) as written:
        _prove_pages(structure.examined(written, partial(fingerprints, stamped=stamped)), sides, prints)
    with reading.read(final, examined_pages=len(sides)) as document:
        first = document.page(1)
        # One page at a time: memory stays that of one page, whatever their number.
        pages = chain([first], map(document.page, range(2, document.page_count + 1)))
        _prove_sheet_codes(pages, sides, codes, profile)
        first.narrow_to(around([profile.return_code, read_area(profile)]))
        _prove_return_code(first, codes[0], profile)
        _prove_window(first, len(codes), profile)


def fingerprints(document: pikepdf.Pdf, stamped: Sequence[bool] = ()) -> list[str]:
    """One for each page; `stamped` says of each page whether a stamp of ours is to be left out."""
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


def _prove_pages(drawn: Sequence[str], sides: Sequence[PieceSide], prints: Sequence[Sequence[str]]) -> None:
    """Every side of every sheet draws exactly the page of the document it belongs to, or nothing."""
    wanted = [_BLANK if side.page is None else prints[side.document][side.page - 1] for side in sides]
    if drawn != wanted:
        raise RenderError(
            "pages-unproven",
            "Die Druckfassung enthält nicht genau die Seiten ihrer Dokumente. Sie wird nicht übergeben; "
            "bitte die Administration verständigen.",
        )


def _prove_sheet_codes(
    pages: Iterable[PageReading], sides: Sequence[PieceSide], codes: Sequence[SheetCode], profile: PrintProfile
) -> None:
    """Every front shows exactly its code, no back shows one."""
    for page, side in zip(pages, sides, strict=True):
        found = [decode_sheet_code(text) for text in texts_in(page, profile.sheet_code)]
        if found != ([codes[side.sheet - 1]] if side.front else []):
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
