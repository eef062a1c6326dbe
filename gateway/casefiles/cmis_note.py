"""The log entry of a case in a CMIS repository: a small text document beside the documents, one for each entry.

CMIS has no log. A property of the letter can be overwritten by anybody who may edit it, and knows one value; a
document has a moment, an author and rights of its own, is found by people, and its name is unique in its folder: the
one thing that a repository decides atomically. So an entry is filed when its note is there, and not before.

The last line is for the gateway: our key, a check value over the facts, and the object that was filed. A transfer
note stands before it once more, in base64: what it says is read above, its bytes are proven by their hash.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote, unquote

from gateway.casefiles.readable import entry_lines, local
from gateway.ports.casefile import FilingEntry

_MARK = "hmg-filing/1"
_EXACT = "hmg-transfervermerk/1"
_EXACT_LINE = re.compile(rf"^{_EXACT} ([A-Za-z0-9+/=]+)$", re.MULTILINE)
_LAST_LINE = re.compile(rf"^{_MARK} (\S+) ([0-9a-f]{{64}}) (\S+)$")
_WORDS = {
    "document": "Freigabe",
    "twin": "Freigabe Abschrift",
    "enclosure": "Freigabe Anlage",
    "hand-over": "Übergabe",
    "posting-reported": "Aufgabe gemeldet",
    "posting-confirmed": "Ab-Vermerk",
    "posting-corrected": "Ab-Vermerk berichtigt",
    "delivery": "Zugangsnachweis",
    "return": "Rückläufer",
    "cancellation": "Stornierung",
    "inbound": "Posteingang",
    "withdrawal": "Entnahme",
}
"""How people call what a key begins with."""
_MOST = 80


@dataclass(frozen=True)
class Note:
    """What the last line of a note says. `object_id` is the document that was filed, or the note's own mark."""

    key: str
    facts: str
    object_id: str


def facts_of(entry: FilingEntry) -> str:
    """What makes two entries of one key the same; wording and metadata of a repeat may differ."""
    moment = entry.occurred_at.astimezone(UTC).isoformat()
    parts = (entry.kind, entry.document_key, entry.document_sha256 or "", moment)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def note_text(entry: FilingEntry, object_id: str | None) -> bytes:
    """The note as people read it, in German, with the gateway's line at the end."""
    head = f"{local(entry.occurred_at)} {' '.join(entry.title.split())}"
    lines = [head, "", *entry_lines(entry.metadata), ""]
    if entry.document_sha256:
        lines[-1:] = [f"SHA-256: {entry.document_sha256}", ""]
    if exact := entry.metadata.get("transfer_note"):
        lines.append(f"{_EXACT} {base64.b64encode(str(exact).encode()).decode()}")
    return "\n".join(
        [*lines, f"{_MARK} {quote(entry.key, safe=':')} {facts_of(entry)} {object_id or '-'}", ""]
    ).encode()


def read_note(content: bytes) -> Note | None:
    """What a note says, or None where it is none of ours or not whole."""
    lines = content.decode(errors="replace").strip().splitlines()
    found = _LAST_LINE.match(lines[-1]) if lines else None
    return Note(unquote(found[1]), found[2], found[3]) if found else None


def read_transfer_note(content: bytes) -> bytes | None:
    """The transfer note that a note holds; None if it holds none."""
    found = _EXACT_LINE.search(content.decode(errors="replace"))
    return base64.b64decode(found[1]) if found else None


def note_name(key: str, number: int = 1) -> str:
    """The name of a note: from its key alone, so that a repeat, however worded, meets the first."""
    what, _, rest = key.partition(":")
    words = f"{_WORDS.get(what, safe_name(what))} {safe_name(rest.replace(':', ' '))} {short_hash(key)}"
    return f"{_numbered(words, number)}.txt"


def document_name(document_key: str, number: int = 1) -> str:
    """The name of a document; `number` above 1 where the name is taken by somebody else's."""
    return f"{_numbered(path_part(document_key), number)}.pdf"


def path_part(text: str) -> str:
    """A text as part of a path; two texts never share one."""
    safe = safe_name(text)
    return safe if safe == text else f"{safe}-{short_hash(text)}"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} ({number})"


def safe_name(text: str) -> str:
    """What every repository takes as a name."""
    return re.sub(r"[^A-Za-z0-9. -]+", "-", text).strip("-. ")[:_MOST].strip() or "x"


def short_hash(text: str) -> str:
    """Eight digits that tell texts apart which look alike when made safe."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
