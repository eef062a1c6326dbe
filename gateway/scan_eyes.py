"""The part of the composition root that looks at scans: in processes of their own, within limits.

Whoever delivers a scan chooses its bytes. A form that draws itself takes pdfium all the memory there is, in 800 bytes;
here that costs this document, and not the service, again and again at every start.
"""

from collections.abc import Callable, Sequence

from gateway.errors import DocumentInvalid, RenderError
from gateway.inbound.delivery import count_pages
from gateway.inbound.folder_scans import FolderScans
from gateway.inbound.text import document_text
from gateway.inbound.window_text import read_window
from gateway.ports.scans import PagePart
from gateway.rendering.codes import page_codes
from gateway.rendering.pool import Limits, WorkerPool

_TIMEOUT_S = 300
"""For the codes of 10,000 pages, as many as one document may have."""
_MOST_AT_ONCE = 2
"""One that takes in what arrives, and one for the people who look."""
_DIED = "render-worker-died"
_FAULTS = {_DIED, "render-timeout", "render-memory", "render-failed"}


def scan_reader(workers: int, max_worker_mb: int) -> tuple[FolderScans, Callable[[bytes, PagePart], str]]:
    """What reads scans and what reads a part of their first page; both end with the first one's `close`."""
    eyes = ScanEyes(min(workers, _MOST_AT_ONCE), Limits(_TIMEOUT_S, max_worker_mb))
    return FolderScans(eyes.codes, eyes.text, eyes.count, eyes.close), eyes.window


class _Eyes:
    """What one process answers."""

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        return page_codes(pdf)

    def text(self, pdf: bytes, pages: int) -> str:
        return document_text(pdf, pages)

    def window(self, pdf: bytes, part: PagePart) -> str:
        return read_window(pdf, part)

    def count(self, pdf: bytes) -> int:
        return count_pages(pdf)

    def awake(self) -> bool:
        return True


class ScanEyes:
    """Reads pages, codes, text and window of a scan. Raises `DocumentInvalid` scan-unreadable if it cannot be read.

    Its processes start when they are first needed; without `workers` all is read within this one, for tests.
    """

    def __init__(self, workers: int, limits: Limits) -> None:
        self._pool = WorkerPool(_Eyes, workers, limits) if workers else None

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        """Page from 1 and text of all codes."""
        found: Sequence[tuple[int, str]] = self._ask("codes", pdf)  # type: ignore[assignment]
        return found

    def text(self, pdf: bytes, pages: int) -> str:
        """The text layer of the first pages."""
        return str(self._ask("text", pdf, pages))

    def count(self, pdf: bytes) -> int:
        """How many pages it has. It is asked first, and what cannot be opened is asked nothing more."""
        return int(str(self._ask("count", pdf)))

    def window(self, pdf: bytes, part: PagePart) -> str:
        """What stands in a part of the first page."""
        return str(self._ask("window", pdf, part))

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.close()

    def _ask(self, method: str, *arguments: object) -> object:
        if self._pool is None:
            answer: object = getattr(_Eyes(), method)(*arguments)
            return answer
        try:
            return _asked(self._pool, method, arguments)
        except RenderError as fault:
            if fault.code not in _FAULTS:
                raise
        self._pool.ask("awake")  # else it is not the document's fault, and `RenderError` says so
        raise DocumentInvalid(
            "scan-unreadable",
            "Das gescannte Dokument ist keine PDF-Datei, die sich in den Grenzen von Zeit und Speicher lesen lässt."
            " Bitte bei der Scanstelle neu anfordern.",
        )


def _asked(pool: WorkerPool, method: str, arguments: Sequence[object]) -> object:
    """A process that died may have been ended by somebody else, once."""
    try:
        return pool.ask(method, *arguments)
    except RenderError as fault:
        if fault.code != _DIED:
            raise
    return pool.ask(method, *arguments)
