"""A case file (*Akte*) as folders: for small offices and demonstrations, or as a drop for a real one.

    ROOT/JC-BOR-2026-00017-5f0c2a9e/    one folder a case, named by its file number, never by a person
        documents/KEY.pdf               the documents; KEY (2).pdf is the second version of one
        index.json                      every entry; the truth
        Verlauf.md                      the same for reading, made anew from the index

The document is written first, the index second, the log last. Only what is in the index is filed: after a kill
in between, filing the same entry again completes it. Withdrawing goes the same way: the files first, the index
second. Must not delete or change anything else that is filed.
"""

import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.casefiles.readable import readable_log
from gateway.domain.findings import Finding, Severity
from gateway.durable import FILE_MODE, make_folder, sync_folder, write_durably
from gateway.errors import CaseFileError, CaseFileUnavailable, IntegrityError, NotFound
from gateway.ports.casefile import CaseRef, FilingEntry

SCHEMA = "case-file/1"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_CONTENT = ("kind", "document_key", "sha256")
"""What, with the moment, makes two entries of one key the same. Wording and metadata of a repeat may differ: they
may be made from facts that came after the first attempt; what was filed first stays."""


class FolderCaseFile:
    """One folder with a sub-folder for every case; several processes may file at once.

    `root` must exist: making it here would write below the mount point of a share that is not mounted.
    """

    name = "folder"

    def __init__(self, root: Path, *, lock_timeout_s: float = 30.0) -> None:
        self._root = root
        self._lock_timeout_s = lock_timeout_s

    def check(self) -> list[Finding]:
        """Whether the folder is there and writable; changes nothing."""
        if not self._root.is_dir():
            return [
                Finding(
                    "case-file-folder-missing",
                    Severity.ERROR,
                    "Der Aktenordner ist nicht vorhanden. Bitte den Pfad in der Konfiguration und die"
                    " Netzlaufwerke prüfen.",
                )
            ]
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            return [
                Finding(
                    "case-file-folder-not-writable",
                    Severity.ERROR,
                    "In den Aktenordner kann nicht geschrieben werden. Bitte die Rechte des Dienstkontos"
                    " prüfen.",
                )
            ]
        return []

    def file(self, entry: FilingEntry) -> str:
        """File an entry, on disk when this returns; idempotent by its key. Returns `FOLDER#KEY`.

        Raises `CaseFileError`: filing-key-conflict (same key, other content), case-file-busy, and others where
        the folder cannot be used; `IntegrityError` where the document is not what its hash says.
        """
        record = _record(entry)
        if not self._root.is_dir():
            raise _folder_missing()
        with _writing():
            folder = make_folder(self._root, folder_name(entry.case))
            with _locked(folder, self._lock_timeout_s):
                _file(folder, entry, record)
        return f"{folder.name}#{entry.key}"

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        """Delete a document with all its versions, also such as a kill left, and its entry; idempotent.

        Raises as `file` does.
        """
        if not self._root.is_dir():
            raise _folder_missing()
        folder = self._root / folder_name(case)
        if folder.is_dir():
            with _writing(), _locked(folder, self._lock_timeout_s):
                _withdraw(folder, case, key, document_key)

    def transfer_note(self, case: CaseRef, key: str) -> bytes | None:
        """The transfer note that an entry brought, as it was filed. Raises as `fetch` does, but for `NotFound`."""
        if not self._root.is_dir():
            raise _folder_missing()
        entries = _read_index(self._root / folder_name(case), case)["entries"]
        told: dict[str, Any] = next((entry["metadata"] for entry in entries if entry["key"] == key), {})
        return str(told["transfer_note"]).encode() if "transfer_note" in told else None

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        """The newest version of a document, verified against the index. Raises `NotFound`, `IntegrityError`."""
        if not self._root.is_dir():
            raise _folder_missing()
        folder = self._root / folder_name(case)
        versions = _versions(_read_index(folder, case), document_key)
        if not versions:
            raise NotFound(
                "document-not-found", "Das Dokument ist nicht in der Akte. Bitte das Kennzeichen prüfen."
            )
        file, sha256 = versions[-1]
        try:
            content = (folder / file).read_bytes()
        except FileNotFoundError as error:
            raise IntegrityError(
                "case-file-document-missing",
                "Ein abgelegtes Dokument fehlt im Aktenordner. Bitte aus der Datensicherung wiederherstellen.",
            ) from error
        _verify(content, sha256)
        return content


@contextmanager
def _writing() -> Iterator[None]:
    """What the operating system refuses, as an error of a case file."""
    try:
        yield
    except OSError as error:
        full_or_away = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}
        kind = CaseFileUnavailable if full_or_away else CaseFileError
        raise kind(
            "case-file-not-writable",
            f"In die Akte konnte nicht geschrieben werden ({error.strerror}). Bitte Speicherplatz und"
            " Rechte prüfen; es wird erneut versucht.",
        ) from error


def _folder_missing() -> CaseFileUnavailable:
    return CaseFileUnavailable(
        "case-file-folder-missing",
        "Der Aktenordner ist nicht vorhanden. Bitte die Netzlaufwerke prüfen; es wird erneut versucht.",
    )


def folder_name(case: CaseRef) -> str:
    """The folder of a case: its file number made safe, and a hash, so that two numbers never share a folder."""
    return f"{_safe(case.file_number)}-{_short_hash(case.file_number)}"


def _file(folder: Path, entry: FilingEntry, record: dict[str, Any]) -> None:
    index = _read_index(folder, entry.case)
    earlier = next((known for known in index["entries"] if known["key"] == entry.key), None)
    if earlier is None:
        record["file"] = _write_document(folder, entry, index, record["sha256"])
        index["entries"].append(record)
        write_durably(folder / "index.json", _json(index))
    elif not _same_content(earlier, record):
        raise CaseFileError(
            "filing-key-conflict",
            f"Unter dem Kennzeichen {entry.key} liegt bereits ein anderer Inhalt in der Akte. Nichts wurde"
            " geändert; bitte den Vorgang klären.",
        )
    _write_log(folder, index)


