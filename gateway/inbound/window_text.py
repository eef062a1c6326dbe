"""Reads the picture of an address window: for returned mail of which the provider gives neither code nor text.

Tesseract is called as a program, if it is installed; without it, or when it takes too long, nothing is read and a
person looks. What it reads is believed by nobody: `domain.receipt.returning.references_in` wants a check character.
"""

import io
import os
import shutil
import subprocess

from PIL import Image, ImageChops, ImageFilter

from gateway.inbound.text import opened
from gateway.ports.scans import PagePart

_DPI = 400
"""The reference is set in 7 pt: below 300 dpi its characters are too small to be told apart."""
_ROUGH_DPI = 200
"""For words of 9 pt and more."""
_COARSE_DPI = 50
"""Enough to tell whether much is written."""
_OF_A_WINDOW = (0.005, 0.045)
"""How much of the zone is ink: an address has 0.015 to 0.03, lines from edge to edge of a letter more."""
_LITTLE_INK = 0.007
"""Of all beneath: an envelope has 0.004 at most, a full page more than 0.01."""
_MAX_SIDE_PT = 500 * 72 / 25.4
"""Half a metre: in a picture of a page of five metres, at 400 dpi, there were six thousand million dots."""
_TIMEOUT_S = 30
_ADDRESS_ZONE_MM = (15, 38, 115, 95)
"""Around the window of every DIN 5008 form and the return line above it; left, top, right, bottom."""
_ONE_BLOCK, _ANYWHERE = "6", "11"
"""Layouts of Tesseract: one block of lines; words in any place, for an envelope that was laid otherwise."""
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzäöüÄÖÜß.,-·/ "
_INK = [255 - min(255, max(0, (darker - 14) * 6)) for darker in range(256)]
"""From how much darker a spot is than its surroundings to grey: shades of the paper and noise are left out."""


def read_window(pdf: bytes, part: PagePart) -> str:
    """What stands in a part of the first page; empty if nothing can read it. Raises `DocumentInvalid` for no PDF."""
    program = shutil.which("tesseract")
    if program is None:
        return ""
    if part is PagePart.AROUND:
        return _recognised(program, _around(pdf), _ANYWHERE, _ROUGH_DPI)
    if part is PagePart.ENVELOPE and not _may_be_envelope(first_page(pdf, _COARSE_DPI)):
        return ""
    page = first_page(pdf, _DPI)
    if part is PagePart.PAGE:
        return _recognised(program, ink_of(page, _DPI), _ANYWHERE, _DPI)
    left, top, right, bottom = pixels(_ADDRESS_ZONE_MM, _DPI)
    if page.width <= left or page.height <= top:
        return ""
    zone = page.crop((left, top, min(right, page.width), min(bottom, page.height)))
    return _recognised(program, zone, _ONE_BLOCK, _DPI)


def first_page(pdf: bytes, dpi: int) -> Image.Image:
    """The first page in grey; of one that is larger than any paper, its upper left corner."""
    with opened(pdf) as document:
        page = document[0]
        width, height = page.get_size()
        beyond = (0, max(0, height - _MAX_SIDE_PT), max(0, width - _MAX_SIDE_PT), 0)
        picture: Image.Image = page.render(scale=dpi / 72, crop=beyond, grayscale=True).to_pil().convert("L")
        page.close()
        return picture


def pixels(box_mm: tuple[int, int, int, int], dpi: int) -> tuple[int, int, int, int]:
    """A box in pixels."""
    left, top, right, bottom = (round(mm * dpi / 25.4) for mm in box_mm)
    return left, top, right, bottom


def ink_of(picture: Image.Image, dpi: int) -> Image.Image:
    """What is written, dark on white: noise and stains, over which Tesseract spends half a minute, are left out."""
    soft = picture.filter(ImageFilter.GaussianBlur(dpi / 250))
    paper = soft.filter(ImageFilter.BoxBlur(dpi / 12))
    return ImageChops.subtract(paper, soft).point(_INK)


def _may_be_envelope(page: Image.Image) -> bool:
    """Something is written in the zone, and beneath it no more than a sticker, a stamp and the edge of the paper."""
    ink = ink_of(page, _COARSE_DPI)
    left, top, right, bottom = pixels(_ADDRESS_ZONE_MM, _COARSE_DPI)
    if page.width <= left or page.height <= top:
        return False
    zone = ink.crop((left, top, min(right, ink.width), min(bottom, ink.height)))
    least, most = _OF_A_WINDOW
    return least < _inked(zone) < most and (
        ink.height <= bottom or _inked(ink.crop((0, bottom, ink.width, ink.height))) < _LITTLE_INK
    )


def _inked(ink: Image.Image) -> float:
    """Which part of it is dark."""
    return sum(ink.histogram()[:128]) / (ink.width * ink.height)


def _around(pdf: bytes) -> Image.Image:
    ink = ink_of(first_page(pdf, _ROUGH_DPI), _ROUGH_DPI)
    ink.paste(255, pixels(_ADDRESS_ZONE_MM, _ROUGH_DPI))
    return ink


def _recognised(program: str, picture: Image.Image, layout: str, dpi: int) -> str:
    content = io.BytesIO()
    picture.save(content, format="PNG", dpi=(dpi, dpi))
    command = [program, "stdin", "stdout", "--psm", layout, "-c", f"tessedit_char_whitelist={_CHARACTERS}"]
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program, and no shell)
            command,
            input=content.getvalue(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its own threads wait for one another
        )
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
