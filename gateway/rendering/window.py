"""The address as the window shows it: read by position, not by the order in which the PDF draws it.

What stands in the text layer is compared with the ink, because a viewer's text search sees an Ü whose dots a
clipping style has cut off, and a postman does not. This module reads; `preflight` says what is wrong.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from gateway.domain.findings import Box
from gateway.domain.sheets.layout import PrintProfile
from gateway.rendering.ink import Ink
from gateway.rendering.reading import PageReading
from gateway.rendering.text_layer import Character

WINDOW_DPI = 300
_SAME_LINE_MM = 1.0
"""Baselines closer than this are one line; address lines are more than 3 mm apart."""
_COLUMN_GAP_MM = 5.0
"""A gap wider than this separates columns; no address is spaced so wide."""
_WORD_GAP = 0.2
"""A gap between pens wider than this part of the line's height is a space, even if the PDF wrote none."""
_CUT_MM = 0.25
"""A glyph whose ink ends this much inside its own outline was cut; the raster is accurate to 0.09 mm."""
_EDGE_TOLERANCE_MM = 0.25
"""What the raster can tell; an address line may touch the edge of what is visible."""
_CUT_PX, _OVERPRINT_PX = 4, 6
"""Pixels of a glyph that must be white, or struck through, to say so: a hairline through one letter is more."""
_SAME_PLACE = 0.75
"""Two glyphs that share this much of their width and height are printed over one another."""
_ONE_SPELLING = str.maketrans(
    {"\u00ad": "-", "\u2010": "-", "\u2011": "-"}
    | {chr(ligature): unicodedata.normalize("NFKC", chr(ligature)) for ligature in range(0xFB00, 0xFB07)}
)
"""Hyphens that look alike, and ligatures that fonts have as characters of their own."""
_LIGATURES = frozenset(
    {"ff", "fi", "fl", "ffi", "ffl", "fb", "fh", "fj", "fk", "ft", "ffb", "ffh", "ffj", "ffk", "fft"}
    | {"tt", "ti", "tf", "tti", "ttf", "Th", "ch", "ck", "ct", "st"}
)
"""Letters that fonts join into one glyph; text layers spell them out, each at the place of the whole glyph."""
_SAME_GLYPH_MM = 0.001


@dataclass(frozen=True)
class Line:
    """One line of text: its characters from left to right, blanks included."""

    characters: Sequence[Character]

    @cached_property
    def glyphs(self) -> list[Character]:
        """The characters that should leave ink."""
        return [character for character in self.characters if not _is_blank(character)]

    @cached_property
    def box(self) -> Box:
        """Around all glyphs."""
        return around(glyph.box for glyph in self.glyphs)

    @cached_property
    def text(self) -> str:
        """The line as read, NFC, with single spaces."""
        height = self.box.y1_mm - self.box.y0_mm
        units: list[int] = []
        end_mm = self.characters[0].x_mm
        for character in self.characters:
            gap = not _is_blank(character) and character.x_mm - end_mm > _WORD_GAP * height
            units.extend([0x20] if gap or _is_blank(character) else [])
            units.extend([] if _is_blank(character) else [character.code_point])
            end_mm = end_mm if _is_blank(character) else max(end_mm, character.pen_end_mm)
        return plain(_from_utf16(units))


def read_area(profile: PrintProfile) -> Box:
    """Between the upper and the lower edge of the window, and a little to its right.

    A line that runs out of the window is seen to do so; the information block beside it need not be read.
    """
    leak = profile.leak_area
    return Box(0, leak.y0_mm, leak.x1_mm + 2 * _COLUMN_GAP_MM, leak.y1_mm)


