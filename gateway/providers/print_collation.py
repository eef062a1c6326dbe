"""One PDF of many pieces, for print houses that want a single print stream with an index.

Not by handing qpdf thousands of files at once: that holds every one of them open and its cost grows with the
square of their number. Each piece is copied into a part of at most `PART_PIECES`, each part is written to disk and
closed, and the parts are joined in one last step; a consignment for this packaging is small (`MOST_PIECES`), so
memory is bounded by it. The codes on the sheets, and every other mark on a page, come along unchanged; what
belongs to a single document (outline, tags, metadata) does not.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pikepdf

PART_PIECES = 50
MOST_PIECES = 500

_A4_PT = (595.276, 841.89)


class Collator:
    """Takes print copies in order and writes them as one PDF. Use as `with Collator(folder) as collator`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Path] = []
        self._part = pikepdf.new()
        self._sources = ExitStack()
        self._pieces = 0

    def __enter__(self) -> "Collator":
        return self

    def __exit__(self, *_: object) -> None:
        self._part.close()
        self._sources.close()
        for part in self._parts:
            part.unlink(missing_ok=True)

    def add(self, pdf: bytes, *, duplex: bool) -> int:
        """Append a print copy; returns how many pages it took.

        In duplex an odd number of pages gets a blank one, so that the next piece starts on a new sheet. Raises
        `pikepdf.PdfError` for bytes that are no PDF.
        """
        source = self._sources.enter_context(pikepdf.open(BytesIO(pdf)))
        self._part.pages.extend(source.pages)
        pages = len(source.pages)
        if duplex and pages % 2:
            self._part.add_blank_page(page_size=_A4_PT)
            pages += 1
        self._pieces += 1
        if self._pieces % PART_PIECES == 0:
            self._close_part()
        return pages

    def write(self, path: Path) -> int:
        """Write the whole to `path`; returns its pages. Same pieces, same bytes."""
        if len(self._part.pages):
            self._close_part()
        with ExitStack() as stack, pikepdf.new() as whole:
            for part in _opened(self._parts, stack):
                whole.pages.extend(part.pages)
            whole.remove_unreferenced_resources()
            whole.save(path, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
            return len(whole.pages)

    def _close_part(self) -> None:
        path = self._folder / f"part-{len(self._parts):04d}.pdf"
        self._part.save(path, deterministic_id=True)
        self._parts.append(path)
        self._part.close()
        self._sources.close()
        self._part = pikepdf.new()


def _opened(paths: Iterable[Path], stack: ExitStack) -> Iterator[pikepdf.Pdf]:
    for path in paths:
        yield stack.enter_context(pikepdf.open(path))
