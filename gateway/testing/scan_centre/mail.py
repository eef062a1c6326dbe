"""What arrives in the scan centre's boxes: our own sheets that came back, and citizens' mail of many kinds.

Every paper knows the truth about itself (`case`: whose it really is), so that what became of it can be judged. The
foreign mail is full of what could mislead: barcodes of others, numbers that look like file numbers, blanks.
"""

import io
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import zxingcpp
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.testing.scan_centre.sheets import cut_out, pages_of, pick

_A4 = (210 * mm, 297 * mm)
_WINDOW_MM = (20.0, 45.0, 110.0, 90.0)
"""What shows of page 1: the window of a DIN-long envelope."""


@dataclass(frozen=True)
class Mail:
    """A paper that arrived. `pdf`: its A4 pages as they lie on the table. `case`: whose it is; None: nobody can know.

    `document_class` and `file_number` are what the person at the scanner types. `text`: the scan site reads it and
    lays the text behind the picture. `what` is for people.
    """

    what: str
    pdf: bytes
    document_class: str = "letter"
    case: str | None = None
    file_number: str | None = None
    text: tuple[str, ...] = ()
    reason: str = ""
    """Of returned mail: what the carrier ticked."""
    keyed: Mapping[str, str] = field(default_factory=dict)
    """What the person at the scanner read off it and typed as well, by the manifest's names."""

    def typed(self, file_number: str) -> "Mail":
        """The same with a file number in the index."""
        return replace(self, file_number=file_number)

    def keying(self, **fields: str) -> "Mail":
        """The same with more in the index: `return_reason`, `new_address`, `service_outcome` and so on."""
        return replace(self, keyed={**self.keyed, **fields})


def reply_slip(pdf: bytes, case: str | None = None, page: int | None = None) -> Mail:
    """The reply slip of one of our letters: its last page, unless told otherwise."""
    return Mail("Antwortbogen", pick(pdf, [page or pages_of(pdf)]), "reply-slip", case)


def sheet_of_ours(pdf: bytes, pages: Sequence[int], case: str | None = None) -> Mail:
    """Sheets of one of our letters that a citizen sent along."""
    return Mail("eigenes Schreiben", pick(pdf, pages), "letter", case)


def returned(
    pdf: bytes, reason: str = "unbekannt verzogen", case: str | None = None, *, opened: bool = False
) -> Mail:
    """A print copy that came back: its envelope with window and sticker; `opened`: the sheets as well."""
    envelope = _envelope(cut_out(pdf, 1, _WINDOW_MM), reason)
    content = _joined(envelope, pdf) if opened else envelope
    return Mail("Rückläufer", content, "returned-mail", case, reason=reason)


_OUTCOMES = (
    "persönlich übergeben",
    "Ersatzzustellung an Erwachsenen in der Wohnung",
    "in den Briefkasten eingelegt",
    "durch Niederlegung zugestellt",
    "Annahme verweigert, zurückgelassen",
    "nicht zugestellt: Empfänger unbekannt",
)


def certificate_of_service(reference: str, outcome: int, day: str, case: str | None = None) -> Mail:
    """A filled-in Zustellungsurkunde about one of our pieces; `outcome` counts the boxes from 1."""
    buffer, canvas = _paper()
    canvas.setFillColorRGB(1, 0.93, 0.55)
    canvas.rect(0, 0, *_A4, fill=1, stroke=0)
    canvas.setFillColorRGB(0, 0, 0)
    _lines(canvas, ["Zustellungsurkunde", "", f"Aktenzeichen: {reference}", ""], size=13)
    for number, words in enumerate(_OUTCOMES, start=1):
        y = 640 - number * 34
        canvas.rect(70, y, 14, 14)
        if number == outcome:
            canvas.setLineWidth(2)
            canvas.line(70, y, 84, y + 14)
            canvas.line(70, y + 14, 84, y)
            canvas.setLineWidth(1)
        canvas.drawString(94, y + 2, f"{number}  {words}")
    canvas.drawString(70, 300, f"Datum: {day}     Unterschrift: ~~~~~~~~~")
    return Mail("Zustellungsurkunde", _done(buffer, canvas), "certificate-of-service", case)