class AddressWindow:
    """The part of page 1 that an envelope's window may show."""

    def __init__(self, page: PageReading, profile: PrintProfile, sheets: int = 1) -> None:
        """Read what stands in `read_area`. `sheets`: of the piece, which decide about the envelope."""
        self.envelope = profile.envelope_for(sheets)
        self.always_visible = profile.always_visible(sheets)
        self._page = page
        self.zone = profile.recipient
        edge_mm = profile.leak_area.x1_mm
        found = lines(page.characters(read_area(profile)))
        self.all_lines = [line for line in found if line.glyphs and line.box.x0_mm < edge_mm]

    @cached_property
    def lines(self) -> list[Line]:
        """The lines of the address, top down: those whose middle stands in the recipient zone's height."""
        zone = self.zone
        return [
            line
            for line in self.all_lines
            if zone.y0_mm <= (line.box.y0_mm + line.box.y1_mm) / 2 <= zone.y1_mm and line.box.x0_mm < zone.x1_mm
        ]

    @cached_property
    def ink(self) -> Ink:
        """The recipient zone, and the address where it leaves it, at `WINDOW_DPI`."""
        return self._page.ink_in(self._close_up, WINDOW_DPI).for_many_questions()

    @cached_property
    def _close_up(self) -> Box:
        box, rim = around([self.zone, *(line.box for line in self.lines)]), 1.0
        return Box(box.x0_mm - rim, box.y0_mm - rim, box.x1_mm + rim, box.y1_mm + rim)

    def unseen(self) -> list[Character]:
        """Characters of the address that leave no ink: white, hidden, covered."""
        return [glyph for glyph in self._glyphs() if glyph.invisible or self._ink_of(glyph) is None]

    def cut(self) -> list[Character]:
        """Characters of the address of which a part is missing on paper: at their edge, or within."""
        return [
            glyph
            for glyph in self._glyphs()
            if not glyph.invisible
            and (ink := self._ink_of(glyph)) is not None
            and (
                not ink.contains(glyph.box, tolerance_mm=_CUT_MM)
                or (not self._is_plain and self._missing.pixels(glyph.box) >= _CUT_PX)
            )
        ]

    def overprinted(self) -> list[Character]:
        """Characters of the address that something is printed over: a line, a picture, other text."""
        struck = [
            glyph
            for glyph in self._glyphs()
            if not self._is_plain and not glyph.invisible and self._added.pixels(glyph.box) >= _OVERPRINT_PX
        ]
        doubled = [
            glyph
            for line in self.lines
            for glyph, following in pairwise(_whole_glyphs(line.glyphs))
            if _same_place(glyph, following)
        ]
        return [*struck, *doubled]

    def beside(self) -> Box | None:
        """What else stands in the recipient zone: ink that is no text, around the address."""
        if self._is_plain or not self.lines or any(glyph.invisible for glyph in self._glyphs()):
            return None
        rim = 0.3
        texts = (
            Box(box.x0_mm - rim, box.y0_mm - rim, box.x1_mm + rim, box.y1_mm + rim)
            for box in (line.box for line in self.lines)
        )
        return self._added.bounds(self.zone, *texts)

    def not_always_visible(self) -> list[Character]:
        """Characters of the address that the window hides in some position of the packet."""
        return [
            glyph for glyph in self._glyphs() if not self.always_visible.contains(glyph.box, _EDGE_TOLERANCE_MM)
        ]

    @cached_property
    def _is_plain(self) -> bool:
        """Nothing but black text is drawn there, so nothing can be missing from it or added to it."""
        return self._page.shows_only_black_text(self._close_up)

    @cached_property
    def _alone(self) -> Ink:
        return self._page.ink_of_text_alone(self._close_up, WINDOW_DPI)

    @cached_property
    def _missing(self) -> Ink:
        """What the text of the window should show and does not."""
        return self.ink.missing_from(self._alone)

    @cached_property
    def _added(self) -> Ink:
        """What the window shows that is no text."""
        return self.ink.added_to(self._alone)

    def _glyphs(self) -> list[Character]:
        return [glyph for line in self.lines for glyph in line.glyphs]

    def _ink_of(self, glyph: Character) -> Box | None:
        box, rim = glyph.box, 0.1
        return self.ink.bounds(Box(box.x0_mm - rim, box.y0_mm - rim, box.x1_mm + rim, box.y1_mm + rim))


