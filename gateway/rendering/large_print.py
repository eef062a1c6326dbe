"""Large print: tables that would not be readable at 16 pt are read out row by row; no word is lost or added.

Works on the HTML of a composed letter, so that the twin comes from the same template, data and text as the letter.
The style is `large-print.css`; nothing is laid out here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from gateway.rendering.fonts import FontMetrics

STYLE = "large-print.css"
SIZE_PT = 16.0
"""From the salutation on (VBD NRW)."""
TEXT_WIDTH_MM = 165.0
_CELL_PADDING_MM = 3.0
_ROW_NAME_MM = 45.0
"""What a row needs for its name, so that it does not become a column of single words."""
_TABLE = re.compile(r'<table class="figures[^"]*">.*?</table>', re.DOTALL)


@dataclass
class Cell:
    """A cell: its markup as it stands, and its text."""

    markup: str = ""
    text: str = ""


@dataclass
class Row:
    """A row: `kind` is its class (`sum`, `result`, `group`) or empty."""

    kind: str
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Table:
    """A table of figures: one row of column names, and rows that begin with their own name."""

    caption: Cell | None = None
    columns: list[Cell] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def read_out_wide_tables(html: str, metrics: FontMetrics) -> str:
    """The letter with each table of figures that is too wide at 16 pt as text: each value with its row and column."""
    return _TABLE.sub(lambda found: _readable(found[0], metrics), html)


def read_table(markup: str) -> Table:
    """A table of figures as it stands in a letter."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.table


def _readable(markup: str, metrics: FontMetrics) -> str:
    table = read_table(markup)
    return markup if _fits(table, metrics) else "\n".join(_read_out(table))


def _fits(table: Table, metrics: FontMetrics) -> bool:
    """Whether every word has room in its column. Amounts never break, so each is one word."""
    widths = [_ROW_NAME_MM, *[0.0] * (len(table.columns) - 1)]
    for cells in [table.columns, *(row.cells for row in table.rows if row.kind != "group")]:
        for column, cell in enumerate(cells[: len(widths)]):
            words = cell.text.split(" ") if cells is table.columns or column == 0 else [cell.text]
            widest = max(metrics.width_mm(word, SIZE_PT, bold=True) for word in words)
            widths[column] = max(widths[column], widest + _CELL_PADDING_MM)
    return sum(widths) <= TEXT_WIDTH_MM


def _read_out(table: Table) -> Iterator[str]:
    yield '<div class="read-out">'
    if table.caption is not None:
        yield f'<p class="of">{table.caption.markup}</p>'
    yield f'<p class="of">{table.columns[0].markup}</p>'
    for row in table.rows:
        if row.kind == "group":
            yield f'<p class="group">{row.cells[0].markup}</p>'
        else:
            yield from _read_row(row, table.columns)
    yield "</div>"


def _read_row(row: Row, columns: Sequence[Cell]) -> Iterator[str]:
    yield f'<div class="row {row.kind}"><p>{row.cells[0].markup}</p><ul>'
    for column, cell in zip(columns[1:], row.cells[1:], strict=True):
        yield f"<li>{column.markup}: {cell.markup}</li>"
    yield "</ul></div>"


class _Reader(HTMLParser):
    """Reads one table that has no table within."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.table = Table()
        self._head = False
        self._cell: Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"thead", "tbody"}:
            self._head = tag == "thead"
        elif tag == "tr" and not self._head:
            self.table.rows.append(Row(dict(attrs).get("class") or ""))
        elif tag in {"th", "td", "caption"}:
            self._cell = Cell()
        elif tag not in {"table", "tr"}:
            self._take(self.get_starttag_text() or "", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"} and self._cell is not None:
            (self.table.columns if self._head else self.table.rows[-1].cells).append(self._cell)
            self._cell = None
        elif tag == "caption":
            self.table.caption, self._cell = self._cell, None
        elif tag not in {"table", "thead", "tbody", "tr"}:
            self._take(f"</{tag}>", "")

    def handle_data(self, data: str) -> None:
        self._take(data, data)

    def handle_entityref(self, name: str) -> None:
        self._take(f"&{name};", unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._take(f"&#{name};", unescape(f"&#{name};"))

    def _take(self, markup: str, text: str) -> None:
        if self._cell is not None:
            self._cell.markup += markup
            self._cell.text += text
