"""From a render request to the HTML of a letter: data checked, address fitted, text modules chosen by date.

Templates run in a sandbox: no file outside `letter_templates`, no attribute starting with an underscore, no
undefined name, every value escaped. Every character is checked against the letter font before layout begins.
"""

import base64
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.references import encode_reply_code
from gateway.domain.sheets.layout import ADDRESS_LINE_WIDTH_MM, ADDRESS_MAX_LINES
from gateway.domain.templates.calculation import months_between
from gateway.domain.validity import in_force
from gateway.errors import AddressInvalid, RenderError
from gateway.ports.renderer import RenderRequest
from gateway.rendering.catalogue import LETTER, SHARED, Catalogue, Template, field_title, nfc, texts
from gateway.rendering.codes import datamatrix_svg
from gateway.rendering.fonts import FontMetrics, code_points
from gateway.rendering.inspection import unknown_names
from gateway.rendering.large_print import read_out_wide_tables

MODULES = "modules.toml"

ADDRESS_SIZE_PT = 10.0
"""Size of address text up to five lines."""
ADDRESS_SMALL_SIZE_PT = 9.2
"""Size for six lines: cap height 2.3 mm, the least that sorting machines read."""
RETURN_LINE_WIDTH_MM = 66.5
"""From x 41 mm (right of the piece reference) to the edge of the address field at 108 mm."""
RETURN_LINE_SIZES_PT = (7.0, 6.5, 6.0)

_MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_BLANK_BEFORE_INLINE = re.compile(r"(?<=[^\s>])\s+(<(?:strong|span)\b[^>]*>)")
_TOGETHER = re.compile(
    r"(?<=§) (?=\d)|(?<=SGB) (?=[IVX])|(?:(?<=Absatz)|(?<=Abs\.)|(?<=Satz)|(?<=Nummer)|(?<=Nr\.)|(?<=EUR)) (?=\d)"
    rf"|(?<=\d\.) (?={'|'.join(_MONTHS)})|(?<=z\.) (?=B\.)|(?<=\d) (?=Prozent|EUR|%)"
)
REPLY_MODULE_MM = 1.0
"""Module of the code on a reply slip: large enough for a poor scan at 200 dpi."""

_WEEKDAYS = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]


