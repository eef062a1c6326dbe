"""What providers list of a day, where the contract cannot reach: order of pages, gaps, edges of the day."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.runs.tally import Held
from gateway.errors import NotSent, OutcomeUnknown
from gateway.providers.folder import FolderProvider
from gateway.providers.pingen_list import held_around
from gateway.providers.print_house import HouseRules
from gateway.testing.pingen import PingenSimulator
from gateway.testing.print_centre import PrintCentre
from tests.contracts.test_pingen_contract import LETTERS, PingenBench
from tests.providers.house import JSON, PROFILE, XML, consignment

MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


class Pages:
    """A list in pages of three, and which of them were asked for."""

    def __init__(self, letters: Sequence[Mapping[str, Any]]) -> None:
        self._letters = letters
        self.asked: list[int] = []

    def __call__(self, page: int) -> tuple[list[Mapping[str, Any]], bool]:
        self.asked.append(page)
        return list(self._letters[(page - 1) * 3 : page * 3]), page * 3 < len(self._letters)


def letter(number: int, made_at: datetime = NOON, **attributes: Any) -> dict[str, Any]:
    told = {"file_original_name": f"K{number}.pdf", "status": "submitted", "created_at": made_at.isoformat()}
    return {"id": str(number), "attributes": told | attributes}


def keys(pages: Pages, day: date = MONDAY) -> list[str]:
    return sorted(held.key for held in held_around(day, pages) if held)


def test_newest_first_is_read_until_it_is_too_old_and_any_other_order_to_its_end() -> None:
    old = [letter(number, NOON - timedelta(days=40 + number)) for number in range(30)]
    newest_first, oldest_first = Pages([letter(100), *old]), Pages([*reversed(old), letter(100)])
    assert keys(newest_first) == keys(oldest_first) == ["K100"]
    assert newest_first.asked == [1]
    assert oldest_first.asked == list(range(1, 12))


def test_letters_of_one_moment_prove_no_order() -> None:
    old = NOON - timedelta(days=50)
    assert keys(Pages([*(letter(number, old) for number in range(5)), letter(7)])) == ["K7"]


def test_a_letter_that_moved_to_the_next_page_counts_once() -> None:
    assert keys(Pages([letter(1), letter(2), letter(3), letter(3)])) == ["K1", "K2", "K3"]


def test_what_was_drafted_weeks_before_is_listed_on_the_day_on_which_it_was_sent_off() -> None:
    drafted = letter(1, NOON - timedelta(days=20), submitted_at=NOON.isoformat())
    [held] = [each for each in held_around(MONDAY, Pages([drafted])) if each]
    assert held.accepted_on == MONDAY


def test_gaps_are_read_as_what_they_are() -> None:
    strange = letter(1, file_pages="three", status="teleported", file_original_name=None)
    [held] = list(held_around(MONDAY, Pages([strange])))
    assert held == Held("#1", "1", MONDAY, None, failed=False)
    assert list(held_around(MONDAY, Pages([letter(1, created_at=17)]))) == [None]
    assert [each.failed for each in held_around(MONDAY, Pages([letter(1, status="rejected")])) if each] == [
        True
    ]


@pytest.fixture
def pingen(tmp_path: Path) -> Iterator[PingenBench]:
    with PingenSimulator(speed=0, start=NOON) as simulator:
        bench = PingenBench(simulator, tmp_path)
        yield bench
        bench.close()


@pytest.mark.slow
def test_an_interface_that_ignores_the_wanted_order_loses_nothing(pingen: PingenBench) -> None:
    pingen.simulator.options.ignores_sort = True
    for number in range(5):
        piece = pingen.consignment(f"K{number}")
        pingen.provider.release(pingen.provider.stage(piece), piece)
        pingen.simulator.advance(minutes=1)
    assert len(list(pingen.provider.holdings(MONDAY))) == 5  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_list_that_is_declined_says_nothing_about_letters(pingen: PingenBench) -> None:
    pingen.simulator.plan_fault(f"GET {LETTERS}", "reject:403")
    with pytest.raises(OutcomeUnknown):
        list(pingen.provider.holdings(MONDAY))  # type: ignore[attr-defined]


# Print houses


@pytest.fixture(params=["json", "xml"])
def house(request: pytest.FixtureRequest) -> Iterator[tuple[PrintCentre, FolderProvider]]:
    packing = JSON if request.param == "json" else XML
    with PrintCentre(speed=0, start=NOON, answer=request.param, automatic=False) as centre:
        yield centre, FolderProvider(centre.root, packing, HouseRules(), PROFILE)


def hand_over(provider: FolderProvider, key: str = "C1") -> None:
    pieces = consignment(key)
    provider.release(provider.stage(pieces), pieces)


def test_a_day_is_not_listed_before_it_is_over_and_that_is_no_nought(
    house: tuple[PrintCentre, FolderProvider],
) -> None:
    centre, provider = house
    hand_over(provider)
    centre.work()
    with pytest.raises(NotSent, match="print-house-list-missing"):
        list(provider.holdings(MONDAY))
    centre.advance(days=2)
    assert [held.key for held in provider.holdings(MONDAY)] == ["C1-1", "C1-2", "C1-3"]
    assert {held.accepted_on for held in provider.holdings(MONDAY + timedelta(days=1))} == {MONDAY}


def test_a_list_that_the_house_forgot_is_missed(house: tuple[PrintCentre, FolderProvider]) -> None:
    centre, provider = house
    centre.script.withhold = {"list"}
    centre.advance(days=2)
    with pytest.raises(NotSent, match="fehlt"):
        list(provider.holdings(MONDAY))


def test_a_delivery_that_was_rejected_as_a_whole_lists_each_of_its_pieces_as_not_printed(
    house: tuple[PrintCentre, FolderProvider],
) -> None:
    centre, provider = house
    centre.script.reject_next = "manifest-unreadable"
    hand_over(provider)
    centre.advance(days=1)
    held = list(provider.holdings(MONDAY))
    assert [(each.key, each.failed) for each in held] == [("C1-1", True), ("C1-2", True), ("C1-3", True)]


def test_what_the_list_calls_rejected_is_heard_although_no_acknowledgement_told(
    house: tuple[PrintCentre, FolderProvider],
) -> None:
    centre, provider = house
    centre.script.withhold = {"ack", "started", "production", "posting"}
    centre.script.reject_keys = {"C1-2": "code-unreadable"}
    hand_over(provider)
    centre.advance(days=1)
    assert [(report.key, report.provider_status) for report in provider.poll(["C1"])] == [("C1-2", "rejected")]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"kind": "list", "day": "2026-11-23", "pieces": []}, "report-count-missing"),
        ({"kind": "list", "day": "2026-11-23", "counts": {"pieces": 1}, "pieces": []}, "report-count-mismatch"),
        ({"kind": "list", "day": "2026-11-22", "counts": {"pieces": 0}}, "report-day-differs"),
        ({"kind": "posting", "day": "2026-11-23", "counts": {"pieces": 0}}, "report-day-differs"),
        ({"kind": "list", "day": "2026-11-23", "counts": {"pieces": 1}, "pieces": [{}]}, "report-key-missing"),
        (
            {
                "kind": "list",
                "day": "2026-11-23",
                "counts": {"pieces": 1, "pages": 4},
                "pieces": [{"key": "C1-1", "pages": 3}],
            },
            "report-count-mismatch",
        ),
    ],
)
def test_a_list_that_contradicts_itself_is_not_believed(told: dict[str, Any], code: str) -> None:
    with PrintCentre(speed=0, start=NOON, automatic=False) as centre:
        provider = FolderProvider(centre.root, JSON, HouseRules(), PROFILE)
        centre.drop(f"{MONDAY}.list.json", json.dumps(told).encode())
        with pytest.raises(NotSent, match="print-house-list-missing") as stated:
            list(provider.holdings(MONDAY))
        assert code in stated.value.message


def test_a_house_without_an_agreed_list_claims_none() -> None:
    with PrintCentre(speed=0, start=NOON, automatic=False) as centre:
        provider = FolderProvider(centre.root, JSON, HouseRules(daily_list=False), PROFILE)
        assert not provider.capabilities.has_list
