"""A scan delivery (*Scanlieferung*): a folder of PDFs, a manifest, and last the marker `READY`.

`READY` holds the SHA-256 of the manifest, the manifest those of the documents: so a delivery is known to be
complete and unchanged. A manifest that is wrong refuses the whole delivery; a bad document goes into quarantine
and the rest goes on. Must not change the folder, match cases or file anything.
"""

import hashlib
import io
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pikepdf

from gateway.domain.findings import Finding, Severity
from gateway.domain.inbound.scan_sources import NoteAt, ScanSource
from gateway.domain.inbound.transfer_note import check_note
from gateway.errors import DocumentInvalid, InputError, IntegrityError
from gateway.inbound.manifest import parse_manifest
from gateway.inbound.transfer_note import MAX_NOTE_BYTES, attached_note, read_note
from gateway.ports.scans import Delivery, Manifest, ReadNote, RejectedDocument, ScannedDocument
from gateway.signatures import judge_signature

READY = "READY"
CountPages = Callable[[bytes], int]
MAX_MANIFEST_BYTES = 20_000_000
MAX_SCAN_BYTES = 200_000_000
"""A document larger than this is not read: some 2,000 pages in colour."""

_SIGNATURE = {
    "signature-missing": "ist weder signiert noch gesiegelt",
    "signature-broken": "hat eine Signatur, die nicht stimmt",
    "signature-partial": "wurde nach der Signatur geändert",
    "signature-expired": "ist mit einem abgelaufenen Zertifikat signiert",
    "signature-untrusted": "ist von jemandem signiert, dem nicht vertraut wird",
}
_UNREADABLE = {"scan-encrypted": "ist mit einem Kennwort geschützt"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def manifest_name(source: ScanSource) -> str:
    """What the manifest of its deliveries is called."""
    return f"manifest.{source.manifest.value}"


def read_delivery(folder: Path, source: ScanSource, count: CountPages | None = None) -> Delivery:
    """Read and prove a delivery as it was agreed; `count` is `count_pages`, if it is not to be done in this process.

    Raises `InputError` delivery-not-ready while it is still being written, and `DocumentInvalid`
    (manifest-hash-wrong, manifest-invalid, manifest-count-wrong, manifest-duplicate-id, manifest-source-wrong,
    manifest-too-many) for a delivery that is refused as a whole.
    """
    promised = _ready(folder)
    content = _read(folder / manifest_name(source), MAX_MANIFEST_BYTES)
    if content is None:
        raise DocumentInvalid(
            "manifest-invalid",
            "Der Scanlieferung fehlt das Manifest, oder es ist zu groß. Die Lieferung wurde abgelehnt; bitte bei der"
            " Scanstelle neu anfordern.",
        )
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != promised:
        raise DocumentInvalid(
            "manifest-hash-wrong",
            "Das Manifest der Scanlieferung passt nicht zu seiner Prüfsumme. Die Lieferung wurde abgelehnt; bitte bei"
            " der Scanstelle neu anfordern.",
        )
    manifest = parse_manifest(content, sha256, source)
    _keep_to_the_agreement(manifest, source)
    findings = {
        document: _prove(folder, document, source, count or count_pages) for document in manifest.documents
    }
    return Delivery(
        folder=folder,
        manifest=manifest,
        documents=tuple(document for document, found in findings.items() if not found),
        rejected=tuple(
            RejectedDocument(document, found[0], tuple(other.code for other in found[1:]))
            for document, found in findings.items()
            if found
        ),
        strays=_strays(folder, manifest, source),
        source=source,
    )


def read_content(delivery: Delivery, document: ScannedDocument) -> bytes:
    """The bytes of a proven document, proven again. Raises `IntegrityError` if the folder changed meanwhile."""
    content = _read(delivery.folder / document.file, MAX_SCAN_BYTES)
    if content is None or hashlib.sha256(content).hexdigest() != document.sha256:
        raise IntegrityError(
            "scan-changed",
            f"Das Dokument {document.document_id} hat sich seit der Prüfung der Lieferung geändert. Bitte die"
            " Lieferung neu einlesen.",
        )
    return content


def _ready(folder: Path) -> str:
    """The hash in the marker; a marker that is shorter than a hash is still being written."""
    marker = _read(folder / READY, 1000)
    text = (marker or b"").decode("ascii", "replace").strip().lower()
    if marker is None or len(marker) < 64:
        raise InputError(
            "delivery-not-ready",
            "Die Scanlieferung ist noch nicht vollständig: Die Fertigmeldung (READY) fehlt. Es wurde nichts"
            " übernommen; bitte später erneut einlesen.",
        )
    if not _SHA256.fullmatch(text):
        raise DocumentInvalid(
            "manifest-hash-wrong",
            "Die Fertigmeldung (READY) der Scanlieferung enthält keine Prüfsumme. Die Lieferung wurde abgelehnt; bitte"
            " bei der Scanstelle neu anfordern.",
        )
    return text


def read_transfer_note(
    folder: Path, document: ScannedDocument, pdf: bytes, source: ScanSource
) -> ReadNote | None:
    """The note where it was agreed to be, or where the manifest says; None if there is none that can be read."""
    attached = source.note is NoteAt.ATTACHMENT
    content = attached_note(pdf) if attached else _read_named(folder, document.note)
    said = read_note(content) if content is not None else None
    if content is None or said is None:
        return None
    told = check_note(
        said,
        document_id=document.document_id,
        sha256=document.sha256,
        pages=document.pages,
        attached=attached,
    )
    return ReadNote(content, attached, said, tuple(told))


def _read_named(folder: Path, name: str | None) -> bytes | None:
    return _read(folder / name, MAX_NOTE_BYTES) if name else None


def _prove(folder: Path, document: ScannedDocument, source: ScanSource, count: CountPages) -> list[Finding]:
    """What keeps a document from being taken; its content is read once."""
    content = _read(folder / document.file, MAX_SCAN_BYTES)
    if content is None:
        return [_error("scan-missing", document, "fehlt in der Lieferung oder ist zu groß")]
    if hashlib.sha256(content).hexdigest() != document.sha256:
        return [_error("scan-hash-mismatch", document, "passt nicht zu seiner Prüfsumme")]
    try:
        pages = count(content)
    except DocumentInvalid as fault:
        return [_error(fault.code, document, _UNREADABLE.get(fault.code, "ist keine lesbare PDF-Datei"))]
    if pages != document.pages:
        return [_error("scan-pages-differ", document, f"hat {pages} statt {document.pages} Seiten")]
    return [*_signature_faults(document, content, source), *_note_faults(folder, document, content, source)]


def _signature_faults(document: ScannedDocument, content: bytes, source: ScanSource) -> list[Finding]:
    code = judge_signature(content, source.trust) if source.signed else None
    return [_error(code, document, _SIGNATURE[code])] if code else []


def _note_faults(folder: Path, document: ScannedDocument, content: bytes, source: ScanSource) -> list[Finding]:
    if source.note is NoteAt.NONE:
        return []
    note = read_transfer_note(folder, document, content, source)
    if note is not None:
        return list(note.findings)
    if source.note is NoteAt.FILE and _read_named(folder, document.note) is not None:
        return [_error("note-unreadable", document, "hat einen Transfervermerk, der nicht lesbar ist")]
    return [_error("note-missing", document, "kam ohne Transfervermerk")]


def count_pages(pdf: bytes) -> int:
    """How many pages a scan has. Raises `DocumentInvalid` (scan-encrypted, scan-unreadable)."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return len(document.pages)
    except pikepdf.PasswordError:
        raise DocumentInvalid("scan-encrypted", "Das gescannte Dokument hat ein Kennwort.") from None
    except pikepdf.PikepdfError:
        raise DocumentInvalid(
            "scan-unreadable", "Das gescannte Dokument ist keine lesbare PDF-Datei."
        ) from None


def _keep_to_the_agreement(manifest: Manifest, source: ScanSource) -> None:
    if source.agreed and manifest.source != source.name:
        raise DocumentInvalid(
            "manifest-source-wrong",
            f"Die Scanlieferung kam für {source.name}, ihr Manifest nennt eine andere Quelle. Die Lieferung wurde"
            " abgelehnt; bitte mit der Scanstelle klären.",
        )


def read_sequence(path: Path, source: ScanSource) -> int | None:
    """The number in a manifest that is otherwise right. Raises `DocumentInvalid`."""
    content = _read(path, MAX_MANIFEST_BYTES)
    return parse_manifest(content, "", source).sequence if content is not None else None


def _strays(folder: Path, manifest: Manifest, source: ScanSource) -> tuple[Path, ...]:
    known = {document.file for document in manifest.documents}
    known |= {document.note for document in manifest.documents if document.note}
    known |= {manifest_name(source), READY, f"{manifest.delivery}.receipt.json"}
    files = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    return tuple(sorted(path for path in files if path.name not in known))


def _error(code: str, document: ScannedDocument, what: str) -> Finding:
    return Finding(
        code,
        Severity.ERROR,
        f"Das gescannte Dokument {document.document_id} {what}. Es wurde nicht übernommen; bitte bei der Scanstelle"
        " neu anfordern (Behälter siehe Manifest).",
    )


def _read(path: Path, max_bytes: int) -> bytes | None:
    """The bytes of a plain file, or None if there is none, or it is too large, or something else (a link, a pipe)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
            return None
        return file.read(max_bytes)
