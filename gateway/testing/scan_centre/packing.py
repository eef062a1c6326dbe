"""Deliveries as they lie at the site: a folder with READY last, or one ZIP with its marker beside; and spoiled ZIPs.

zip-broken          the ZIP was cut off
zip-encrypted       its files are marked as encrypted
zip-path            a name in it leads out of the folder
zip-twice           a file is in it twice
zip-bomb            a file in it is blank and huge
"""

import io
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.testing.scan_centre.batch import Draft

READY = "READY"
_BOMB_BYTES = 200_000_000
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
Files = list[tuple[str, bytes]]


def write_delivery(place: Path, draft: Draft, mistakes: Sequence[str]) -> Path:
    """Write it below the folder `place`, what makes it arrive last; its folder or ZIP.

    `ready-early` writes manifest and marker and the first file, and the rest never comes.
    """
    manifest, files = draft.manifest(), list(draft.files.items())
    marker = draft.marker(manifest)
    ends: Files = [(draft.manifest_name, manifest), *([(READY, marker)] if marker is not None else [])]
    whole = [*ends, *files[:1]] if "ready-early" in mistakes else [*files, *ends]
    if draft.form.packed:
        return _write_packed(place, draft.delivery, pack(whole, mistakes), marker)
    folder = place / draft.delivery
    folder.mkdir(parents=True)
    for name, content in whole:
        (folder / name).write_bytes(content)
    return folder


def pack(files: Files, mistakes: Sequence[str] = ()) -> bytes:
    """One ZIP."""
    chosen = [mistake for mistake in mistakes if mistake in ZIP_MISTAKES]
    for mistake in chosen:
        files = _FILES.get(mistake, list)(files)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # a name that is there already is the mistake that was asked for
        for name, content in files:
            archive.writestr(name, content)
    content = buffer.getvalue()
    for mistake in chosen:
        content = _BYTES.get(mistake, bytes)(content)
    return content


def _write_packed(place: Path, name: str, content: bytes, marker: bytes | None) -> Path:
    file = place / f"{name}.zip"
    file.write_bytes(content)
    if marker is not None:
        (place / f"{file.name}.{READY}").write_bytes(marker)
    return file


def _encrypted(content: bytes) -> bytes:
    """The flag in every local and central header."""
    marked = bytearray(content)
    for sign, offset in ((_LOCAL, 6), (_CENTRAL, 8)):
        start = marked.find(sign)
        while start >= 0:
            marked[start + offset] |= 1
            start = marked.find(sign, start + 4)
    return bytes(marked)


_FILES: Mapping[str, Callable[[Files], Files]] = {
    "zip-path": lambda files: [*files, ("../oben.pdf", b"%PDF")],
    "zip-twice": lambda files: [*files, files[0]],
    "zip-bomb": lambda files: [*files, ("leer.pdf", bytes(_BOMB_BYTES))],
}
_BYTES: Mapping[str, Callable[[bytes], bytes]] = {
    "zip-broken": lambda content: content[: len(content) // 2],
    "zip-encrypted": _encrypted,
}
ZIP_MISTAKES = frozenset({*_FILES, *_BYTES})
