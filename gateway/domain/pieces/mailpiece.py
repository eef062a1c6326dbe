"""Mail pieces: what goes into one envelope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """How a piece travels (*Versandart*)."""

    STANDARD = "standard"
    """Ordinary letter; never shown as delivered."""
    EINWURF = "einwurf"
    """Einwurf-Einschreiben: evidence, no formal service (LZG NRW § 4 names only the other two)."""
    UEBERGABE = "uebergabe"
    """Einschreiben Übergabe."""
    RUECKSCHEIN = "rueckschein"
    """Einschreiben mit Rückschein."""
    PZU = "pzu"
    """Postzustellungsauftrag (§ 3 LZG NRW, §§ 177-182 ZPO)."""


SERVICE_WORDS: Mapping[Service, str] = {
    Service.STANDARD: "Brief",
    Service.EINWURF: "Einschreiben Einwurf",
    Service.UEBERGABE: "Einschreiben Übergabe",
    Service.RUECKSCHEIN: "Einschreiben Rückschein",
    Service.PZU: "Postzustellungsauftrag",
}
"""As people say it, on pages, in records and in the case file."""


@dataclass(frozen=True)
class SheetSide:
    """One side of one sheet: the document's page that is printed there, counted from 1; None is blank."""

    sheet: int
    front: bool
    page: int | None


@dataclass(frozen=True)
class PieceSide:
    """One printed side of a piece: page `page` (from 1, None is blank) of its document `document` (from 0)."""

    document: int
    page: int | None
    sheet: int
    front: bool


def sheets_for(pages: int, *, duplex: bool) -> int:
    """Sheets of one document: a document always starts on a new sheet."""
    if pages < 1:
        raise ValueError("a document has at least one page")
    return (pages + 1) // 2 if duplex else pages


def impose(pages: int, *, duplex: bool) -> list[SheetSide]:
    """Every printed side of one document in order; in duplex the last back is padded with a blank.

    The blank is what keeps the next document off the back of this one (pain 8 and 9 of the field).
    """
    if not duplex:
        return [SheetSide(sheet=n, front=True, page=n) for n in range(1, pages + 1)]
    sides = []
    for sheet in range(1, sheets_for(pages, duplex=True) + 1):
        front, back = 2 * sheet - 1, 2 * sheet
        sides.append(SheetSide(sheet, True, front))
        sides.append(SheetSide(sheet, False, back if back <= pages else None))
    return sides


def sides_of(page_counts: Sequence[int], *, duplex: bool) -> list[PieceSide]:
    """Every printed side of a piece of documents with so many pages, in order; sheets are counted over the whole."""
    sides: list[PieceSide] = []
    for document, pages in enumerate(page_counts):
        before = sides[-1].sheet if sides else 0
        sides.extend(
            PieceSide(document, side.page, before + side.sheet, side.front)
            for side in impose(pages, duplex=duplex)
        )
    return sides