def letter_naming(file_number: str, case: str | None = None, *, read: bool = True) -> Mail:
    """A citizen's letter that names its file number; `read`: the scan site reads the text."""
    lines = ("An das Jobcenter", "", f"Mein Zeichen bei Ihnen: {file_number}", "", *_BODY)
    return Mail("Brief mit Aktenzeichen", _written(lines), "letter", case, text=lines if read else ())


def identity_paper() -> Mail:
    """An original that belongs to the citizen."""
    buffer, canvas = _paper()
    canvas.roundRect(60, 520, 240, 150, 8)
    canvas.rect(72, 545, 70, 95, fill=1)
    _lines(canvas, ["Personalausweis (Original, bitte zurück)"], size=12)
    return Mail("Ausweis", _done(buffer, canvas), "original")


def foreign(kind: str, seed: str) -> Mail:
    """Mail of a kind of `FOREIGN` that leads to no case of ours."""
    return FOREIGN[kind](random.Random(seed))  # noqa: S311 - fictional mail


_BODY = (
    "Sehr geehrte Damen und Herren,",
    "",
    "anbei schicke ich Ihnen die Unterlagen, um die Sie gebeten haben.",
    "Für Rückfragen bin ich nachmittags erreichbar.",
    "",
    "Mit freundlichen Grüßen",
)


def _plain(chance: random.Random) -> Mail:
    body = [*_BODY[:3], *(f"Zeile {chance.randrange(1000)}." for _ in range(6)), *_BODY[3:]]
    return Mail("Brief ohne Zeichen", _written(body), "letter")


def _invoice(chance: random.Random) -> Mail:
    """An energy bill: numbers of every shape, and the QR code of a bank transfer."""
    buffer, canvas = _paper()
    number = f"JC-{chance.randrange(10**4):04d}-{chance.randrange(10**6):06d}"
    lines = ["Stadtwerke", f"Rechnung {number}", f"Kundennummer {chance.randrange(10**9)}", "Betrag 184,20 EUR"]
    _lines(canvas, lines)
    _code(canvas, zxingcpp.BarcodeFormat.QRCode, f"BCD\n002\n1\nSCT\n\n\n{number}\nEUR184.20", 400, 120, 30)
    return Mail("Rechnung", _done(buffer, canvas), "letter", text=tuple(lines))


def _franked(chance: random.Random) -> Mail:
    """An envelope with the carrier's DataMatrix: the form of code that ours have, too."""
    buffer, canvas = _paper()
    _lines(canvas, ["Absender: unbekannt", "An das Jobcenter"])
    text = "DEA5" + "".join(chance.choice("0123456789ABCDEF") for _ in range(36))
    _code(canvas, zxingcpp.BarcodeFormat.DataMatrix, text, 430, 740, 16)
    return Mail("Umschlag eines Bürgers", _done(buffer, canvas), "unknown")


def _look_alike(chance: random.Random) -> Mail:
    """Codes of the length of ours whose check character is wrong: another authority's, or damaged ones."""
    buffer, canvas = _paper()
    _lines(canvas, ["Schreiben einer anderen Behörde"])
    random_part = "".join(chance.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))
    _code(canvas, zxingcpp.BarcodeFormat.DataMatrix, f"R{random_part}", 470, 740, 14)
    return Mail("fremder Code", _done(buffer, canvas), "letter")


def _payslip(chance: random.Random) -> Mail:
    buffer, canvas = _paper()
    rows = [f"Lohnart {chance.randrange(900) + 100}   {chance.randrange(200000) / 100:.2f}" for _ in range(14)]
    _lines(canvas, ["Entgeltabrechnung", f"Personalnummer {chance.randrange(10**6)}", "", *rows])
    _code(canvas, zxingcpp.BarcodeFormat.Code128, str(chance.randrange(10**10)), 350, 60, 60)
    return Mail("Lohnabrechnung", _done(buffer, canvas), "letter", text=tuple(rows))


