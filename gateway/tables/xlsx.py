"""XLSX workbooks, read row by row. Formulas and macros are never run: the one is marked, the other refused.

A workbook is a ZIP of XML files, so its unpacked size and packing ratio are bounded before anything is unpacked.
"""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from openpyxl.utils.exceptions import InvalidFileException

from gateway.domain.findings import Finding, Severity
from gateway.domain.templates.cells import Cell, Unusable
from gateway.errors import InputError
from gateway.ports.tables import Table
from gateway.tables.texts import Reader

MAX_UNPACKED = 400_000_000
MAX_RATIO = 120
"""Unpacked to packed; real sheets of very uniform rows reach about 60."""
MAX_FILES = 2_000
MAX_COLUMNS = 500

_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    SyntaxError,  # of XML, too
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    EOFError,
)
"""What openpyxl raises on files that are no workbooks."""


def read_xlsx(file: BinaryIO) -> Table:
    """The first visible sheet of a workbook; see `TableReader.read`."""
    _inspect(file)
    file.seek(0)
    try:
        reader = Reader(file, read_only=True, keep_links=False)
        reader.read()
        workbook = reader.wb
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    except _BROKEN:
        raise _unreadable() from None
    if not sheets:
        raise _unreadable()
    findings = []
    if len(workbook.worksheets) > 1:
        message = "Die Arbeitsmappe hat mehrere Blätter. Gelesen wird nur das erste sichtbare."
        findings.append(Finding("table-more-sheets", Severity.WARNING, message))
    return Table(findings, _rows(workbook, sheets[0]))


def _rows(workbook: Any, sheet: Any) -> Iterator[Sequence[Cell]]:
    sheet.reset_dimensions()  # what a file says about its size need not be true
    try:
        for row in sheet.iter_rows(max_col=MAX_COLUMNS):
            yield _trimmed([_cell(cell) for cell in row])
    except _BROKEN:
        raise _unreadable() from None
    finally:
        workbook.close()


def _cell(cell: Any) -> Cell:
    if cell.data_type == "f":
        return Unusable.FORMULA
    if cell.data_type == "e":
        return Unusable.ERROR
    value = cell.value
    if value is None or isinstance(value, str | bool | int | float | datetime | date | time):
        return value
    return Unusable.ERROR if not isinstance(value, timedelta) else str(value)


def _trimmed(cells: list[Cell]) -> list[Cell]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _inspect(file: BinaryIO) -> None:
    """Bounds and macros, from the directory of the ZIP; what it understates is not unpacked beyond that."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise _unreadable() from None
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    bomb = unpacked > 10_000_000 and unpacked > MAX_RATIO * packed
    if len(parts) > MAX_FILES or unpacked > MAX_UNPACKED or bomb:
        raise InputError(
            "table-too-large",
            "Die Arbeitsmappe ist ausgepackt zu groß. Bitte aufteilen oder als CSV speichern.",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise InputError("table-encrypted-or-old", "Die Arbeitsmappe ist mit einem Kennwort geschützt.")
    if any(part.filename.casefold().endswith("vbaproject.bin") for part in parts):
        raise InputError(
            "table-macros", "Die Arbeitsmappe enthält Makros. Bitte als XLSX ohne Makros speichern."
        )


def _unreadable() -> InputError:
    return InputError(
        "table-unreadable", "Die Datei ist keine lesbare Excel-Arbeitsmappe. Bitte neu als XLSX speichern."
    )
