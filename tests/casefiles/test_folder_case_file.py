"""The folder case file beside the contract: readable, private, whole after a kill."""

import json
import multiprocessing
import os
import signal
import stat
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import durable
from gateway.casefiles import folder as module
from gateway.casefiles.folder import FolderCaseFile, folder_name
from gateway.errors import CaseFileError, IntegrityError
from gateway.ports.casefile import CaseRef, FilingEntry
from gateway.testing.casefile_samples import CASE, PDF, document_entry, posting_entry


def case_folder(root: Path) -> Path:
    return root / folder_name(CASE)


def index_of(root: Path) -> dict[str, list[dict[str, object]]]:
    loaded: dict[str, list[dict[str, object]]] = json.loads((case_folder(root) / "index.json").read_text())
    return loaded


def keys_of(root: Path) -> list[object]:
    return [entry["key"] for entry in index_of(root)["entries"]]


def test_the_index_holds_every_fact_of_an_entry(tmp_path: Path) -> None:
    entry = document_entry()
    FolderCaseFile(tmp_path).file(entry)

    (filed,) = index_of(tmp_path)["entries"]
    assert filed == {
        "key": entry.key,
        "kind": "document",
        "title": "Bewilligungsbescheid freigegeben",
        "occurred_at": "2026-11-19T13:05:00+00:00",
        "document_key": "7K4M9QXZ-1",
        "file": "documents/7K4M9QXZ-1.pdf",
        "sha256": entry.document_sha256,
        "metadata": dict(entry.metadata),
    }


def test_the_log_reads_in_the_order_of_events_and_in_local_time(tmp_path: Path) -> None:
    case_file = FolderCaseFile(tmp_path)
    case_file.file(posting_entry())
    case_file.file(document_entry())

    log = (case_folder(tmp_path) / "Verlauf.md").read_text()
    assert "# Akte JC-BOR-2026-00017" in log
    approved = log.index("**19.11.2026 14:05** Bewilligungsbescheid freigegeben")
    posted = log.index("**20.11.2026 00:00** Aufgabe zur Post bestätigt")
    assert approved < posted
    assert "Rechtsbehelfsfrist bis: 24.12.2026" in log


def test_the_folder_is_named_by_the_file_number_and_by_nothing_else(tmp_path: Path) -> None:
    FolderCaseFile(tmp_path).file(document_entry())

    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("JC-BOR-2026-00017-")
    assert sorted(path.name for path in folder.rglob("*")) == [
        ".lock",
        "7K4M9QXZ-1.pdf",
        "Verlauf.md",
        "documents",
        "index.json",
    ]


def test_case_files_are_for_the_service_account_only(tmp_path: Path) -> None:
    FolderCaseFile(tmp_path).file(document_entry())

    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("file_number", ["../../../etc", "/etc", "50/2026", "50 2026", "Ä", "..", "a" * 300])
def test_no_file_number_leads_out_of_the_folder(tmp_path: Path, file_number: str) -> None:
    root = tmp_path / "Akten"
    root.mkdir()
    case = CaseRef(file_number, "", "borken")
    case_file = FolderCaseFile(root)

    case_file.file(replace(document_entry(case=case), document_key="../../x"))

    assert case_file.fetch(case, "../../x") == PDF
    assert [path.name for path in tmp_path.iterdir()] == ["Akten"]
    assert len(list(root.glob("*/documents/*.pdf"))) == 1


def test_numbers_that_look_alike_when_made_safe_have_folders_of_their_own() -> None:
    assert folder_name(CaseRef("50/2026", "", "")) != folder_name(CaseRef("50-2026", "", ""))


def test_a_second_version_lies_beside_the_first(tmp_path: Path) -> None:
    case_file = FolderCaseFile(tmp_path)
    case_file.file(document_entry())
    case_file.file(replace(document_entry(pdf=b"%PDF other"), key="document:7K4M9QXZ:2"))

    documents = case_folder(tmp_path) / "documents"
    assert {file.name: file.read_bytes() for file in documents.iterdir()} == {
        "7K4M9QXZ-1.pdf": PDF,
        "7K4M9QXZ-1 (2).pdf": b"%PDF other",
    }


def test_a_damaged_document_is_not_given_out(tmp_path: Path) -> None:
    case_file = FolderCaseFile(tmp_path)
    case_file.file(document_entry())
    path = case_folder(tmp_path) / "documents" / "7K4M9QXZ-1.pdf"

    path.write_bytes(b"%PDF changed")
    with pytest.raises(IntegrityError) as damaged:
        case_file.fetch(CASE, "7K4M9QXZ-1")
    path.unlink()
    with pytest.raises(IntegrityError) as gone:
        case_file.fetch(CASE, "7K4M9QXZ-1")

    assert (damaged.value.code, gone.value.code) == ("document-hash-mismatch", "case-file-document-missing")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "other/1"}'])
