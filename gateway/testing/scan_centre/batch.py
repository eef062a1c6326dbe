"""A delivery before it is written: its documents and files. Mistakes are made here, each under its name.

missing-file            a PDF that the manifest names is not there
extra-file              a PDF that the manifest does not name is there
renamed-file            a PDF has another name than in the manifest
wrong-hash              a byte of a PDF changed after the manifest was written
wrong-pages             the manifest names a page too many
wrong-count             the manifest counts a document too many
duplicate-id            two documents have the same id
split-document          the pages of one document come as two
wrong-class             a document has a class that was never agreed
wrong-index:NUMBER      the person at the scanner types that file number for the first document
unreadable-scan         the first scan cannot be read by anybody
broken-pdf              the first PDF is no PDF
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.testing.scan_centre.sheets import pages_of, pick


@dataclass
class Draft:
    """What goes into the folder. `documents` are the manifest's entries, `files` the PDFs by name."""

    source: str
    delivery: str
    sequence: int
    at: datetime
    documents: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    counted: int | None = None
    """How many documents the manifest says there are, where that is not true."""

    def add(self, entry: dict[str, Any], content: bytes) -> None:
        """A document with its file; hash and pages are filled in."""
        name = f"{entry['document_id']}.pdf"
        self.files[name] = content
        self.documents.append(
            {
                **entry,
                "file": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "pages": pages_of(content),
            }
        )

    def manifest(self) -> dict[str, Any]:
        """The manifest, in the words of `scan-delivery/1`."""
        return {
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


def spoil(draft: Draft, mistake: str) -> None:
    """Make a mistake; raises `ValueError` for one that nobody can make."""
    name, _, argument = mistake.partition(":")
    if name not in MISTAKES:
        raise ValueError(f"unknown kind of fault: {mistake}")
    if draft.documents:
        MISTAKES[name](draft, argument)


def _missing_file(draft: Draft, _: str) -> None:
    del draft.files[draft.documents[0]["file"]]


def _extra_file(draft: Draft, _: str) -> None:
    draft.files["nicht-genannt.pdf"] = next(iter(draft.files.values()))


def _renamed_file(draft: Draft, _: str) -> None:
    draft.files["anders-benannt.pdf"] = draft.files.pop(draft.documents[0]["file"])


def _wrong_hash(draft: Draft, _: str) -> None:
    name = draft.documents[0]["file"]
    draft.files[name] += b"\n"


def _wrong_pages(draft: Draft, _: str) -> None:
    draft.documents[0]["pages"] += 1


def _wrong_count(draft: Draft, _: str) -> None:
    draft.counted = len(draft.documents) + 1


def _duplicate_id(draft: Draft, _: str) -> None:
    draft.documents[-1]["document_id"] = draft.documents[0]["document_id"]


def _split_document(draft: Draft, _: str) -> None:
    """The first one of several pages, as it happens where a separator sheet lies in the wrong place."""
    entry = next((each for each in draft.documents if each["pages"] > 1), None)
    if entry is None:
        return
    content, number = draft.files.pop(entry["file"]), draft.documents.index(entry)
    draft.documents.remove(entry)
    for part, pages in enumerate(([1], range(2, entry["pages"] + 1)), start=1):
        draft.add({**entry, "document_id": f"{entry['document_id']}-{part}"}, pick(content, list(pages)))
        draft.documents.insert(number, draft.documents.pop())


def _wrong_class(draft: Draft, argument: str) -> None:
    draft.documents[0]["class"] = argument or "postkarte"


def _wrong_index(draft: Draft, argument: str) -> None:
    draft.documents[0]["file_number"] = argument or "JC-000-0000-00000"


def _broken_pdf(draft: Draft, _: str) -> None:
    entry = draft.documents[0]
    draft.files[entry["file"]] = content = b"%PDF-1.7\n% nothing more\n"
    entry["sha256"] = hashlib.sha256(content).hexdigest()


MISTAKES: Mapping[str, Callable[[Draft, str], None]] = {
    "missing-file": _missing_file,
    "extra-file": _extra_file,
    "renamed-file": _renamed_file,
    "wrong-hash": _wrong_hash,
    "wrong-pages": _wrong_pages,
    "wrong-count": _wrong_count,
    "duplicate-id": _duplicate_id,
    "split-document": _split_document,
    "wrong-class": _wrong_class,
    "wrong-index": _wrong_index,
    "broken-pdf": _broken_pdf,
}
