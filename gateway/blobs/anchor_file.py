"""Anchors of the audit chain in a file, one JSON object a line, only ever appended to.

It belongs where the database's administrator cannot write: a share of another machine, or `chattr +a`.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.domain.trail.chain import Anchor
from gateway.durable import FILE_MODE, sync_folder


class AnchorFile:
    """Anchors in one file, made with the first of them."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def append(self, anchor: Anchor) -> None:
        """One line, whole and on disk when this returns. Raises `OSError`."""
        told = {"at": anchor.at.isoformat(), "number": anchor.number, "sha256": anchor.sha256}
        if anchor.departure is not None:
            told["departure"] = anchor.departure
        line = json.dumps(told) + "\n"
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(self._file.parent)

    def read(self) -> Iterator[Anchor | None]:
        """Line by line; None for one that is no anchor."""
        if not self._file.exists():
            return
        with self._file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield _read(line)


def _read(line: str) -> Anchor | None:
    try:
        told = json.loads(line)
        departure = told.get("departure")
        return Anchor(
            datetime.fromisoformat(told["at"]),
            int(told["number"]),
            str(told["sha256"]),
            None if departure is None else str(departure),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
