"""Reads the picture of an address window: for returned mail of which the provider gives neither code nor text.

Tesseract is called as a program, if it is installed; without it, or when it takes too long, nothing is read and a
person looks. What it reads is believed by nobody: `domain.returning.references_in` asks for the check character.
"""

import io
import shutil
import subprocess
from collections.abc import Iterator

from PIL import Image

from gateway.inbound.text import opened

_DPI = 400
"""The reference is set in 7 pt: below 300 dpi its characters are too small to be told apart."""
_TIMEOUT_S = 30
_ADDRESS_ZONE_MM = (15, 38, 115, 95)
"""Around the window of every DIN 5008 form and the return line above it; left, top, right, bottom."""
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzäöüÄÖÜß.,-·/ "


def read_window(pdf: bytes) -> str:
    """What stands in the address zone of the first page, then on all of it; empty if nothing can read it.

    Raises `DocumentInvalid` for what is no PDF.
    """
    program = shutil.which("tesseract")
    if program is None:
        return ""
    return "\n".join(_recognised(program, picture, layout) for picture, layout in _pictures(pdf))


def _pictures(pdf: bytes) -> Iterator[tuple[Image.Image, str]]:
    """The zone as one block of lines; the whole page as words in any place, for an envelope that was laid otherwise."""
    page = _first_page(pdf)
    left, top, right, bottom = (round(mm * _DPI / 25.4) for mm in _ADDRESS_ZONE_MM)
    if page.width > left and page.height > top:
        yield page.crop((left, top, min(right, page.width), min(bottom, page.height))), "6"
    yield page, "11"


def _first_page(pdf: bytes) -> Image.Image:
    with opened(pdf) as document:
        page = document[0]
        picture: Image.Image = page.render(scale=_DPI / 72, grayscale=True).to_pil().convert("L")
        page.close()
        return picture


def _recognised(program: str, picture: Image.Image, layout: str) -> str:
    content = io.BytesIO()
    picture.save(content, format="PNG", dpi=(_DPI, _DPI))
    command = [program, "stdin", "stdout", "--psm", layout, "-c", f"tessedit_char_whitelist={_CHARACTERS}"]
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program, and no shell)
            command, input=content.getvalue(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
