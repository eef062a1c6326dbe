"""Packing a consignment for a print house: a ZIP with the print copies and their manifest, in a temporary file.

Pieces are read, proven and written one after the other, so that memory does not grow with their number. The ZIP is
deterministic (fixed timestamps, nothing compressed: PDFs are already): packing again gives the same bytes, unless
they are sealed for the house's key. File names carry our keys and never a name of a person.
Must not know where the ZIP goes.
"""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from gateway.domain.pieces.mailpiece import Service, sheets_for
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import IntegrityError, Refused
from gateway.ports.provider import Consignment, PrintPiece
from gateway.providers.print_collation import Collator
from gateway.providers.print_manifest import (
    CollatedFile,
    Entry,
    ManifestFormat,
    Packaging,
    entry_for,
    manifest_bytes,
)

COLLATED_FILE = "letters.pdf"
SEALED_SUFFIX = ".p7m"

_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}", re.ASCII)
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest a ZIP can tell; the same for every file."""
_UNIX_FILE_0600 = 0o100600 << 16

Seal = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Packing:
    """How a house wants its consignments. `seal` encrypts for its key, or is None."""

    packaging: Packaging
    manifest: ManifestFormat
    services: frozenset[Service]
    seal: Seal | None = None


@dataclass(frozen=True)
class Package:
    """A packed consignment on disk, there for as long as its block lasts."""

    path: Path
    size_bytes: int
    sha256: str
    keys: tuple[str, ...]
    """Of the pieces, in order."""


@contextmanager
def packed(consignment: Consignment, packing: Packing, profile: PrintProfile) -> Iterator[Package]:
    """Pack into a temporary folder that vanishes with the block.

    Raises `Refused` for a piece that the house does not take or whose key cannot be a file name, `IntegrityError`
    for bytes that are not the approved ones.
    """
    check_key(consignment.key)
    with tempfile.TemporaryDirectory(prefix="consignment-") as folder:
        path = Path(folder) / "consignment.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            write = _PackCollated if packing.packaging == "collated" else _PackPieces
            entries = write(archive, packing, profile, Path(folder)).pack(consignment)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        yield Package(path, path.stat().st_size, sha256, tuple(entry.key for entry in entries))


def check_key(key: str) -> str:
    """A key as it may stand in a file name; raises `Refused`."""
    if not _KEY.fullmatch(key):
        raise Refused(
            "print-house-key", "Der Schlüssel der Übergabe braucht 1 bis 80 Zeichen aus 0-9 A-Z a-z _ -"
        )
    return key


class _Pack:
    def __init__(self, archive: zipfile.ZipFile, packing: Packing, profile: PrintProfile, folder: Path) -> None:
        self._archive = archive
        self._packing = packing
        self._profile = profile
        self._folder = folder

    def _checked(self, consignment: Consignment) -> Iterator[PrintPiece]:
        seen: set[str] = set()
        for piece in consignment.pieces:
            _check_piece(piece, self._packing, self._profile)
            if piece.key in seen:
                text = "Die Sendung steht zweimal in derselben Lieferung."
                raise Refused("print-house-key-twice", text)
            seen.add(piece.key)
            yield piece
        if not seen:
            raise Refused("print-house-empty", "Eine Lieferung ohne Sendungen wird nicht übergeben.")

    def _store(self, name: str, content: bytes) -> None:
        if self._packing.seal:
            name, content = name + SEALED_SUFFIX, self._packing.seal(content)
        self._archive.writestr(_info(name), content)

    def _store_manifest(
        self, consignment: Consignment, entries: list[Entry], collated: CollatedFile | None = None
    ) -> None:
        kind = self._packing.manifest
        self._store(f"manifest.{kind}", manifest_bytes(kind, consignment.key, entries, collated))


class _PackPieces(_Pack):
    def pack(self, consignment: Consignment) -> list[Entry]:
        entries = []
        for piece in self._checked(consignment):
            entry = entry_for(piece, f"pieces/{piece.key}.pdf", first_page=1)
            self._store(entry.file, piece.pdf)
            entries.append(entry)
        self._store_manifest(consignment, entries)
        return entries


class _PackCollated(_Pack):
    def pack(self, consignment: Consignment) -> list[Entry]:
        entries = []
        path = self._folder / COLLATED_FILE
        with Collator(self._folder) as collator:
            next_page = 1
            for piece in self._checked(consignment):
                entries.append(entry_for(piece, COLLATED_FILE, next_page))
                next_page += _added(collator, piece)
            pages = collator.write(path)
        with path.open("rb") as file:
            collated = CollatedFile(COLLATED_FILE, hashlib.file_digest(file, "sha256").hexdigest(), pages)
        self._store_file(COLLATED_FILE, path)
        self._store_manifest(consignment, entries, collated)
        return entries

    def _store_file(self, name: str, path: Path) -> None:
        if self._packing.seal:
            self._store(name, path.read_bytes())
            return
        with path.open("rb") as source, self._archive.open(_info(name), "w", force_zip64=True) as target:
            while chunk := source.read(1 << 20):
                target.write(chunk)


def _added(collator: Collator, piece: PrintPiece) -> int:
    try:
        pages = collator.add(piece.pdf, duplex=piece.duplex)
    except pikepdf.PdfError:
        text = "Die Druckdatei ist kein lesbares PDF."
        raise Refused("print-house-pdf", text, piece_key=piece.key) from None
    if pages != piece.pages + (piece.pages % 2 if piece.duplex else 0):
        text = "Die Druckdatei hat eine andere Seitenzahl als gemeldet."
        raise Refused("print-house-pages", text, piece_key=piece.key)
    return pages


def _check_piece(piece: PrintPiece, packing: Packing, profile: PrintProfile) -> None:
    """Raises `Refused` naming the piece, so that the others may go without it."""
    key = check_key(piece.key)
    if hashlib.sha256(piece.pdf).hexdigest() != piece.sha256:
        raise IntegrityError("print-copy-changed", "Die Druckdatei stimmt nicht mit ihrem Hashwert überein.")
    if len(piece.pdf) > profile.max_bytes:
        text = f"Die Druckdatei ist größer als {profile.max_bytes} Bytes."
        raise Refused("print-house-too-large", text, piece_key=key)
    if sheets_for(piece.pages, duplex=piece.duplex) > profile.max_sheets:
        text = f"Die Sendung hat mehr als {profile.max_sheets} Blätter."
        raise Refused("print-house-too-many-sheets", text, piece_key=key)
    if piece.service not in packing.services:
        text = "Diese Versandart ist mit dem Druckdienstleister nicht vereinbart."
        raise Refused("print-house-service", text, piece_key=key)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _FIRST_MOMENT)
    info.create_system = 3
    info.external_attr = _UNIX_FILE_0600
    return info
