"""Checks an unpacked posting file (*Versandnachweis*). Lies in each one; needs Python and nothing else.

    python3 pruefen.py [FOLDER]

Exit code 0: every file is there, none was changed, none was added. Else it names what is wrong, and exits with 1.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUMS, MANIFEST = "SHA256SUMS", "manifest.json"
TRAIL, CHAIN = "protokoll.json", "kette.json"
DELETED = "personal-data-deleted"
"""The action that says that reasons were deleted by their rule of retention."""
HASHED = ("action", "actor", "at", "details", "entry", "number", "reason_sha256", "sealed_at", "subject")
"""What of an entry of the trail is hashed."""


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the files of a folder, a German sentence each; nothing if all is well."""
    expected = dict(_sums(folder))
    for name, sha256 in expected.items():
        file = folder / name
        if not file.is_file():
            yield f"{name} fehlt."
        elif hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            yield f"{name} ist nicht mehr, was es war."
    for file in sorted(folder.iterdir()):
        if file.name not in expected and file.name != SUMS:
            yield f"{file.name} gehört nicht dazu."
    yield from _manifest_faults(folder, expected)
    if (folder / TRAIL).is_file() and (folder / CHAIN).is_file():
        yield from _chain_faults(_json(folder / TRAIL), _json(folder / CHAIN))


def _sums(folder: Path) -> Iterator[tuple[str, str]]:
    for line in (folder / SUMS).read_text(encoding="ascii").splitlines():
        sha256, name = line.split("  ", 1)
        yield name, sha256


def _manifest_faults(folder: Path, expected: dict[str, str]) -> Iterator[str]:
    """The manifest cannot name itself; all else it must name with the same hash."""
    if (folder / MANIFEST).is_file():
        named = {one["name"]: one["sha256"] for one in _json(folder / MANIFEST)["files"]}
        for name in sorted(expected.keys() - {MANIFEST} | named.keys()):
            if named.get(name) != expected.get(name):
                yield f"{name}: {MANIFEST} und {SUMS} sagen Verschiedenes."


def _chain_faults(trail: list[dict[str, Any]], stretches: list[dict[str, Any]]) -> Iterator[str]:
    """Each entry has its place in the chain, and each stretch of the chain leads to the hash that it names."""
    places: dict[int, str] = {}
    for stretch in stretches:
        sha256 = stretch["previous"]
        for number, entry in enumerate(stretch["entries"], start=stretch["first"]):
            sha256 = _hash(f"{sha256}:{entry}")
            places[number] = entry
        if sha256 != stretch["sha256"]:
            yield f"{CHAIN}: Die Kette ab Nummer {stretch['first']} ist unterbrochen."
    proofs = [each for each in trail if each["action"] == DELETED and each["number"] is not None]

    def deleted(entry: dict[str, Any]) -> int:
        return max((each["number"] for each in proofs if each["subject"] == entry["subject"]), default=0)

    for entry in trail:
        number = entry["number"]
        if number is not None and places.get(number) != _entry_hash(entry):
            yield f"{TRAIL}: Der Eintrag Nummer {number} steht so nicht in der Kette."
        reason = f"{entry['reason_salt']}:{entry['reason']}"
        if number is not None and entry["reason"] and _hash(reason) != entry["reason_sha256"]:
            yield f"{TRAIL}: Der Grund zum Eintrag Nummer {number} wurde verändert."
        if number is not None and entry["reason_sha256"] and not entry["reason"] and number > deleted(entry):
            yield f"{TRAIL}: Der Grund zum Eintrag Nummer {number} fehlt, und kein späterer Eintrag sagt warum."


def _entry_hash(entry: dict[str, Any]) -> str:
    content = {name: entry[name] for name in HASHED}
    return _hash(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Print what is wrong; returns the exit code."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    found = list(faults(folder))
    sys.stdout.write("\n".join(found or ["Alle Dateien sind vollständig und unverändert."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
