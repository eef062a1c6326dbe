"""Calls of print providers at the pages' server: only a signature opens the door, and nothing said is lost."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from sqlmodel import select

from gateway.application.tracking.tracking import poll
from gateway.db.mail import Posting, StatusEvent, Submission
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.runs.submission import SubmissionState
from gateway.providers.pingen import PingenProvider, PingenSettings
from gateway.providers.profiles import load_profile
from gateway.testing.pingen import CREDENTIALS, PingenSimulator
from gateway.testing.pingen.hooks import Misbehaviour
from gateway.testing.pingen.simulator import SIGNING_KEY
from gateway.web.webhooks import MAX_BODY_BYTES
from tests.web.site import Site, serve
from tests.world import INVITATION, MONDAY, World, at

pytestmark = pytest.mark.slow


@pytest.fixture
def pingen() -> Iterator[PingenSimulator]:
    with PingenSimulator(speed=0, start=at(MONDAY, "08:00")) as simulator:
        yield simulator


@pytest.fixture
def site(world: World, pingen: PingenSimulator) -> Iterator[Site]:
    """Letters go to Pingen, whose clock moves with ours."""
    settings = PingenSettings(
        base_url=pingen.base_url,
        identity_url=pingen.base_url,
        organisation=CREDENTIALS["organisation"],
        client_id=CREDENTIALS["client_id"],
        client_secret=CREDENTIALS["client_secret"],
        webhook_secrets=(SIGNING_KEY,),
    )
    provider = PingenProvider(settings, load_profile("pingen"), now=world.clock.now)
    providers = {**world.services.providers, "pingen": provider}
    world.services = replace(
        world.services, providers=providers, routing=replace(world.services.routing, otherwise="pingen")
    )
    with serve(world) as site:
        yield site
    provider.close()


def posted_letter(world: World, pingen: PingenSimulator) -> str:
    """A letter that Pingen gave to the post, of which we have not heard yet."""
    reference = world.approved("F1", INVITATION)
    world.evening()
    pass_time(world, pingen, days=2)
    return reference


def pass_time(world: World, pingen: PingenSimulator, **span: float) -> None:
    world.advance(**span)
    pingen.advance_to(world.clock.now())


def rows(world: World, kind: Any) -> list[Any]:
    with world.services.db.reading() as session:
        return list(session.exec(select(kind)).all())


def test_a_signed_call_reports_the_posting(site: Site, pingen: PingenSimulator) -> None:
    world = site.world
    reference = posted_letter(world, pingen)
    assert [letter.status for letter in pingen.letters] == ["sent"]

    assert pingen.deliver(f"{site.url}/webhooks/pingen") == [200]

    assert world.view(reference).standing == "posted"
    [posting] = rows(world, Posting)
    assert posting.reported_on == MONDAY + timedelta(days=1)


def test_late_repeated_and_reordered_calls_and_polls_are_heard_once(
    site: Site, pingen: PingenSimulator
) -> None:
    world = site.world
    reference = posted_letter(world, pingen)
    [letter] = pingen.letters
    pingen.decide(letter.letter_id, fate="undeliverable")
    pass_time(world, pingen, days=7)
    assert len(pingen.events()) == 2

    answers = pingen.deliver(f"{site.url}/webhooks/pingen", times=3, newest_first=True)

    assert answers == [200] * 6
    assert len(rows(world, StatusEvent)) == 2
    assert world.view(reference).standing == "returned"
    poll(world.services)
    heard = rows(world, StatusEvent)
    assert sorted(event.provider_status for event in heard).count("transferred_to_distributor") == 1
    assert world.view(reference).standing == "returned"


def test_a_provider_that_calls_by_itself_twice_and_backwards_is_heard_once(
    site: Site, pingen: PingenSimulator
) -> None:
    world = site.world
    pingen.register(f"{site.url}/webhooks/pingen")
    pingen.hooks.misbehaviour = Misbehaviour(repeats=1, reverse=True)
    reference = posted_letter(world, pingen)
    for _ in range(300):
        if len(pingen.hooks.log()) >= 2:
            break
        time.sleep(0.05)
    assert [attempt.status for attempt in pingen.hooks.log()] == [200, 200]
    assert world.view(reference).standing == "posted"
    assert len(rows(world, StatusEvent)) == 1


@pytest.mark.parametrize("key", ["never-ours", ""])
def test_a_call_with_another_signature_changes_nothing(site: Site, pingen: PingenSimulator, key: str) -> None:
    world = site.world
    posted_letter(world, pingen)
    assert pingen.deliver(f"{site.url}/webhooks/pingen", key=key) == [401]
    assert rows(world, StatusEvent) == rows(world, UnmatchedReport) == []


@pytest.mark.parametrize(("provider", "status"), [("epost", 404), ("nobody", 404), ("pingen", 401)])
def test_who_does_not_call_or_is_not_known_is_turned_away(site: Site, provider: str, status: int) -> None:
    answer = requests.post(f"{site.url}/webhooks/{provider}", data=b"{}", timeout=10)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


def test_a_call_that_is_too_large_is_not_read_to_its_end(site: Site) -> None:
    answer = requests.post(f"{site.url}/webhooks/pingen", data=bytes(MAX_BODY_BYTES + 1), timeout=10)
    assert (answer.status_code, answer.json()) == (413, {"code": "body-too-large"})


def test_what_is_said_of_an_unknown_piece_is_kept_and_shown_with_its_wording(
    site: Site, pingen: PingenSimulator
) -> None:
    world = site.world
    posted_letter(world, pingen)
    with world.services.db.transaction() as session:
        [submission] = session.exec(select(Submission)).all()
        submission.provider = "epost"

    assert pingen.deliver(f"{site.url}/webhooks/pingen", times=2) == [200, 200]

    [kept] = rows(world, UnmatchedReport)
    assert kept.raw["data"]["type"] == "webhook_sent"
    assert kept.posted_on == date(2026, 11, 17)
    visitor = site.visitor("post")
    assert visitor.get("/meldungen").status_code == 200
    assert "transferred_to_distributor" in visitor.text
    assert kept.provider_reference in visitor.text
    assert site.visitor("anna").get("/meldungen").status_code == 403


def test_a_call_that_comes_before_we_know_the_piece_is_matched_later(
    site: Site, pingen: PingenSimulator
) -> None:
    world = site.world
    reference = posted_letter(world, pingen)
    with world.services.db.transaction() as session:
        [submission] = session.exec(select(Submission)).all()
        submission.provider = "epost"
    pingen.deliver(f"{site.url}/webhooks/pingen")
    with world.services.db.transaction() as session:
        [submission] = session.exec(select(Submission)).all()
        assert submission.state is SubmissionState.RELEASED
        submission.provider = "pingen"

    poll(world.services)

    [kept] = rows(world, UnmatchedReport)
    assert kept.matched_at is not None
    assert world.view(reference).standing == "posted"
    assert site.visitor("post").get("/meldungen").text.count("transferred_to_distributor") == 0
