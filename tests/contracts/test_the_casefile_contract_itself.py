"""The case-file contract finds liars: an adapter that breaks one promise fails the case that asks for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.casefiles.folder import FolderCaseFile, folder_name
from gateway.domain.findings import Finding
from gateway.errors import CaseFileError, CaseFileUnavailable
from gateway.ports.casefile import CaseFile, CaseRef, FilingEntry
from gateway.testing.casefile_contract import CaseFileContract
from tests.contracts.casefile_benches import FolderBench


class Liar:
    """An adapter that is true but for one thing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._true = FolderCaseFile(root)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)


class FilesEverythingAnew(Liar):
    """Another key each time: a repeat is a second entry."""

    count = 0

    def file(self, entry: FilingEntry) -> str:
        FilesEverythingAnew.count += 1
        return self._true.file(replace(entry, key=f"{entry.key}:{self.count}"))


class ConfirmsWithoutFiling(Liar):
    """Says that it is done."""

    def file(self, entry: FilingEntry) -> str:
        return entry.key


class OverwritesAnything(Liar):
    """Begins a case anew when it does not like what is there."""

    def file(self, entry: FilingEntry) -> str:
        try:
            return self._true.file(entry)
        except CaseFileError:
            (self._root / folder_name(entry.case) / "index.json").unlink(missing_ok=True)
            return self._true.file(entry)


class ForgetsTheMetadata(Liar):
    """Keeps the bytes and nothing about them."""

    def file(self, entry: FilingEntry) -> str:
        return self._true.file(replace(entry, metadata={}))


class WritesPlainLetters(Liar):
    """Loses what a narrow character set does not have."""

    def file(self, entry: FilingEntry) -> str:
        narrow = json.loads(json.dumps(dict(entry.metadata)).replace("\\u0300", "").replace("\\u0323", "?"))
        return self._true.file(replace(entry, metadata=narrow))


class MixesTheCases(Liar):
    """One folder for all."""

    def file(self, entry: FilingEntry) -> str:
        return self._true.file(replace(entry, case=CaseRef("ALL", "", "")))

    def fetch(self, _case: CaseRef, document_key: str) -> bytes:
        return self._true.fetch(CaseRef("ALL", "", ""), document_key)


class BelievesTheBytes(Liar):
    """Does not look whether they are what their hash says."""

    def file(self, entry: FilingEntry) -> str:
        return self._true.file(replace(entry, document_sha256=None))


class KnowsNoAway(Liar):
    """Calls an outage an ordinary refusal: the outbox would ask on for every letter."""

    def file(self, entry: FilingEntry) -> str:
        try:
            return self._true.file(entry)
        except CaseFileUnavailable as fault:
            raise CaseFileError(fault.code, fault.message) from None


class NamesThePerson(Liar):
    """Says in an error whose letter it was."""

    def file(self, entry: FilingEntry) -> str:
        try:
            return self._true.file(entry)
        except CaseFileUnavailable as fault:
            raise CaseFileUnavailable(fault.code, f"{entry.metadata['address_lines']}") from None


class IsAlwaysWell(Liar):
    """Finds no fault with a system that is not there."""

    def check(self) -> list[Finding]:
        return []


class ServesTheFirstVersion(Liar):
    """Gives out what was replaced."""

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        index = json.loads((self._root / folder_name(case) / "index.json").read_text(encoding="utf-8"))
        first = next(each for each in index["entries"] if each["document_key"] == document_key)
        return (self._root / folder_name(case) / str(first["file"])).read_bytes()


class LeavesACopy(Liar):
    """Takes the entry out of the index, and forgets a file."""

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        folder = self._root / folder_name(case) / "documents"
        left = {file: file.read_bytes() for file in folder.glob("*.pdf")}
        self._true.withdraw(case, key, document_key)
        for file, content in left.items():
            file.with_suffix(".bak").write_bytes(content)


