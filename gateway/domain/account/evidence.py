"""The posting file (*Versandnachweis*) of one letter: all that proves what was sent, when, and by whom, for a court.

A cover for people, the bytes themselves, and what the rows say of them. Every file is named with its SHA-256 in
`SHA256SUMS`, the manifest says what each one is, and anyone can check both with common tools. No part may hold
anything about another person's letter.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

SCHEMA = "posting-file/1"
COVER, MANIFEST, SUMS = "deckblatt.pdf", "manifest.json", "SHA256SUMS"


@dataclass(frozen=True)
class Part:
    """One file of the posting file. `what` says in German, on one line, what it proves."""

    name: str
    what: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Section:
    """A heading of the cover and its sentences."""

    title: str
    sentences: Sequence[str]


@dataclass(frozen=True)
class PostingFile:
    """The whole. `made_at` is timezone-aware, `made_by` a login."""

    letter: str
    """Reference of the letter, as people read it."""
    title: str
    file_number: str
    made_at: datetime
    made_by: str
    sections: Sequence[Section]
    parts: Sequence[Part]

    @property
    def name(self) -> str:
        """File name of the archive: a reference, never a person."""
        return f"versandnachweis-{self.letter}.zip"


def manifest(file: PostingFile, parts: Sequence[Part]) -> dict[str, object]:
    """What every file is, with size in bytes and hash."""
    return {
        "schema": SCHEMA,
        "letter": file.letter,
        "file_number": file.file_number,
        "made_at": file.made_at.isoformat(),
        "made_by": file.made_by,
        "files": [
            {"name": part.name, "what": part.what, "bytes": len(part.content), "sha256": part.sha256}
            for part in parts
        ],
    }


def sums(parts: Sequence[Part]) -> bytes:
    """The hashes in the form that `sha256sum --check` reads."""
    return "".join(f"{part.sha256}  {part.name}\n" for part in parts).encode("ascii")
