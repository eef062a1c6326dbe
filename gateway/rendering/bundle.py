"""What a template version is made of, as one archive: the template's folder, `_shared`, and the state of the fonts.

The same content gives the same bytes (names sorted, no times, no owners, no compression), and the version is the
beginning of their SHA-256. The shelf unpacks archives, read only, so that letters of a version can be rendered after
the template folder has changed or is gone. It is a cache: what is missing there is put there again.
"""

import hashlib
import io
import secrets
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from gateway.durable import FOLDER_MODE
from gateway.rendering.fonts import fonts_version

SHARED = "_shared"
FONTS = "_fonts.txt"
"""Entry that names the fonts with which the version was made; other fonts make another version of the same texts."""
VERSION_DIGITS = 16
_READ_ONLY = 0o444


def contents(templates_dir: Path, name: str, fonts_dir: Path) -> dict[str, bytes]:
    """Every file that template `name` of a folder of templates is made of; hidden files are the editor's."""
    files = {**folder_files(templates_dir, name), **folder_files(templates_dir, SHARED)}
    kept = templates_dir / FONTS
    files[FONTS] = kept.read_bytes() if kept.is_file() else fonts_version(fonts_dir).encode()
    return files


def folder_files(templates_dir: Path, folder: str) -> dict[str, bytes]:
    """Path below `templates_dir` → bytes, of one folder in it."""
    return {
        path.relative_to(templates_dir).as_posix(): path.read_bytes()
        for path in sorted((templates_dir / folder).rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(templates_dir).parts)
    }


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files: same files, same bytes."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def version_of(archive: bytes) -> str:
    """Sixteen hex digits that stand for everything in the archive."""
    return hashlib.sha256(archive).hexdigest()[:VERSION_DIGITS]


class Shelf:
    """Unpacked versions, each in a folder that is named by it; several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, version: str) -> Path | None:
        """Where the version lies; None if it is not on the shelf. Whoever reads it compares the version."""
        folder = self._root / version
        return folder if version.isalnum() and folder.is_dir() else None

    def put(self, archive: bytes) -> str:
        """Unpack an archive, replacing a damaged copy; returns its version."""
        version = version_of(archive)
        self._root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        part = self._root / f".{version}-{secrets.token_hex(8)}"
        try:
            _unpack(archive, part)
            self._exchange(part, self._root / version)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return version

    def _exchange(self, part: Path, target: Path) -> None:
        """Another process may have been quicker: its copy is as good, unless it differs from ours."""
        if target.is_dir():
            if _same(part, target):
                return
            target.rename(part.with_name(f"{part.name}-damaged"))
            shutil.rmtree(part.with_name(f"{part.name}-damaged"), ignore_errors=True)
        try:
            part.rename(target)
        except OSError:
            if not _same(part, target):
                raise


def _unpack(archive: bytes, folder: Path) -> None:
    folder.mkdir(mode=FOLDER_MODE)
    with tarfile.open(fileobj=io.BytesIO(archive)) as entries:
        entries.extractall(folder, filter="data")
    for path in folder.rglob("*"):
        path.chmod(FOLDER_MODE if path.is_dir() else _READ_ONLY)


def _same(one: Path, other: Path) -> bool:
    return _everything(one) == _everything(other)


def _everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
