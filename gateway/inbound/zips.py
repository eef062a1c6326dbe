"""A delivery packed as a ZIP, unpacked beside itself within limits; nothing in it decides where it is written.

Whatever is wrong refuses the delivery as a whole, and the ZIP stays as it came.
"""

import errno
import io
import lzma
import re
import shutil
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.domain.inbound.scan_sources import DeliveryLimits
from gateway.durable import sync_folder
from gateway.errors import DocumentInvalid
from gateway.inbound.delivery import READY

PACKED = "delivery.zip"
"""What a packed delivery is called in its folder; READY is within it."""
_PART = ".unpacking"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_BESIDES = 10
"""Files beside documents and their notes: manifest, marker, and what nobody asked for."""
_FREE_BYTES = 10_000_000
"""So much may be unpacked whatever the ratio: blank pages pack well."""
_BLOCK = 1 << 20
_ENTRY_BYTES = 1000
"""Of a file in the directory: its name is short, and programs add little to it."""
_HASH_CHARACTERS = 64
_ENCRYPTED = 1
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, RuntimeError)


def unpack(folder: Path, limits: DeliveryLimits) -> None:
    """Unpack `folder/delivery.zip` into `folder` and remove it; without one, nothing happens.

    A kill in between leaves the ZIP, and it is done again. Raises `DocumentInvalid`: zip-unreadable, zip-encrypted,
    zip-too-many, zip-too-large, zip-ratio, zip-path, zip-duplicate, zip-incomplete.
    """
    packed, part = folder / PACKED, folder / _PART
    if not packed.is_file() or packed.is_symlink():
        return
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        with _understood():
            _extract(packed, part, limits)
            _check_marker(part / READY)
        for path in sorted(part.iterdir()):
            path.replace(folder / path.name)
        part.rmdir()  # nobody would, after a kill, once the ZIP is gone
        sync_folder(folder)
        packed.unlink()
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check(packed: Path, limits: DeliveryLimits) -> None:
    """Hold the directory of a ZIP against the limits; nothing is unpacked. Raises as `unpack` does."""
    with _understood(), _opened(packed, limits) as archive:
        _judge(archive.infolist(), packed.stat().st_size, limits)


class _Packed(io.BufferedReader):
    """The file of a ZIP, whose directory is read at once, and becomes many times as large as it is written."""

    def __init__(self, path: Path, most_files: int) -> None:
        super().__init__(io.FileIO(path))
        self._most_bytes = max(_BLOCK, most_files * _ENTRY_BYTES)

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises `DocumentInvalid` zip-too-many where so much is asked for only by a directory."""
        if size is not None and size > self._most_bytes:
            raise _too_many()
        return super().read(size)


@contextmanager
def _opened(packed: Path, limits: DeliveryLimits) -> Iterator[zipfile.ZipFile]:
    with _Packed(packed, _most_files(limits)) as file, zipfile.ZipFile(file) as archive:
        yield archive


def _most_files(limits: DeliveryLimits) -> int:
    return 2 * limits.max_documents + _BESIDES


@contextmanager
def _understood() -> Iterator[None]:
    """What damage raises, as one refusal; what our own disk raises stays what it is."""
    try:
        yield
    except _DAMAGED:
        raise _refused("zip-unreadable", "ist nicht lesbar") from None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A damaged directory points before the file.
        raise _refused("zip-unreadable", "ist nicht lesbar") from None


def _check_marker(ready: Path) -> None:
    """What came packed is not being written any more: a marker without a hash will never have one."""
    with ready.open("rb") as file:
        if len(file.read(1000).strip()) < _HASH_CHARACTERS:
            raise _refused("zip-incomplete", "enthält keine vollständige Fertigmeldung (READY)")


def _extract(packed: Path, part: Path, limits: DeliveryLimits) -> None:
    with _opened(packed, limits) as archive:
        entries = archive.infolist()
        _judge(entries, packed.stat().st_size, limits)
        for entry in entries:
            _write(archive, entry, part / entry.filename)


def _judge(entries: list[zipfile.ZipInfo], packed_bytes: int, limits: DeliveryLimits) -> None:
    """By what the directory says; `_write` holds each file to what was said here."""
    if len(entries) > _most_files(limits):
        raise _too_many()
    if any(not _NAME.fullmatch(entry.filename) or entry.is_dir() or _is_link(entry) for entry in entries):
        raise _refused("zip-path", "enthält Ordner, Verknüpfungen oder Namen, die nicht vereinbart sind")
    if max(Counter(entry.filename.casefold() for entry in entries).values(), default=0) > 1:
        raise _refused("zip-duplicate", "enthält eine Datei zweimal")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise _refused("zip-encrypted", "ist verschlüsselt")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.max_bytes:
        raise _refused("zip-too-large", "ist ausgepackt zu groß")
    if unpacked > max(_FREE_BYTES, packed_bytes * limits.max_ratio):
        raise _refused("zip-ratio", "ist ausgepackt unverhältnismäßig groß")
    if READY not in {entry.filename for entry in entries}:
        # What a damaged directory leaves out would be gone with the ZIP; the marker proves all the rest.
        raise _refused("zip-incomplete", "enthält keine Fertigmeldung (READY)")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return (entry.external_attr >> 28) == 0o12


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """No byte more than the directory said; the checksum is the reader's."""
    left = entry.file_size
    with archive.open(entry) as given, target.open("xb") as file:
        while block := given.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise _refused("zip-ratio", "ist ausgepackt unverhältnismäßig groß")
            file.write(block)


def _too_many() -> DocumentInvalid:
    return _refused("zip-too-many", "enthält zu viele Dateien")


def _refused(code: str, what: str) -> DocumentInvalid:
    return DocumentInvalid(
        code, f"Die gepackte Scanlieferung {what}. Sie wurde abgelehnt; bitte bei der Scanstelle neu anfordern."
    )
