"""The pages of the print providers: comparisons and test letters, and giving the rest to another one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from gateway import bootstrap
from gateway.application.runs.running import run
from gateway.application.tracking import tallying
from gateway.db.mail import Submission
from gateway.testing.epost import EpostSimulator
from tests.web.site import Visitor, serve
from tests.world import MONDAY, World, at

LETTER = "POST /api/Letter"


@pytest.fixture
def second(world: World) -> Iterator[EpostSimulator]:
    """A second provider, connected as `other`."""
    with EpostSimulator(speed=0, start=at(MONDAY, "08:00"), poll_interval_s=0) as simulator:
        account = world.settings.provider.epost.model_copy(update={"base_url": simulator.base_url})
        provider = bootstrap._epost(account)
        provider.name = "other"
        world.services = replace(world.services, providers={**world.services.providers, "other": provider})
        yield simulator
        provider.close()


def differing(world: World) -> str:
    """A letter of which the provider's list knows nothing; compared the morning after."""
    reference = world.approved("F1")
    world.evening()
    world.advance_to(at(MONDAY + timedelta(days=1), "06:30"))
    with world.services.db.transaction() as session:
        session.exec(select(Submission)).one().key = "AAAAAAAA-1"
    tallying.tally_due(world.services)
    return reference


def alarm(visitor: Visitor, part: str) -> str:
    """The key of the alarm whose key has this part in it."""
    keys = [text.partition('"')[0] for text in visitor.page.split('name="alarm" value="')[1:]]
    (found,) = [key for key in keys if part in key]
    return found


def test_a_difference_stands_on_the_page_and_on_the_desk_until_it_is_settled(world: World) -> None:
    differing(world)
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/dienstleister")
        assert "2 Abweichungen" in post.text
        post.get("/klaerung")
        assert "Abgleich weicht ab" in post.text
        key = alarm(post, "missing-at-provider")
        silent = post.post("/klaerung/meldung", alarm=key, action="settle", reason="")
        assert silent.status_code == 422
        post.get("/klaerung")
        post.post("/klaerung/meldung", alarm=key, action="settle", reason="Nachgefragt, liegt vor")
        assert "missing-at-provider" not in post.page
        audit = site.visitor("audit")
        audit.get("/klaerung")
        assert "Abgleich weicht ab" in audit.text
        assert 'action="/klaerung/meldung"' not in audit.page


def test_a_comparison_that_was_not_made_is_asked_for_from_the_desk(world: World) -> None:
    world.approved("F1")
    world.evening()
    world.advance_to(at(MONDAY + timedelta(days=1), "06:30"))
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/klaerung")
        assert "Abgleich fehlt" in post.text
        post.post("/klaerung/meldung", alarm=alarm(post, "epost"), action="compare", reason="")
        assert "Abgleich fehlt" not in post.text
        post.get("/dienstleister")
        assert "stimmt überein" in post.text


def test_the_rest_is_looked_at_and_then_diverted_with_a_reason(world: World, second: EpostSimulator) -> None:
    for hour in range(3):
        world.approved("F1", appointment_time=f"1{hour}:00")
    world.simulator.plan_fault(LETTER, "429:6000", skip=1)
    world.evening()
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/umleiten?von=epost&zu=other")
        assert "2 Sendungen ziehen um" in post.text
        assert post.post("/umleiten", origin="epost", target="other", reason=" ").status_code == 422
        assert len(world.submissions()) == 3
        post.get("/umleiten?von=epost&zu=other")
        post.post("/umleiten", origin="epost", target="other", reason="Störung bei epost")
        assert "2 Sendungen von epost zu other umgeleitet" in post.text
    run(world.services, login="post")
    assert (len(world.taken()), len(second.letters)) == (1, 2)


def test_what_is_in_doubt_and_what_was_not_checked_for_the_other_is_told(
    world: World, second: EpostSimulator
) -> None:
    world.approved("F1")
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    world.approved("F1", appointment_time="11:00")
    world.simulator.plan_fault(LETTER, "429:6000")
    world.advance(minutes=1)
    run(world.services, login="post")
    provider = world.services.providers["other"]
    provider.profile = replace(provider.profile, name="of-the-other")
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/umleiten?von=epost&zu=other")
        assert "1 Sendung zieht um" in post.text
        assert "1 Sendung wartet, bis feststeht" in post.text
        assert "1 Sendung ist noch nicht für other geprüft" in post.text


def test_only_those_who_run_the_house_see_and_do_this(world: World, second: EpostSimulator) -> None:
    with serve(world) as site:
        anna, audit = site.visitor("anna"), site.visitor("audit")
        for path in ("/dienstleister", "/umleiten"):
            assert anna.get(path).status_code == 403
            assert f'href="{path}"' not in site.visitors[0].page
        assert audit.get("/dienstleister").status_code == 200
        assert audit.get("/umleiten").status_code == 403
        anna.get("/")
        answer = anna.post("/umleiten", origin="epost", target="other", reason="weil")
        assert answer.status_code == 403
