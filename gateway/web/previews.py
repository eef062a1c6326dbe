"""Rendered previews, kept in memory for a few minutes so that their pages can be turned. Nothing reaches a disk."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from gateway.ports.renderer import RenderedDocument

KEPT_S = 600.0
MAX_KEPT = 64


@dataclass(frozen=True)
class Preview:
    """A preview as the page asks for it: by an unguessable key, for its owner only."""

    key: str
    login: str
    pages: int
    pdf: bytes
    made_at: float


class Previews:
    """The latest previews of all users of this process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: OrderedDict[str, Preview] = OrderedDict()
        self._lock = Lock()

    def keep(self, login: str, document: RenderedDocument) -> Preview:
        """Remember a preview; the oldest ones make room."""
        preview = Preview(secrets.token_urlsafe(16), login, document.pages, document.pdf, self._now())
        with self._lock:
            self._kept[preview.key] = preview
            while len(self._kept) > MAX_KEPT or self._is_old(next(iter(self._kept.values()))):
                self._kept.popitem(last=False)
        return preview

    def get(self, login: str, key: str) -> Preview | None:
        """The preview, if it is this user's and not too old."""
        with self._lock:
            preview = self._kept.get(key)
        return preview if preview and preview.login == login and not self._is_old(preview) else None

    def _is_old(self, preview: Preview) -> bool:
        return self._now() - preview.made_at > KEPT_S
