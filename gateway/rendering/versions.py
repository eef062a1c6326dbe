"""Template versions as the process that answers questions knows them: the authors' folder, and what was kept.

A kept version is always taken from the shelf, never from the folder, even while both are the same: the folder may
change at any moment, and a letter keeps its version.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gateway.errors import RenderError
from gateway.ports.renderer import TemplateMeta
from gateway.rendering import bundle
from gateway.rendering.bundle import Shelf
from gateway.rendering.catalogue import Catalogue, Template, default_templates_dir

Fingerprint = tuple[tuple[str, int, int], ...]


class Versions:
    """Templates by name and version; usable from several threads."""

    def __init__(self, templates_dir: Path | None, fonts_dir: Path, shelf: Shelf) -> None:
        self._folder = templates_dir or default_templates_dir()
        self._fonts_dir = fonts_dir
        self._shelf = shelf
        self._kept: dict[str, Catalogue] = {}
        self._seen: tuple[Fingerprint, Catalogue] | None = None

    def names(self) -> Sequence[str]:
        """All templates of the authors' folder, also those that cannot be used."""
        return self._authors().names()

    def metas(self) -> list[TemplateMeta]:
        """All templates of the authors' folder that can be used."""
        return [template.meta for template in self._authors().all()]

    def get(self, name: str, version: str | None) -> Template:
        """One template; `version` None is the authors' folder. Raises `NotFound`, `RenderError`."""
        if version is None:
            return self._authors().get(name)
        return self._catalogue(name, version).get_version(name, version)

    def enclosure(self, name: str, version: str, file: str) -> bytes:
        """A file that this version names as enclosure. Raises `RenderError`, `NotFound`."""
        return self._catalogue(name, version).enclosure(name, version, file)

    def archive(self, name: str) -> bytes:
        """Everything the template in the authors' folder is made of. Raises `NotFound`, `RenderError`."""
        authors = self._authors()
        authors.get(name)
        return authors.archive_of(name)

    def keep(self, name: str, archive: bytes) -> TemplateMeta:
        """Put a version on the shelf. Raises `RenderError` if it cannot be used."""
        version = bundle.version_of(archive)
        if not self.keeps(name, version):
            self._shelf.put(archive)
            self._kept[version] = self._open(version)
        return self._kept[version].get_version(name, version).meta

    def keeps(self, name: str, version: str) -> bool:
        """Whether this very version lies on the shelf, undamaged."""
        if version not in self._kept and self._shelf.folder(version):
            catalogue = self._open(version)
            if any(one.meta.name == name and one.meta.version == version for one in catalogue.all()):
                self._kept[version] = catalogue
        return version in self._kept and name in self._kept[version].names()

    def sources(self, name: str, version: str) -> dict[str, str]:
        """Path → text of every file of a version; of what is no text, its hash. Raises as `get`."""
        catalogue = self._catalogue(name, version)
        catalogue.get_version(name, version)
        return {path: _text(content) for path, content in catalogue.files_of(name).items()}

    def _catalogue(self, name: str, version: str) -> Catalogue:
        return self._kept[version] if self.keeps(name, version) else self._authors()

    def _open(self, version: str) -> Catalogue:
        folder = self._shelf.folder(version)
        if folder is None:
            raise RenderError(
                "template-version-missing",
                f"Die Vorlagenversion {version} konnte nicht aufbewahrt werden. Bitte den Datenordner prüfen.",
            )
        return Catalogue(folder, self._fonts_dir)

    def _authors(self) -> Catalogue:
        """Read anew whenever a file of the folder has changed."""
        now = self._fingerprint()
        if self._seen is None or self._seen[0] != now:
            self._seen = now, Catalogue(self._folder, self._fonts_dir)
        return self._seen[1]

    def _fingerprint(self) -> Fingerprint:
        found = []
        for path in sorted(self._folder.rglob("*")):
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(found)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"sha256 {hashlib.sha256(content).hexdigest()}\n"
