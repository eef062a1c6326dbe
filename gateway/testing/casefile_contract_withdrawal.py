"""The part of the case-file contract about taking out again what lay in a wrong file: no copy may stay behind."""
# ruff: noqa: S101  (a contract suite asserts)

from dataclasses import replace

import pytest

from gateway.errors import CaseFileUnavailable, NotFound
from gateway.ports.casefile import CaseFile
from gateway.testing.casefile_bench import CaseFileBench, Fault, Lack
from gateway.testing.casefile_samples import (
    CASE,
    OTHER_CASE,
    PDF,
    assert_one_document,
    document_entry,
    needs,
    only_case_file_errors,
)

_WRONG = b"%PDF-1.7\nof somebody else\n%%EOF\n"
_NOTE = """<?xml version="1.0"?>\n<Transfervermerk>\n  <Name>Œuvre  ẞ</Name>\n</Transfervermerk>\n"""
_MANY_STEPS = 6
"""More requests that change something than an adapter needs to withdraw one entry."""


class CaseFileWithdrawalContract:
    """What holds when something is withdrawn."""

    def test_what_is_withdrawn_is_gone_with_all_its_versions_and_nothing_else_is(
        self, bench: CaseFileBench
    ) -> None:
        """In its own file and in every other."""
        theirs = replace(document_entry(case=OTHER_CASE, reference="WRONG000", pdf=_WRONG), key="document:O:1")
        first = document_entry(reference="WRONG000", pdf=b"%PDF-1.7\nearlier\n%%EOF\n")
        second = replace(document_entry(reference="WRONG000", pdf=_WRONG), key="document:WRONG000:1:2")
        for entry in (document_entry(), first, second, theirs):
            bench.case_file.file(entry)
        assert bench.copies(CASE, _WRONG) == 1

        for entry in (first, second):
            bench.case_file.withdraw(CASE, entry.key, entry.document_key)

        with pytest.raises(NotFound):
            bench.case_file.fetch(CASE, first.document_key)
        assert (bench.copies(CASE, _WRONG), bench.copies(CASE, first.document or b"")) == (0, 0)
        assert_one_document(bench)
        assert bench.entries(CASE) == [document_entry().key]
        assert bench.case_file.fetch(OTHER_CASE, theirs.document_key) == _WRONG

    def test_withdrawing_again_or_what_was_never_there_is_done(self, bench: CaseFileBench) -> None:
        """A lost confirmation is repeated without harm, and makes nothing where nothing was."""
        entry = document_entry(reference="WRONG000", pdf=_WRONG)
        bench.case_file.withdraw(CASE, entry.key, entry.document_key)
        assert (bench.documents(CASE), bench.entries(CASE)) == ([], [])
        bench.case_file.file(document_entry())
        bench.case_file.file(entry)
        for case_file in (bench.case_file, bench.case_file, bench.fresh()):
            case_file.withdraw(CASE, entry.key, entry.document_key)

        assert_one_document(bench)
        assert bench.entries(CASE) == [document_entry().key]

    def test_what_was_withdrawn_can_be_filed_anew(self, case_file: CaseFile) -> None:
        """The wrong decision was to withdraw it."""
        entry = document_entry()
        case_file.file(entry)
        case_file.withdraw(CASE, entry.key, entry.document_key)
        again = replace(entry, key=f"{entry.key}:2")
        case_file.file(again)

        assert case_file.fetch(CASE, entry.document_key) == PDF

    def test_a_transfer_note_comes_back_byte_by_byte_and_leaves_with_its_entry(
        self, bench: CaseFileBench
    ) -> None:
        """It goes along when its document goes to another file, and is proven by its hash."""
        entry = document_entry()
        with_note = replace(entry, metadata={**entry.metadata, "transfer_note": _NOTE})
        bench.case_file.file(with_note)

        assert bench.fresh().transfer_note(CASE, entry.key) == _NOTE.encode()
        assert bench.fresh().transfer_note(OTHER_CASE, entry.key) is None
        bench.case_file.withdraw(CASE, entry.key, entry.document_key)
        assert bench.fresh().transfer_note(CASE, entry.key) is None
        bench.case_file.file(replace(entry, key=f"{entry.key}:2"))
        assert bench.case_file.transfer_note(CASE, f"{entry.key}:2") is None

    def test_what_somebody_else_put_there_is_not_withdrawn(self, bench: CaseFileBench) -> None:
        """A name like ours is not ours."""
        needs(bench, Lack.FOREIGN)
        entry = document_entry()
        bench.put_foreign(CASE, entry.document_key)
        bench.case_file.file(entry)
        bench.case_file.withdraw(CASE, entry.key, entry.document_key)

        assert bench.foreign_is_untouched(CASE, entry.document_key)
        assert bench.copies(CASE, PDF) == 0

    def test_a_system_that_is_away_withdraws_nothing_and_says_so(self, bench: CaseFileBench) -> None:
        """It must not be taken for done."""
        with pytest.raises(CaseFileUnavailable):
            bench.unreachable().withdraw(CASE, document_entry().key, document_entry().document_key)

    @pytest.mark.parametrize("fault", list(Fault))
    def test_whatever_breaks_a_repeat_withdraws_all(self, bench: CaseFileBench, fault: Fault) -> None:
        """Each request that changes something in turn."""
        needs(bench, Lack.REQUESTS)
        broken = 0
        for step in range(_MANY_STEPS):
            case = replace(CASE, file_number=f"JC-BOR-2026-{step:05d}")
            entry = document_entry(case=case, pdf=_WRONG)
            bench.case_file.file(entry)
            bench.spoil(fault, skip=step)
            with only_case_file_errors():
                bench.fresh().withdraw(case, entry.key, entry.document_key)
            broken += bench.spoiled()
            bench.mend()
            bench.fresh().withdraw(case, entry.key, entry.document_key)
            assert (bench.documents(case), bench.entries(case)) == ([], [])
            assert bench.copies(case, _WRONG) == 0
        assert 0 < broken < _MANY_STEPS, "every step was broken once, and the last ones were none"

    def test_an_index_that_lags_hides_no_copy(self, bench: CaseFileBench) -> None:
        """What was filed a moment ago is not in the index yet."""
        needs(bench, Lack.INDEX)
        bench.lag()
        entry = document_entry(pdf=_WRONG)
        bench.case_file.file(entry)
        bench.fresh().withdraw(CASE, entry.key, entry.document_key)

        assert (bench.copies(CASE, _WRONG), bench.entries(CASE)) == (0, [])
