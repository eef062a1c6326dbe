"""E-POSTBUSINESS against the provider contract."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.runs.status import Status
from gateway.ports.provider import Provider
from gateway.providers.epost import EpostProvider, EpostSettings
from gateway.providers.profiles import load_profile
from gateway.testing.epost import CREDENTIALS, EpostSimulator
from gateway.testing.house.clock import local_day, midnight_after
from gateway.testing.provider_bench import RETRY_AFTER_S, Fault, Lack, Printed, ProviderBench, Step
from gateway.testing.provider_contract import ProviderContract

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_KINDS = {
    Fault.LOST_REQUEST: "drop-before",
    Fault.LOST_ANSWER: "drop-after-accept",
    Fault.ERROR_BEFORE: "5xx-before",
    Fault.ERROR_AFTER: "5xx-after-accept",
    Fault.TOO_MANY: f"429:{RETRY_AFTER_S}",
    Fault.NONSENSE: "nonsense",
    Fault.SLOW: "slow:20",
}
_REQUESTS = {
    Step.CHECK: "GET /api/Login",
    Step.RELEASE: "POST /api/Letter",
    Step.FIND: "GET /api/Letter/Custom1",
    Step.POLL: "POST /api/Letter/StatusQuery",
    Step.CANCEL: "POST /api/Letter/CancelQueued",
}


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class EpostBench(ProviderBench):
    """The simulator of E-POSTBUSINESS; its time stands still until it is put forward."""

    lacks: dict[Lack, str]
    secrets = (CREDENTIALS["secret"], CREDENTIALS["password"])
    slow_steps = frozenset({Step.CHECK, Step.RELEASE, Step.FIND, Step.POLL})

    def __init__(self, simulator: EpostSimulator, **changes: Any) -> None:
        self.simulator = simulator
        self._changes = changes
        self._made: list[EpostProvider] = []
        self.lacks = {
            Lack.WEBHOOKS: "the interface only answers",
            Lack.CANCEL: "only a hold basket can be emptied",
            Lack.SIGNED_LISTS: "it publishes no posting lists; a status is equated with posting",
        }
        if changes.get("hold_days"):
            del self.lacks[Lack.CANCEL]
            self.slow_steps |= {Step.CANCEL}
        self.provider = self.fresh()

    def close(self) -> None:
        for provider in self._made:
            provider.close()

    def inject(self, step: Step, fault: Fault) -> None:
        if step in _REQUESTS:
            self.simulator.plan_fault(_REQUESTS[step], _KINDS[fault], times=1000 if fault is Fault.SLOW else 1)

    def printed_in_the_end(self) -> Sequence[Printed]:
        self.simulator.advance(days=7)
        return [Printed(piece.custom1, piece.sha256) for piece in self.simulator.ledger]

    def advance(self, span: timedelta) -> None:
        self.simulator.advance(minutes=span.total_seconds() / 60)

    def fresh(self) -> Provider:
        return self._provider(self.simulator.base_url)

    def unreachable(self) -> Provider:
        return self._provider(f"http://127.0.0.1:{closed_port()}")

    def life(self) -> Sequence[tuple[timedelta, Status]]:
        return (
            (timedelta(0), Status.ACCEPTED),
            (timedelta(hours=1), Status.ACCEPTED),
            (timedelta(hours=3), Status.IN_PRODUCTION),
            (timedelta(days=5), Status.HANDED_TO_POST),
        )

    def say_unknown(self, reference: str) -> None:
        self.simulator.options.shown_status[int(reference)] = 42

    def end_day(self) -> date:
        today = local_day(self.simulator.now())
        self.simulator.advance_to(midnight_after(self.simulator.now()))
        return today

    def spoil_list(self, day: date) -> None:
        self.simulator.plan_fault("GET /api/Letter/Date", "nonsense")

    def make_uncancellable(self) -> None:
        self.simulator.advance(days=self._changes["hold_days"], hours=6)

    def _provider(self, base_url: str) -> EpostProvider:
        settings = EpostSettings(
            base_url=base_url,
            vendor_id=CREDENTIALS["vendorID"],
            ekp=CREDENTIALS["ekp"],
            secret=CREDENTIALS["secret"],
            password=CREDENTIALS["password"],
            min_poll_interval=timedelta(0),
            connect_timeout_s=2,
            read_timeout_s=self.wait_s,
        )
        settings = replace(settings, **self._changes)
        self._made.append(EpostProvider(settings, load_profile("epost"), now=self.simulator.now))
        return self._made[-1]


class TestEpost(ProviderContract):
    @pytest.fixture
    def bench(self) -> Iterator[ProviderBench]:
        with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0) as simulator:
            bench = EpostBench(simulator)
            yield bench
            bench.close()


class EpostHoldBench(EpostBench):
    """With the hold basket and PremiumAdress: letters wait three days, and can be taken back until then."""

    def __init__(self, simulator: EpostSimulator) -> None:
        super().__init__(simulator, hold_days=3, premium_address="report")

    def printed_in_the_end(self) -> Sequence[Printed]:
        self.simulator.advance(days=3)
        return super().printed_in_the_end()

    def life(self) -> Sequence[tuple[timedelta, Status]]:
        return (
            (timedelta(hours=5), Status.ACCEPTED),
            (timedelta(days=2), Status.ACCEPTED),
            (timedelta(days=1, hours=4), Status.IN_PRODUCTION),
            (timedelta(days=5), Status.HANDED_TO_POST),
        )


class TestEpostWithHoldBasket(ProviderContract):
    @pytest.fixture
    def bench(self) -> Iterator[ProviderBench]:
        with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0) as simulator:
            bench = EpostHoldBench(simulator)
            yield bench
            bench.close()
