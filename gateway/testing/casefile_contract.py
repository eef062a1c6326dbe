"""What every case-file adapter must do, as a pytest class: an adapter passes it by adding one fixture.

    class TestMyCaseFile(CaseFileContract):
        @pytest.fixture
        def bench(self) -> CaseFileBench:
            return MyBench(…)

The fixture gives an empty, reachable system for every test. The adapter is used by its port only; what came of it is
looked at behind its back (`gateway.testing.casefile_bench`).
"""
# ruff: noqa: S101  (a contract suite asserts)

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from gateway.domain.findings import has_error
from gateway.errors import CaseFileError, IntegrityError, NotFound
from gateway.ports.casefile import CaseFile
from gateway.testing.casefile_bench import CaseFileBench, Lack
from gateway.testing.casefile_contract_faults import CaseFileFaultContract
from gateway.testing.casefile_contract_withdrawal import CaseFileWithdrawalContract
from gateway.testing.casefile_samples import (
    ADDRESS,
    CASE,
    OTHER_CASE,
    PDF,
    assert_one_document,
    document_entry,
    needs,
    posting_entry,
    told,
)


class CaseFileContract(CaseFileFaultContract, CaseFileWithdrawalContract):
    """The promises of `gateway.ports.casefile.CaseFile`."""

    def test_a_reachable_store_has_no_error_findings(self, bench: CaseFileBench) -> None:
        """`check` is quiet where all is well, may be asked again, and leaves nothing behind."""
        assert not has_error(bench.case_file.check())
        assert not has_error(bench.case_file.check())
        assert bench.documents(CASE) == []

    def test_it_has_a_name(self, case_file: CaseFile) -> None:
        """The name stands in configuration, logs and commands."""
        assert case_file.name

    def test_a_filed_document_comes_back_byte_by_byte(self, case_file: CaseFile) -> None:
        """What was approved is what is in the file."""
        entry = document_entry()
        case_file.file(entry)

        assert case_file.fetch(CASE, entry.document_key) == PDF

    def test_filing_again_changes_nothing_and_gives_the_same_id(self, bench: CaseFileBench) -> None:
        """A lost confirmation is repeated without harm, by this process or the next."""
        entry = document_entry()

        assert bench.case_file.file(entry) == bench.case_file.file(entry) == bench.fresh().file(entry)
        assert_one_document(bench)

    def test_entries_have_ids_of_their_own(self, case_file: CaseFile) -> None:
        """The id names the entry, not the case."""
        assert case_file.file(document_entry()) != case_file.file(posting_entry())

    def test_a_log_entry_needs_no_document_and_leaves_the_document_alone(self, bench: CaseFileBench) -> None:
        """Posting and return are entries about a document that is already there."""
        bench.case_file.file(document_entry())
        bench.case_file.file(posting_entry())

        assert_one_document(bench)
        assert bench.entries(CASE) == [document_entry().key, posting_entry().key]

    def test_the_same_key_with_another_document_is_refused(self, bench: CaseFileBench) -> None:
        """Nothing filed is ever replaced."""
        bench.case_file.file(document_entry())
        other = document_entry(pdf=b"%PDF-1.7\nanother\n%%EOF\n")

        with pytest.raises(CaseFileError) as error:
            bench.case_file.file(other)

        assert error.value.code == "filing-key-conflict"
        assert_one_document(bench)

    def test_the_same_key_with_other_facts_is_refused(self, case_file: CaseFile) -> None:
        """A second posting date under the same key is a contradiction, not an update."""
        case_file.file(posting_entry(posted_on="2026-11-20"))

        with pytest.raises(CaseFileError) as error:
            case_file.file(posting_entry(posted_on="2026-11-21"))

        assert error.value.code == "filing-key-conflict"

    def test_another_wording_of_the_same_entry_is_the_same_entry(self, bench: CaseFileBench) -> None:
        """A repeat after an update of the software, or after more became known, must not be stuck for ever."""
        entry = document_entry()
        repeated = replace(
            entry,
            title="Bescheid freigegeben",
            occurred_at=entry.occurred_at.astimezone(timezone(timedelta(hours=1))),
            metadata={**entry.metadata, "piece": "AAAA1111"},
        )

        assert bench.case_file.file(entry) == bench.case_file.file(repeated)
        assert_one_document(bench)

    def test_bytes_that_do_not_match_their_hash_are_not_filed(self, bench: CaseFileBench) -> None:
        """The hash was signed at approval."""
        entry = replace(document_entry(), document_sha256="0" * 64)

        with pytest.raises(IntegrityError):
            bench.case_file.file(entry)
        with pytest.raises(NotFound):
            bench.case_file.fetch(CASE, entry.document_key)
        assert (bench.documents(CASE), bench.entries(CASE)) == ([], [])

    def test_a_document_that_was_never_filed_is_not_found(self, case_file: CaseFile) -> None:
        """In an unknown case as in a known one."""
        with pytest.raises(NotFound):
            case_file.fetch(CASE, "7K4M9QXZ-1")
        case_file.file(posting_entry())
        with pytest.raises(NotFound):
            case_file.fetch(CASE, "7K4M9QXZ-1")

    def test_one_case_does_not_see_the_documents_of_another(self, case_file: CaseFile) -> None:
        """Documents of two cases are kept apart, even under the same document key."""
        theirs = b"%PDF-1.7\nother case\n%%EOF\n"
        case_file.file(document_entry())
        case_file.file(replace(document_entry(case=OTHER_CASE, pdf=theirs), key="document:AAAA0000:1"))

        assert case_file.fetch(CASE, "7K4M9QXZ-1") == PDF
        assert case_file.fetch(OTHER_CASE, "7K4M9QXZ-1") == theirs

    def test_other_bytes_under_a_new_key_are_a_new_version(self, bench: CaseFileBench) -> None:
        """A letter that is signed anew replaces its first wording in what is read, and keeps it in the file."""
        newer = b"%PDF-1.7\nneue Fassung\n%%EOF\n"
        first, second = (
            document_entry(),
            replace(document_entry(pdf=newer), key="document:7K4M9QXZ:1:signing-2"),
        )
        assert len({bench.case_file.file(first), bench.case_file.file(second)}) == 2
        bench.case_file.file(second)
        bench.case_file.file(first)

        assert bench.case_file.fetch(CASE, first.document_key) == newer
        (document,) = bench.documents(CASE)
        assert document.versions == (PDF, newer)

    def test_entries_filed_at_the_same_time_are_all_kept(self, bench: CaseFileBench) -> None:
        """Several workers file into one case."""
        entries = [document_entry(reference=f"REF{n:05d}", pdf=PDF + b"%d" % n) for n in range(8)]

        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(bench.case_file.file, entries))

        assert len(set(ids)) == len(bench.documents(CASE)) == len(entries)
        for entry in entries:
            assert bench.case_file.fetch(CASE, entry.document_key) == entry.document

    def test_the_same_entry_filed_at_the_same_time_is_there_once(self, bench: CaseFileBench) -> None:
        """Two processes after a pause of one of them."""
        entry, adapters = document_entry(), [bench.fresh() for _ in range(4)]

        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(lambda adapter: adapter.file(entry), adapters))

        assert len(set(ids)) == 1
        assert_one_document(bench)
        assert bench.entries(CASE) == [entry.key]

    def test_the_file_reads_in_the_order_of_filing(self, bench: CaseFileBench) -> None:
        """The life of a letter, in the order in which it was filed."""
        life = [document_entry(), posting_entry(provisional=True), posting_entry(posted_on="2026-11-21")]
        for entry in life:
            bench.case_file.file(entry)

        assert bench.entries(CASE) == [entry.key for entry in life]

    def test_what_is_known_arrives_and_what_comes_later_is_added(self, bench: CaseFileBench) -> None:
        """Section 7.5 of the facts; names of people as DIN 91379 writes them."""
        needs(bench, Lack.PROPERTIES)
        bench.case_file.file(document_entry())
        (document,) = bench.documents(CASE)
        assert document.told == told(document_entry(), bench)

        bench.case_file.file(posting_entry())
        (document,) = bench.documents(CASE)
        assert document.told == told(document_entry(), bench) | told(posting_entry(), bench)
        assert document.told["address_lines"] == ADDRESS

    def test_an_older_entry_that_is_repeated_undoes_nothing(self, bench: CaseFileBench) -> None:
        """After a restored backup everything is filed again from the beginning."""
        needs(bench, Lack.PROPERTIES)
        reported, confirmed = posting_entry(provisional=True), posting_entry(posted_on="2026-11-21")
        for entry in (document_entry(), reported, confirmed, reported):
            bench.case_file.file(entry)

        (document,) = bench.documents(CASE)
        assert document.told["posting_date"] == "2026-11-21"
        assert document.told["provisional"] == "no"

    @pytest.mark.parametrize(
        "file_number", ["50/2026", "JC-BOR-2026-" + "9" * 200, "Ä 1 'x' \\ y", "a..b", "..", "50 2026."]
    )
    def test_every_file_number_has_a_place(self, bench: CaseFileBench, file_number: str) -> None:
        """Long, with slashes, quotes and dots: found again, and in nobody else's file."""
        case = replace(CASE, file_number=file_number)
        entry = document_entry(case=case)

        assert bench.case_file.file(entry) == bench.fresh().file(entry)
        assert bench.case_file.fetch(case, entry.document_key) == PDF
        with pytest.raises(NotFound):
            bench.case_file.fetch(CASE, entry.document_key)

    def test_keys_that_look_alike_are_kept_apart(self, bench: CaseFileBench) -> None:
        """Whatever a system makes of a name, two keys never meet in one."""
        keys = ["a/b", "a-b", "a b", "A/B", "ä", "x" * 300, "x" * 299]
        for number, key in enumerate(keys):
            entry = document_entry(reference=f"REF{number}", pdf=PDF + b"%d" % number)
            bench.case_file.file(replace(entry, document_key=key))

        for number, key in enumerate(keys):
            assert bench.case_file.fetch(CASE, key) == PDF + b"%d" % number

    def test_what_somebody_else_put_there_is_left_alone(self, bench: CaseFileBench) -> None:
        """A name that is taken is no reason to overwrite, nor to give up, nor to file twice."""
        needs(bench, Lack.FOREIGN)
        entry = document_entry()
        bench.put_foreign(CASE, entry.document_key)
        with pytest.raises(NotFound):
            bench.case_file.fetch(CASE, entry.document_key)

        assert bench.case_file.file(entry) == bench.case_file.file(entry)
        assert bench.case_file.fetch(CASE, entry.document_key) == PDF
        assert bench.foreign_is_untouched(CASE, entry.document_key)
        assert_one_document(bench)

    def test_a_big_document_arrives_whole(self, case_file: CaseFile) -> None:
        """A letter with many enclosures."""
        big = b"%PDF-1.7\n" + bytes(range(256)) * 40_000
        case_file.file(document_entry(pdf=big))

        assert case_file.fetch(CASE, "7K4M9QXZ-1") == big

    def test_damaged_bytes_are_not_given_out(self, bench: CaseFileBench) -> None:
        """What was signed, or nothing."""
        needs(bench, Lack.DAMAGE)
        bench.case_file.file(document_entry())
        bench.damage(CASE, "7K4M9QXZ-1")

        with pytest.raises(IntegrityError):
            bench.case_file.fetch(CASE, "7K4M9QXZ-1")
