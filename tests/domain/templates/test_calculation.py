"""Proofs over figures: sums per column, equal columns, months without gap."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.templates.calculation import ColumnsProof, MonthsProof, SumProof, flaws, months_between

NEED = SumProof(
    "Bedarf", "months[i].sum[p]", plus=["months[i].rows[*].amounts[p]"], minus=["months[i].income[p]"]
)
COLUMNS = ColumnsProof("Spalten", like="persons", lists=["months[*].sum", "months[*].rows[*].amounts"])
MONTHS = MonthsProof("Zeitraum", first="from", last="to", ranges="parts[*]")

cents = st.integers(0, 999_999).map(lambda value: f"{Decimal(value) / 100:.2f}")


def table(*rows: Sequence[str | None], total: list[str]) -> dict[str, Any]:
    return {"persons": total, "months": [{"rows": [{"amounts": row} for row in rows], "sum": total}]}


def test_a_column_that_adds_up_has_no_flaw() -> None:
    data = table(["563.00", "390.00"], ["67.56", None], total=["630.56", "390.00"])
    assert flaws(data, [NEED, COLUMNS]) == []


def test_a_cent_too_much_is_a_flaw_that_names_month_and_column() -> None:
    data = table(["563.00", "390.00"], ["67.56", None], total=["630.56", "390.01"])
    assert [flaw.places for flaw in flaws(data, [NEED])] == [(1, 2)]


def test_what_is_taken_off_counts_negative_and_what_is_absent_nothing() -> None:
    data = table(["100.00"], total=["60.00"])
    data["months"][0]["income"] = ["40.00"]
    assert flaws(data, [NEED]) == []
    del data["months"][0]["income"]
    assert len(flaws(data, [NEED])) == 1


@given(st.lists(st.lists(cents, min_size=3, max_size=3), min_size=1, max_size=6), st.integers(0, 2))
def test_true_sums_pass_and_any_other_fails(rows: list[list[str]], wrong: int) -> None:
    total = [str(sum(Decimal(row[person]) for row in rows)) for person in range(3)]
    data = table(*rows, total=total)
    assert flaws(data, [NEED, COLUMNS]) == []
    total[wrong] = str(Decimal(total[wrong]) + Decimal("0.01"))
    assert [flaw.places for flaw in flaws(data, [NEED])] == [(1, wrong + 1)]


def test_a_column_without_a_person_is_a_flaw() -> None:
    data = table(["1.00", "2.00"], total=["1.00", "2.00"])
    data["persons"] = ["one"]
    assert [flaw.proof.title for flaw in flaws(data, [COLUMNS])] == ["Spalten"]


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([("2026-12", "2027-11")], True),
        ([("2026-12", "2026-12"), ("2027-01", "2027-11")], True),
        ([("2026-12", "2026-12"), ("2027-02", "2027-11")], False),
        ([("2026-12", "2027-01"), ("2027-01", "2027-11")], False),
        ([("2026-12", "2027-10")], False),
        ([("2027-01", "2027-11")], False),
        ([("2027-01", "2027-11"), ("2026-12", "2026-12")], False),
        ([], False),
    ],
)
def test_months_must_cover_the_period_without_gap_or_overlap(parts: list[tuple[str, str]], whole: bool) -> None:
    data = {
        "from": "2026-12-01",
        "to": "2027-11-30",
        "parts": [{"valid_from": first, "valid_to": last} for first, last in parts],
    }
    assert (flaws(data, [MONTHS]) == []) is whole


def test_months_run_over_the_turn_of_the_year() -> None:
    assert months_between("2026-11", "2027-02") == ["2026-11", "2026-12", "2027-01", "2027-02"]


def test_a_path_that_is_none_is_an_error_of_the_template() -> None:
    with pytest.raises(ValueError, match="not a path"):
        flaws({}, [SumProof("x", "a[1]", plus=[])])