def _handwriting(chance: random.Random) -> Mail:
    buffer, canvas = _paper()
    canvas.setStrokeColorRGB(0.1, 0.1, 0.45)
    for line in range(16):
        path, x = canvas.beginPath(), 70.0
        path.moveTo(x, 720 - line * 26)
        while x < 480:
            x += chance.uniform(3, 9)
            path.lineTo(x, 720 - line * 26 + chance.uniform(-7, 7))
        canvas.drawPath(path)
    return Mail("handgeschrieben", _done(buffer, canvas), "letter")


def _bank_statement(chance: random.Random) -> Mail:
    """Several pages, the last one nearly empty."""
    buffer, canvas = _paper()
    for _ in range(2):
        rows = [
            f"{chance.randrange(28) + 1:02d}.11.  Umsatz  {chance.randrange(99999) / 100:.2f}"
            for _ in range(30)
        ]
        _lines(canvas, ["Kontoauszug", "", *rows])
        canvas.showPage()
    _lines(canvas, ["Seite 3 von 3"])
    return Mail("Kontoauszug", _done(buffer, canvas), "letter")


FOREIGN: Mapping[str, Callable[[random.Random], Mail]] = {
    "plain": _plain,
    "invoice": _invoice,
    "franked": _franked,
    "look-alike": _look_alike,
    "payslip": _payslip,
    "handwriting": _handwriting,
    "bank-statement": _bank_statement,
}


def _envelope(window: Image.Image, reason: str) -> bytes:
    buffer, canvas = _paper()
    canvas.setFillColorRGB(0.93, 0.92, 0.88)
    canvas.rect(0, 297 * mm - 110 * mm, 210 * mm, 110 * mm, fill=1, stroke=1)
    canvas.setFillColorRGB(0, 0, 0)
    left, top, right, bottom = _WINDOW_MM
    canvas.drawImage(
        ImageReader(window), left * mm, (297 - bottom) * mm, (right - left) * mm, (bottom - top) * mm
    )
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(125 * mm, 195 * mm, 75 * mm, 42 * mm, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setFont("Helvetica-Bold", 11)
    canvas.drawString(128 * mm, 230 * mm, "Zurück / Retour")
    canvas.setFont("Helvetica", 10)
    canvas.drawString(128 * mm, 222 * mm, f"[X] {reason}")
    return _done(buffer, canvas)


def _joined(first: bytes, second: bytes) -> bytes:
    import pikepdf  # noqa: PLC0415 - only here

    with pikepdf.open(io.BytesIO(first)) as one, pikepdf.open(io.BytesIO(second)) as other:
        one.pages.extend(other.pages)
        out = io.BytesIO()
        one.save(out, deterministic_id=True)
        return out.getvalue()


def _written(lines: Sequence[str]) -> bytes:
    buffer, canvas = _paper()
    _lines(canvas, lines)
    return _done(buffer, canvas)


def _paper() -> tuple[io.BytesIO, Canvas]:
    buffer = io.BytesIO()
    return buffer, Canvas(buffer, pagesize=_A4, invariant=1)


def _done(buffer: io.BytesIO, canvas: Canvas) -> bytes:
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _lines(canvas: Canvas, lines: Sequence[str], size: float = 11) -> None:
    text = canvas.beginText(70, 760)
    text.setFont("Helvetica", size, leading=size * 1.5)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)


def _code(canvas: Canvas, kind: zxingcpp.BarcodeFormat, text: str, x: float, y: float, size_mm: float) -> None:
    picture = Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=6))
    height = size_mm * picture.height / picture.width
    canvas.drawImage(ImageReader(picture), x, y, size_mm * mm, height * mm)
