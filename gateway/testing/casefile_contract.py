"""What every case-file adapter must do, as a pytest class: an adapter passes it by adding one fixture.

    class TestMyCaseFile(CaseFileContract):
        @pytest.fixture
        def case_file(self) -> CaseFile:
            return MyCaseFile(…)

The fixture gives an empty, reachable store for every test. Nothing but the port is used.
"""
# ruff: noqa: S101  (a contract suite asserts)

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.domain.findings import has_error
from gateway.errors import CaseFileError, IntegrityError, NotFound
from gateway.ports.casefile import CaseFile, CaseRef, FilingEntry

CASE = CaseRef("JC-BOR-2026-00017", "35702//0012345", "borken")
OTHER_CASE = CaseRef("JC-AHA-2026-00018", "35702//0012346", "ahaus")
PDF = b"%PDF-1.7\nBescheid\n%%EOF\n"


def document_entry(*, case: CaseRef = CASE, reference: str = "7K4M9QXZ", pdf: bytes = PDF) -> FilingEntry:
    """A document as it is filed at approval."""
    return FilingEntry(
        key=f"document:{reference}:1",
        case=case,
        kind="document",
        title="Bewilligungsbescheid freigegeben",
        occurred_at=datetime(2026, 11, 19, 13, 5, tzinfo=UTC),
        document_key=f"{reference}-1",
        document=pdf,
        document_sha256=hashlib.sha256(pdf).hexdigest(),
        metadata={
            "betreff": "Leistungen zur Sicherung des Lebensunterhalts",
            "seiten": 3,
            "anschrift": ["a", "b"],
        },
    )


def posting_entry(*, posted_on: str = "2026-11-20", reference: str = "7K4M9QXZ") -> FilingEntry:
    """A pure log entry about the same document."""
    return FilingEntry(
        key=f"posting-confirmed:{reference}",
        case=CASE,
        kind="posting",
        title="Aufgabe zur Post bestätigt",
        occurred_at=datetime.fromisoformat(f"{posted_on}T00:00:00+01:00"),
        document_key=f"{reference}-1",
        metadata={"posting_date": posted_on, "objection_deadline": "2026-12-24"},
    )


class CaseFileContract:
    """The promises of `gateway.ports.casefile.CaseFile`."""

    @pytest.fixture
    def case_file(self) -> CaseFile:
        """An empty, reachable case-file system; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture case_file")

    def test_a_reachable_store_has_no_error_findings(self, case_file: CaseFile) -> None:
        """`check` is quiet where all is well, and may be asked again."""
        assert not has_error(case_file.check())
        assert not has_error(case_file.check())

    def test_it_has_a_name(self, case_file: CaseFile) -> None:
        """The name stands in configuration, logs and commands."""
        assert case_file.name

    def test_a_filed_document_comes_back_byte_by_byte(self, case_file: CaseFile) -> None:
        """What was approved is what is in the file."""
        entry = document_entry()
        case_file.file(entry)

        assert case_file.fetch(CASE, entry.document_key) == PDF

    def test_filing_again_changes_nothing_and_gives_the_same_id(self, case_file: CaseFile) -> None:
        """A lost confirmation is repeated without harm."""
        entry = document_entry()

        assert case_file.file(entry) == case_file.file(entry)
        assert case_file.fetch(CASE, entry.document_key) == PDF

    def test_entries_have_ids_of_their_own(self, case_file: CaseFile) -> None:
        """The id names the entry, not the case."""
        assert case_file.file(document_entry()) != case_file.file(posting_entry())

    def test_a_log_entry_needs_no_document_and_leaves_the_document_alone(self, case_file: CaseFile) -> None:
        """Posting and return are entries about a document that is already there."""
        case_file.file(document_entry())
        case_file.file(posting_entry())

        assert case_file.fetch(CASE, "7K4M9QXZ-1") == PDF

    def test_the_same_key_with_another_document_is_refused(self, case_file: CaseFile) -> None:
        """Nothing filed is ever replaced."""
        case_file.file(document_entry())
        other = document_entry(pdf=b"%PDF-1.7\nanother\n%%EOF\n")

        with pytest.raises(CaseFileError) as error:
            case_file.file(other)

        assert error.value.code == "filing-key-conflict"
        assert case_file.fetch(CASE, "7K4M9QXZ-1") == PDF

    def test_the_same_key_with_other_facts_is_refused(self, case_file: CaseFile) -> None:
        """A second posting date under the same key is a contradiction, not an update."""
        case_file.file(posting_entry(posted_on="2026-11-20"))

        with pytest.raises(CaseFileError) as error:
            case_file.file(posting_entry(posted_on="2026-11-21"))

        assert error.value.code == "filing-key-conflict"

    def test_another_wording_of_the_same_entry_is_the_same_entry(self, case_file: CaseFile) -> None:
        """A repeat after an update of the software, or after more became known, must not be stuck for ever."""
        entry = document_entry()
        repeated = replace(
            entry,
            title="Bescheid freigegeben",
            occurred_at=entry.occurred_at.astimezone(timezone(timedelta(hours=1))),
            metadata={**entry.metadata, "piece": "AAAA1111"},
        )

        assert case_file.file(entry) == case_file.file(repeated)

    def test_bytes_that_do_not_match_their_hash_are_not_filed(self, case_file: CaseFile) -> None:
        """The hash was signed at approval."""
        entry = replace(document_entry(), document_sha256="0" * 64)

        with pytest.raises(IntegrityError):
            case_file.file(entry)
        with pytest.raises(NotFound):
            case_file.fetch(CASE, entry.document_key)

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

    def test_entries_filed_at_the_same_time_are_all_kept(self, case_file: CaseFile) -> None:
        """Several workers file into one case."""
        entries = [document_entry(reference=f"REF{n:05d}", pdf=PDF + b"%d" % n) for n in range(12)]

        with ThreadPoolExecutor(6) as pool:
            ids = list(pool.map(case_file.file, entries))

        assert len(set(ids)) == len(entries)
        for entry in entries:
            assert case_file.fetch(CASE, entry.document_key) == entry.document
