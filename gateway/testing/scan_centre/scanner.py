"""The scanner: paper becomes a PDF of pictures, at some resolution, askew, stained, faded, or in black and white only.

The same paper, condition and seed give the same bytes. Imports nothing of what reads them.
"""

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.testing.scan_centre.sheets import page_image, pages_of

_A4_PT = (595.276, 841.89)
_PAPER = 255
_FONT = "Vera"
"""Comes with reportlab; embedded, as an archival PDF demands."""


@dataclass(frozen=True)
class Condition:
    """How a paper is scanned. Angles in degrees; `noise` 0 to 1; `fade` 0 (black) to 1 (white); `stains` a count."""

    dpi: int = 200
    turned: int = 0
    """0, 90, 180 or 270: how it lay on the glass."""
    skew: float = 0.6
    noise: float = 0.07
    jpeg: int = 70
    stains: int = 0
    staples: bool = False
    fade: float = 0.0
    fax: bool = False
    """Black and white, without shades."""
    duplex: bool = False
    """Both sides are scanned; the backs are blank."""
    blurred: float = 0.0


GOOD = Condition()
POOR = Condition(skew=2.0, noise=0.12, jpeg=45, stains=3, staples=True, fade=0.35)
FAX = Condition(skew=1.0, fax=True, staples=True)
FADED = Condition(fade=0.6, noise=0.1)
COARSE = Condition(dpi=150, skew=1.0, jpeg=55)
FINE = Condition(dpi=300)
CONDITIONS = {"good": GOOD, "poor": POOR, "fax": FAX, "faded": FADED, "coarse": COARSE, "fine": FINE}
UNREADABLE = Condition(dpi=150, blurred=9.0, noise=0.35, fade=0.8, jpeg=15)


def some_condition(seed: str) -> Condition:
    """A condition by chance: any resolution, any way up, and often poor."""
    chance = random.Random(seed)  # noqa: S311 - how paper lies
    base = chance.choice([*CONDITIONS.values(), POOR])
    return replace(
        base,
        dpi=chance.choice((150, 200, 200, 300)) if base.dpi == GOOD.dpi else base.dpi,
        turned=chance.choice((0, 0, 0, 90, 180, 270)),
        skew=chance.uniform(0, 3) * chance.choice((-1, 1)),
        duplex=chance.random() < 0.2,
    )


def scan(pdf: bytes, condition: Condition, *, seed: str, text: Sequence[str] = ()) -> bytes:
    """The scan of all pages; `text` lies invisible behind the first one, as character recognition leaves it."""
    chance = random.Random(seed)  # noqa: S311 - noise on a picture
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=_A4_PT, invariant=1)
    for number, picture in enumerate(_pictures(pdf, condition, chance)):
        width, height = picture.width * 72 / condition.dpi, picture.height * 72 / condition.dpi
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(_encoded(picture, condition)), 0, 0, width, height)
        if text and number == 0:
            _hide(canvas, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _pictures(pdf: bytes, condition: Condition, chance: random.Random) -> Iterator[Image.Image]:
    for number in range(1, pages_of(pdf) + 1):
        page = page_image(pdf, number, condition.dpi)
        yield _scanned(page, condition, chance)
        if condition.duplex:
            yield _scanned(Image.new("L", page.size, _PAPER), condition, chance)


def _scanned(page: Image.Image, condition: Condition, chance: random.Random) -> Image.Image:
    if condition.fade:
        page = page.point(lambda shade: round(shade + (_PAPER - shade) * condition.fade))
    if condition.stains or condition.staples:
        page = _soiled(page, condition, chance)
    page = page.rotate(condition.skew, resample=Image.Resampling.BICUBIC, fillcolor=_PAPER)
    if condition.turned:
        page = page.rotate(condition.turned, expand=True)
    if condition.blurred:
        page = page.filter(ImageFilter.GaussianBlur(condition.blurred * condition.dpi / 200))
    noise = Image.frombytes("L", page.size, chance.randbytes(page.width * page.height))
    page = Image.blend(page, noise, condition.noise)
    return page.point(lambda shade: 255 if shade > 150 else 0).convert("1") if condition.fax else page


def _soiled(page: Image.Image, condition: Condition, chance: random.Random) -> Image.Image:
    """Stains are light and lie anywhere but on corners; staple holes are black and in the upper left corner."""
    soiled = page.copy()
    draw = ImageDraw.Draw(soiled)
    unit = condition.dpi / 25.4
    for _ in range(condition.stains):
        x, y, size = chance.randrange(page.width), chance.randrange(page.height), chance.uniform(4, 14) * unit
        stain = Image.new("L", page.size, 0)
        ImageDraw.Draw(stain).ellipse((x - size, y - size, x + size, y + size), fill=70)
        soiled.paste(170, (0, 0), stain)
    if condition.staples:
        for x in (8, 14):
            draw.ellipse((x * unit, 8 * unit, (x + 1) * unit, 9 * unit), fill=0)
    return soiled


def _encoded(picture: Image.Image, condition: Condition) -> io.BytesIO:
    out = io.BytesIO()
    if picture.mode == "1":
        picture.save(out, format="PNG", optimize=True)
    else:
        picture.save(out, format="JPEG", quality=condition.jpeg)
    out.seek(0)
    return out


def _hide(canvas: Canvas, lines: Sequence[str]) -> None:
    pdfmetrics.registerFont(TTFont(_FONT, f"{_FONT}.ttf"))
    text = canvas.beginText(70, 760)
    text.setFont(_FONT, 11, leading=17)
    text.setTextRenderMode(3)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)
