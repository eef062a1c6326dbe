"""A delivery before it is written: its documents and files, each with the note and the seal that were agreed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.testing.scan_centre.form import Form
from gateway.testing.scan_centre.manifests import manifest_bytes
from gateway.testing.scan_centre.notes import NoteSpec, attach, transfer_note
from gateway.testing.scan_centre.sheets import pages_of

Tell = Callable[[NoteSpec], bytes | None]
"""Writes the note that should say this; None: there is none."""
SealIt = Callable[[bytes], bytes]
_MADE_HERE = ("file", "sha256", "pages", "note")


@dataclass
class Draft:
    """What goes into the delivery. `documents` are the manifest's entries, `files` all others than the manifest.

    `scans`: the PDFs as the scanner made them, before note and seal, by document id.
    """

    source: str
    delivery: str
    sequence: int
    at: datetime
    form: Form = field(default_factory=Form)
    seal: SealIt = bytes
    documents: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    scans: dict[str, bytes] = field(default_factory=dict)
    counted: int | None = None
    """How many documents the manifest says there are, where that is not true."""
    marked: str | None = None
    """What the marker says, where that is not the hash of the manifest; empty: there is no marker."""
    bent: Callable[[bytes], bytes] = bytes
    """What befalls the manifest before its hash is taken."""

    def add(
        self, entry: dict[str, Any], scan: bytes, *, tell: Tell = transfer_note, seal: SealIt | None = None
    ) -> None:
        """A document with its file, its note and its seal; hash and pages are filled in."""
        document_id, pages = str(entry["document_id"]), pages_of(scan)
        spec = NoteSpec(document_id, None, pages, captured_at=str(entry["scanned_at"]))
        content, note = scan, tell(spec) if self.form.note == "attachment" else None
        if note is not None:
            content = attach(content, note)
        if self.form.sealed:
            content = (seal or self.seal)(content)
        sha256, name = hashlib.sha256(content).hexdigest(), f"{document_id}.pdf"
        told = {**entry, "file": name, "sha256": sha256, "pages": pages}
        self.files[name], self.scans[document_id] = content, scan
        beside = tell(replace(spec, sha256=sha256)) if self.form.note == "file" else None
        if beside is not None:
            told["note"] = f"{document_id}.xml"
            self.files[told["note"]] = beside
        self.documents.append(told)

    def take_out(self, number: int) -> tuple[dict[str, Any], bytes]:
        """Remove a document and its files; what its index says, and its scan."""
        entry = self.documents.pop(number)
        del self.files[entry["file"]]
        self.files.pop(entry.get("note", ""), None)
        index = {name: value for name, value in entry.items() if name not in _MADE_HERE}
        return index, self.scans.pop(entry["document_id"])

    def manifest(self) -> bytes:
        """The manifest."""
        told = {
            "schema": "scan-delivery/1",
            "source": self.source,
            "delivery": self.delivery,
            "sequence": self.sequence,
            "created_at": self.at.isoformat(),
            "counts": {
                "documents": len(self.documents) if self.counted is None else self.counted,
                "pages": sum(each["pages"] for each in self.documents),
            },
            "documents": self.documents,
        }
        return self.bent(manifest_bytes(told, self.form.manifest))

    @property
    def manifest_name(self) -> str:
        """Of the manifest's file."""
        return f"manifest.{self.form.manifest}"

    def marker(self, manifest: bytes) -> bytes | None:
        """What READY says, None for none."""
        said = hashlib.sha256(manifest).hexdigest() if self.marked is None else self.marked
        return f"{said}\n".encode() if said else None
