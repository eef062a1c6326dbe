"""Handing over on several connections: as many letters at once as the provider bears, never more, each printed once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.application.runs.submitting import hand_over
from gateway.domain.pieces.routing import Route, Routing
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.testing.epost import EpostSimulator
from gateway.testing.print_centre import PrintCentre
from tests.application.runs.test_submitting import assert_each_once
from tests.providers.house import JSON, PROFILE
from tests.world import MONDAY, REQUEST, World, at

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

LETTER = "POST /api/Letter"
CONNECTIONS = 3
LETTERS = 7


@pytest.fixture
def world(
    request: pytest.FixtureRequest, backend: str, tmp_path: Path, simulator: EpostSimulator
) -> Iterator[World]:
    """Three connections, and seven letters for the evening."""
    prototype = request.getfixturevalue("postgres_prototype" if backend == "postgresql" else "prototype")
    with prototype.world(tmp_path / "data", simulator, connections=CONNECTIONS) as world:
        for number in range(LETTERS):
            world.approved(appointment_time=f"{10 + number}:00")
        yield world


def test_letters_overlap_at_the_provider_up_to_the_bound_and_never_beyond(world: World) -> None:
    world.simulator.plan_fault(LETTER, "slow:0.4", times=LETTERS)
    (report,) = world.evening()
    assert world.simulator.most_at_once == CONNECTIONS
    assert (report.hand_over.released, report.hand_over.waiting) == (LETTERS, 0)
    assert_each_once(world, LETTERS)


def test_two_passes_at_once_hand_each_letter_over_once(world: World) -> None:
    world.simulator.plan_fault(LETTER, "429:1")
    world.evening()
    before = len(world.taken())
    world.advance(minutes=5)
    world.simulator.plan_fault(LETTER, "slow:0.1", times=LETTERS)
    passes = [threading.Thread(target=hand_over, args=(world.services,)) for _ in range(2)]
    for each in passes:
        each.start()
    for each in passes:
        each.join()
    assert before < LETTERS
    assert world.simulator.most_at_once <= CONNECTIONS
    assert_each_once(world, LETTERS)


def test_when_the_provider_turns_letters_away_what_is_under_way_ends_and_the_rest_is_not_tried(
    world: World,
) -> None:
    world.simulator.plan_fault(LETTER, "429:600", times=LETTERS, skip=2)
    (report,) = world.evening()
    tried = sum(submission.attempts > 0 for submission in world.submissions())
    assert report.hand_over.released == len(world.taken()) == 2
    assert report.hand_over.waiting == LETTERS - 2
    assert 1 <= tried <= CONNECTIONS
    assert report.hand_over.stopped_by == "epost-too-fast"
    assert len(report.hand_over.messages) == 1
    world.simulator.faults.replace([])
    world.advance(minutes=11)
    assert hand_over(world.services).released == LETTERS - 2
    assert_each_once(world, LETTERS)


@pytest.mark.parametrize("kind", ["drop-after-accept", "drop-before", "nonsense"])
def test_answers_lost_on_several_connections_are_cleared_up_and_print_once(world: World, kind: str) -> None:
    world.simulator.plan_fault(LETTER, kind, times=4, skip=1)
    (report,) = world.evening()
    assert report.hand_over.in_doubt == 4
    world.advance(minutes=16)
    hand_over(world.services)
    assert_each_once(world, LETTERS)


class Waits:
    """A provider whose first release waits until another provider has released something."""

    def __init__(self, provider: Any, other_moved: threading.Event) -> None:
        self._provider, self._other_moved = provider, other_moved
        self.waited_in_vain = False

    def release(self, handle: str, consignment: Any) -> str:
        self.waited_in_vain |= not self._other_moved.wait(20)
        released: str = self._provider.release(handle, consignment)
        return released

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


class Tells(FolderProvider):
    """A print room that tells when it was given something."""

    moved: threading.Event

    def release(self, handle: str, consignment: Any) -> str:
        released = super().release(handle, consignment)
        self.moved.set()
        return released


def test_a_slow_provider_keeps_no_other_one_waiting(world: World) -> None:
    with PrintCentre(speed=0, start=at(MONDAY, "08:00"), automatic=False) as centre:
        room = Tells(centre.root, JSON, HouseRules(), PROFILE)
        room.moved = threading.Event()
        slow = Waits(world.services.providers["epost"], room.moved)
        world.services = replace(
            world.services,
            providers={"epost": slow, room.name: room},
            routing=Routing("epost", [Route(provider=room.name, template=REQUEST)], {}),
        )
        world.approved("F1", REQUEST)
        (report,) = world.evening()
        assert not slow.waited_in_vain
        assert report.hand_over.released == LETTERS + 1
        assert {each.provider for each in world.submissions()} == {"epost", room.name}
