"""CSV as spreadsheets and line-of-business software write it: UTF-8 or Windows-1252, semicolon, comma or tab."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from gateway.domain.findings import Finding, Severity
from gateway.errors import InputError
from gateway.ports.tables import Table

MAX_COLUMNS = 500
MAX_CELL = 20_000
"""Characters of one cell; more comes from a quotation mark that is never closed."""

_CHUNK = 1 << 20
_CP1252 = Finding(
    "table-encoding-cp1252",
    Severity.WARNING,
    "Die Datei ist kein UTF-8 und wurde als Windows-1252 gelesen. Bitte Umlaute und Sonderzeichen in einem der "
    "Schreiben prüfen, oder als „CSV UTF-8“ speichern.",
)


def read_csv(file: BinaryIO) -> Table:
    """A CSV file; see `TableReader.read`."""
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    delimiter = _delimiter(text)
    findings = [_CP1252] if encoding == "cp1252" else []
    return Table(findings, _rows(text, delimiter))


def _rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[Sequence[str]]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if len(row) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in row):
                raise InputError(
                    "table-too-wide",
                    f"Eine Zeile hat mehr als {MAX_COLUMNS} Spalten oder eine Zelle mehr als {MAX_CELL} Zeichen "
                    f"(bei Zeile {reader.line_num} der Datei). Bitte Anführungszeichen prüfen.",
                )
            yield row
    except csv.Error:
        raise InputError(
            "table-unreadable",
            f"Die CSV-Datei ist bei Zeile {reader.line_num} nicht lesbar. Bitte Anführungszeichen prüfen.",
        ) from None
    finally:
        text.detach()  # the file belongs to the caller


def _encoding(file: BinaryIO) -> str:
    """Every byte is looked at: one cp1252 umlaut on the last line is enough to make a file no UTF-8."""
    try:
        for encoding in ("utf-8-sig", "cp1252"):
            if _decodes(file, encoding):
                return encoding
    finally:
        file.seek(0)
    raise InputError(
        "table-encoding-unknown",
        "Die Zeichenkodierung der Datei ist nicht lesbar. Bitte als „CSV UTF-8“ oder XLSX speichern.",
    )


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk:  # UTF-16, or no text at all
                return False
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: io.TextIOWrapper) -> str:
    """What stands most often in the header; a semicolon if nothing does."""
    line = text.readline(100_000)
    text.seek(0)
    return max(";,\t", key=line.count)
