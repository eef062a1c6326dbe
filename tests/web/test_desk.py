"""The desk and the emergency brake, as the post room works with them."""

import re

from gateway.application.runs.submitting import hand_over
from tests.web.site import Visitor, serve
from tests.world import World

LETTER = "POST /api/Letter"


def refused(world: World) -> str:
    reference = world.approved("F1")
    world.simulator.plan_fault(LETTER, "reject:E306")
    world.evening()
    return reference


def problem_on(visitor: Visitor) -> str:
    """The key of the problem that the page's first form is about."""
    found = re.search(r'name="problem" value="([^"]+)"', visitor.page)
    assert found
    return found[1]


def test_a_refused_letter_stands_on_the_desk_with_owner_due_day_and_what_is_safe(world: World) -> None:
    refused(world)
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/klaerung")
        assert "1 Eintrag" in post.text
        assert "Neu planen" in post.text
        assert "Als zweite Person bestätigen" not in post.text


def test_the_post_room_plans_a_refused_letter_again_and_it_is_printed_once(world: World) -> None:
    reference = refused(world)
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/klaerung")
        decision = {
            "action": "plan-again",
            "problem": problem_on(post),
            "reason": "Anschrift vom Anbieter geklärt",
        }
        assert post.send(f"/klaerung/schreiben/{reference}", {**decision}).status_code == 200
        assert "Kein Schreiben braucht eine Klärung." in post.text
        assert world.taken() == []
        hand_over(world.services)
        assert len(world.taken()) == 1


def test_a_decision_without_a_reason_or_from_somebody_without_the_right_changes_nothing(world: World) -> None:
    reference = refused(world)
    with serve(world) as site:
        post, audit = site.visitor("post"), site.visitor("audit")
        post.get("/klaerung")
        problem = problem_on(post)
        silent = post.post(f"/klaerung/schreiben/{reference}", action="plan-again", problem=problem, reason=" ")
        assert silent.status_code >= 400
        audit.get("/klaerung")
        form = {"action": "plan-again", "problem": problem, "reason": "weil"}
        assert audit.send(f"/klaerung/schreiben/{reference}", {**form, "csrf": audit.token}).status_code == 403
        assert world.view(reference).standing == "refused"


def test_the_brake_keeps_the_evenings_letters_in_the_house_until_it_is_lifted(world: World) -> None:
    world.approved("F1")
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/notbremse")
        post.post("/notbremse", scope="provider", value="epost", reason="Falscher Briefkopf")
        assert "Falscher Briefkopf" in post.text
        world.evening()
        assert world.taken() == []
        post.get("/klaerung")
        assert "Notbremse" in post.text
        post.get("/notbremse")
        (number,) = re.findall(r'action="/notbremse/(\d+)/aufheben"', post.page)
        post.post(f"/notbremse/{number}/aufheben", reason="Briefkopf berichtigt")
        assert "Nichts ist angehalten." in post.text
        hand_over(world.services)
        assert len(world.taken()) == 1


def test_a_caseworker_sees_no_brake_and_cannot_pull_it(world: World) -> None:
    with serve(world) as site:
        anna = site.visitor("anna")
        anna.get("/klaerung")
        assert 'href="/notbremse"' not in anna.page
        answer = anna.post("/notbremse", scope="provider", value="epost", reason="weil")
        assert answer.status_code == 403
