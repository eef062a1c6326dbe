"""The adapter for Pingen against its simulator: what the contract cannot know of this interface."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.domain.findings import has_error
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status, fold
from gateway.errors import AlreadyReleased, ConfigError, InputError, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment, Found, Trial
from gateway.providers.pingen import PingenProvider, PingenSettings
from gateway.providers.pingen_events import Cursor, Place, events_since
from gateway.providers.pingen_registered import meta_data
from gateway.providers.profiles import load_profile
from gateway.testing.epost.samples import landscape_pdf, letter_pdf
from gateway.testing.pingen import CREDENTIALS, PingenSimulator
from tests.contracts.test_pingen_contract import KEYS, LETTERS, PingenBench

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = PingenSettings("https://api.example.org", "https://identity.example.org", "org", "id", "secret")


@pytest.fixture
def simulator() -> Iterator[PingenSimulator]:
    with PingenSimulator(speed=0, start=MONDAY) as running:
        yield running


@pytest.fixture
def bench(simulator: PingenSimulator, tmp_path: Path) -> Iterator[PingenBench]:
    made = PingenBench(simulator, tmp_path)
    yield made
    made.close()


def hand_over(bench: PingenBench, key: str = "K1", **changes: Any) -> str:
    consignment = bench.consignment(key, **changes)
    return bench.provider.release(bench.provider.stage(consignment), consignment)


# Token and upload


def test_one_token_serves_many_requests_and_is_renewed_when_it_ran_out(bench: PingenBench) -> None:
    bench.simulator.plan_fault("POST /auth", "5xx-before", times=9, skip=2)
    for number in range(3):
        hand_over(bench, f"K{number}")
    bench.simulator.advance(days=1)
    hand_over(bench, "K9")
    bench.simulator.advance(days=1)
    with pytest.raises(NotSent):
        hand_over(bench, "K10")
    assert len(bench.simulator.letters) == 4


def test_a_token_that_is_never_accepted_ends_after_one_repetition(bench: PingenBench) -> None:
    consignment = bench.consignment("K1")
    handle = bench.provider.stage(consignment)
    bench.simulator.plan_fault(f"PATCH {LETTERS}", "expired-token", times=2)
    with pytest.raises(NotSent, match="pingen-unauthorised"):
        bench.provider.release(handle, consignment)
    assert bench.provider.release(handle, consignment)


def test_refused_credentials_are_not_tried_again_for_every_letter(
    simulator: PingenSimulator, tmp_path: Path
) -> None:
    wrong = PingenBench(simulator, tmp_path, client_secret="wrong-secret")
    for _ in range(2):
        with pytest.raises(NotSent, match="pingen-login-refused") as stated:
            hand_over(wrong)
        assert stated.value.retry_after_s
    assert has_error(wrong.provider.check())
    wrong.close()


def test_the_upload_carries_no_token_and_one_that_fails_makes_no_draft(bench: PingenBench) -> None:
    hand_over(bench)
    bench.simulator.plan_fault("PUT /", "5xx-after-accept")
    with pytest.raises(NotSent):
        hand_over(bench, "K2")
    assert [letter.name for letter in bench.simulator.letters] == ["K1.pdf"]


def test_a_place_to_upload_that_anybody_could_read_along_is_not_used(bench: PingenBench) -> None:
    assert isinstance(bench.provider, PingenProvider)
    with pytest.raises(NotSent, match="pingen-upload-address"):
        bench.provider._account.upload("http://files.example.org/x", b"%PDF")


# Drafts


def test_a_draft_with_a_flaw_is_refused_and_never_sent_off(bench: PingenBench) -> None:
    pdf = landscape_pdf()
    with pytest.raises(Refused, match="pingen-invalid") as refused:
        bench.provider.stage(bench.consignment("K1", pdf=pdf))
    assert "nichts gedruckt" in refused.value.message
    assert bench.printed_in_the_end() == []


def test_a_draft_that_is_still_being_checked_waits_and_is_found_again(
    simulator: PingenSimulator, tmp_path: Path
) -> None:
    simulator.options.validation_s = 60
    slow = PingenBench(simulator, tmp_path, validation_wait=timedelta(0))
    consignment = slow.consignment("K1")
    with pytest.raises(NotSent, match="pingen-validating"):
        slow.provider.stage(consignment)
    simulator.advance(minutes=2)
    slow.provider.release(slow.provider.stage(consignment), consignment)
    assert len(simulator.letters) == 1
    slow.close()


def test_a_second_release_after_the_key_was_forgotten_is_recognised_by_the_letter(bench: PingenBench) -> None:
    consignment = bench.consignment("K1")
    handle = bench.provider.stage(consignment)
    bench.provider.release(handle, consignment)
    bench.simulator.advance(days=3)
    with pytest.raises(AlreadyReleased) as done:
        bench.provider.release(handle, consignment)
    assert done.value.provider_reference == handle
    assert len(bench.simulator.ledger) == 1


@pytest.mark.parametrize(("status", "fact"), [(409, OutcomeUnknown), (424, OutcomeUnknown), (403, Refused)])
def test_what_a_declined_release_means(bench: PingenBench, status: int, fact: type[Exception]) -> None:
    consignment = bench.consignment("K1")
    handle = bench.provider.stage(consignment)
    bench.simulator.plan_fault(f"PATCH {LETTERS}", f"reject:{status}")
    with pytest.raises(fact):
        bench.provider.release(handle, consignment)
    assert bench.printed_in_the_end() == []


def test_a_declined_release_whose_letter_cannot_be_seen_stays_unknown(bench: PingenBench) -> None:
    consignment = bench.consignment("K1")
    handle = bench.provider.stage(consignment)
    bench.provider.release(handle, consignment)
    bench.simulator.advance(days=3)
    bench.simulator.plan_fault(f"GET {LETTERS}", "429:5")
    with pytest.raises(OutcomeUnknown):
        bench.provider.release(handle, consignment)


def test_drafts_and_letters_taken_back_are_not_found_and_two_are_counted(bench: PingenBench) -> None:
    bench.provider.stage(bench.consignment("K1"))
    assert bench.provider.find("K1") is None
    reference = hand_over(bench, "K1")
    assert bench.provider.find("K1") == Found(reference, 1)
    bench.provider.cancel(reference)
    assert bench.provider.find("K1") is None


# Registered mail


def test_registered_mail_names_both_sides_in_parts_and_its_delivery_is_confirmed(bench: PingenBench) -> None:
    reference = hand_over(bench, service=Service.EINWURF)
    [letter] = bench.simulator.letters
    assert letter.attributes["delivery_product"] == "registered"
    assert letter.attributes["meta_data"]["recipient"] == {
        "name": "Erika Beispiel",
        "street": "Musterweg",
        "number": "1",
        "zip": "46325",
        "city": "Borken",
        "country": "DE",
    }
    assert letter.attributes["meta_data"]["sender"]["street"] == "Am Markt"
    bench.simulator.advance(days=2)
    first = list(bench.provider.poll([reference]))
    assert fold([each.status for each in first], Service.EINWURF) is Status.HANDED_TO_POST
    bench.simulator.advance(days=5)
    said = [*first, *bench.provider.poll([reference])]
    assert fold([each.status for each in said], Service.EINWURF) is Status.DELIVERED
    assert len({each.posted_on for each in said if each.posted_on}) == 1


def test_an_ordinary_letter_has_no_parts_and_nobody_confirms_it(bench: PingenBench) -> None:
    reference = hand_over(bench)
    bench.simulator.advance(days=9)
    assert "meta_data" not in bench.simulator.letters[0].attributes
    assert Status.DELIVERED not in {each.status for each in bench.provider.poll([reference])}


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (
            ("Frau", "Eva Muster", "c/o Beispiel", "Straße des 17. Juni 135", "10623 Berlin"),
            ("Straße des 17. Juni", "135"),
        ),
        (("Eva Muster", "C 4, 12", "68159 Mannheim"), ("C 4", "12")),
        (("Eva Muster", "Am Bach 12 a-14 b", "46325 Borken"), ("Am Bach", "12 a-14 b")),
    ],
)
def test_street_and_number_are_told_apart(
    bench: PingenBench, lines: tuple[str, ...], parts: tuple[str, str]
) -> None:
    told = meta_data(bench.piece("K1", address_lines=lines))["recipient"]
    assert isinstance(told, dict)
    assert (told["name"], told["street"], told["number"]) == ("Eva Muster", *parts)


def test_a_post_office_box_is_one(bench: PingenBench) -> None:
    told = meta_data(bench.piece("K1", address_lines=("Eva Muster", "Postfach 11 06 43", "46325 Borken")))
    assert told["recipient"] == {
        "name": "Eva Muster",
        "pobox": "11 06 43",
        "zip": "46325",
        "city": "Borken",
        "country": "DE",
    }


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("Eva Muster", "Hof Beispiel", "46325 Borken"), "pingen-registered-address"),
        (("Frau", "Musterweg 1", "46325 Borken"), "pingen-registered-address"),
        (("E" * 46, "Musterweg 1", "46325 Borken"), "pingen-registered-address"),
        (("Eva Muster", "Musterweg 1", "46325 " + "B" * 26), "pingen-registered-address"),
        (("Eva Muster", "Rue Exemple 1", "1000 BRUXELLES", "BELGIEN"), "pingen-registered-abroad"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    bench: PingenBench, lines: tuple[str, ...], code: str
) -> None:
    consignment = bench.consignment("K1", service=Service.EINWURF, address_lines=lines)
    with pytest.raises(Refused) as refused:
        bench.provider.stage(consignment)
    assert refused.value.code == code
    assert "Muster" not in refused.value.message
    assert bench.simulator.letters == []


def test_the_simulator_finds_fault_with_registered_mail_that_names_nobody(bench: PingenBench) -> None:
    assert isinstance(bench.provider, PingenProvider)
    place = bench.provider._account.upload_place().resource["attributes"]
    bench.provider._account.upload(place["url"], letter_pdf())
    attributes = {
        "file_original_name": "K1.pdf",
        "file_url": place["url"],
        "file_url_signature": place["url_signature"],
        "address_position": "left",
        "auto_send": False,
        "delivery_product": "registered",
    }
    too_long = {"meta_data": {"recipient": {"street": "x" * 41}}}
    assert bench.provider._account.letters("POST", attributes={**attributes, **too_long}).status == 422
    assert bench.provider._account.letters("POST", attributes=attributes).is_good
    [letter] = bench.simulator.letters
    assert (letter.status, letter.facts.flaw) == ("invalid", "meta_data_failed_requirements")


# Statements


@pytest.mark.parametrize("kind", ["letters_events", "deliverables_events", "what_comes_next"])
def test_a_renamed_type_of_event_changes_nothing(bench: PingenBench, kind: str) -> None:
    bench.simulator.options.event_kind = kind
    reference = hand_over(bench)
    bench.simulator.advance(days=2)
    call = bench.call(reference)
    [report] = bench.provider.parse_webhook(call.headers, call.body)
    assert (report.key, report.status) == ("K1", Status.HANDED_TO_POST)
    assert report.dedup_key in {each.dedup_key for each in bench.provider.poll([])}


def signed(document: object) -> tuple[dict[str, str], bytes]:
    body = json.dumps(document).encode()
    return {"signature": hmac.new(KEYS[0].encode(), body, hashlib.sha256).hexdigest()}, body


@pytest.mark.parametrize(
    ("document", "statuses"),
    [
        ({"data": {"type": "webhook_sent"}}, [Status.HANDED_TO_POST]),
        ({"data": {"type": "webhook_undeliverable", "attributes": None}}, [Status.RETURNED]),
        ({"data": {"type": "webhook_issues", "relationships": []}}, [Status.UNKNOWN]),
        ({"data": {"type": "webhook_new_things", "id": 7}, "included": [1, None]}, [Status.UNKNOWN]),
    ],
)
def test_a_signed_call_with_gaps_says_what_it_can(
    bench: PingenBench, document: object, statuses: list[Status]
) -> None:
    headers, body = signed(document)
    reports = bench.provider.parse_webhook(headers, body)
    assert [report.status for report in reports] == statuses
    assert all(report.raw and report.dedup_key for report in reports)


@pytest.mark.parametrize("document", [[], {"data": []}, "text", {}])
def test_a_signed_call_that_is_no_document_is_unreadable(bench: PingenBench, document: object) -> None:
    headers, body = signed(document)
    with pytest.raises(InputError, match="webhook-unreadable"):
        bench.provider.parse_webhook(headers, body)


def test_what_comes_back_is_heard_after_the_letter_was_settled(bench: PingenBench) -> None:
    bench.simulator.options.next_fate = "undeliverable"
    reference = hand_over(bench)
    bench.simulator.advance(days=2)
    assert Status.RETURNED not in {report.status for report in bench.provider.poll([reference])}
    bench.simulator.advance(days=7)
    [report] = bench.fresh().poll([])
    assert (report.status, report.provider_reference) == (Status.RETURNED, reference)


def test_events_are_read_on_from_where_the_last_process_was(bench: PingenBench) -> None:
    references = [hand_over(bench, f"K{number}") for number in range(7)]
    bench.simulator.advance(days=2)
    first = list(bench.fresh().poll([]))
    assert sorted(report.provider_reference for report in first) == sorted(references)
    assert list(bench.fresh().poll([])) == []
    hand_over(bench, "K7")
    bench.simulator.advance(days=2)
    assert len(list(bench.fresh().poll([]))) == 1


@pytest.mark.parametrize("kept", ['{"sent": {"page": 9, "event_id": "gone"}}', "no json", '{"sent": 3}'])
def test_a_place_that_is_no_more_is_read_from_the_start(bench: PingenBench, tmp_path: Path, kept: str) -> None:
    (tmp_path / "cursor.json").write_text(kept, encoding="utf-8")
    hand_over(bench)
    bench.simulator.advance(days=2)
    assert len(list(bench.provider.poll([]))) == 1


def test_purged_events_make_no_gap() -> None:
    """The provider deletes old events, so everything moves to earlier pages."""
    events: list[dict[str, Any]] = [{"id": str(number)} for number in range(10)]

    def fetch(page: int) -> tuple[list[Any], bool]:
        return events[(page - 1) * 3 : page * 3], page * 3 < len(events)

    cursor = Cursor(None)
    assert len(list(events_since("sent", cursor, fetch))) == 10
    assert cursor.place("sent") == Place(4, "9")
    del events[:7]
    events.extend({"id": str(number)} for number in (10, 11, 12, 13))
    heard = [event["id"] for event in events_since("sent", cursor, fetch)]
    assert heard[-4:] == ["10", "11", "12", "13"]


# The account


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"base_url": "http://api.example.org"}, "pingen-plain-http"),
        ({"identity_url": "http://identity.example.org"}, "pingen-plain-http"),
        ({"client_secret": ""}, "pingen-credentials-missing"),
        ({"address_position": "top"}, "pingen-address-position"),
    ],
)
def test_an_account_that_must_not_go_on_does_not_come_into_being(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        replace(SETTINGS, **changes)
    assert refused.value.code == code


# The simulator itself


def test_the_simulator_declines_an_upload_with_a_token_and_shows_all_pages(bench: PingenBench) -> None:
    url = bench.simulator.base_url
    form = {name: CREDENTIALS[name] for name in ("client_id", "client_secret")}
    login = {**form, "grant_type": "client_credentials", "scope": "letter"}
    token = requests.post(f"{url}/auth/access-tokens", data=login, timeout=60).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    place = requests.get(f"{url}/file-upload", headers=headers, timeout=60).json()["data"]["attributes"]
    assert len(place["url_signature"]) <= 60
    assert requests.put(place["url"], data=letter_pdf(), headers=headers, timeout=60).status_code == 400
    assert requests.put(place["url"], data=letter_pdf(), timeout=60).status_code == 200

    reference = hand_over(bench)
    page = requests.get(f"{url}/_simulator/", timeout=60).text
    assert page.count(f"/_simulator/letters/{reference}/page-3.png") == 1
    picture = requests.get(f"{url}/_simulator/letters/{reference}/page-3.png", timeout=60)
    assert picture.content.startswith(b"\x89PNG")


def test_the_simulator_keeps_its_letters_and_keys_from_one_start_to_the_next(tmp_path: Path) -> None:
    for _ in range(2):
        with PingenSimulator(speed=0, start=MONDAY, folder=tmp_path) as simulator:
            bench = PingenBench(simulator, tmp_path)
            consignment = Consignment.of(bench.piece("K1"))
            bench.provider.release(bench.provider.stage(consignment), consignment)
            bench.close()
            assert [letter.name for letter in simulator.letters] == ["K1.pdf"]


def test_the_profile_is_the_providers() -> None:
    assert load_profile("pingen").name == "pingen"


def trying(bench: PingenBench) -> Trial:
    """The provider as one that takes letters on trial."""
    assert isinstance(bench.provider, Trial)
    return bench.provider


def test_a_test_letter_is_a_draft_that_is_checked_and_deleted_and_never_sent_off(bench: PingenBench) -> None:
    bench.simulator.options.validation_s = 30
    provider, piece = trying(bench), bench.piece("TEST-1")
    assert provider.try_out(piece)
    assert provider.tried(piece.key) is None
    bench.simulator.advance(minutes=1)
    answer = provider.tried(piece.key)
    assert answer
    assert (answer.accepted, answer.pages, answer.printed, answer.remarks) == (True, piece.pages, False, [])
    assert provider.tried(piece.key) is None
    assert bench.simulator.letters == []


def test_a_test_letter_that_would_not_become_paper_is_not_accepted(bench: PingenBench) -> None:
    provider = trying(bench)
    provider.try_out(bench.piece("TEST-2", pdf=landscape_pdf()))
    bench.simulator.advance(minutes=1)
    answer = provider.tried("TEST-2")
    assert answer
    assert (answer.accepted, len(answer.remarks)) == (False, 1)
