"""Paper: whatever happens in whatever order, nothing is released early, unchecked, unfiled, or under a hold."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.paper.original_reports import (
    PaperFinding,
    RecallAnswer,
    fault_of_line,
    faults_of,
    read_report,
)
from gateway.domain.paper.originals import (
    Block,
    Hold,
    OriginalFacts,
    OriginalState,
    OriginalTerm,
    OriginalTerms,
    Paper,
    PlanState,
    Quality,
    SampleRule,
    blocks,
    is_checked,
    plan_state,
    sample,
    state_of,
)
from gateway.facts import load_original_terms

DELIVERED = date(2026, 11, 16)
DUE = date(2027, 1, 11)
"""Eight weeks later."""
TERMS = load_original_terms({})
GOOD = OriginalFacts(
    delivered_on=DELIVERED,
    document_class="letter",
    assigned=True,
    filed=True,
    quality=Quality.OK,
)

facts = st.builds(
    OriginalFacts,
    delivered_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    document_class=st.sampled_from(["letter", "original", "certificate-of-service", "anything"]),
    paper=st.sampled_from(Paper),
    assigned=st.booleans(),
    filed=st.booleans(),
    quality=st.none() | st.sampled_from(Quality),
    plan=st.sampled_from(PlanState),
    rescan=st.booleans(),
    holds=st.frozensets(st.sampled_from(Hold), max_size=2),
    case_locked=st.booleans(),
)


@given(facts, st.dates(date(2026, 1, 1), date(2028, 12, 31)))
def test_no_path_releases_early_or_under_a_hold(known: OriginalFacts, today: date) -> None:
    if blocks(known, TERMS, today):
        assert state_of(known, TERMS, today) is not OriginalState.RELEASABLE
        return
    assert state_of(known, TERMS, today) is OriginalState.RELEASABLE
    assert known.delivered_on is not None
    assert (today - known.delivered_on).days >= 56
    assert known.assigned
    assert known.filed
    assert not known.holds
    assert not known.rescan
    assert not known.case_locked
    assert known.paper is Paper.KEPT
    assert known.quality is Quality.OK or (known.quality is None and known.plan is PlanState.PASSED)


@given(facts, st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(1, 400))
def test_what_blocks_never_depends_on_anything_but_time_going_on(
    known: OriginalFacts, today: date, later: int
) -> None:
    now = set(blocks(known, TERMS, today))
    then = set(blocks(known, TERMS, today + timedelta(days=later)))
    assert then <= now
    assert now - then <= {Block.TERM_RUNNING}


@pytest.mark.parametrize(
    ("change", "block"),
    [
        ({"delivered_on": None}, Block.NOT_TAKEN),
        ({"assigned": False, "filed": False}, Block.IN_TRAY),
        ({"filed": False}, Block.NOT_FILED),
        ({"quality": None}, Block.NOT_CHECKED),
        ({"quality": Quality.REJECTED}, Block.RESCAN),
        ({"rescan": True}, Block.RESCAN),
        ({"holds": frozenset({Hold.LITIGATION})}, Block.LITIGATION),
        ({"holds": frozenset({Hold.RETURN})}, Block.RETURN),
        ({"holds": frozenset({Hold.SEALED})}, Block.SEALED),
        ({"case_locked": True}, Block.CASE_LOCKED),
        ({"paper": Paper.RELEASED}, Block.NOT_THERE),
        ({"paper": Paper.RECALLED}, Block.NOT_THERE),
    ],
)
def test_each_reason_alone_keeps_the_paper(change: dict[str, object], block: Block) -> None:
    assert blocks(GOOD, TERMS, DUE) == []
    assert block in blocks(replace(GOOD, **change), TERMS, DUE)  # type: ignore[arg-type]


def test_of_what_was_not_taken_no_term_runs_and_nothing_is_to_be_checked() -> None:
    never = OriginalFacts(delivered_on=None, document_class="letter")
    assert blocks(never, TERMS, DUE) == blocks(never, TERMS, DELIVERED) == [Block.NOT_TAKEN]


def test_the_term_ends_after_eight_weeks_and_can_only_be_lengthened() -> None:
    assert blocks(GOOD, TERMS, DUE - timedelta(days=1)) == [Block.TERM_RUNNING]
    assert blocks(GOOD, TERMS, DUE) == []
    assert load_original_terms({"letter": 10}).due("letter", DELIVERED) == DUE
    longer = load_original_terms({"letter": 90})
    assert longer.due("letter", DELIVERED) == DELIVERED + timedelta(days=90)
    assert longer.due("unknown", DELIVERED) == DUE
    assert load_original_terms({"*": 80}).days("certificate-of-service", DELIVERED) == 80


def test_a_term_that_changed_holds_for_what_was_delivered_since() -> None:
    of_all = (
        OriginalTerm("*", 56, "", date(2020, 1, 1), date(2026, 12, 31)),
        OriginalTerm("*", 180, "", date(2027, 1, 1)),
    )
    terms = OriginalTerms({"*": of_all}, {})
    assert terms.days("letter", date(2026, 12, 31)) == 56
    assert terms.days("letter", date(2027, 1, 1)) == 180
    assert terms.shortest == 56


@given(st.sets(st.text(min_size=1, max_size=8), max_size=60), st.floats(0, 100), st.integers(1, 10), st.text())
def test_the_sample_is_large_enough_and_always_the_same(
    documents: set[str], percent: float, at_least: int, seed: str
) -> None:
    rule = SampleRule(percent, at_least)
    drawn = sample(seed, documents, rule)
    assert drawn <= documents
    assert len(drawn) >= min(len(documents), at_least)
    assert len(drawn) * 100 >= len(documents) * percent or drawn == documents
    assert drawn == sample(seed, sorted(documents, reverse=True), rule)


def test_another_manifest_draws_another_sample() -> None:
    documents = [f"D{number}" for number in range(200)]
    drawn = {sample(f"manifest-{number}", documents, SampleRule(5, 3)) for number in range(20)}
    assert len(drawn) == 20


def test_one_bad_scan_puts_the_whole_delivery_to_the_full_check() -> None:
    assert plan_state(3, 2, 0) is PlanState.OPEN
    assert plan_state(3, 3, 0) is PlanState.PASSED
    assert plan_state(3, 2, 1) is PlanState.FULL
    assert plan_state(3, 3, 1) is PlanState.FULL
    assert plan_state(0, 0, 0) is PlanState.OPEN
    passed = replace(GOOD, quality=None, plan=PlanState.PASSED)
    assert is_checked(passed)
    assert not is_checked(replace(passed, plan=PlanState.FULL))


R, B = date(2027, 1, 11), date(2027, 1, 15)


@pytest.mark.parametrize(
    ("paper", "released", "recalled", "destroyed", "finding"),
    [
        (Paper.RELEASED, R, None, R, None),
        (Paper.RELEASED, R, None, R - timedelta(days=1), PaperFinding.TOO_EARLY),
        (Paper.KEPT, None, None, B, PaperFinding.NOT_RELEASED),
        (Paper.RECALLED, None, R, B, PaperFinding.RECALLED),
        (Paper.RECALLED, R, B, B, PaperFinding.RECALLED),
        (Paper.RECALLED, R, B, B - timedelta(days=1), None),
        (Paper.RETURNED, R, B, R, PaperFinding.RECALLED),
        (Paper.DESTROYED, R, None, B, PaperFinding.TWICE),
    ],
)
def test_each_destruction_is_judged(
    paper: Paper, released: date | None, recalled: date | None, destroyed: date, finding: PaperFinding | None
) -> None:
    assert fault_of_line(paper, released, recalled, destroyed) is finding


CERTIFICATE = """{"schema": "destruction-certificate/1", "certificate": "VN-1", "destroyed_on": "2027-01-15",
"container": "C-7", "seal": "P-99", "process": "Aktenvernichter", "level": "P-4", "quantity": 2,
"signed_by": "M. Muster", "documents": [{"delivery": "L-1", "document_id": "a"}]}"""


def test_a_certificate_is_read_and_its_level_and_count_are_judged() -> None:
    said = read_report(json.loads(CERTIFICATE))
    assert not isinstance(said, list)
    assert (said.number, said.destroyed_on, said.lines[0].document_id) == ("VN-1", B, "a")
    assert list(faults_of(said, "P-5")) == [PaperFinding.LEVEL, PaperFinding.COUNT]
    good = replace(said, level="P-6", quantity=1)
    assert list(faults_of(good, "P-5")) == []
    assert list(faults_of(replace(good, level="sicher"), "P-5")) == [PaperFinding.LEVEL]


def test_an_answer_to_a_recall_is_read() -> None:
    (reply,) = read_report(  # type: ignore[misc]
        {
            "schema": "recall-answer/1",
            "answers": [{"recall": "r-1", "answer": "sent", "shipment": "S"}],
        }
    )
    assert (reply.recall, reply.answer, reply.shipment) == ("r-1", RecallAnswer.SENT, "S")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema": "other/1"}',
        CERTIFICATE.replace("2027-01-15", "15.1.").encode(),
        b"\xff\xfe",
    ],
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_report(json.loads(content))
