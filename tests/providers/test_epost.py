"""The adapter against the simulator and against servers that break off: what it claims is what happened."""

import base64
import hashlib
import logging
import socket
import struct
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests

from gateway.domain.findings import Severity
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import DuplicateGuard
from gateway.errors import (
    AlreadyReleased,
    ConfigError,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Refused,
)
from gateway.ports.provider import Consignment, Found, PrintPiece, Provider, Sender
from gateway.providers.epost import EpostProvider, EpostSettings
from gateway.providers.profiles import load_profile
from gateway.testing.epost import CREDENTIALS, EpostSimulator
from gateway.testing.epost.samples import letter_pdf

pytestmark = pytest.mark.slow

PROFILE = load_profile("epost")
MONDAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
LETTER = "POST /api/Letter"
SETTINGS = EpostSettings(
    base_url="http://127.0.0.1:9",
    vendor_id=CREDENTIALS["vendorID"],
    ekp=CREDENTIALS["ekp"],
    secret=CREDENTIALS["secret"],
    password=CREDENTIALS["password"],
    min_poll_interval=timedelta(0),
    connect_timeout_s=2,
    read_timeout_s=30,
)


def piece_of(key: str, **changes: Any) -> PrintPiece:
    pdf = changes.pop("pdf", None) or letter_pdf(text=key, pages=3)
    piece = PrintPiece(
        key=key,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=3,
        duplex=True,
        colour=False,
        service=Service.STANDARD,
        address_lines=("Erika Beispiel", "Musterweg 1", "46325 Borken"),
        sender=Sender("Jobcenter Beispielstadt", "Am Markt 1", "46325", "Borken"),
        cost_centre="JC01",
        batch=7,
    )
    return replace(piece, **changes)


@contextmanager
def provider_at(base_url: str, **changes: Any) -> Iterator[EpostProvider]:
    seams = {name: changes.pop(name) for name in ("sleep", "monotonic") if name in changes}
    provider = EpostProvider(replace(SETTINGS, base_url=base_url, **changes), PROFILE, **seams)
    try:
        yield provider
    finally:
        provider.close()


@pytest.fixture
def simulator() -> Iterator[EpostSimulator]:
    with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0) as running:
        yield running


@pytest.fixture
def provider(simulator: EpostSimulator) -> Iterator[EpostProvider]:
    with provider_at(simulator.base_url) as made:
        yield made


def hand_over(provider: Provider, piece: PrintPiece) -> str:
    return provider.release(provider.stage(Consignment.of(piece)), Consignment.of(piece))


# Handing over


