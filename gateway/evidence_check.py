"""Checks an unpacked posting file (*Versandnachweis*). Lies in each one; needs Python and nothing else.

    python3 pruefen.py [FOLDER]

Exit code 0: every file is there, none was changed, none was added. Else it names what is wrong, and exits with 1.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

SUMS, MANIFEST = "SHA256SUMS", "manifest.json"


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


def _sums(folder: Path) -> Iterator[tuple[str, str]]:
    for line in (folder / SUMS).read_text(encoding="ascii").splitlines():
        sha256, name = line.split("  ", 1)
        yield name, sha256


def _manifest_faults(folder: Path, expected: dict[str, str]) -> Iterator[str]:
    """The manifest cannot name itself; all else it must name with the same hash."""
    if (folder / MANIFEST).is_file():
        named = {
            one["name"]: one["sha256"]
            for one in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        }
        for name in sorted(expected.keys() - {MANIFEST} | named.keys()):
            if named.get(name) != expected.get(name):
                yield f"{name}: {MANIFEST} und {SUMS} sagen Verschiedenes."


def main(arguments: list[str]) -> int:
    """Print what is wrong; returns the exit code."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    found = list(faults(folder))
    sys.stdout.write("\n".join(found or ["Alle Dateien sind vollständig und unverändert."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
