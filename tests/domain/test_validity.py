"""Facts with a validity: one answer a day, none invented."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.validity import fault_in, in_force


@dataclass(frozen=True)
class Fact:
    valid_from: date
    valid_to: date | None = None


OLD = Fact(date(2020, 1, 1), date(2024, 12, 31))
NEW = Fact(date(2025, 1, 1))


def test_first_and_last_day_belong_to_the_validity() -> None:
    assert in_force([OLD, NEW], date(2020, 1, 1)) is OLD
    assert in_force([OLD, NEW], date(2024, 12, 31)) is OLD
    assert in_force([OLD, NEW], date(2025, 1, 1)) is NEW


def test_before_the_first_fact_nothing_holds() -> None:
    assert in_force([OLD, NEW], date(2019, 12, 31)) is None


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ([NEW, OLD], None),
        ([OLD, Fact(date(2024, 12, 31))], "zugleich"),
        ([Fact(date(2020, 1, 1)), NEW], "zugleich"),
        ([OLD, Fact(date(2025, 1, 2))], "Lücke"),
        ([Fact(date(2025, 1, 2), date(2025, 1, 1))], "valid_to"),
    ],
)
def test_overlaps_gaps_and_reversed_validity_are_faults(facts: list[Fact], fault: str | None) -> None:
    found = fault_in(facts)
    assert found is None if fault is None else fault in (found or "")


DATES = st.dates(date(2020, 1, 1), date(2020, 3, 1))


@given(st.lists(st.builds(Fact, DATES, st.none() | DATES), max_size=4), DATES)
def test_facts_without_a_fault_never_give_two_answers(facts: list[Fact], day: date) -> None:
    holding = [fact for fact in facts if in_force([fact], day)]
    assert fault_in(facts) is not None or len(holding) <= 1