class WithdrawsTheNewestOnly(Liar):
    """Leaves the versions before."""

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        index = self._root / folder_name(case) / "index.json"
        read = json.loads(index.read_text(encoding="utf-8"))
        read["entries"] = [entry for entry in read["entries"] if entry["key"] != key]
        index.write_text(json.dumps(read), encoding="utf-8")


class WithdrawsWithoutAsking(Liar):
    """Says that it is done, of a system that is not there."""

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        if self._root.is_dir():
            self._true.withdraw(case, key, document_key)


class WithdrawsTooMuch(Liar):
    """Empties the whole file."""

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        self._true.withdraw(case, key, document_key)
        (self._root / folder_name(case) / "index.json").unlink(missing_ok=True)


class SmoothsTheNote(Liar):
    """Gives a transfer note back as people would read it."""

    def transfer_note(self, case: CaseRef, key: str) -> bytes | None:
        kept = self._true.transfer_note(case, key)
        return b" ".join(kept.split()) if kept else kept


_SUITE = CaseFileContract()
_CASES: dict[type[Liar], Callable[..., None]] = {
    FilesEverythingAnew: _SUITE.test_filing_again_changes_nothing_and_gives_the_same_id,
    ConfirmsWithoutFiling: _SUITE.test_filing_again_changes_nothing_and_gives_the_same_id,
    OverwritesAnything: _SUITE.test_the_same_key_with_another_document_is_refused,
    ForgetsTheMetadata: _SUITE.test_what_is_known_arrives_and_what_comes_later_is_added,
    WritesPlainLetters: _SUITE.test_what_is_known_arrives_and_what_comes_later_is_added,
    MixesTheCases: _SUITE.test_the_file_reads_in_the_order_of_filing,
    BelievesTheBytes: _SUITE.test_bytes_that_do_not_match_their_hash_are_not_filed,
    KnowsNoAway: _SUITE.test_a_system_that_is_away_is_said_to_be_away,
    IsAlwaysWell: _SUITE.test_a_system_that_is_away_is_said_to_be_away,
    LeavesACopy: _SUITE.test_what_is_withdrawn_is_gone_with_all_its_versions_and_nothing_else_is,
    WithdrawsTheNewestOnly: _SUITE.test_what_is_withdrawn_is_gone_with_all_its_versions_and_nothing_else_is,
    WithdrawsTooMuch: _SUITE.test_withdrawing_again_or_what_was_never_there_is_done,
    WithdrawsWithoutAsking: _SUITE.test_a_system_that_is_away_withdraws_nothing_and_says_so,
    SmoothsTheNote: _SUITE.test_a_transfer_note_comes_back_byte_by_byte_and_leaves_with_its_entry,
    ServesTheFirstVersion: _SUITE.test_other_bytes_under_a_new_key_are_a_new_version,
}


@pytest.mark.parametrize("lie", list(_CASES), ids=lambda lie: lie.__name__)
def test_a_lie_fails_the_case_that_asks_for_it_and_the_truth_passes(tmp_path: Path, lie: type[Liar]) -> None:
    for folder in ("lie", "truth"):
        (tmp_path / folder).mkdir()
    with pytest.raises((AssertionError, pytest.fail.Exception, CaseFileError)):
        _CASES[lie](FolderBench(tmp_path / "lie", lie))
    _CASES[lie](FolderBench(tmp_path / "truth", Liar))


def test_a_person_in_an_error_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    case = _SUITE.test_no_error_no_log_and_no_picture_of_it_shows_a_secret_or_a_person
    with pytest.raises(AssertionError):
        case(FolderBench(tmp_path, NamesThePerson), caplog)


def test_cases_that_take_the_adapter_only_notice_a_mix_of_cases(tmp_path: Path) -> None:
    liar: CaseFile = FolderBench(tmp_path, MixesTheCases).case_file
    with pytest.raises((AssertionError, CaseFileError)):
        _SUITE.test_one_case_does_not_see_the_documents_of_another(liar)
