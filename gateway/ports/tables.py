"""Tables that people hand in, as the application sees them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from gateway.domain.findings import Finding
from gateway.domain.templates.cells import Cell


@dataclass(frozen=True)
class Table:
    """A table that is being read: `rows` yields the header first, then row by row, and can be read once."""

    findings: Sequence[Finding]
    """What a person should know about the file, such as its encoding; never blocks."""
    rows: Iterator[Sequence[Cell]]


class TableReader(Protocol):
    """Reads CSV and XLSX row by row, in constant memory."""

    def read(self, file: BinaryIO) -> Table:
        """The table in `file`, which stays open until the last row.

        Raises `InputError`, here or while rows are read: 'table-unreadable', 'table-encoding-unknown',
        'table-encrypted-or-old', 'table-macros', 'table-too-large', 'table-too-wide'.
        """
