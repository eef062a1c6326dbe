"""CSV from outside: in UTF-8, each column once, no more lines than there may be. Judges no content."""

import csv
import io
from itertools import islice


class NotCsv(ValueError):
    """The bytes are no CSV that is read here; the message says why, in German, without any of their content."""


def parse_csv(content: bytes, delimiter: str, most_lines: int) -> list[dict[str, str]]:
    """The lines by column, a missing cell empty; of more than `most_lines`, one more and none after it.

    What a line becomes is many times as large as the line, so not all are read to be counted. Raises `NotCsv`.
    """
    try:
        reader = csv.DictReader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, restval="", strict=True
        )
        columns = reader.fieldnames or ()
        if len(set(columns)) != len(columns):
            raise NotCsv("eine Spalte steht zweimal")
        lines = list(islice(reader, most_lines + 1))
    except (UnicodeDecodeError, csv.Error):
        raise NotCsv("es ist kein CSV in UTF-8") from None
    if any(None in line for line in lines):
        raise NotCsv("eine Zeile hat mehr Felder als Spalten")
    return lines
