"""What must be in the case file follows from the facts, and never becomes less."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.filing.filing import (
    FilingKind,
    LetterFacts,
    RecipientFacts,
    RecordFacts,
    due_filings,
    filing_key,
    inbound_filing_key,
)
from gateway.domain.letters.letter import LetterState

APPROVED_AT = datetime(2026, 11, 19, 13, 5, tzinfo=UTC)
HANDED_OVER_AT = datetime(2026, 11, 19, 22, 30, tzinfo=UTC)
POSTED_ON = date(2026, 11, 20)


def letter(**changes: object) -> LetterFacts:
    facts = LetterFacts("7K4M9QXZ", LetterState.APPROVED, APPROVED_AT, recipients=(RecipientFacts(1),))
    return replace(facts, **changes)  # type: ignore[arg-type]


def keys(facts: LetterFacts) -> list[str]:
    return [filing.key for filing in due_filings(facts)]


def test_an_approved_letter_is_filed_once_for_each_recipient() -> None:
    facts = letter(recipients=(RecipientFacts(1), RecipientFacts(2)))

    due = due_filings(facts)
    assert [filing.key for filing in due] == ["document:7K4M9QXZ:1", "document:7K4M9QXZ:2"]
    assert [filing.title for filing in due] == [
        "Schreiben freigegeben (Empfänger 1 von 2)",
        "Schreiben freigegeben (Empfänger 2 von 2)",
    ]


@pytest.mark.parametrize(
    "state", [LetterState.DRAFT, LetterState.SUBMITTED, LetterState.FAULTY, LetterState.READY]
)
def test_what_is_not_approved_is_not_in_the_file(state: LetterState) -> None:
    assert due_filings(letter(state=state, approved_at=None)) == []


def test_a_draft_that_is_cancelled_leaves_nothing_in_the_file() -> None:
    assert due_filings(letter(state=LetterState.CANCELLED, approved_at=None, cancelled_at=APPROVED_AT)) == []


def test_an_approved_letter_that_is_cancelled_says_so() -> None:
    facts = letter(state=LetterState.CANCELLED, cancelled_at=APPROVED_AT + timedelta(hours=1))

    assert keys(facts) == ["document:7K4M9QXZ:1", "cancellation:7K4M9QXZ"]


def test_a_whole_life_is_filed_in_the_order_of_time() -> None:
    recipient = RecipientFacts(
        1,
        "AAAA1111",
        HANDED_OVER_AT,
        POSTED_ON,
        (RecordFacts(1, POSTED_ON, APPROVED_AT + timedelta(days=2)),),
        APPROVED_AT + timedelta(days=9),
    )
    due = due_filings(letter(state=LetterState.BATCHED, recipients=(recipient,)))

    assert [(filing.kind, filing.key, filing.provisional) for filing in due] == [
        (FilingKind.DOCUMENT, "document:7K4M9QXZ:1", False),
        (FilingKind.HAND_OVER, "hand-over:AAAA1111:7K4M9QXZ", False),
        (FilingKind.POSTING, "posting-reported:AAAA1111:7K4M9QXZ", True),
        (FilingKind.POSTING, "posting-confirmed:AAAA1111:7K4M9QXZ", False),
        (FilingKind.RETURN, "return:AAAA1111:7K4M9QXZ", False),
    ]
    assert due[3].title == "Sendung AAAA-1111: Aufgabe zur Post am 20.11.2026 bestätigt (Ab-Vermerk)"


def test_recipients_posted_on_different_days_are_in_the_order_of_days() -> None:
    late = RecipientFacts(
        1, "AAAA1111", HANDED_OVER_AT, records=(RecordFacts(1, date(2026, 11, 23), APPROVED_AT),)
    )
    early = RecipientFacts(2, "BBBB2222", HANDED_OVER_AT, records=(RecordFacts(1, POSTED_ON, APPROVED_AT),))

    assert keys(letter(recipients=(late, early)))[-2:] == [
        "posting-confirmed:BBBB2222:7K4M9QXZ",
        "posting-confirmed:AAAA1111:7K4M9QXZ",
    ]


def test_a_correction_is_an_entry_of_its_own_and_the_first_record_stays() -> None:
    records = (
        RecordFacts(1, POSTED_ON, APPROVED_AT + timedelta(days=2)),
        RecordFacts(2, POSTED_ON + timedelta(days=1), APPROVED_AT + timedelta(days=5)),
        RecordFacts(3, None, APPROVED_AT + timedelta(days=6)),
    )
    due = due_filings(letter(recipients=(RecipientFacts(1, "AAAA1111", HANDED_OVER_AT, POSTED_ON, records),)))

    assert [filing.key for filing in due if filing.record_no] == [
        "posting-confirmed:AAAA1111:7K4M9QXZ",
        "posting-corrected:AAAA1111:7K4M9QXZ:2",
        "posting-corrected:AAAA1111:7K4M9QXZ:3",
    ]
    assert due[-2].title == "Sendung AAAA-1111: Aufgabe zur Post am 21.11.2026 berichtigt (Ab-Vermerk Nr. 2)"
    assert due[-1].title == "Sendung AAAA-1111: doch nicht zur Post gegeben (Ab-Vermerk Nr. 3)"


def test_a_piece_without_a_hand_over_leaves_no_entry_of_its_own() -> None:
    assert keys(letter(recipients=(RecipientFacts(1, "AAAA1111"),))) == ["document:7K4M9QXZ:1"]


def test_an_inbound_document_is_keyed_by_its_source() -> None:
    assert inbound_filing_key("scan-west", "b1f0") == "inbound:scan-west:b1f0"


@pytest.mark.parametrize("part", ["", "a:b", "a b", "a\n"])
def test_a_part_that_could_make_two_keys_equal_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="filing key"):
        filing_key("document", part)
    with pytest.raises(ValueError, match="filing key"):
        filing_key(part, "x")


PATHS = st.sampled_from(
    [
        [
            LetterState.DRAFT,
            LetterState.SUBMITTED,
            LetterState.READY,
            LetterState.APPROVED,
            LetterState.BATCHED,
        ],
        [LetterState.DRAFT, LetterState.SUBMITTED, LetterState.FAULTY, LetterState.CANCELLED],
        [LetterState.READY, LetterState.APPROVED, LetterState.CANCELLED],
    ]
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(2026, 1, 1), date(2027, 1, 1))


@st.composite
def histories(draw: st.DrawFn) -> list[LetterFacts]:
    """A letter as it looks after each fact: facts are only added, in any order."""
    path = draw(PATHS)
    recipients = [RecipientFacts(no, f"PIECE00{no}") for no in range(1, draw(st.integers(1, 3)) + 1)]
    seen = [LetterFacts("7K4M9QXZ", path[0], recipients=tuple(recipients))]
    for state in path[1:]:
        facts = replace(seen[-1], state=state)
        if state is LetterState.APPROVED:
            facts = replace(facts, approved_at=draw(MOMENTS))
        if state is LetterState.CANCELLED:
            facts = replace(facts, cancelled_at=draw(MOMENTS))
        seen.append(facts)
    names = ["handed_over_at", "posting_reported_on", "records", "records", "returned_at"]
    additions = [(no, name) for no in range(len(recipients)) for name in names]
    for no, name in draw(st.lists(st.sampled_from(additions), max_size=15)):
        if name == "records":
            number = len(recipients[no].records) + 1
            day = draw(DAYS if number == 1 else st.none() | DAYS)
            record = RecordFacts(number, day, draw(MOMENTS))
            recipients[no] = replace(recipients[no], records=(*recipients[no].records, record))
        elif getattr(recipients[no], name) is None:
            value = draw(DAYS if name.endswith("_on") else MOMENTS)
            recipients[no] = replace(recipients[no], **{name: value})  # type: ignore[arg-type]
        seen.append(replace(seen[-1], recipients=tuple(recipients)))
    return seen


@settings(deadline=None)
@given(histories())
def test_due_filings_only_ever_grow_as_facts_are_added(history: list[LetterFacts]) -> None:
    for before, after in pairwise(history):
        assert set(keys(before)) <= set(keys(after))


@settings(deadline=None)
@given(histories())
def test_every_key_is_due_once(history: list[LetterFacts]) -> None:
    due = keys(history[-1])

    assert len(due) == len(set(due))
