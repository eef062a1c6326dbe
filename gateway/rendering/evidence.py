"""The cover of a posting file as a PDF: what happened to the letter, which files prove it, how to check them."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

from gateway.domain.account.evidence import PostingFile
from gateway.rendering.rows import RIGHT_MM, Row, broken, rows_pdf

_FILE_COLUMNS_MM = (25.0, 75.0)
_TEXT_PT = 9.0
_BESIDE_MM = RIGHT_MM - _FILE_COLUMNS_MM[1]
_HOW = (
    "Jede Datei ist in SHA256SUMS mit ihrer Prüfsumme genannt. Zum Prüfen die Dateien in einen leeren Ordner "
    "entpacken und dort „sha256sum --check SHA256SUMS“ oder „python3 pruefen.py“ aufrufen. Die Prüfsumme der "
    "ganzen ZIP-Datei steht im Protokoll der Behörde; wer sie dort erfragt, weiß, dass nichts ausgetauscht wurde. "
    "Das Programm prüft auch, dass die Einträge des Protokolls in der Kette der Siegel stehen. Deren Anker schreibt "
    "die Behörde täglich außerhalb der Datenbank auf und nennt sie auf Anfrage."
)


def cover_pdf(file: PostingFile, zone: tzinfo) -> bytes:
    """The cover; moments are shown in `zone`. The same input gives the same bytes."""
    return rows_pdf(f"Versandnachweis · Schreiben {file.letter}", partial(_rows, file, zone))


def _rows(file: PostingFile, zone: tzinfo) -> Iterator[Row]:
    made = file.made_at.astimezone(zone)
    yield Row(["Versandnachweis"], size_pt=18, bold=True)
    for line in broken(f"{file.title} · Schreiben {file.letter} · Aktenzeichen {file.file_number}", 11):
        yield Row([line], size_pt=11)
    yield Row([f"Erstellt am {made:%d.%m.%Y, %H:%M} Uhr von {file.made_by}"], size_pt=9)
    for section in file.sections:
        yield Row([section.title], size_pt=11, bold=True, before_mm=6, rule=True)
        for sentence in section.sentences:
            for index, line in enumerate(broken(sentence, _TEXT_PT)):
                yield Row([line], size_pt=_TEXT_PT, before_mm=0 if index else 1.2)
    yield Row(["Dateien"], size_pt=11, bold=True, before_mm=6, rule=True)
    for part in file.parts:
        for index, line in enumerate(broken(part.what, 8.5, _BESIDE_MM)):
            first = index == 0
            yield Row(
                [part.name if first else "", line],
                _FILE_COLUMNS_MM,
                size_pt=8.5,
                before_mm=1.5 if first else 0,
            )
        yield Row(["", part.sha256], _FILE_COLUMNS_MM, size_pt=7)
    yield Row(["Prüfen"], size_pt=11, bold=True, before_mm=6, rule=True)
    for index, line in enumerate(broken(_HOW, _TEXT_PT)):
        yield Row([line], size_pt=_TEXT_PT, before_mm=0 if index else 1.2)
