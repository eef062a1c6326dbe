"""The letter font: Noto Sans Regular and Bold from the locked design-system package, and what it can measure.

System fonts are never used: the same letter must come out the same on every machine, and a fallback font is
how wrong glyphs get into names. This module reads the two files; it lays nothing out.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

from fontTools.ttLib import TTFont, woff2

from gateway.domain.sheets.layout import MM_PER_PT
from gateway.errors import RenderError

FONT_FAMILY = "Noto Sans"
FONT_FILES: Mapping[str, str] = MappingProxyType(
    {"regular": "NotoSans-Regular.woff2", "bold": "NotoSans-Bold.woff2"}
)

_FONTCONFIG = Path(__file__).with_name("fonts.conf")
_PACKAGE = Path("node_modules/@kern-ux/native/dist/fonts/noto-sans")
_LAYOUT_CONTROLS = frozenset("\n\r\t")
"""Characters of the HTML source that need no glyph."""


def default_fonts_dir() -> Path:
    """Where the locked npm package lies, seen from this repository."""
    return Path(__file__).resolve().parents[2] / _PACKAGE


def font_bytes(fonts_dir: Path) -> dict[str, bytes]:
    """File name → bytes of the two fonts. Raises `RenderError` if one is missing."""
    try:
        return {name: (fonts_dir / name).read_bytes() for name in FONT_FILES.values()}
    except FileNotFoundError as error:
        raise RenderError(
            "asset-missing",
            f"Die Schriftdatei {Path(error.filename).name} fehlt. Bitte die npm-Pakete mit „make setup“ einrichten.",
        ) from None


@cache
def unpacked_fonts(fonts_dir: Path) -> Mapping[str, bytes]:
    """The same as plain TrueType, unpacked once in a process: it takes a second. Raises `RenderError`."""
    return MappingProxyType({name: _unpacked(packed) for name, packed in font_bytes(fonts_dir).items()})


def _unpacked(packed: bytes) -> bytes:
    plain = io.BytesIO()
    woff2.decompress(io.BytesIO(packed), plain)
    return plain.getvalue()


def fonts_version(fonts_dir: Path) -> str:
    """Sixteen hex digits that stand for the bytes of the fonts."""
    digest = hashlib.sha256()
    for name, content in sorted(font_bytes(fonts_dir).items()):
        digest.update(name.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


@contextmanager
def without_system_fonts() -> Iterator[None]:
    """Within this block fontconfig knows no installed fonts. It reads the variable when a configuration is made."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(_FONTCONFIG)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@cache
def _advances(path: Path) -> Mapping[int, float]:
    """Code point → advance width in em."""
    with TTFont(path, lazy=True) as font:
        units, widths = font["head"].unitsPerEm, font["hmtx"]
        return {code: widths[glyph][0] / units for code, glyph in font.getBestCmap().items()}


class FontMetrics:
    """Widths and glyph coverage of the letter font.

    Widths are sums of advances, without kerning: at most a little wider than what is set, never narrower by
    more than a hair, which is the safe side for an address window.
    """

    def __init__(self, fonts_dir: Path | None = None) -> None:
        """Read the fonts of `fonts_dir` (default: the locked package)."""
        folder = fonts_dir or default_fonts_dir()
        font_bytes(folder)
        self._regular = _advances(folder / FONT_FILES["regular"])
        self._bold = _advances(folder / FONT_FILES["bold"])

    def width_mm(self, text: str, size_pt: float, *, bold: bool = False) -> float:
        """Width of one line in mm. A character without a glyph counts as one em; `missing` names it."""
        widths = self._bold if bold else self._regular
        return sum(widths.get(ord(character), 1.0) for character in text) * size_pt * MM_PER_PT

    def missing(self, text: str) -> str:
        """The characters of `text` that one of the two fonts cannot show, each once, in order of appearance."""
        return "".join(
            character
            for character in dict.fromkeys(text)
            if character not in _LAYOUT_CONTROLS
            and not (ord(character) in self._regular and ord(character) in self._bold)
        )


def code_points(characters: str) -> str:
    """`U+1F600, U+4E2D`: how a message names characters without showing a name."""
    return ", ".join(f"U+{ord(character):04X}" for character in characters)