def eur(amount: str | None) -> str:
    """`1037.19` → `1.037,19`; an empty cell is a dash."""
    if amount is None:
        return "–"
    whole, cents = amount.removeprefix("-").split(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{'−' if amount.startswith('-') else ''}{grouped},{cents}".replace("−", "-")


def _day(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def date_de(value: str | date) -> str:
    """`2026-11-02` → `2. November 2026`, with blanks that do not break."""
    day = _day(value)
    return f"{day.day}.\u00a0{_MONTHS[day.month - 1]}\u00a0{day.year}"


def date_short(value: str | date) -> str:
    """`2026-11-02` → `02.11.2026`, for tables."""
    return f"{_day(value):%d.%m.%Y}"


def weekday(value: str | date) -> str:
    """`2026-11-02` → `Montag`."""
    return _WEEKDAYS[_day(value).weekday()]


def month_de(value: str) -> str:
    """`2026-12` → `Dezember 2026`."""
    return f"{_MONTHS[int(value[5:7]) - 1]}\u00a0{value[:4]}"


def iban(value: str) -> str:
    """Groups of four (DIN 5008), kept on one line."""
    return "\u00a0".join(value[start : start + 4] for start in range(0, len(value), 4))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a free text, divided by blank lines."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


@dataclass(frozen=True)
class TextModule:
    """A text module (*Textbaustein*) and the days on which it holds; `text` is template source.

    `chosen_by` names the day that chooses: `decision_date`, or one that the template passes (`breach_date`,
    `benefit_month`), because a new law often leaves what happened before it to the old one.
    """

    id: str
    valid_from: date
    valid_to: date | None
    provisional: bool
    chosen_by: str
    text: str


BY_DECISION = "decision_date"
SELECTORS = frozenset({BY_DECISION, "breach_date", "benefit_month"})
"""What may choose a text module: the letter's date, the day of a breach of duty, the month of a benefit."""


def read_modules(path: Path) -> dict[str, list[TextModule]]:
    """All text modules by id. Raises `RenderError` if the file cannot be used."""
    modules: dict[str, list[TextModule]] = {}
    try:
        for entry in tomllib.loads(path.read_text("utf-8"))["module"]:
            module = _read_module(entry)
            modules.setdefault(module.id, []).append(module)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RenderError(
            "text-modules-unusable",
            f"Die Textbausteine {path.name} sind nicht lesbar ({type(error).__name__}).",
        ) from error
    return modules


def _read_module(entry: Mapping[str, Any]) -> TextModule:
    module = TextModule(**{"valid_to": None, "provisional": False, "chosen_by": BY_DECISION, **entry})
    if module.chosen_by not in SELECTORS:
        raise KeyError(module.chosen_by)
    return module


@dataclass(frozen=True)
class AddressBlock:
    """The address as it is set: `size` names the style, five lines at 10 pt or six at 9.2 pt."""

    lines: Sequence[str]
    size: str


def fit_address(lines: Sequence[str], metrics: FontMetrics) -> AddressBlock:
    """Lines that stand in the window. Raises `AddressInvalid`: nothing is ever cut or wrapped here."""
    if not 2 <= len(lines) <= ADDRESS_MAX_LINES:
        raise AddressInvalid(
            "address-line-count",
            f"Die Anschrift hat {len(lines)} Zeilen; möglich sind 2 bis {ADDRESS_MAX_LINES}.",
        )
    small = len(lines) == ADDRESS_MAX_LINES
    size_pt = ADDRESS_SMALL_SIZE_PT if small else ADDRESS_SIZE_PT
    for number, line in enumerate(lines, start=1):
        if metrics.width_mm(line, size_pt) > ADDRESS_LINE_WIDTH_MM:
            raise AddressInvalid(
                "address-line-too-wide",
                f"Zeile {number} der Anschrift ist breiter als {ADDRESS_LINE_WIDTH_MM:.0f} mm. Bitte umbrechen.",
            )
    return AddressBlock(lines, "small" if small else "normal")


def fit_return_line(text: str, metrics: FontMetrics) -> float:
    """Size in pt at which the return line fits on its one line. Raises `RenderError` if none does."""
    for size_pt in RETURN_LINE_SIZES_PT:
        if metrics.width_mm(text, size_pt) <= RETURN_LINE_WIDTH_MM:
            return size_pt
    raise RenderError(
        "return-line-too-wide",
        f"Die Absenderzeile der Dienststelle ist breiter als {RETURN_LINE_WIDTH_MM:.0f} mm. Bitte kürzen.",
    )


class Composer:
    """Makes the HTML of letters from the templates of a catalogue."""

    def __init__(self, catalogue: Catalogue, metrics: FontMetrics) -> None:
        """Read the text modules of the catalogue's folder."""
        self._catalogue = catalogue
        self._metrics = metrics
        self._modules = read_modules(catalogue.folder / SHARED / MODULES)
        self._jinja = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(catalogue.folder),
            undefined=StrictUndefined,
            autoescape=True,
        )
        self._jinja.filters.update(
            eur=eur,
            date_de=date_de,
            date_short=date_short,
            weekday=weekday,
            month_de=month_de,
            iban=iban,
            paragraphs=paragraphs,
        )
        self._jinja.globals["months_between"] = months_between

    def compose(self, request: RenderRequest) -> str:
        """The letter as HTML without style.

        Raises `DataInvalid`, `AddressInvalid`, `NotFound`, or `RenderError` (`template-changed`,
        `template-error`, `text-module-missing`, `glyph-missing`, `return-line-too-wide`).
        """
        template = self._catalogue.get_version(request.template, request.template_version)
        data = template.check(request.data)
        self._check_fields(template, data)
        context = self._context(template, request, data)
        try:
            html = self._jinja.get_template(f"{request.template}/{LETTER}").render(context)
        except TemplateError as error:
            raise RenderError(
                "template-error", f"Die Vorlage {request.template} ist fehlerhaft ({type(error).__name__})."
            ) from None
        self._check_glyphs(html)
        html = keep_together(html)
        is_large = request.accessible_copy is AccessibleCopy.LARGE_PRINT
        return read_out_wide_tables(html, self._metrics) if is_large else html

    def unknown_names(self, name: str) -> list[str]:
        """Names in a template's source that no letter knows, and errors of syntax. Raises `NotFound`."""
        return unknown_names(self._jinja, self._catalogue.get(name), self._modules)

    def _context(
        self, template: Template, request: RenderRequest, data: Mapping[str, object]
    ) -> dict[str, object]:
        plain = cast("dict[str, object]", nfc(_without_data(request)))
        office = cast("dict[str, str]", plain["office"])
        address = [line for line in cast("list[str]", plain["address_lines"]) if line.strip()]
        context: dict[str, object] = {
            "letter": plain,
            "office": office,
            "meta": template.meta,
            "data": data,
            "address": fit_address(address, self._metrics),
            "return_line_pt": fit_return_line(office["return_line"], self._metrics),
        }
        context["text"] = lambda module, on=None: self._text(module, on, context)
        context["reply_code"] = lambda: _reply_code(request.letter_reference)
        return context

    def _text(self, module_id: str, on: str | None, context: Mapping[str, object]) -> Markup:
        """A text module in the wording of its day: its text is template source, its values are escaped.

        `on` is the day or month (`2026-11-02`, `2026-11`) of a module that is not chosen by the decision date.
        """
        entries = self._modules.get(module_id, ())
        if any((entry.chosen_by == BY_DECISION) == (on is not None) for entry in entries):
            raise RenderError(
                "text-module-misused",
                f"Der Textbaustein „{module_id}“ wird nach einem anderen Datum gewählt. Bitte die Vorlage berichtigen.",
            )
        letter = cast("Mapping[str, str]", context["letter"])
        day = _day(f"{on}-01" if on and len(on) == 7 else on or letter["decision_date"])
        module = in_force(entries, day)
        if module is None:
            raise RenderError(
                "text-module-missing",
                f"Für den {date_short(day)} gibt es keinen Textbaustein „{module_id}“. Bitte das Datum prüfen.",
            )
        return Markup(self._jinja.from_string(module.text.strip()).render(context))  # noqa: S704

    def _check_fields(self, template: Template, data: Mapping[str, object]) -> None:
        for path, text in texts(data):
            if missing := self._metrics.missing(text):
                raise _glyph_missing(missing, f"im Feld „{field_title(template.meta.schema, path)}“")

    def _check_glyphs(self, html: str) -> None:
        if missing := self._metrics.missing(visible_text(html)):
            raise _glyph_missing(missing, "in Anschrift, Kopf oder Text des Schreibens")


def _glyph_missing(missing: str, where: str) -> RenderError:
    return RenderError(
        "glyph-missing",
        f"Für {code_points(missing)} {where} hat die Briefschrift kein Zeichen. Bitte anders schreiben.",
    )


def _without_data(request: RenderRequest) -> dict[str, object]:
    values = {key: value for key, value in vars(request).items() if key not in ("data", "decision_date")}
    return {**values, "office": asdict(request.office), "decision_date": request.decision_date.isoformat()}


def _reply_code(letter_reference: str) -> str:
    """Address of the picture with the code that brings a reply slip back to its letter."""
    svg = datamatrix_svg(encode_reply_code(letter_reference), REPLY_MODULE_MM)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def keep_together(html: str) -> str:
    """Line breaks as a typesetter wants them: none within `§ 60`, `Absatz 1`, `SGB II`, `19. Oktober`.

    Only the body is touched: address and information block are compared with the record. A blank before an inline
    element moves into it, because WeasyPrint 70 breaks a text after its first word if just its last blank does not fit.
    """
    head, start, body = html.partition("<main")
    body = _BLANK_BEFORE_INLINE.sub(r"\1 ", body)
    return head + start + _TOGETHER.sub("\u00a0", body)


class _TextOnly(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def visible_text(html: str) -> str:
    """All text of an HTML document, titles included, tags and attributes not."""
    parser = _TextOnly()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)