def _whole_glyphs(glyphs: Sequence[Character]) -> list[Character]:
    """The glyphs with each ligature once: its letters have one pen and one box.

    So would the same letter twice on one spot; but pdfium leaves out a glyph that an equal one covers, as paper does.
    """
    whole: list[Character] = []
    at = 0
    while at < len(glyphs):
        alike = 1
        while at + alike < len(glyphs) and _same_glyph(glyphs[at], glyphs[at + alike]):
            alike += 1
        spelled = "".join(chr(glyph.code_point) for glyph in glyphs[at : at + alike])
        whole.extend(glyphs[at : at + (1 if spelled in _LIGATURES else alike)])
        at += alike
    return whole


def _same_glyph(one: Character, other: Character) -> bool:
    a, b = one.box, other.box
    pairs = (
        (a.x0_mm, b.x0_mm),
        (a.y0_mm, b.y0_mm),
        (a.x1_mm, b.x1_mm),
        (a.y1_mm, b.y1_mm),
        (one.x_mm, other.x_mm),
    )
    return all(abs(left - right) <= _SAME_GLYPH_MM for left, right in pairs)


def _same_place(one: Character, other: Character) -> bool:
    """Whether two glyphs stand on the same spot; an accent that combines with its letter may."""
    if unicodedata.combining(chr(one.code_point)) or unicodedata.combining(chr(other.code_point)):
        return False
    a, b = one.box, other.box
    across = min(a.x1_mm, b.x1_mm) - max(a.x0_mm, b.x0_mm)
    down = min(a.y1_mm, b.y1_mm) - max(a.y0_mm, b.y0_mm)
    width, height = min(a.x1_mm - a.x0_mm, b.x1_mm - b.x0_mm), min(a.y1_mm - a.y0_mm, b.y1_mm - b.y0_mm)
    return width > 0 and height > 0 and across > _SAME_PLACE * width and down > _SAME_PLACE * height


def lines(characters: Iterable[Character]) -> list[Line]:
    """Characters sorted as the eye sees them: lines from top to bottom, each from left to right."""
    groups: list[list[Character]] = []
    for character in sorted(characters, key=lambda each: each.baseline_mm):
        if not groups or character.baseline_mm - groups[-1][0].baseline_mm > _SAME_LINE_MM:
            groups.append([])
        groups[-1].append(character)
    return [Line(column) for group in groups for column in _columns(group)]


def _columns(group: Iterable[Character]) -> list[list[Character]]:
    """One baseline split where a column ends: the info block stands beside the address, not in it."""
    columns: list[list[Character]] = []
    end_mm = 0.0
    for character in sorted(group, key=lambda each: each.x_mm):
        if _is_blank(character):
            if columns:
                columns[-1].append(character)
            continue
        if not columns or character.box.x0_mm - end_mm > _COLUMN_GAP_MM:
            columns.append([])
        columns[-1].append(character)
        end_mm = max(end_mm, character.box.x1_mm)
    return columns


def same_address(expected: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether the lines in the window are the lines on record, which may wrap at a space or a hyphen."""
    rest = [plain(line) for line in shown]
    for wanted in (plain(line) for line in expected):
        if not wanted:
            continue
        line = ""
        while rest and line != wanted:
            line = rest.pop(0) if not line else line + ("" if line.endswith("-") else " ") + rest.pop(0)
        if line != wanted:
            return False
    return not rest


def plain(text: str) -> str:
    """NFC, one kind of hyphen, ligatures spelled out, single spaces: how two address lines are compared."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ONE_SPELLING).split())


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around `boxes` (at least one)."""
    edges = [(box.x0_mm, box.y0_mm, box.x1_mm, box.y1_mm) for box in boxes]
    left, top, right, bottom = zip(*edges, strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def _is_blank(character: Character) -> bool:
    return chr(character.code_point).isspace()


def _from_utf16(units: list[int]) -> str:
    """UTF-16 units to text; half a pair becomes U+FFFD."""
    return b"".join(unit.to_bytes(2, "little") for unit in units if unit <= 0xFFFF).decode(
        "utf-16-le", "replace"
    )
