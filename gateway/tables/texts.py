"""The table of texts of a workbook, on disk instead of in memory: it grows with the rows."""

import os
import weakref
from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_ITEM = f"{{{SHEET_MAIN_NS}}}si"


class TextsOnDisk:
    """Texts by number. Takes eight bytes of memory a text; the file has no name and ends with this object."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._ends = array("Q", [0])
        with TemporaryFile() as file:
            for text in texts:
                self._ends.append(self._ends[-1] + file.write(text.encode("utf-8", "surrogatepass")))
            file.flush()
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise IndexError(number)
        start = self._ends[number]
        return os.pread(self._file, self._ends[number + 1] - start, start).decode("utf-8", "surrogatepass")


class Reader(ExcelReader):
    """openpyxl's reader with the texts on disk."""

    def read_strings(self) -> None:
        """Read the table of texts, if there is one."""
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = TextsOnDisk(_texts(source))  # type: ignore[assignment]


def _texts(source: IO[bytes]) -> Iterator[str]:
    """As openpyxl reads them, but forgetting each when it is read."""
    root: Any = None
    for event, node in iterparse(source, ("start", "end")):
        root = node if root is None else root
        if event == "end" and node.tag == _ITEM:
            text = Text.from_tree(node)
            yield text.content.replace("x005F_", "") if text else ""
            root.clear()
