"""The part of the case-file contract about what goes wrong: on the way, at the system, with the login."""
# ruff: noqa: S101  (a contract suite asserts)

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gateway.domain.findings import has_error
from gateway.errors import CaseFileUnavailable, GatewayError
from gateway.ports.casefile import CaseFile
from gateway.testing.casefile_bench import CaseFileBench, Fault, Lack
from gateway.testing.casefile_samples import (
    ADDRESS,
    CASE,
    PDF,
    assert_one_document,
    chain_of,
    document_entry,
    keys_and_versions,
    needs,
    only_case_file_errors,
    posting_entry,
    told,
)

MANY_STEPS = 8
"""More requests that change something than an adapter needs for one entry."""


class CaseFileFaultContract:
    """What holds when something breaks."""

    @pytest.fixture
    def bench(self) -> CaseFileBench:
        """An empty, reachable case-file system; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture bench")

    @pytest.fixture
    def case_file(self, bench: CaseFileBench) -> CaseFile:
        """The adapter."""
        return bench.case_file

    def test_a_system_that_is_away_is_said_to_be_away(self, bench: CaseFileBench) -> None:
        """So that the outbox stops asking; and `check` says it, too."""
        away = bench.unreachable()

        with pytest.raises(CaseFileUnavailable):
            away.file(document_entry())
        with pytest.raises(CaseFileUnavailable):
            away.fetch(CASE, "7K4M9QXZ-1")
        assert has_error(away.check())
        assert (bench.documents(CASE), bench.entries(CASE)) == ([], [])

    @pytest.mark.parametrize("fault", list(Fault))
    def test_whatever_breaks_a_repeat_files_once(self, bench: CaseFileBench, fault: Fault) -> None:
        """Each request that changes something in turn; what is half done is not visible as filed."""
        needs(bench, Lack.REQUESTS)
        broken = 0
        for step in range(MANY_STEPS):
            case = replace(CASE, file_number=f"JC-BOR-2026-{step:05d}")
            entry = document_entry(case=case, pdf=PDF + b"%d" % step)
            bench.spoil(fault, skip=step)
            with only_case_file_errors() as errors:
                bench.fresh().file(entry)
            broken += bench.spoiled()
            bench.mend()
            if errors and entry.key in bench.entries(case):
                assert bench.case_file.fetch(case, entry.document_key) == entry.document
            assert bench.fresh().file(entry) == bench.case_file.file(entry)
            assert keys_and_versions(bench, case) == [(entry.document_key, (entry.document,))]
            assert bench.entries(case) == [entry.key]
        assert 0 < broken < MANY_STEPS, "every step was broken once, and the last ones were none"

    @pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.LOST_ANSWER])
    def test_a_log_entry_whose_answer_is_lost_is_there_once(self, bench: CaseFileBench, fault: Fault) -> None:
        """The document is told once more, the entry is written once."""
        needs(bench, Lack.REQUESTS)
        bench.case_file.file(document_entry())
        for step in range(3):
            bench.spoil(fault, skip=step)
            with only_case_file_errors():
                bench.case_file.file(posting_entry())
        bench.mend()
        bench.fresh().file(posting_entry())

        assert bench.entries(CASE) == [document_entry().key, posting_entry().key]
        (document,) = bench.documents(CASE)
        assert document.told == told(document_entry(), bench) | told(posting_entry(), bench)

    def test_an_index_that_lags_makes_nothing_twice(self, bench: CaseFileBench) -> None:
        """What was filed a moment ago is not in the index yet."""
        needs(bench, Lack.INDEX)
        bench.lag()
        entry = document_entry()

        assert bench.case_file.file(entry) == bench.fresh().file(entry)
        assert bench.fresh().fetch(CASE, entry.document_key) == PDF
        assert_one_document(bench)

    def test_every_call_has_a_time_limit(self, bench: CaseFileBench) -> None:
        """A system that never answers holds nobody up."""
        needs(bench, Lack.REQUESTS)
        bench.slow()
        calls: list[Callable[[], object]] = [
            lambda: bench.fresh().file(document_entry()),
            lambda: bench.fresh().fetch(CASE, "7K4M9QXZ-1"),
        ]
        for call in calls:
            began = time.monotonic()
            with pytest.raises(CaseFileUnavailable):
                call()
            assert time.monotonic() - began < bench.patience_s
        began = time.monotonic()
        assert has_error(bench.fresh().check())
        assert time.monotonic() - began < bench.patience_s

    def test_a_refused_login_is_said_and_stops_everything(self, bench: CaseFileBench) -> None:
        """No other entry would fare better."""
        needs(bench, Lack.LOGIN)
        stranger = bench.refuse_login()

        with pytest.raises(CaseFileUnavailable):
            stranger.file(document_entry())
        assert has_error(stranger.check())
        assert bench.entries(CASE) == []

    def test_no_error_no_log_and_no_picture_of_it_shows_a_secret_or_a_person(
        self, bench: CaseFileBench, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Messages go to logs and screens."""
        hidden = [*bench.secrets, *ADDRESS[1:4]]
        shown = [repr(bench.case_file), str(vars(bench.case_file))]
        with caplog.at_level(logging.DEBUG):
            for adapter in (bench.unreachable(), *self._spoiled(bench)):
                try:
                    adapter.file(document_entry())
                except GatewayError as error:
                    shown += [*chain_of(error), error.code]
            shown += [finding.message for finding in bench.unreachable().check()]
        shown.append(caplog.text)
        for secret in hidden:
            assert not [text for text in shown if secret in text]

    def _spoiled(self, bench: CaseFileBench) -> Iterator[CaseFile]:
        if Lack.LOGIN not in bench.lacks:
            yield bench.refuse_login()
        if Lack.REQUESTS not in bench.lacks:
            for fault in Fault:
                bench.spoil(fault)
                yield bench.fresh()