def test_one_release_is_one_printed_piece_with_our_bytes_and_our_key(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    piece = piece_of("K1")
    reference = hand_over(provider, piece)
    simulator.advance(hours=4)
    [printed] = simulator.ledger
    assert (printed.custom1, printed.sha256, str(printed.letter_id)) == ("K1", piece.sha256, reference)
    assert simulator.pdf(printed.letter_id) == piece.pdf
    assert printed.address_lines == list(piece.address_lines)
    assert printed.fields["isDuplex"] is True
    assert printed.fields["batchID"] == 7


def test_staging_leaves_no_trace_at_the_provider_however_often_it_is_done(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    assert {provider.stage(Consignment.of(piece_of("K1"))) for _ in range(3)} == {"K1"}
    assert simulator.letters == []


def test_registered_mail_abroad_and_umlauts_arrive_as_they_are(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    lines = ("Zoe Exemple", "1 rue de la Paix", "75002 PARIS", "FRANKREICH")
    hand_over(provider, piece_of("K1", address_lines=lines, pdf=letter_pdf(lines)))
    hand_over(provider, piece_of("K2", service=Service.RUECKSCHEIN, duplex=False))
    abroad, registered = simulator.letters
    assert (abroad.fields["zipCode"], abroad.fields["country"]) == ("75002", "FRANKREICH")
    assert registered.fields["registeredLetter"] == "Einschreiben Rückschein"


def test_the_handle_of_another_piece_releases_nothing(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    with pytest.raises(Refused, match="epost-handle"):
        provider.release("K2", Consignment.of(piece_of("K1")))
    assert simulator.letters == []


def test_a_hundred_pieces_from_eight_threads_print_once_each(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    keys = [f"K{number}" for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        references = list(pool.map(lambda key: hand_over(provider, piece_of(key)), keys))
    simulator.advance(hours=4)
    assert sorted(piece.custom1 for piece in simulator.ledger) == sorted(keys)
    assert len(set(references)) == 100


@pytest.mark.parametrize(
    ("fault", "fact", "code", "is_taken"),
    [
        ("drop-before", OutcomeUnknown, "epost-no-answer", False),
        ("drop-after-accept", OutcomeUnknown, "epost-no-answer", True),
        ("cut-answer", OutcomeUnknown, "epost-no-answer", True),
        ("cut-request:500", OutcomeUnknown, "epost-no-answer", False),
        ("5xx-before", OutcomeUnknown, "epost-server-error", False),
        ("5xx-after-accept", OutcomeUnknown, "epost-server-error", True),
        ("nonsense", OutcomeUnknown, "epost-unreadable", True),
        ("slow:5", OutcomeUnknown, "epost-no-answer", True),
        ("429", NotSent, "epost-too-fast", False),
        ("reject:E318", Refused, "epost-e318", False),
        ("reject:E305", Refused, "epost-e305", False),
        ("reject:E320", NotSent, "epost-e320", False),
        ("reject:E319", NotSent, "epost-e319", False),
        ("reject:E399", OutcomeUnknown, "epost-e399", False),
        ("reject:E777", Refused, "epost-e777", False),
    ],
)
def test_each_misbehaviour_becomes_the_fact_it_is(
    simulator: EpostSimulator, fault: str, fact: type[ProviderError], code: str, is_taken: bool
) -> None:
    simulator.plan_fault(LETTER, fault)
    with provider_at(simulator.base_url, read_timeout_s=0.5) as provider:
        with pytest.raises(ProviderError) as stated:
            hand_over(provider, piece_of("K1"))
        assert (type(stated.value), stated.value.code) == (fact, code)
        assert [piece.custom1 for piece in simulator.letters] == ["K1"] * is_taken
        found = provider.find("K1")
    assert (found is not None) is is_taken


def test_a_waiting_time_named_by_the_provider_is_passed_on(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    simulator.plan_fault(LETTER, "429:17")
    with pytest.raises(NotSent) as not_sent:
        hand_over(provider, piece_of("K1"))
    assert not_sent.value.retry_after_s == 17


def test_what_the_print_centre_s_rules_forbid_is_refused(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    with pytest.raises(Refused, match="epost-e302"):
        hand_over(provider, piece_of("K1", pdf=letter_pdf(ink_in_band=True)))
    with pytest.raises(Refused, match="epost-e301"):
        hand_over(provider, piece_of("K2", pdf=b"no PDF"))
    assert simulator.letters == []


# Before anything left: NotSent, proven


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def silent_listener() -> Iterator[int]:
    """Accepts connections into its queue and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_a_refused_connection_sent_nothing() -> None:
    with (
        provider_at(f"http://127.0.0.1:{closed_port()}") as provider,
        pytest.raises(NotSent, match="unreachable"),
    ):
        hand_over(provider, piece_of("K1"))


def test_an_unknown_host_was_sent_nothing() -> None:
    with provider_at("https://print-provider.invalid") as provider, pytest.raises(NotSent, match="unreachable"):
        hand_over(provider, piece_of("K1"))


def test_a_failed_tls_handshake_sent_nothing(simulator: EpostSimulator) -> None:
    address = simulator.base_url.replace("http:", "https:")
    with provider_at(address) as provider, pytest.raises(NotSent, match="unreachable"):
        hand_over(provider, piece_of("K1"))


def test_a_handshake_that_hangs_sent_nothing_although_the_library_calls_it_a_read_timeout() -> None:
    with (
        silent_listener() as port,
        provider_at(f"https://127.0.0.1:{port}", connect_timeout_s=0.3) as provider,
        pytest.raises(NotSent, match="unreachable"),
    ):
        hand_over(provider, piece_of("K1"))


def test_a_login_without_an_answer_sent_no_letter() -> None:
    with (
        silent_listener() as port,
        provider_at(f"http://127.0.0.1:{port}", read_timeout_s=0.3) as provider,
        pytest.raises(NotSent, match="epost-no-answer"),
    ):
        hand_over(provider, piece_of("K1"))


# Servers that break off or talk nonsense, byte by byte


class _Scripted(BaseHTTPRequestHandler):
    """Logs everybody in, and answers everything else with the bytes of its server's script."""

    protocol_version = "HTTP/1.1"
    login: ClassVar[bytes] = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"token":"t"}'
    server: "_ScriptedServer"

    def do_POST(self) -> None:
        if self.path == "/api/Login":
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(self.login)
            return
        self.server.requests.append(self.path)
        if self.server.reads_body:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.wfile.write(self.server.script)
        self.close_connection = True
        if self.server.resets:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    do_GET = do_POST  # noqa: N815 - the name the base class looks for

    def finish(self) -> None:
        if not self.server.resets or self.connection.fileno() >= 0:
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


class _ScriptedServer(ThreadingHTTPServer):
    script = b""
    reads_body = True
    resets = False

    def __init__(self) -> None:
        self.requests: list[str] = []
        super().__init__(("127.0.0.1", 0), _Scripted)

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def scripted(
    script: bytes, *, reads_body: bool = True, resets: bool = False
) -> Iterator[tuple[str, list[str]]]:
    server = _ScriptedServer()
    server.daemon_threads = False
    server.script, server.reads_body, server.resets = script, reads_body, resets
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


BROKEN_ANSWERS = {
    "nothing at all": b"",
    "cut status line": b"HTTP/1.1 20",
    "cut headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut body": b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n[{"fileName":"K1.pdf","letterID":43556780}]',
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n[{",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "broken compression": answer(b"not gzip", headers="Content-Encoding: gzip\r\n"),
    "no JSON": answer(b"OK"),
    "not text": answer(b"\xff\xfe\x00"),
    "endless nesting": answer(b"[" * 200_000),
    "empty list": answer(b"[]"),
    "no list": answer(b'{"fileName":"K1.pdf","letterID":43556780}'),
    "two letters": answer(b'[{"fileName":"K1.pdf","letterID":1},{"fileName":"K1.pdf","letterID":2}]'),
    "another file": answer(b'[{"fileName":"K2.pdf","letterID":43556780}]'),
    "no number": answer(b'[{"fileName":"K1.pdf","letterID":null}]'),
    "true as number": answer(b'[{"fileName":"K1.pdf","letterID":true}]'),
    "negative number": answer(b'[{"fileName":"K1.pdf","letterID":-1}]'),
    "created": answer(b'[{"fileName":"K1.pdf","letterID":43556780}]', "201 Created"),
    "redirect": answer(b"{}", "302 Found", "Location: /api/Letter/elsewhere\r\n"),
    "bad request without a reason": answer(b"{}", "400 Bad Request"),
    "bad request as warning": answer(b'{"level":"Warning","code":"W203"}', "400 Bad Request"),
    "an error object that says OK": answer(b'{"level":"Error","code":"E302"}'),
    "a proxy's not found": answer(b"{}", "404 Not Found"),
    "a proxy's forbidden": answer(b'{"code":"E302"}', "403 Forbidden"),
    "unavailable": answer(b"", "503 Service Unavailable", "Retry-After: 5\r\n"),
}


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_an_answer_that_proves_nothing_leaves_the_outcome_unknown_and_is_not_asked_for_twice(name: str) -> None:
    with scripted(BROKEN_ANSWERS[name]) as (base_url, seen), provider_at(base_url) as provider:
        with pytest.raises(OutcomeUnknown):
            hand_over(provider, piece_of("K1"))
        assert seen == ["/api/Letter"]


@pytest.mark.parametrize("name", [name for name in BROKEN_ANSWERS if name != "empty list"])
def test_an_answer_that_proves_nothing_never_means_that_the_provider_holds_nothing(name: str) -> None:
    with scripted(BROKEN_ANSWERS[name]) as (base_url, seen), provider_at(base_url) as provider:
        if name in {"two letters", "another file", "no number", "true as number", "negative number"}:
            # lists of entries, but none of them carries our key
            assert provider.find("K1") is None
        else:
            with pytest.raises(OutcomeUnknown):
                provider.find("K1")
        assert seen == ["/api/Letter/Custom1?custom1=K1"]


def test_an_entry_of_ours_without_a_number_is_not_taken_for_none() -> None:
    body = b'[{"custom1":"K1","statusID":2}]'
    with (
        scripted(answer(body)) as (base_url, _),
        provider_at(base_url) as provider,
        pytest.raises(OutcomeUnknown, match="epost-unreadable"),
    ):
        provider.find("K1")


@pytest.mark.parametrize("reads_body", [True, False])
def test_a_reset_after_the_request_began_to_leave_is_unknown(reads_body: bool) -> None:
    big = letter_pdf() + b"%" * 8_000_000
    with scripted(b"HTTP/1.1 2", reads_body=reads_body, resets=True) as (base_url, seen):
        with provider_at(base_url) as provider, pytest.raises(OutcomeUnknown, match="epost-no-answer"):
            hand_over(provider, piece_of("K1", pdf=big))
        assert seen == ["/api/Letter"]


# Duplicates and lookups


def test_our_own_file_name_at_the_provider_means_done_before(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    reference = hand_over(provider, piece_of("K1"))
    with pytest.raises(AlreadyReleased) as done:
        hand_over(provider, piece_of("K1"))
    assert (done.value.provider_reference, done.value.code) == (reference, "epost-e309")
    assert len(simulator.letters) == 1


def test_a_known_file_name_that_the_lookup_does_not_show_yet_stays_unknown(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    hand_over(provider, piece_of("K1"))
    simulator.options.lookup_lag_s = 600
    assert provider.find("K1") is None
    with pytest.raises(OutcomeUnknown, match="epost-e309"):
        hand_over(provider, piece_of("K1"))
    simulator.advance(minutes=11)
    with pytest.raises(AlreadyReleased):
        hand_over(provider, piece_of("K1"))


def test_the_same_bytes_under_another_key_are_refused_within_the_hour_and_taken_after(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    pdf = letter_pdf()
    hand_over(provider, piece_of("K1", pdf=pdf))
    with pytest.raises(Refused, match="epost-e324"):
        hand_over(provider, piece_of("K2", pdf=pdf))
    simulator.advance(minutes=61)
    hand_over(provider, piece_of("K2", pdf=pdf))
    assert [piece.custom1 for piece in simulator.letters] == ["K1", "K2"]


def test_the_same_bytes_refused_while_the_lookup_fails_stay_unknown(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    pdf = letter_pdf()
    hand_over(provider, piece_of("K1", pdf=pdf))
    simulator.plan_fault("GET /api/Letter", "5xx-before")
    with pytest.raises(OutcomeUnknown, match="epost-e324"):
        hand_over(provider, piece_of("K2", pdf=pdf))


def direct(simulator: EpostSimulator, piece: PrintPiece, file_name: str) -> None:
    """A second letter under the same key, as only a fault in a client could make it."""
    token = requests.post(f"{simulator.base_url}/api/Login", json=CREDENTIALS, timeout=60).json()["token"]
    data = base64.b64encode(piece.pdf).decode()
    taken = requests.post(
        f"{simulator.base_url}/api/Letter",
        json=[simulator.letters[0].fields | {"fileName": file_name, "data": data}],
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert taken.status_code == 200


def test_two_letters_under_one_key_are_counted(simulator: EpostSimulator, provider: EpostProvider) -> None:
    reference = hand_over(provider, piece_of("K1"))
    direct(simulator, piece_of("other bytes"), "second.pdf")
    assert provider.find("K1") == Found(reference, 2)


def test_a_piece_that_was_taken_and_failed_is_found_once(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    simulator.plan_fault(LETTER, "fail-later:E302")
    reference = hand_over(provider, piece_of("K1"))
    simulator.advance(hours=1)
    assert provider.find("K1") == Found(reference, 1)
    [report] = provider.poll([reference])
    assert (report.status, report.provider_status) == (Status.FAILED, "99 E302")


def test_another_s_letter_with_a_longer_key_is_not_ours(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    hand_over(provider, piece_of("K10"))
    assert provider.find("K1") is None
    body = b'[{"custom1":"K10","letterID":5,"statusID":2}]'
    with scripted(answer(body)) as (base_url, _), provider_at(base_url) as lax:
        assert lax.find("K1") is None


def test_a_late_duplicate_never_makes_a_printing_piece_look_failed(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    """The answer was lost, the lookup lagged, the second attempt was taken and failed later as a duplicate."""
    simulator.options.late_codes = frozenset({"E324"})
    piece = piece_of("K1")
    first = hand_over(provider, piece)
    direct(simulator, piece, "second.pdf")
    second = str(simulator.letters[-1].letter_id)
    simulator.advance(days=3)
    reports = list(provider.poll([second]))
    assert [(report.provider_reference, report.status) for report in reports] == [
        (second, Status.UNKNOWN),
        (first, Status.HANDED_TO_POST),
        (first, Status.HANDED_TO_POST),  # the same, with its frankierID
    ]
    assert {report.key for report in reports} == {"K1"}
    assert provider.find("K1") == Found(first, 1)
    assert len(simulator.ledger) == 1


# Statuses


def test_a_letter_is_followed_from_acceptance_to_posting(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    reference = hand_over(provider, piece_of("K1"))
    seen = []
    for hours in (0, 1, 3, 72):
        simulator.advance(hours=hours)
        said, *more = provider.poll([reference])
        seen.append((said.status, said.posted_on))
    [franking] = more  # which the carrier gives when the letter is posted
    assert (franking.status, franking.posted_on) == (Status.HANDED_TO_POST, None)
    assert franking.provider_status == f"frankierID {franking.raw['frankierID']}"
    assert seen == [
        (Status.ACCEPTED, None),
        (Status.ACCEPTED, None),
        (Status.IN_PRODUCTION, None),
        (Status.HANDED_TO_POST, date(2026, 11, 24)),
    ]


def test_registered_mail_is_followed_to_its_delivery(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    reference = hand_over(provider, piece_of("K1", service=Service.EINWURF, duplex=False))
    simulator.advance(days=7)
    production, franking, tracking = provider.poll([reference])
    assert franking.provider_status.startswith("frankierID ")
    assert (production.status, production.posted_on) == (Status.HANDED_TO_POST, date(2026, 11, 24))
    assert (tracking.status, tracking.provider_status) == (Status.DELIVERED, "DELIVERED")
    assert tracking.raw["registeredLetterID"] == f"RG{int(reference):09d}DE"


def test_asking_for_letters_nobody_knows_gives_no_statement(provider: EpostProvider) -> None:
    assert list(provider.poll(["1", "2"])) == []
    assert list(provider.poll([])) == []


def test_many_letters_are_asked_for_in_few_requests(
    simulator: EpostSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.providers.epost.STATUS_CHUNK", 2)
    pauses: list[float] = []
    with provider_at(
        simulator.base_url, sleep=pauses.append, monotonic=lambda: 0.0, min_poll_interval=timedelta(seconds=5)
    ) as provider:
        references = [hand_over(provider, piece_of(f"K{number}")) for number in range(5)]
        assert [report.key for report in provider.poll(references)] == [f"K{number}" for number in range(5)]
    assert pauses == [5.0, 5.0]


def test_two_askers_in_a_hurry_never_come_too_fast_for_the_provider() -> None:
    with (
        EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0.1) as simulator,
        provider_at(simulator.base_url, min_poll_interval=timedelta(seconds=0.1)) as provider,
        ThreadPoolExecutor(4) as pool,
    ):
        reference = hand_over(provider, piece_of("K1"))
        asked: list[Callable[[], object]] = [
            lambda: provider.find("K1"),
            lambda: list(provider.poll([reference])),
        ]
        answers = [job.result() for job in [pool.submit(ask) for ask in asked * 3]]
    assert all(answers)


def test_too_fast_by_another_client_s_doing_is_stated_and_tells_nothing() -> None:
    with (
        EpostSimulator(speed=0, start=MONDAY, poll_interval_s=60) as simulator,
        provider_at(simulator.base_url) as provider,
    ):
        hand_over(provider, piece_of("K1"))
        assert provider.find("K1") is not None
        with pytest.raises(NotSent, match="epost-too-fast"):
            provider.find("K1")


def test_taking_back_is_not_offered_and_says_so(provider: EpostProvider) -> None:
    assert not provider.capabilities.can_cancel
    with pytest.raises(Refused, match="epost-cancel-not-offered"):
        provider.cancel("43556780")


def test_the_capabilities_are_true(provider: EpostProvider) -> None:
    assert provider.capabilities.guard is DuplicateGuard.LOOKUP
    assert provider.capabilities.settle_time == timedelta(minutes=15)
    assert Service.PZU not in provider.capabilities.services
    with pytest.raises(Refused):
        provider.stage(Consignment.of(piece_of("K1", service=Service.PZU)))


# Logging in


def test_an_expired_token_costs_one_more_login_and_prints_once(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    hand_over(provider, piece_of("K1"))
    simulator.advance(days=2)
    hand_over(provider, piece_of("K2"))
    simulator.advance(hours=4)
    assert [piece.custom1 for piece in simulator.ledger] == ["K1", "K2"]


def test_a_refusal_at_the_door_for_another_reason_is_not_repeated() -> None:
    blocked = answer(b'{"level":"Error","code":"E004"}', "401 Unauthorized")
    with scripted(blocked) as (base_url, seen), provider_at(base_url) as provider:
        with pytest.raises(NotSent, match="epost-e004"):
            hand_over(provider, piece_of("K1"))
        assert seen == ["/api/Letter"]


def test_a_token_that_is_never_accepted_ends_after_one_repetition(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    simulator.plan_fault(LETTER, "expired-token", times=2)
    with pytest.raises(NotSent, match="epost-e101"):
        hand_over(provider, piece_of("K1"))
    assert simulator.letters == []
    hand_over(provider, piece_of("K1"))


def test_refused_credentials_are_not_tried_again_for_every_letter(simulator: EpostSimulator) -> None:
    now_s = [0.0]
    with provider_at(simulator.base_url, password="wrong-password", monotonic=lambda: now_s[0]) as provider:
        for waiting_s in (900.0, 840.0):
            with pytest.raises(NotSent, match="epost-e001") as not_sent:
                hand_over(provider, piece_of("K1"))
            assert not_sent.value.retry_after_s == waiting_s
            now_s[0] += 60
        simulator.plan_fault("POST /api/Login", "reject:E004")
        with pytest.raises(NotSent, match="epost-e001"):  # the pause holds: nobody asked
            hand_over(provider, piece_of("K1"))
        now_s[0] = 901
        with pytest.raises(NotSent, match="epost-e004"):
            hand_over(provider, piece_of("K1"))


@pytest.mark.parametrize("fault", ["drop-before", "5xx-before", "nonsense", "429", "cut-answer"])
def test_whatever_goes_wrong_with_the_login_no_letter_was_sent(
    simulator: EpostSimulator, provider: EpostProvider, fault: str
) -> None:
    simulator.plan_fault("POST /api/Login", fault)
    with pytest.raises(NotSent):
        hand_over(provider, piece_of("K1"))
    assert hand_over(provider, piece_of("K1"))


def test_the_check_tells_a_working_account_from_a_wrong_one_without_side_effects(
    simulator: EpostSimulator, provider: EpostProvider
) -> None:
    assert [finding.code for finding in provider.check()] == ["epost-in-service", "epost-login-ok"]
    with provider_at(simulator.base_url, password="wrong-password") as wrong:
        findings = {finding.code: finding.severity for finding in wrong.check()}
    assert findings == {"epost-in-service": Severity.INFO, "epost-e001": Severity.ERROR}
    with provider_at(f"http://127.0.0.1:{closed_port()}") as absent:
        assert {finding.code for finding in absent.check()} == {"epost-unreachable"}
    assert simulator.letters == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"level":"Warning","code":"W501"}', "epost-maintenance"),
        (b'{"level":"Error","code":"E501"}', "epost-inactive"),
        (b'{"code":["I501"]}', "epost-health-unknown"),
        (b"[]", "epost-health-unknown"),
    ],
)
def test_the_service_s_own_word_on_its_health_becomes_a_finding(body: bytes, code: str) -> None:
    with scripted(answer(body)) as (base_url, _), provider_at(base_url) as provider:
        assert provider.check()[0].code == code


# Test mode, addresses, secrets


def test_test_mode_prints_nothing_and_says_so(simulator: EpostSimulator) -> None:
    with provider_at(simulator.base_url, test_mode=True, test_email="post@example.org") as provider:
        reference = hand_over(provider, piece_of("K1"))
        simulator.advance(days=5)
        [report] = provider.poll([reference])
        assert "epost-test-mode" in {finding.code for finding in provider.check()}
    assert report.status is Status.ACCEPTED
    assert simulator.ledger == []
    assert simulator.letters[0].fields["testEMail"] == "post@example.org"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"test_mode": True}, "epost-test-email-missing"),
        ({"test_mode": True, "test_email": "nobody"}, "epost-test-email-missing"),
        ({"base_url": "http://api.example.org"}, "epost-plain-http"),
        ({"base_url": "https://user:word@api.example.org"}, "epost-base-url"),
        ({"base_url": "ftp://api.example.org"}, "epost-base-url"),
        ({"secret": ""}, "epost-credentials-missing"),
    ],
)
def test_an_account_that_must_not_go_on_does_not_come_into_being(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        replace(SETTINGS, **changes)
    assert refused.value.code == code


def everything_said_by(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += repr(error) + str(error) + repr(vars(error)) + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return said


@pytest.mark.parametrize(
    "fault", ["drop-after-accept", "cut-request:500", "5xx-before", "nonsense", "reject:E313", "429", "slow:5"]
)
def test_no_exception_and_no_log_carries_a_secret_or_an_address(
    simulator: EpostSimulator, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    simulator.plan_fault(LETTER, fault)
    with provider_at(simulator.base_url, read_timeout_s=0.4) as provider:
        with pytest.raises(GatewayError) as stated:
            hand_over(provider, piece_of("K1"))
        said = everything_said_by(stated.value) + repr(provider) + repr(SETTINGS) + caplog.text
    for word in (CREDENTIALS["secret"], CREDENTIALS["password"], "Erika", "Musterweg"):
        assert word not in said


def test_the_environment_s_proxy_is_not_used_for_social_data(
    simulator: EpostSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    with provider_at(simulator.base_url) as provider:
        assert hand_over(provider, piece_of("K1"))


def test_the_adapter_keeps_the_protocol(provider: EpostProvider) -> None:
    kept: Provider = provider
    assert kept.name == "epost"
