"""The part of the provider contract about the list of what the provider holds; an interface without one says so."""
# ruff: noqa: S101  (a contract suite asserts)

from datetime import date
from typing import cast

import pytest

from gateway.domain.runs.tally import Held
from gateway.errors import ProviderError, Refused
from gateway.ports.provider import Listing, Provider
from gateway.testing.provider_bench import Lack, ProviderBench
from gateway.testing.provider_contract_status import handed_over, needs

_MANY = 7


def listed(provider: Provider, day: date) -> list[Held]:
    """What the provider says that it took on the day itself."""
    return [held for held in cast("Listing", provider).holdings(day) if held.accepted_on == day]


class ListContract:
    """The list of a day; part of `ProviderContract`."""

    @pytest.fixture
    def bench(self) -> ProviderBench:
        """A fresh bench; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture bench")

    def test_a_list_is_claimed_exactly_if_there_is_one(self, bench: ProviderBench) -> None:
        """The nightly tally asks whoever claims it, and misses whoever does not answer."""
        assert bench.provider.capabilities.has_list == (Lack.LIST not in bench.lacks)

    def test_what_was_handed_over_on_a_day_is_listed_once_with_its_pages(self, bench: ProviderBench) -> None:
        """A list longer than a page is read to its end; another process sees the same."""
        needs(bench, Lack.LIST)
        handed = [handed_over(bench, f"K{number}") for number in range(_MANY)]
        wanted = {(piece.key, reference) for consignment, reference in handed for piece in consignment}
        day = bench.end_day()
        for provider in (bench.provider, bench.fresh()):
            found = listed(provider, day)
            assert sorted((held.key, held.provider_reference) for held in found) == sorted(wanted)
            assert {held.pages for held in found} == {3}
            assert not any(held.failed for held in found)

    def test_what_was_only_prepared_is_not_listed(self, bench: ProviderBench) -> None:
        """Nobody prints it."""
        needs(bench, Lack.LIST)
        bench.provider.stage(bench.consignment("K1"))
        assert listed(bench.provider, bench.end_day()) == []

    def test_a_day_without_letters_is_an_empty_list_and_no_error(self, bench: ProviderBench) -> None:
        """And what was handed over the day before stays with its own day."""
        needs(bench, Lack.LIST)
        handed_over(bench)
        bench.end_day()
        assert listed(bench.provider, bench.end_day()) == []

    def test_what_was_taken_back_is_not_listed_as_printed(self, bench: ProviderBench) -> None:
        """It is missing from the list, or stands there as failed."""
        needs(bench, Lack.LIST)
        needs(bench, Lack.CANCEL)
        _, reference = handed_over(bench)
        try:
            bench.provider.cancel(reference)
        except Refused:
            pytest.fail("what has just been handed over can be taken back")
        assert all(held.failed for held in listed(bench.provider, bench.end_day()))

    def test_a_list_that_cannot_be_had_or_read_is_an_error_and_never_nought(self, bench: ProviderBench) -> None:
        """That there were no letters is a statement; silence is an alarm."""
        needs(bench, Lack.LIST)
        handed_over(bench)
        day = bench.end_day()
        with pytest.raises(ProviderError):
            listed(bench.unreachable(), day)
        bench.spoil_list(day)
        with pytest.raises(ProviderError):
            listed(bench.provider, day)
