"""Pingen against the provider contract."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.runs.status import Status
from gateway.ports.provider import Provider
from gateway.providers.pingen import PingenProvider, PingenSettings
from gateway.providers.profiles import load_profile
from gateway.testing.house.clock import local_day, midnight_after
from gateway.testing.pingen import CREDENTIALS, PingenSimulator
from gateway.testing.provider_bench import RETRY_AFTER_S, Call, Fault, Lack, Printed, ProviderBench, Step
from gateway.testing.provider_contract import ProviderContract

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LETTERS = f"/organisations/{CREDENTIALS['organisation']}/deliveries/letters"
KEYS = ("the-newest-key", "the-key-before", "never-ours")
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
    Step.CHECK: f"GET {LETTERS}",
    Step.STAGE: f"POST {LETTERS}",
    Step.RELEASE: f"PATCH {LETTERS}",
    Step.FIND: f"GET {LETTERS}",
    Step.POLL: f"GET {LETTERS}",
    Step.CANCEL: f"PATCH {LETTERS}",
}


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class PingenBench(ProviderBench):
    """The simulator of Pingen; its time stands still until it is put forward."""

    secrets = (CREDENTIALS["client_secret"], *KEYS)
    slow_steps = frozenset(Step)
    lacks: Mapping[Lack, str] = {
        Lack.SIGNED_LISTS: "it publishes no posting lists; an event is equated with posting"
    }

    def __init__(self, simulator: PingenSimulator, folder: Path, **changes: Any) -> None:
        self.simulator = simulator
        self._folder = folder
        self._changes = changes
        self._made: list[PingenProvider] = []
        self.provider = self.fresh()

    def close(self) -> None:
        for provider in self._made:
            provider.close()

    def inject(self, step: Step, fault: Fault) -> None:
        self.simulator.plan_fault(_REQUESTS[step], _KINDS[fault], times=1000 if fault is Fault.SLOW else 1)

    def printed_in_the_end(self) -> Sequence[Printed]:
        self.simulator.advance(days=7)
        return [Printed(letter.name.removesuffix(".pdf"), letter.sha256) for letter in self.simulator.ledger]

    def advance(self, span: timedelta) -> None:
        self.simulator.advance(minutes=span.total_seconds() / 60)

    def fresh(self) -> Provider:
        return self._provider(self.simulator.base_url)

    def unreachable(self) -> Provider:
        return self._provider(f"http://127.0.0.1:{closed_port()}")

    def life(self) -> Sequence[tuple[timedelta, Status]]:
        return (
            (timedelta(0), Status.ACCEPTED),
            (timedelta(minutes=20), Status.ACCEPTED),
            (timedelta(hours=3), Status.IN_PRODUCTION),
            (timedelta(days=2), Status.HANDED_TO_POST),
        )

    def say_unknown(self, reference: str) -> None:
        self.simulator.decide(reference, shown_status="teleported")

    def call(self, reference: str, *, secret: int = 0, age: timedelta = timedelta(0)) -> Call:
        [event] = [event for event in self.simulator.events() if event.letter_id == reference]
        headers, body = self.simulator.call(event, key=KEYS[secret], age=age)
        return Call({name.lower(): value for name, value in headers.items()}, body)

    def end_day(self) -> date:
        today = local_day(self.simulator.now())
        self.simulator.advance_to(midnight_after(self.simulator.now()))
        return today

    def spoil_list(self, day: date) -> None:
        self.simulator.plan_fault(f"GET {LETTERS}", "nonsense")

    def make_uncancellable(self) -> None:
        self.simulator.advance(hours=2)

    def _provider(self, base_url: str) -> PingenProvider:
        settings = PingenSettings(
            base_url=base_url,
            identity_url=base_url,
            organisation=CREDENTIALS["organisation"],
            client_id=CREDENTIALS["client_id"],
            client_secret=CREDENTIALS["client_secret"],
            webhook_secrets=KEYS[:2],
            product_einwurf="registered",
            connect_timeout_s=2,
            read_timeout_s=self.wait_s,
            page_limit=3,
            cursor_file=self._folder / "cursor.json",
        )
        settings = replace(settings, **self._changes)
        self._made.append(PingenProvider(settings, load_profile("pingen"), now=self.simulator.now))
        return self._made[-1]


@pytest.fixture
def simulator() -> Iterator[PingenSimulator]:
    with PingenSimulator(speed=0, start=MONDAY) as running:
        yield running


class TestPingen(ProviderContract):
    @pytest.fixture
    def bench(self, simulator: PingenSimulator, tmp_path: Path) -> Iterator[ProviderBench]:
        bench = PingenBench(simulator, tmp_path)
        yield bench
        bench.close()
