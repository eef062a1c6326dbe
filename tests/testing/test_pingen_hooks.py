"""The simulated Pingen calls by itself whoever registered: signed, again until it was taken, and wrongly if asked."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.testing.pingen import CREDENTIALS, PingenSimulator
from gateway.testing.pingen.hooks import ATTEMPTS_AFTER, Misbehaviour
from tests.contracts.test_pingen_contract import KEYS, PingenBench

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Listener(ThreadingHTTPServer):
    """Takes every call, or answers as told."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    @property
    def about(self) -> list[str]:
        """The letters that were called about, by our key."""
        told = [json.loads(body)["included"][1]["attributes"]["file_original_name"] for _, body in self.calls]
        return [name.removesuffix(".pdf") for name in told]


class _Taking(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PingenBench]:
    """Its own watching is off: the calls are made when the test says so."""
    with PingenSimulator(speed=0, start=MONDAY) as simulator:
        simulator.hooks.stop()
        made = PingenBench(simulator, tmp_path)
        yield made
        made.close()


def hand_over(bench: PingenBench, *keys: str) -> None:
    for key in keys:
        consignment = bench.consignment(key)
        bench.provider.release(bench.provider.stage(consignment), consignment)


def api(bench: PingenBench, method: str, path: str, **attributes: Any) -> requests.Response:
    url = bench.simulator.base_url
    form = {name: CREDENTIALS[name] for name in ("client_id", "client_secret")}
    login = {**form, "grant_type": "client_credentials", "scope": "webhook"}
    token = requests.post(f"{url}/auth/access-tokens", data=login, timeout=60).json()["access_token"]
    return requests.request(
        method,
        f"{url}/organisations/{CREDENTIALS['organisation']}/webhooks{path}",
        headers={"Authorization": f"Bearer {token}"},
        json={"data": {"type": "webhooks", "attributes": attributes}} if attributes else None,
        timeout=60,
    )


def test_who_registered_is_called_once_with_a_signature_that_the_adapter_believes(
    bench: PingenBench, listener: Listener
) -> None:
    made = api(bench, "POST", "", event_category="sent", url=listener.url, signing_key=KEYS[0])
    assert made.status_code == 201
    assert KEYS[0] not in made.text
    hand_over(bench, "K1")
    assert bench.simulator.hooks.send_due() == 0
    bench.simulator.advance(days=2)
    assert [bench.simulator.hooks.send_due() for _ in range(2)] == [1, 0]
    [(headers, body)] = listener.calls
    [report] = bench.provider.parse_webhook(headers, body)
    assert (report.key, report.provider_status) == ("K1", "transferred_to_distributor")
    hook = made.json()["data"]["id"]
    [line] = api(bench, "GET", f"/{hook}/requests").json()["data"]
    assert line["attributes"]["status_code"] == 200
    assert api(bench, "DELETE", f"/{hook}").status_code == 204
    assert api(bench, "GET", "").json()["data"] == []
    assert api(bench, "POST", "", event_category="rumours", url="x", signing_key="y").status_code == 422


def test_a_call_that_is_not_taken_comes_again_seven_times_and_is_dropped_then(
    bench: PingenBench, listener: Listener
) -> None:
    bench.simulator.register(listener.url)
    listener.status = 500
    hand_over(bench, "K1")
    bench.simulator.advance(days=2)
    made = []
    for _ in range(10):
        made.append(bench.simulator.hooks.send_due())
        assert bench.simulator.hooks.send_due() == 0
        bench.simulator.advance(hours=5)
    assert sum(made) == len(listener.calls) == len(ATTEMPTS_AFTER) == 7
    assert {attempt.status for attempt in bench.simulator.hooks.log()} == {500}
    bench.simulator.advance(days=5)
    listener.status = 200
    assert bench.simulator.hooks.send_due() == 0


def test_a_call_that_failed_is_taken_later(bench: PingenBench, listener: Listener) -> None:
    bench.simulator.register(listener.url)
    listener.status = 503
    hand_over(bench, "K1")
    bench.simulator.advance(days=2)
    bench.simulator.hooks.send_due()
    listener.status = 204
    bench.simulator.advance(minutes=2)
    assert [bench.simulator.hooks.send_due() for _ in range(2)] == [1, 0]


def test_calls_come_twice_in_the_wrong_order_or_never_if_asked(bench: PingenBench, listener: Listener) -> None:
    bench.simulator.register(listener.url)
    for key in ("K1", "K2", "K3"):
        hand_over(bench, key)
        bench.simulator.advance(days=1)
    bench.simulator.advance(days=2)
    bench.simulator.hooks.misbehaviour = Misbehaviour(repeats=1, reverse=True, lose=1)
    while bench.simulator.hooks.send_due():
        pass
    assert listener.about == ["K2", "K1", "K2", "K1"]


def test_it_calls_by_itself_while_its_time_runs(tmp_path: Path, listener: Listener) -> None:
    with PingenSimulator(speed=0, start=MONDAY) as simulator:
        simulator.register(listener.url)
        bench = PingenBench(simulator, tmp_path)
        hand_over(bench, "K1")
        bench.close()
        simulator.advance(days=2)
        for _ in range(200):
            if listener.calls:
                break
            threading.Event().wait(0.05)
    assert listener.about == ["K1"]
