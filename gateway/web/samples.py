"""Sample letters of templates and comparisons of their versions, kept in memory: the same version, the same bytes.

Nothing of a real person is in them.
"""

from collections import OrderedDict
from threading import Lock
from typing import TypeVar

from gateway.application.services import Services
from gateway.application.templates.linting import sample_document
from gateway.application.templates.template_diff import TemplateDiff, diff_versions
from gateway.ports.renderer import RenderedDocument, TemplateMeta

MAX_KEPT = 24

K = TypeVar("K")
V = TypeVar("V")


class Samples:
    """The latest ones of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._documents: OrderedDict[tuple[str, str], RenderedDocument] = OrderedDict()
        self._comparisons: OrderedDict[tuple[str, str, str], TemplateDiff] = OrderedDict()
        self._lock = Lock()

    def letter(self, meta: TemplateMeta) -> RenderedDocument:
        """The sample letter of a version. Raises as `Renderer.render`."""
        key = (meta.name, meta.version)
        with self._lock:
            kept = self._documents.get(key)
        return self._remember(self._documents, key, kept or sample_document(self._services, meta))

    def comparison(self, name: str, old: str | None, new: str | None) -> TemplateDiff:
        """Two versions compared. Raises as `diff_versions`."""
        with self._lock:
            kept = self._comparisons.get((name, old or "", new or ""))
        found = kept or diff_versions(self._services, name, old, new)
        return self._remember(self._comparisons, (name, found.old.version, found.new.version), found)

    def _remember(self, shelf: OrderedDict[K, V], key: K, value: V) -> V:
        with self._lock:
            shelf[key] = value
            shelf.move_to_end(key)
            while len(shelf) > MAX_KEPT:
                shelf.popitem(last=False)
        return value
