"""What one process needs to make letters of one folder of templates: composer and writers.

A folder is the authors' or that of one kept version. Versions share a writer while their style is the same: fonts and
style are what costs time and memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway.domain.letters.accessible import AccessibleCopy
from gateway.errors import RenderError
from gateway.ports.renderer import RenderedDocument, RenderRequest
from gateway.rendering import large_print
from gateway.rendering.bundle import SHARED, Shelf
from gateway.rendering.catalogue import Catalogue
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.html import Composer
from gateway.rendering.pdf import STYLE, PdfWriter

_STYLES = {AccessibleCopy.LARGE_PRINT: (STYLE, large_print.STYLE)}
"""Style files of a twin; the letter itself has the first one only."""
MAX_WORKSHOPS = 48
MAX_WRITERS = 6

K = TypeVar("K")
V = TypeVar("V")


class Workshop:
    """Makes letters of one folder of templates."""

    def __init__(self, catalogue: Catalogue, metrics: FontMetrics, writers: "Writers") -> None:
        """Read the text modules of the folder. Raises `RenderError`."""
        self.catalogue = catalogue
        self.composer = Composer(catalogue, metrics)
        self._writers = writers

    def render(self, request: RenderRequest) -> RenderedDocument:
        """See `Renderer.render`."""
        html = self.composer.compose(request)
        styles = _STYLES[request.accessible_copy] if request.accessible_copy else (STYLE,)
        writer = self._writers.of(tuple(self.catalogue.folder / SHARED / style for style in styles))
        pdf, pages = writer.write(html)
        return RenderedDocument(pdf, pages, {**writer.versions, "template": request.template_version})


class Writers:
    """Writers by the bytes of their style."""

    def __init__(self, fonts_dir: Path) -> None:
        self._fonts_dir = fonts_dir
        self._kept: OrderedDict[tuple[bytes, ...], PdfWriter] = OrderedDict()

    def of(self, styles: tuple[Path, ...]) -> PdfWriter:
        """The writer for these style files. Raises `RenderError` if one is missing or cannot be understood."""
        try:
            key = tuple(style.read_bytes() for style in styles)
        except OSError as error:
            raise RenderError("asset-missing", "Eine Formatdatei der Vorlagen fehlt in _shared.") from error
        return _kept(self._kept, key, lambda: PdfWriter(*styles, fonts_dir=self._fonts_dir), MAX_WRITERS)


class Workshops:
    """The workshops of this process: one for the authors' folder, one for every kept version it has met."""

    def __init__(self, templates_dir: Path | None, fonts_dir: Path, shelf: Shelf | None) -> None:
        self._templates_dir = templates_dir
        self._fonts_dir = fonts_dir
        self._shelf = shelf
        self._metrics = FontMetrics(fonts_dir)
        self._writers = Writers(fonts_dir)
        self._kept: OrderedDict[str, Workshop] = OrderedDict()
        self._present: Workshop | None = None

    def of(self, name: str, version: str | None) -> Workshop:
        """Where this version of a template is made; `version` None is what lies in the authors' folder.

        Raises `RenderError`, `NotFound`.
        """
        folder = self._shelf.folder(version) if self._shelf and version else None
        if version is None or folder is None:
            return self._of_authors(name, version)
        return _kept(self._kept, version, lambda: self._open(folder, name, version), MAX_WORKSHOPS)

    def _of_authors(self, name: str, version: str | None) -> Workshop:
        """Read anew if the folder has changed since; whether it has the version is found out by who uses it."""
        present = self._present
        if present is None or version is None or not _has(present, name, version):
            present = Workshop(Catalogue(self._templates_dir, self._fonts_dir), self._metrics, self._writers)
            self._present = present
        return present

    def _open(self, folder: Path, name: str, version: str) -> Workshop:
        workshop = Workshop(Catalogue(folder, self._fonts_dir), self._metrics, self._writers)
        if not _has(workshop, name, version):
            raise damaged(name, version)
        return workshop


def damaged(name: str, version: str) -> RenderError:
    """A kept copy is not what its name says."""
    return RenderError(
        "template-version-damaged",
        f"Die aufbewahrte Version {version} der Vorlage {name} ist beschädigt. Bitte das Gateway neu starten; "
        "sie wird dann aus der Dokumentenablage erneuert.",
    )


def _has(workshop: Workshop, name: str, version: str) -> bool:
    return any(one.meta.name == name and one.meta.version == version for one in workshop.catalogue.all())


def _kept(shelf: OrderedDict[K, V], key: K, make: Callable[[], V], most: int) -> V:
    """What was made for `key`, made if need be; the one not used for longest makes room."""
    if key not in shelf:
        shelf[key] = make()
    shelf.move_to_end(key)
    while len(shelf) > most:
        shelf.popitem(last=False)
    return shelf[key]
