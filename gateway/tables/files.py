"""Which format a file has, by its first bytes and never by its name."""

from typing import BinaryIO

from gateway.errors import InputError
from gateway.ports.tables import Table
from gateway.tables.csv import read_csv
from gateway.tables.xlsx import read_xlsx

MAX_BYTES = 60_000_000
"""A larger file is refused unread; 100,000 rows of some ten columns are about 15 MB."""

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0"
"""Old XLS, and XLSX under a password."""


class FileTables:
    """Implements `gateway.ports.tables.TableReader`."""

    def read(self, file: BinaryIO) -> Table:
        """See `TableReader.read`."""
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(4)
        file.seek(0)
        if size > MAX_BYTES:
            raise InputError(
                "table-too-large", f"Die Datei hat mehr als {MAX_BYTES // 1_000_000} MB. Bitte aufteilen."
            )
        if start == _COMPOUND:
            raise InputError(
                "table-encrypted-or-old",
                "Die Datei ist mit einem Kennwort geschützt oder eine alte XLS-Datei. Bitte ohne Kennwort als XLSX "
                "oder CSV speichern.",
            )
        return read_xlsx(file) if start == _ZIP else read_csv(file)