def _withdraw(folder: Path, case: CaseRef, key: str, document_key: str) -> None:
    """The files first: while one is left, the index still names it, and a repeat finds it."""
    index = _read_index(folder, case)
    documents = folder / "documents"
    if documents.is_dir():
        known = {file for file, _ in _versions(index, document_key)}
        number = 1
        while number <= len(known) or _version_file(folder, document_key, number).exists():
            _delete(_version_file(folder, document_key, number))
            number += 1
        sync_folder(documents)
    kept = [
        entry
        for entry in index["entries"]
        if entry["key"] != key and not (entry["document_key"] == document_key and entry["file"] is not None)
    ]
    if kept != index["entries"]:
        index["entries"] = kept
        write_durably(folder / "index.json", _json(index))
    if (folder / "index.json").is_file():
        _write_log(folder, index)


def _version_file(folder: Path, document_key: str, number: int) -> Path:
    return folder / "documents" / _document_name(document_key, number)


def _delete(file: Path) -> None:
    """The file, and what a kill left of writing it."""
    for leftover in (file, *file.parent.glob(f"{glob.escape(file.name)}.*.part")):
        leftover.unlink(missing_ok=True)


def _same_content(earlier: dict[str, Any], record: dict[str, Any]) -> bool:
    moments = (datetime.fromisoformat(entry["occurred_at"]) for entry in (earlier, record))
    return len(set(moments)) == 1 and all(earlier[name] == record[name] for name in _CONTENT)


def _write_document(folder: Path, entry: FilingEntry, index: dict[str, Any], sha256: str) -> str | None:
    """Where the document is kept, below the case's folder. Other bytes than the newest version's are a new version."""
    if entry.document is None:
        return None
    versions = _versions(index, entry.document_key)
    if versions and versions[-1][1] == sha256:
        return versions[-1][0]
    # A file that the index does not know was never confirmed: a kill left it, and it may be replaced.
    file = f"documents/{_document_name(entry.document_key, len({file for file, _ in versions}) + 1)}"
    make_folder(folder, "documents")
    write_durably(folder / file, entry.document)
    return file


def _write_log(folder: Path, index: dict[str, Any]) -> None:
    path, text = folder / "Verlauf.md", readable_log(index).encode()
    if not path.is_file() or path.read_bytes() != text:
        write_durably(path, text)


def _record(entry: FilingEntry) -> dict[str, Any]:
    sha256 = entry.document_sha256
    if entry.document is not None:
        sha256 = hashlib.sha256(entry.document).hexdigest()
        if entry.document_sha256 not in (None, sha256):
            raise _mismatch()
    return {
        "key": entry.key,
        "kind": entry.kind,
        "title": entry.title,
        "occurred_at": entry.occurred_at.isoformat(),
        "document_key": entry.document_key,
        "file": None,
        "sha256": sha256,
        "metadata": dict(entry.metadata),
    }


def _read_index(folder: Path, case: CaseRef) -> dict[str, Any]:
    empty = {
        "schema": SCHEMA,
        "file_number": case.file_number,
        "bg_number": case.bg_number,
        "office": case.office,
        "entries": [],
    }
    try:
        index = json.loads((folder / "index.json").read_bytes())
    except FileNotFoundError:
        return empty
    except ValueError as error:
        raise _unreadable_index() from error
    if not isinstance(index, dict) or index.get("schema") != SCHEMA:
        raise _unreadable_index()
    if index.get("file_number") != case.file_number:
        raise CaseFileError(
            "case-file-index-foreign",
            "Der Aktenordner gehört laut Verzeichnis zu einem anderen Aktenzeichen. Bitte den Ordner prüfen.",
        )
    return index


def _versions(index: dict[str, Any], document_key: str) -> list[tuple[str, str]]:
    """File and hash of every version of a document, oldest first."""
    return [
        (str(entry["file"]), str(entry["sha256"]))
        for entry in index["entries"]
        if entry["document_key"] == document_key and entry["file"] is not None
    ]


@contextmanager
def _locked(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the case for this process; the lock dies with its holder."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        _wait_for_lock(descriptor, time.monotonic() + timeout_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise CaseFileError(
                    "case-file-busy",
                    "Die Akte wird gerade von einem anderen Vorgang benutzt; es wird erneut versucht.",
                ) from error
            time.sleep(0.02)
        else:
            return


def _verify(content: bytes, sha256: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _mismatch()


def _mismatch() -> IntegrityError:
    return IntegrityError(
        "document-hash-mismatch",
        "Ein Dokument der Akte ist nicht das, was seine Prüfsumme sagt. Bitte nicht verwenden und aus der"
        " Datensicherung wiederherstellen.",
    )


def _unreadable_index() -> CaseFileError:
    return CaseFileError(
        "case-file-index-unreadable",
        "Das Verzeichnis (index.json) einer Akte ist nicht lesbar. Bitte aus der Datensicherung"
        " wiederherstellen; bis dahin wird in diese Akte nichts abgelegt.",
    )


def _document_name(document_key: str, number: int) -> str:
    """A blank is in no key that is its own name, so a version never has the name of another document."""
    name = document_key if _SAFE_NAME.fullmatch(document_key) else None
    name = name or f"{_safe(document_key)}-{_short_hash(document_key)}"
    return f"{name}.pdf" if number == 1 else f"{name} ({number}).pdf"


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:60] or "x"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _json(index: dict[str, Any]) -> bytes:
    return (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode()
