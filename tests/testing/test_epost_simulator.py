"""The simulator by itself: it behaves as the provider's description says, seen over plain HTTP."""

import ast
import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from reportlab.lib.pagesizes import A4, A5

import gateway.testing.epost as package
from gateway.testing.epost import CREDENTIALS, EpostSimulator, read_ledger
from gateway.testing.epost.clock import plan_for, wire_time
from gateway.testing.epost.samples import landscape_pdf, letter_pdf
from gateway.testing.house.clock import BERLIN, afternoon_after
from gateway.testing.house.faults import fault_from

MONDAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
slow = pytest.mark.slow


class Client:
    """Plain HTTP, without any code of the adapter."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False

    def login(self) -> None:
        token = self.post("/api/Login", CREDENTIALS).json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: object) -> requests.Response:
        return self.http.post(self.base_url + path, json=body, timeout=10)

    def get(self, path: str, **query: str) -> requests.Response:
        return self.http.get(self.base_url + path, params=query, timeout=10)

    def hand_over(self, *letters: dict[str, Any]) -> requests.Response:
        return self.post("/api/Letter", list(letters))


@pytest.fixture
def simulator() -> Iterator[EpostSimulator]:
    with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0) as running:
        yield running


@pytest.fixture
def client(simulator: EpostSimulator) -> Iterator[Client]:
    made = Client(simulator.base_url)
    made.login()
    with made.http:
        yield made


def letter_of(key: str, pdf: bytes | None = None, **changes: Any) -> dict[str, Any]:
    letter = {
        "fileName": f"{key}.pdf",
        "data": base64.b64encode(pdf or letter_pdf(text=key)).decode(),
        "isDuplex": True,
        "addressLine1": "Erika Beispiel",
        "addressLine2": "Musterweg 1",
        "zipCode": "46325",
        "city": "Borken",
        "senderAdressLineComplete": "Jobcenter Beispielstadt, Am Markt 1, 46325 Borken",
        "custom1": key,
        "activateDuplicateFailsafe": True,
    } | changes
    return {name: value for name, value in letter.items() if value is not None}


REJECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "duplex and registered": ("E312", {"registeredLetter": "Einschreiben"}),
    "an unknown kind of registered mail": ("E317", {"registeredLetter": "Eigenhändig", "isDuplex": False}),
    "registered abroad": (
        "E311",
        {"registeredLetter": "Einschreiben", "isDuplex": False, "country": "FRANKREICH"},
    ),
    "no sender": ("E333", {"senderAdressLineComplete": None}),
    "an unknown field": ("E313", {"senderAddress": "Am Markt 1"}),
    "a missing field": ("E313", {"city": None}),
    "a name that is too long": ("E313", {"addressLine1": "x" * 81}),
    "a cost centre with a hyphen": ("E313", {"costCenter": "JC-01"}),
    "special characters in the file name": ("E313", {"fileName": "brief/ä:1.pdf"}),
    "data that is no base64": ("E313", {"data": "%%%"}),
    "a domestic postcode of four digits": ("E306", {"zipCode": "4632"}),
    "an unknown country": ("E305", {"country": "ATLANTIS"}),
    "a country not in capitals": ("E305", {"country": "Frankreich"}),
    "the home country as country": ("E203", {"country": "DEUTSCHLAND"}),
    "another place than in the window": ("E203", {"city": "Bocholt"}),
    "a plug-in that was not ordered": ("E601", {"plugInList": [{"plugInName": "Automover"}]}),
}
REJECTED_PAPER = {
    "no PDF": ("E301", b"Brief"),
    "ink in the restricted band": ("E302", letter_pdf(ink_in_band=True)),
    "more than 20 MB": ("E303", letter_pdf() + b"%" * 20_000_000),
    "more than 94 sheets": ("E304", letter_pdf(pages=189)),
    "a first page across": ("E307", landscape_pdf()),
    "another size than A4": ("E308", letter_pdf(size=A5)),
    "an empty recipient area": ("E323", letter_pdf(address=())),
}


@slow
@pytest.mark.parametrize("name", REJECTED)
def test_a_letter_against_the_rules_is_declined_and_not_taken(
    simulator: EpostSimulator, client: Client, name: str
) -> None:
    code, changes = REJECTED[name]
    declined = client.hand_over(letter_of("K1", **changes))
    assert (declined.status_code, declined.json()["code"]) == (400, code)
    assert declined.json().keys() == {"level", "code", "description", "date"}
    assert simulator.letters == []


@slow
@pytest.mark.parametrize("name", REJECTED_PAPER)
def test_paper_against_the_rules_is_declined_and_not_taken(
    simulator: EpostSimulator, client: Client, name: str
) -> None:
    code, pdf = REJECTED_PAPER[name]
    declined = client.hand_over(letter_of("K1", pdf))
    assert (declined.status_code, declined.json()["code"]) == (400, code)
    assert simulator.letters == []


@slow
def test_188_pages_in_duplex_and_a_size_off_by_a_millimetre_pass(client: Client) -> None:
    assert client.hand_over(letter_of("K1", letter_pdf(pages=188))).status_code == 200
    assert client.hand_over(letter_of("K2", letter_pdf(size=(A4[0] + 2, A4[1] - 2)))).status_code == 200


@slow
def test_a_letter_that_passes_is_answered_with_name_and_number(
    simulator: EpostSimulator, client: Client
) -> None:
    pdf = letter_pdf()
    taken = client.hand_over(letter_of("K1", pdf))
    [letter] = simulator.letters
    assert taken.json() == [{"fileName": "K1.pdf", "letterID": letter.letter_id}]
    assert letter.letter_id < 2**31
    assert letter.sha256 == hashlib.sha256(pdf).hexdigest()
    assert simulator.pdf(letter.letter_id) == pdf


@slow
def test_an_array_is_taken_whole_or_not_at_all(simulator: EpostSimulator, client: Client) -> None:
    assert client.hand_over(letter_of("K1"), letter_of("K2", city="Bocholt")).status_code == 400
    assert simulator.letters == []
    assert len(client.hand_over(letter_of("K1"), letter_of("K2")).json()) == 2
    again = client.hand_over(letter_of("K3"), letter_of("K1"))
    assert again.json()["code"] == "E309"
    assert [letter.custom1 for letter in simulator.letters] == ["K1", "K2"]


@slow
def test_identical_bytes_within_the_hour_are_a_duplicate_only_if_both_are_flagged(
    simulator: EpostSimulator, client: Client
) -> None:
    pdf = letter_pdf()
    first = client.hand_over(letter_of("K1", pdf)).json()[0]["letterID"]
    declined = client.hand_over(letter_of("K2", pdf)).json()
    assert declined["code"] == "E324"
    assert str(first) in declined["description"]
    assert client.hand_over(letter_of("K3", pdf, activateDuplicateFailsafe=False)).status_code == 200
    simulator.advance(minutes=61)
    assert client.hand_over(letter_of("K4", pdf)).status_code == 200


@slow
def test_a_rule_can_be_answered_later_with_99(simulator: EpostSimulator, client: Client) -> None:
    assert client.post("/_simulator/options", {"late_codes": ["E324", "E302"]}).status_code == 200
    pdf = letter_pdf()
    first = client.hand_over(letter_of("K1", pdf)).json()[0]["letterID"]
    client.hand_over(letter_of("K2", pdf), letter_of("K3", letter_pdf(ink_in_band=True)))
    assert [letter.status for letter in simulator.letters] == [1, 1, 1]
    simulator.advance(days=3)
    assert [(letter.status, letter.failure) for letter in simulator.letters] == [
        (4, ""),
        (99, "E324"),
        (99, "E302"),
    ]
    client.login()
    [error] = client.get("/api/Letter/Custom1", custom1="K2").json()[0]["errorList"]
    assert error["description"].endswith(f"via LetterID {{{first}}}")
    assert [piece.custom1 for piece in simulator.ledger] == ["K1"]


@slow
def test_without_a_valid_token_nothing_is_taken(simulator: EpostSimulator, client: Client) -> None:
    assert client.post("/api/Login", CREDENTIALS | {"password": "x"}).json()["code"] == "E001"
    good = client.http.headers["Authorization"]
    for header in ("", "Bearer ", "Bearer a.b.c", str(good)[:-2], str(good).replace("Bearer", "Basic")):
        client.http.headers["Authorization"] = header
        declined = client.hand_over(letter_of("K1"))
        assert (declined.status_code, declined.json()["code"]) == (401, "E101")
    client.http.headers["Authorization"] = good
    simulator.advance(hours=25)
    assert client.hand_over(letter_of("K1")).status_code == 401
    assert simulator.letters == []


@slow
def test_status_queries_closer_together_than_allowed_are_turned_away() -> None:
    with EpostSimulator(speed=0, poll_interval_s=0.3) as simulator:
        client = Client(simulator.base_url)
        with client.http:
            client.login()
            client.hand_over(letter_of("K1"))
            assert client.get("/api/Letter/Open").status_code == 200
            hurried = client.get("/api/Letter/Custom1", custom1="K1")
            assert (hurried.status_code, hurried.json()["code"]) == (429, "E322")
            time.sleep(0.3)
            assert client.get("/api/Letter/Custom1", custom1="K1").status_code == 200


@slow
def test_every_query_finds_the_letter_and_unknown_ones_are_e201(
    simulator: EpostSimulator, client: Client
) -> None:
    number = client.hand_over(letter_of("K1", batchID=7)).json()[0]["letterID"]
    assert client.get(f"/api/Letter/{number}").json()["letterID"] == number
    day = "2026-11-23"
    for found in (
        client.get("/api/Letter/Custom1", custom1="K1"),
        client.get("/api/Letter/Batch", batchId="7"),
        client.get("/api/Letter/Date", fromDate=day, tillDate=day),
        client.get("/api/Letter/Open"),
        client.post("/api/Letter/StatusQuery", [number, 5]),
    ):
        assert [entry["letterID"] for entry in found.json()] == [number]
    for missing in (
        client.get("/api/Letter/5"),
        client.get("/api/Letter/Custom1", custom1="K"),
        client.get("/api/Letter/Batch", batchId="7", onlyIssues="true"),
        client.post("/api/Letter/StatusQuery", [5]),
    ):
        assert (missing.status_code, missing.json()["code"]) == (404, "E201")
    queued = client.post("/api/Letter/CancelQueued", [number]).json()
    assert queued == [
        {
            "letterID": number,
            "successful": False,
            "message": "Die Sendung befindet sich nicht in der Warteschlange.",
        }
    ]


@slow
def test_a_letter_goes_through_its_stages_and_timestamps_have_no_zone(
    simulator: EpostSimulator, client: Client
) -> None:
    client.hand_over(letter_of("K1"))
    stages = []
    for hours in (0, 0.2, 4, 48):
        simulator.advance(hours=hours)
        client.login()
        [entry] = client.get("/api/Letter/Custom1", custom1="K1").json()
        stages.append((entry["statusID"], entry["printUploadDate"], entry["printFeedbackDate"]))
    assert stages == [
        (1, None, None),
        (2, None, None),
        (3, "2026-11-23T22:05:00", None),
        (4, "2026-11-23T22:05:00", "2026-11-24T16:00:00"),
    ]


@slow
def test_rejection_by_the_print_centre_still_follows_status_3(
    simulator: EpostSimulator, client: Client
) -> None:
    simulator.plan_fault("POST /api/Letter", "fail-later:E318")
    client.hand_over(letter_of("K1"))
    simulator.advance(hours=4)
    assert [letter.status for letter in simulator.letters] == [3]
    simulator.advance(days=3)
    assert [letter.status for letter in simulator.letters] == [99]
    assert simulator.ledger == []


@slow
def test_test_letters_end_at_2_and_never_print(simulator: EpostSimulator, client: Client) -> None:
    client.hand_over(letter_of("K1", testFlag=True, testEMail="post@example.org"))
    simulator.advance(days=9)
    assert [letter.status for letter in simulator.letters] == [2]
    assert simulator.ledger == []


@slow
def test_the_provider_publishes_its_countries_and_its_health(client: Client) -> None:
    countries = client.get("/countries.json").json()
    assert {"CountryCode": "NL", "Country": "NIEDERLANDE"} in countries
    assert all(entry["Country"] == entry["Country"].upper() for entry in countries)
    assert client.get("/api/Login/HealthCheck").json()["code"] == "I501"


@slow
def test_the_controls_work_from_another_process_over_http(simulator: EpostSimulator, client: Client) -> None:
    faults = [{"on": "POST /api/Letter", "kind": "drop-after-accept", "skip": 1}]
    assert client.post("/_simulator/faults", {"faults": faults}).json() == {"faults": 1}
    assert client.hand_over(letter_of("K1")).status_code == 200
    with pytest.raises(requests.ConnectionError):
        client.hand_over(letter_of("K2"))
    assert client.hand_over(letter_of("K3")).status_code == 200
    moved = client.post("/_simulator/advance", {"to": "2026-11-27T09:00:00"}).json()["now"]
    assert datetime.fromisoformat(moved) == datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    assert client.post("/_simulator/advance", {"days": 1}).json()["now"].startswith("2026-11-28")
    shown = client.get("/_simulator/ledger").json()
    assert [piece["custom1"] for piece in shown["printed"]] == ["K1", "K2", "K3"]
    assert shown["printed"][0]["address_lines"] == ["Erika Beispiel", "Musterweg 1", "46325 Borken"]


@slow
def test_a_misspelt_fault_or_moment_is_an_error_not_a_silent_nothing(client: Client) -> None:
    for path, body in (
        ("/_simulator/faults", {"faults": [{"on": "*", "kind": "drop-affter-accept"}]}),
        ("/_simulator/faults", {"faults": [{"on": "*", "kind": "429", "time": 2}]}),
        ("/_simulator/faults", {}),
        ("/_simulator/advance", {"to": "morgen"}),
    ):
        assert client.post(path, body).status_code == 400


@slow
def test_the_page_shows_what_was_printed_through_the_window_of_an_envelope(
    simulator: EpostSimulator, client: Client
) -> None:
    assert "Noch keine Sendung" in client.get("/_simulator/").text
    number = client.hand_over(letter_of("K<1>", fileName="K1.pdf")).json()[0]["letterID"]
    page = client.get("/_simulator/").text
    assert 'class="window"' in page
    assert "K&lt;1&gt;" in page
    picture = client.get(f"/_simulator/letters/{number}/page.png")
    with Image.open(io.BytesIO(picture.content)) as image:
        assert abs(image.height / image.width - 297 / 210) < 0.01
    assert client.get(f"/_simulator/letters/{number}/pdf").content == simulator.pdf(number)
    assert client.get("/_simulator/letters/1/pdf").status_code == 404


@slow
def test_ledger_clock_and_tokens_survive_a_restart(tmp_path: Path) -> None:
    with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0, folder=tmp_path) as first:
        client = Client(first.base_url)
        with client.http:
            client.login()
            client.hand_over(letter_of("K1"))
            first.advance(days=3)
            token = client.http.headers["Authorization"]
    assert [piece.custom1 for piece in read_ledger(tmp_path)] == ["K1"]
    with EpostSimulator(speed=0, poll_interval_s=0, folder=tmp_path) as second:
        assert second.now() == MONDAY + timedelta(days=3)
        client = Client(second.base_url)
        with client.http:
            client.login()
            assert client.http.headers["Authorization"] != token
            assert client.hand_over(letter_of("K1")).json()["code"] == "E309"
            assert client.get("/api/Letter/Custom1", custom1="K1").json()[0]["statusID"] == 4


@slow
def test_a_letter_that_was_answered_survives_the_death_of_the_simulator(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from gateway.testing.epost import EpostSimulator\n"
        "with EpostSimulator(speed=0, folder=Path(sys.argv[1])) as s: print(s.base_url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        client = Client(child.stdout.readline().strip())
        with client.http:
            client.login()
            assert client.hand_over(letter_of("K1")).status_code == 200
        os.kill(child.pid, signal.SIGKILL)
    assert read_ledger(tmp_path) == []
    assert [piece.custom1 for piece in read_ledger(tmp_path, also_after=timedelta(hours=4))] == ["K1"]


@slow
def test_time_runs_as_fast_as_it_is_told() -> None:
    with EpostSimulator(speed=36_000, start=MONDAY) as simulator:
        assert simulator.options.poll_interval_s == pytest.approx(5 / 36_000)
        time.sleep(0.2)
        assert simulator.now() >= MONDAY + timedelta(hours=2)


@slow
def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(simulator: EpostSimulator) -> None:
    port = int(simulator.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        EpostSimulator(port=port)


# Without a server


def test_the_print_centre_works_monday_to_friday() -> None:
    friday_night = datetime(2026, 11, 27, 22, 0, tzinfo=BERLIN)
    assert afternoon_after(friday_night, working_days=1) == datetime(2026, 11, 30, 16, 0, tzinfo=BERLIN)
    assert afternoon_after(friday_night, working_days=2) == datetime(2026, 12, 1, 16, 0, tzinfo=BERLIN)


def test_posting_follows_the_print_centre_by_one_or_two_working_days() -> None:
    posted = {plan_for(MONDAY, number).posted_at.date().isoformat() for number in range(10)}
    assert posted == {"2026-11-24", "2026-11-25"}


def test_a_wire_timestamp_has_a_fraction_only_if_there_is_one() -> None:
    assert wire_time(datetime(2026, 7, 1, 10, 0, 0, 123456, tzinfo=UTC)) == "2026-07-01T12:00:00.123"
    assert wire_time(datetime(2026, 12, 1, 10, 0, tzinfo=UTC)) == "2026-12-01T11:00:00"


@pytest.mark.parametrize("kind", ["drop", "slow", "slow:x", "reject", "fail-later:W202", "429:soon"])
def test_a_kind_of_fault_that_does_not_exist_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        fault_from({"on": "*", "kind": kind})


SIMULATORS = ("epost", "pingen", "print_centre", "house")
"""The simulators, and what they have in common with one another."""


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_a_simulator_shares_no_code_with_the_gateway_it_is_to_test(simulator: str) -> None:
    folder = Path(str(package.__file__)).parent.parent / simulator
    files = list(folder.glob("*.py"))
    assert len(files) > 3
    # pdfium has one lock a process, whoever draws with it; it knows nothing of letters.
    allowed = (*(f"gateway.testing.{each}" for each in SIMULATORS), "gateway.pdfium")
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] == "gateway"]
            assert all(name.startswith(allowed) for name in ours), file.name
