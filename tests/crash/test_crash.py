"""kill -9 during a run: nothing is lost, nothing is printed twice; a broken protocol would be seen.

A sample; `make crash` plays every point of every house on both databases, and much by chance.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.testing.epost import EpostSimulator
from tests.crash.campaign import by_chance, stopping_points
from tests.crash.houses import HOUSES
from tests.crash.mutants import MUTANTS, trials_of
from tests.crash.theatre import Theatre, prepare
from tests.crash.trial import Trial
from tests.postgres import PostgresServer
from tests.world import ROOT, Prototype

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.fixture(scope="module")
def theatre(
    prototype: Prototype,
    postgres_prototype: Prototype,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Theatre]:
    folder = tmp_path_factory.mktemp("theatre")
    prepared = {
        "sqlite": prepare(prototype, folder / "sqlite"),
        "postgresql": prepare(postgres_prototype, folder / "postgresql", postgres_server),
    }
    with Theatre(prepared, folder / "stage", folder / "made") as theatre:
        yield theatre


@pytest.fixture(scope="module")
def points(theatre: Theatre) -> dict[str, list[str]]:
    """By house, of a run that nothing disturbs."""
    found = {}
    for house in ("press-lookup", "press-key", "press-staged", "press-staged-batch", "press-none"):
        outcome = theatre.play(Trial(house))
        assert outcome.good, (house, outcome)
        assert outcome.approved == 4  # two of them share an envelope
        found[house] = outcome.points
    return found


def test_a_run_has_all_the_points_at_which_it_could_die(points: dict[str, list[str]]) -> None:
    counted = Counter(points["press-lookup"])
    assert counted["before release"] == counted["after release"] == 3
    assert counted["before commit"] == counted["after commit"] > 12
    assert counted["writing"] == 9
    assert Counter(points["press-staged-batch"])["before release"] == 2


@pytest.mark.parametrize("offset", [-1, 0, 1, 2])
def test_killed_around_the_point_of_no_return_every_copy_is_printed_once(
    theatre: Theatre, points: dict[str, list[str]], offset: int
) -> None:
    place = points["press-lookup"].index("before release") + 1 + offset
    outcome = theatre.play(Trial("press-lookup", "postgresql" if offset % 2 else "sqlite", kills=(place,)))
    assert outcome.killed == 1
    assert outcome.good, outcome


@pytest.mark.parametrize(
    ("house", "backend"), [("press-key", "postgresql"), ("press-staged-batch", "sqlite"), ("folder", "sqlite")]
)
def test_killed_and_killed_again_while_recovering_every_copy_is_printed_once(
    theatre: Theatre, house: str, backend: str
) -> None:
    outcome = theatre.play(Trial(house, backend, kills=(random.Random(house).randint(20, 40), 3, 5)))
    assert outcome.killed >= 1
    assert outcome.good, outcome


def test_killed_while_bytes_are_on_their_way_every_copy_is_printed_once(
    theatre: Theatre, points: dict[str, list[str]]
) -> None:
    names = points["press-staged-batch"]
    outcome = theatre.play(Trial("press-staged-batch", "postgresql", kills=(names.index("writing") + 2,)))
    assert outcome.killed == 1
    assert outcome.good, outcome


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_paused_process_that_wakes_up_after_others_recovered_prints_nothing_twice(
    theatre: Theatre, points: dict[str, list[str]], backend: str
) -> None:
    place = points["press-lookup"].index("before release") + 1
    assert place in range(1, max(stopping_points(points["press-lookup"])) + 1)
    outcome = theatre.play(Trial("press-lookup", backend, stop_at=place))
    assert outcome.stopped == 1
    assert outcome.good, outcome


def test_an_answer_that_is_lost_is_asked_for(theatre: Theatre) -> None:
    outcome = theatre.play(Trial("press-lookup", mishap=("drop-after", 1), lag_s=600))
    assert outcome.runs > 1
    assert outcome.good, outcome


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_without_any_guard_doubt_ends_at_the_desk_and_is_never_repeated(theatre: Theatre, backend: str) -> None:
    outcome = theatre.play(Trial("press-none", backend, mishap=("drop-after", 0)))
    assert (len(outcome.desk), outcome.doubled) == (1, [])
    assert outcome.runs >= 4
    assert outcome.good, outcome


def test_a_key_that_may_have_been_forgotten_ends_at_the_desk(theatre: Theatre) -> None:
    outcome = theatre.play(Trial("press-key", mishap=("drop-after", 0), pause=timedelta(hours=2)))
    assert (len(outcome.desk), outcome.doubled) == (1, [])
    assert outcome.good, outcome


@pytest.mark.parametrize("mishap", ["always-drop-after", "drop-after+busy", "drop-after+drop-before"])
def test_a_repeat_does_not_make_the_first_attempt_any_younger(theatre: Theatre, mishap: str) -> None:
    """The key counts from the first attempt: at the third, 80 minutes later, the house has forgotten it."""
    outcome = theatre.play(Trial("press-key", mishap=(mishap, 0), pause=timedelta(minutes=40)))
    assert (len(outcome.desk), outcome.doubled) == (3, [])
    assert outcome.good, outcome


@pytest.mark.parametrize("house", ["press-key", "press-staged"])
def test_a_refused_repeat_says_nothing_about_the_first_attempt(theatre: Theatre, house: str) -> None:
    outcome = theatre.play(Trial(house, mishap=("drop-after+refuse", 0)))
    assert outcome.good, outcome


@pytest.mark.parametrize("house", ["epost", "epost-parallel", "pingen"])
def test_killed_by_chance_with_answers_lost_every_copy_is_printed_once(theatre: Theatre, house: str) -> None:
    chance = random.Random(house)
    assert house in HOUSES
    for _ in range(2):
        trial = by_chance(Trial(house), 60, chance)
        outcome = theatre.play(trial)
        assert outcome.good, (trial, outcome)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_protocol_would_be_seen(theatre: Theatre, points: dict[str, list[str]], mutant: str) -> None:
    outcomes = [theatre.play(trial) for trial in trials_of(mutant, points)]
    assert any(outcome.lost or outcome.doubled for outcome in outcomes), outcomes


def test_the_installed_command_killed_from_outside_prints_every_copy_once(
    prototype: Prototype, tmp_path: Path
) -> None:
    """Nothing is changed in this process: real command, real clock, a settle time of two seconds."""
    shutil.copytree(prototype.documents, tmp_path / "data" / "documents")
    with EpostSimulator(speed=0, poll_interval_s=0) as simulator:
        with prototype.world(tmp_path / "data", simulator) as world:
            world.approved("F1")
            world.approved("F2")
        environment = os.environ | {
            "GATEWAY_CONFIG": str(ROOT / "config.toml"),
            "GATEWAY_PROVIDER__EPOST__BASE_URL": simulator.base_url,
            "GATEWAY_PROVIDER__EPOST__MIN_POLL_INTERVAL_S": "0",
            "GATEWAY_PROVIDER__EPOST__SETTLE_TIME_S": "2",
            "GATEWAY_RENDERING__WORKERS": "0",
            "GATEWAY_RENDERING__TEMPLATES_DIR": str(ROOT / "letter_templates"),
        }
        command = [str(Path(sys.executable).parent / "gateway"), "--data-dir", str(tmp_path / "data"), "run"]
        chance = random.Random(4)
        for _ in range(3):
            process = subprocess.Popen(
                command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(2.0, 5.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(2.1)
        for _ in range(4):
            if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
                break
            time.sleep(2.1)
        simulator.advance(days=4)
        assert len(simulator.ledger) == 3
        assert max(Counter(piece.custom1 for piece in simulator.ledger).values()) == 1
