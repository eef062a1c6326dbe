"""The chain of evidence holds link by link, and what breaks first is named."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.account import links
from gateway.domain.account.account import LINE_OF, Entry, Line, balance, balance_of_totals
from gateway.domain.account.links import Break, CopyFacts, first_break
from gateway.domain.account.standing import Standing
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.submission import SubmissionState

POSTED = CopyFacts(
    letter=LetterState.BATCHED,
    signed="d",
    document="d",
    has_piece=True,
    print_copy="p",
    submission=SubmissionState.RELEASED,
    handed="p",
    certified="p",
    events_kept=3,
    events_found=3,
    posting_due=True,
    has_posting=True,
    filing_due=False,
    filed="d",
    filings_kept=4,
    filings_found=4,
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"signed": None}, Break.APPROVAL_MISSING),
        ({"document": "x"}, Break.SIGNED_DIFFERS),
        ({"document_known": False}, Break.DOCUMENT_ROW_MISSING),
        ({"print_known": False}, Break.DOCUMENT_ROW_MISSING),
        ({"has_piece": False, "submission": None}, Break.PIECE_MISSING),
        ({"submission": None}, Break.SUBMISSION_MISSING),
        ({"submission": None, "piece_faulty": True, "posting_due": False, "certified": None}, None),
        ({"has_consignment": False}, Break.CONSIGNMENT_MISSING),
        ({"certified": None}, Break.CERTIFICATE_MISSING),
        ({"certified": "x"}, Break.PRINT_DIFFERS),
        ({"handed": "x"}, Break.HANDED_DIFFERS),
        ({"handed": None}, None),
        ({"events_found": 2}, Break.EVENT_MISSING),
        ({"has_posting": False}, Break.POSTING_MISSING),
        ({"filed": None}, Break.FILING_MISSING),
        ({"filed": None, "filing_due": True}, None),
        ({"filings_found": 3}, Break.FILING_MISSING),
        ({"filed": "x"}, Break.FILED_DIFFERS),
    ],
)
def test_each_link_has_its_code(change: dict[str, object], code: Break | None) -> None:
    assert first_break(replace(POSTED, **change)) is code  # type: ignore[arg-type]


def test_every_code_is_told_in_german() -> None:
    assert set(links.MEANING) == set(Break)


COPIES = st.lists(st.tuples(st.sampled_from(Standing), st.sampled_from([None, "approval-missing"])))


@given(COPIES)
def test_totals_and_single_copies_give_the_same_account(found: list[tuple[Standing, str | None]]) -> None:
    entries = [Entry(str(n), standing, fault) for n, (standing, fault) in enumerate(found)]
    by_copy = balance(entries)
    standings = {each: sum(entry.standing is each for entry in entries) for each in Standing}
    faulty = [entry for entry in entries if entry.fault or entry.standing not in LINE_OF]
    off = Counter(entry.standing for entry in faulty)
    named = [(entry.name, entry.fault or f"standing-{entry.standing.value}") for entry in faulty]
    counted = balance_of_totals(standings, off, named)
    assert (by_copy.approved, by_copy.lines, by_copy.unexplained) == (
        counted.approved,
        counted.lines,
        counted.unexplained,
    )
    assert by_copy.approved == len(found) == sum(by_copy.lines.values()) + len(by_copy.unexplained)
    assert set(by_copy.lines) == set(Line)
