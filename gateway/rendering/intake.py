"""What may come in: refuses files that are locked, scripted, too large for their purpose, or made to do harm.

Asked before anything else looks at an uploaded file, always in a worker process: what slips through here still
meets its limits of time and memory. It repairs nothing (that is `repair`) and judges no layout (`preflight`).
"""

import zlib
from collections.abc import Iterator
from itertools import islice

import pikepdf

from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.errors import DocumentInvalid
from gateway.rendering import structure

MAX_PAGES = 190
"""No envelope takes more than 190 sheets."""
MAX_OBJECTS = 100_000
MAX_IMAGE_PIXELS = 80_000_000
"""A4 at 600 dpi has 35 million."""
MAX_ALL_PIXELS = 600_000_000
MAX_STREAM_BYTES = 250_000_000
MAX_ALL_STREAMS_BYTES = 600_000_000
MAX_DEPTH = 12
"""Forms within forms, and levels of the page tree; honest documents have three or four."""

_CHUNK = 1 << 20
_FLATE = {"/FlateDecode", "/Fl"}


def check(pdf: bytes) -> None:
    """Refuse what must not come in.

    Raises `DocumentInvalid`: 'pdf-too-large', 'pdf-encrypted', 'pdf-unreadable', 'pdf-too-many-pages',
    'pdf-too-complex', 'pdf-picture-too-large', 'pdf-unpacks-too-large', 'pdf-nested-too-deep',
    'javascript-present', 'pdf-dynamic-form'.
    """
    if len(pdf) > MAX_UPLOAD_BYTES:
        raise too_large()
    with structure.opened(pdf) as document:
        try:
            _check_tree(document)
            _check_streams(document)
            _check_forms(document)
            _check_dynamic_form(document)
        # A broken object shows as whatever type pikepdf happens to meet in its place.
        except (AttributeError, KeyError, TypeError, ValueError, zlib.error):
            raise structure.unreadable() from None
    if structure.read(pdf).has_javascript:
        raise DocumentInvalid(
            "javascript-present", "Das PDF enthält JavaScript. Bitte ohne Skripte neu speichern (PDF/A)."
        )


def too_large() -> DocumentInvalid:
    """More bytes than any provider takes."""
    return DocumentInvalid(
        "pdf-too-large",
        f"Die Datei ist größer als {MAX_UPLOAD_BYTES // 1_000_000} MB. Bitte Bilder verkleinern oder aufteilen.",
    )


def _check_tree(document: pikepdf.Pdf) -> None:
    """Walked by hand: a tree whose branches are the same branch has a million pages in a hundred bytes."""
    if len(document.objects) > MAX_OBJECTS:
        raise DocumentInvalid(
            "pdf-too-complex",
            f"Das PDF besteht aus mehr als {MAX_OBJECTS} Teilen. Bitte einfacher neu erzeugen.",
        )
    waiting = [(document.Root.Pages, 1)]
    pages = 0
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _nested()
        kids = node.get("/Kids")
        pages += 0 if kids is not None else 1
        if pages > MAX_PAGES or (kids is not None and len(kids) > MAX_PAGES) or len(waiting) > MAX_PAGES:
            raise DocumentInvalid(
                "pdf-too-many-pages",
                f"Das PDF hat mehr als {MAX_PAGES} Seiten und passt in keinen Umschlag. Bitte aufteilen.",
            )
        waiting.extend((kid, depth + 1) for kid in kids or ())


def _check_streams(document: pikepdf.Pdf) -> None:
    """How much pictures and streams would be once unpacked; counted piece by piece, never held whole."""
    pixels = unpacked = 0
    for part in document.objects:
        if not isinstance(part, pikepdf.Stream):
            continue
        if part.get("/Subtype") == "/Image":
            picture = int(part.get("/Width", 0)) * int(part.get("/Height", 0))
            pixels += picture
            if picture > MAX_IMAGE_PIXELS or pixels > MAX_ALL_PIXELS:
                raise DocumentInvalid(
                    "pdf-picture-too-large",
                    "Das PDF enthält Bilder mit mehr Punkten, als ein Drucker zeigt. Bitte mit 300 dpi neu erzeugen.",
                )
        unpacked += _unpacked_bytes(part)
        if unpacked > MAX_ALL_STREAMS_BYTES:
            raise _unpacks()


def _unpacked_bytes(stream: pikepdf.Stream) -> int:
    """Bytes after all leading Flate filters; other filters unpack little or are pictures, whose pixels count."""
    total = 0
    for block in _inflated(stream):
        total += len(block)
        if total > MAX_STREAM_BYTES:
            raise _unpacks()
    return total


def _inflated(stream: pikepdf.Stream) -> Iterator[bytes]:
    filters = stream.get("/Filter", pikepdf.Array())
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    if len(names) > 4:
        raise _nested()
    blocks: Iterator[bytes] = iter((bytes(stream.read_raw_bytes()),))
    for name in names:
        if name not in _FLATE:
            break
        blocks = _inflate(blocks)
    return blocks


def _inflate(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """A megabyte at a time. Data that end early are left to `structure`, which knows damage when it sees it."""
    unpacker = zlib.decompressobj()
    for block in blocks:
        rest = block
        while rest and not unpacker.eof:
            try:
                yield unpacker.decompress(rest, _CHUNK)
            except zlib.error:
                return
            rest = unpacker.unconsumed_tail


def _check_forms(document: pikepdf.Pdf) -> None:
    """Forms that draw forms: depth, and loops."""
    for page in islice(document.pages, MAX_PAGES):
        waiting = [(form, 1) for _, form in structure.forms(page)]
        seen: dict[tuple[int, int], int] = {}
        while waiting:
            form, depth = waiting.pop()
            if depth > MAX_DEPTH:
                raise _nested()
            if form.get("/Subtype") != "/Form" or seen.get(form.objgen, 0) >= depth:
                continue
            seen[form.objgen] = depth
            inner = form.get("/Resources", pikepdf.Dictionary()).get("/XObject", pikepdf.Dictionary())
            waiting.extend((each, depth + 1) for _, each in inner.items())


def _check_dynamic_form(document: pikepdf.Pdf) -> None:
    if "/AcroForm" in document.Root and "/XFA" in document.Root.AcroForm:
        raise DocumentInvalid(
            "pdf-dynamic-form",
            "Das PDF ist ein dynamisches Formular (XFA), das jedes Programm anders zeigt. "
            "Bitte das ausgefüllte Formular als reines PDF drucken.",
        )


def _nested() -> DocumentInvalid:
    return DocumentInvalid(
        "pdf-nested-too-deep", "Das PDF ist ungewöhnlich tief verschachtelt. Bitte einfacher neu erzeugen."
    )


def _unpacks() -> DocumentInvalid:
    return DocumentInvalid(
        "pdf-unpacks-too-large",
        "Das PDF würde entpackt ein Vielfaches seiner Größe haben. Bitte einfacher neu erzeugen.",
    )