def test_an_unreadable_index_stops_filing_instead_of_starting_anew(tmp_path: Path, content: bytes) -> None:
    case_file = FolderCaseFile(tmp_path)
    case_file.file(document_entry())
    (case_folder(tmp_path) / "index.json").write_bytes(content)

    with pytest.raises(CaseFileError) as error:
        case_file.file(posting_entry())

    assert error.value.code == "case-file-index-unreadable"
    assert (case_folder(tmp_path) / "index.json").read_bytes() == content


def test_a_missing_root_is_a_finding_and_is_not_made(tmp_path: Path) -> None:
    case_file = FolderCaseFile(tmp_path / "not-mounted")

    assert [finding.code for finding in case_file.check()] == ["case-file-folder-missing"]
    with pytest.raises(CaseFileError) as error:
        case_file.file(document_entry())
    assert error.value.code == "case-file-folder-missing"
    assert not (tmp_path / "not-mounted").exists()


def test_a_root_without_the_right_to_write_is_a_finding_and_an_error() -> None:
    with tempfile.TemporaryDirectory() as name:
        root, account = Path(name), os.geteuid()
        root.chmod(0o555)
        try:
            if account == 0:
                os.seteuid(65534)
            codes = [finding.code for finding in FolderCaseFile(root).check()]
            with pytest.raises(CaseFileError) as error:
                FolderCaseFile(root).file(document_entry())
        finally:
            os.seteuid(account)
            root.chmod(0o755)

        assert codes == ["case-file-folder-not-writable"]
        assert error.value.code == "case-file-not-writable"
        assert not list(root.iterdir())


def test_a_case_that_stays_locked_is_an_error_that_is_tried_again(tmp_path: Path) -> None:
    FolderCaseFile(tmp_path).file(document_entry())

    with module._locked(case_folder(tmp_path), 1.0), pytest.raises(CaseFileError) as error:
        FolderCaseFile(tmp_path, lock_timeout_s=0.05).file(posting_entry())

    assert error.value.code == "case-file-busy"
    FolderCaseFile(tmp_path, lock_timeout_s=0.05).file(posting_entry())


@pytest.mark.parametrize("step", range(3))
def test_a_kill_between_two_writes_leaves_what_a_repeat_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Writes are document, index, log; the process dies before write number `step`."""
    written: list[str] = []
    write = durable.write_durably

    def die_at_step(path: Path, content: bytes) -> None:
        if len(written) == step:
            raise KeyboardInterrupt
        write(path, content)
        written.append(path.name)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_durably", die_at_step)
        with pytest.raises(KeyboardInterrupt):
            FolderCaseFile(tmp_path).file(document_entry())
    FolderCaseFile(tmp_path).file(document_entry())

    assert keys_of(tmp_path) == ["document:7K4M9QXZ:1"]
    assert FolderCaseFile(tmp_path).fetch(CASE, "7K4M9QXZ-1") == PDF
    assert "Bewilligungsbescheid" in (case_folder(tmp_path) / "Verlauf.md").read_text()


def numbered(n: int) -> FilingEntry:
    return FilingEntry(
        key=f"hand-over:{n}",
        case=CASE,
        kind="document",
        title=f"Eintrag {n}",
        occurred_at=datetime(2026, 11, 20, tzinfo=UTC),
        document_key=f"D{n}",
        document=b"%d" % n * 1000,
    )


def _file_all(root: Path, first: int, last: int, step: int) -> None:
    for n in range(first, last, step):
        FolderCaseFile(root).file(numbered(n))


@pytest.mark.slow
def test_two_processes_lose_no_entry_of_one_case(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_file_all, args=(tmp_path, first, 60, 2)) for first in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sorted(map(str, keys_of(tmp_path))) == sorted(f"hand-over:{n}" for n in range(60))


@pytest.mark.slow
def test_killed_again_and_again_the_file_is_complete_in_the_end(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for seconds in (0.6, 0.7, 0.8):
        process = context.Process(target=_file_all, args=(tmp_path, 0, 10_000, 1))
        process.start()
        process.join(seconds)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    _file_all(tmp_path, 0, 30, 1)

    keys = keys_of(tmp_path)
    assert len(keys) == len(set(keys)) >= 30
    for n in range(len(keys)):
        assert FolderCaseFile(tmp_path).fetch(CASE, f"D{n}") == b"%d" % n * 1000
