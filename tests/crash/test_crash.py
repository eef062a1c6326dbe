"""kill -9 during `gateway run`: nothing is lost, nothing is printed twice; a broken protocol would be seen.

A sample; `python -m tests.crash --trials N` plays every point and as many trials by chance as you like.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.testing.epost import EpostSimulator
from tests.crash.__main__ import MUTANT_TRIALS
from tests.crash.theatre import Theatre, Trial, chance_trial
from tests.world import ROOT, Prototype

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.fixture(scope="module")
def theatre(prototype: Prototype, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with Theatre(prototype, tmp_path_factory.mktemp("theatre")) as theatre:
        yield theatre


@pytest.fixture(scope="module")
def points(theatre: Theatre) -> list[str]:
    outcome = theatre.play(Trial())
    assert outcome.good, outcome
    assert outcome.approved == 4
    return outcome.points


def test_a_run_has_all_the_points_at_which_it_could_die(points: list[str]) -> None:
    assert Counter(points)["before release"] == Counter(points)["after release"] == 4
    assert Counter(points)["before commit"] == Counter(points)["after commit"] > 30


@pytest.mark.parametrize("offset", [-1, 0, 1, 2])
def test_killed_around_the_point_of_no_return_every_copy_is_printed_once(
    theatre: Theatre, points: list[str], offset: int
) -> None:
    outcome = theatre.play(Trial(kills=(points.index("before release") + 1 + offset,)))
    assert outcome.killed == 1
    assert outcome.good, outcome


@pytest.mark.parametrize("part", range(3))
def test_killed_anywhere_every_copy_is_printed_once(theatre: Theatre, points: list[str], part: int) -> None:
    place = random.Random(part).randrange(part * len(points) // 3, (part + 1) * len(points) // 3) + 1
    outcome = theatre.play(Trial(kills=(place,)))
    assert outcome.killed == 1
    assert outcome.good, (place, outcome)


@pytest.mark.parametrize("seed", [2, 3])
def test_killed_by_chance_with_answers_lost_every_copy_is_printed_once(
    theatre: Theatre, points: list[str], seed: int
) -> None:
    trial = chance_trial(random.Random(seed), len(points))
    outcome = theatre.play(trial)
    assert outcome.good, (trial, outcome)


def test_killed_again_while_recovering_every_copy_is_printed_once(theatre: Theatre, points: list[str]) -> None:
    place = points.index("after release") + 1
    outcome = theatre.play(Trial(kills=(place, 3, 5)))
    assert outcome.killed == 3
    assert outcome.good, outcome


def test_a_retry_without_asking_would_be_seen(theatre: Theatre) -> None:
    assert theatre.play(MUTANT_TRIALS["blind-retry"]).doubled


def test_asking_before_the_settle_time_would_be_seen(theatre: Theatre) -> None:
    assert theatre.play(MUTANT_TRIALS["impatient"]).doubled


def test_marking_before_acting_would_be_seen(theatre: Theatre, points: list[str]) -> None:
    place = points.index("before release") + 2  # the mutant has one more commit before its release
    assert theatre.play(Trial(kills=(place,), mutant="mark-before-acting")).lost


def test_the_installed_command_killed_from_outside_prints_every_copy_once(
    prototype: Prototype, tmp_path: Path
) -> None:
    """Nothing is changed in this process: real command, real clock, a settle time of two seconds."""
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
