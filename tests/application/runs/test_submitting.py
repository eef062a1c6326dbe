"""Handing over: whatever the provider and the network do, every piece is printed once, and the desk knows the rest."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway import bootstrap
from gateway.application.account.reconciling import account
from gateway.application.runs.running import run
from gateway.application.runs.submitting import hand_over
from gateway.db.engine import Database
from gateway.domain.account.account import Line
from gateway.domain.runs.submission import SubmissionState
from gateway.testing.epost import EpostSimulator
from tests.world import SETTLE_TIME, World

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

LETTER = "POST /api/Letter"
FIND = "GET /api/Letter/Custom1"


def prepared(world: World, count: int = 3) -> list[str]:
    """Letters that are approved and wait for the evening, all to the same person."""
    return [world.approved(appointment_time=f"1{n}:00") for n in range(count)]


def states(world: World) -> list[str]:
    return [submission.state.value for submission in world.submissions()]


def assert_each_once(world: World, count: int) -> None:
    """Every piece is at the provider exactly once, with the bytes that were assembled."""
    assert sorted(world.taken()) == sorted(submission.key for submission in world.submissions())
    assert len(world.taken()) == count
    assert states(world) == ["released"] * count
    for piece in world.simulator.letters:
        handed_over = world.simulator.pdf(piece.letter_id)
        assert world.services.blobs.get(hashlib.sha256(handed_over).hexdigest()) == handed_over


def test_a_provider_that_is_down_keeps_the_letters_waiting_and_the_next_pass_hands_them_over(
    world: World,
) -> None:
    references = prepared(world)
    with EpostSimulator() as gone:
        url = gone.base_url
    nobody = bootstrap._epost(world.settings.provider.epost.model_copy(update={"base_url": url}))
    reachable = world.services
    world.services = replace(reachable, providers={"epost": nobody})
    (report,) = world.evening()
    nobody.close()
    assert (report.hand_over.released, report.hand_over.waiting) == (0, 3)
    assert report.hand_over.stopped_by
    assert report.hand_over.messages
    assert account(world.services).lines[Line.UNDER_WAY] == 3
    assert report.hand_over.stopped_by in (world.only(references[0]).problem or "")
    world.services = reachable
    assert hand_over(world.services).released == 2  # the first one waits out its time after a failure
    world.advance(minutes=2)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 3)


def test_too_many_requests_stop_the_pass_and_the_waiting_time_is_kept(world: World) -> None:
    prepared(world)
    world.simulator.plan_fault(LETTER, "429:600", skip=1)
    (report,) = world.evening()
    assert (report.hand_over.released, report.hand_over.waiting) == (1, 2)
    world.advance(minutes=9)
    assert hand_over(world.services).released == 1  # the third was never tried
    world.advance(minutes=2)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 3)


def test_a_person_who_starts_a_run_does_not_wait(world: World) -> None:
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "429:600")
    world.evening()
    assert run(world.services, login="post").hand_over.released == 1
    assert_each_once(world, 1)


@pytest.mark.parametrize("kind", ["drop-after-accept", "5xx-after-accept", "cut-answer", "nonsense"])
def test_an_answer_that_is_lost_after_the_provider_took_the_piece_ends_as_released_once(
    world: World, kind: str
) -> None:
    prepared(world)
    world.simulator.plan_fault(LETTER, kind, skip=1)
    (report,) = world.evening()
    assert (report.hand_over.released, report.hand_over.in_doubt) == (2, 1)
    assert states(world) == ["released", "in_doubt", "released"]
    assert len(world.taken()) == 3
    world.advance_to(world.clock.now() + SETTLE_TIME - timedelta(seconds=1))
    assert hand_over(world.services).in_doubt == 1
    assert hand_over(world.services, retry_now=True).in_doubt == 1
    assert len(world.taken()) == 3
    world.advance(seconds=1)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 3)


@pytest.mark.parametrize("kind", ["drop-before", "5xx-before"])
def test_a_request_that_may_not_have_arrived_is_asked_for_and_then_repeated_once(
    world: World, kind: str
) -> None:
    prepared(world)
    world.simulator.plan_fault(LETTER, kind, skip=1)
    world.evening()
    assert states(world) == ["released", "in_doubt", "released"]
    assert len(world.taken()) == 2
    for _ in range(3):
        world.advance(minutes=4)
        assert hand_over(world.services).released == 0
    world.advance(minutes=4)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 3)


def test_a_second_unknown_outcome_starts_the_settle_time_anew(world: World) -> None:
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "drop-before", times=2)
    world.evening()
    world.advance(minutes=16)
    assert hand_over(world.services).in_doubt == 1
    world.advance(minutes=14)
    assert hand_over(world.services).in_doubt == 1
    world.advance(minutes=2)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 1)


@pytest.mark.parametrize("kind", ["drop-before", "5xx-before", "nonsense", "429"])
def test_a_question_that_gets_no_answer_decides_nothing(world: World, kind: str) -> None:
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    world.advance(minutes=16)
    world.simulator.plan_fault(FIND, kind, times=99)
    assert hand_over(world.services).waiting == 1
    assert states(world) == ["in_doubt"]
    world.simulator.faults.replace([])
    world.advance(hours=2)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 1)


def test_a_search_that_lags_behind_the_acceptance_is_covered_by_the_settle_time(world: World) -> None:
    world.simulator.options.lookup_lag_s = (SETTLE_TIME - timedelta(seconds=30)).total_seconds()
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    for _ in range(20):
        world.advance(minutes=1)
        hand_over(world.services)
    assert_each_once(world, 1)


@pytest.mark.parametrize("code", ["E306", "E302", "E313"])
def test_a_piece_that_the_provider_refuses_is_on_the_desk_and_the_others_go_on(world: World, code: str) -> None:
    references = prepared(world)
    world.simulator.plan_fault(LETTER, f"reject:{code}", skip=1)
    (report,) = world.evening()
    assert (report.hand_over.released, report.hand_over.refused) == (2, 1)
    assert world.view(references[1]).standing == "refused"
    assert f"epost-{code.lower()}" in (world.only(references[1]).problem or "")
    world.advance(days=1)
    assert hand_over(world.services, retry_now=True).released == 0
    assert account(world.services).lines == {**dict.fromkeys(Line, 0), Line.UNDER_WAY: 2, Line.FAILED: 1}


def test_credentials_that_are_not_taken_make_letters_wait_and_never_fail(world: World) -> None:
    prepared(world)
    world.simulator.plan_fault("POST /api/Login", "reject:E001", times=9)
    (report,) = world.evening()
    assert (report.hand_over.refused, report.hand_over.waiting) == (0, 3)
    assert set(states(world)) <= {"planned", "staged"}


def test_an_expired_token_is_renewed_without_anybody_noticing(world: World) -> None:
    prepared(world)
    world.simulator.plan_fault(LETTER, "expired-token", skip=1)
    (report,) = world.evening()
    assert report.hand_over.released == 3
    assert_each_once(world, 3)


def test_stored_bytes_that_are_not_what_their_hash_says_stop_only_their_own_letter(world: World) -> None:
    references = prepared(world)
    world.simulator.plan_fault(LETTER, "429", times=1)
    world.evening()
    assert world.taken() == []
    sha256 = world.only(references[1]).print_sha256 or ""
    (file,) = (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*")
    good = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(good[:-1])
    report = hand_over(world.services, retry_now=True)
    assert (report.released, report.waiting) == (2, 1)
    assert len(world.taken()) == 2
    assert world.only(references[1]).problem
    file.write_bytes(good)
    world.advance(hours=2)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 3)


def test_several_threads_at_once_hand_every_piece_over_once(world: World) -> None:
    prepared(world, 4)
    world.simulator.plan_fault(LETTER, "429", times=1)
    world.evening()
    barrier = threading.Barrier(4)
    errors: list[BaseException] = []

    def one() -> None:
        database = Database(str(world.settings.database_url()))
        try:
            barrier.wait()
            hand_over(replace(world.services, db=database), retry_now=True)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    hand_over(world.services, retry_now=True)
    assert_each_once(world, 4)


def test_two_whole_runs_at_once_hand_every_piece_over_once(world: World) -> None:
    prepared(world, 3)
    world.advance(minutes=1)
    barrier = threading.Barrier(2)
    errors: list[BaseException] = []

    def one() -> None:
        database = Database(str(world.settings.database_url()))
        try:
            barrier.wait()
            run(replace(world.services, db=database))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    world.advance(minutes=1)
    run(world.services)
    assert_each_once(world, 3)


def test_while_a_piece_is_locked_by_another_process_nobody_touches_it(world: World) -> None:
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "429", times=1)
    world.evening()
    (submission,) = world.submissions()
    with world.services.locks.try_lock(f"consignment-{submission.id}") as held:
        assert held
        assert hand_over(world.services, retry_now=True).released == 0
    assert world.taken() == []
    assert hand_over(world.services, retry_now=True).released == 1


class Unready:
    """A provider whose stage cannot be reached, or whose release dies like a killed process."""

    def __init__(self, provider: Any, **calls: Callable[..., Any]) -> None:
        self._provider, self._calls = provider, calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._provider, name)


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_process_that_dies_in_the_release_leaves_an_intent_that_is_cleared_up_by_asking(world: World) -> None:
    prepared(world, 2)

    def release_and_die(handle: str, piece: Any) -> str:
        provider.release(handle, piece)
        raise Killed

    provider = world.services.provider
    alive = world.services
    world.services = replace(alive, providers={"epost": Unready(provider, release=release_and_die)})
    with pytest.raises(Killed):
        world.evening()
    assert states(world)[0] == SubmissionState.RELEASING.value
    world.services = alive
    assert hand_over(world.services).released == 1
    assert states(world) == ["releasing", "released"]
    world.advance(minutes=15)
    assert hand_over(world.services).released == 1
    assert_each_once(world, 2)


def test_waiting_times_double_and_stay_below_the_cap(world: World) -> None:
    prepared(world, 1)
    world.simulator.plan_fault(LETTER, "429", times=99)
    world.evening()
    waits = []
    for _ in range(10):
        (submission,) = world.submissions()
        assert submission.next_attempt_at is not None
        waits.append((submission.next_attempt_at - world.clock.now()).total_seconds())
        world.advance_to(submission.next_attempt_at)
        hand_over(world.services)
    assert 20 <= waits[0] <= 60
    assert waits[4] > 3 * waits[0]
    assert max(waits) <= 3600 * 1.3
    assert world.submissions()[0].attempts == 11


def test_a_piece_that_the_provider_holds_twice_is_an_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = prepared(world, 1)
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    provider = world.services.provider
    found = provider.find(world.submissions()[0].key)
    assert found is not None
    world.advance(minutes=15)
    world.services = replace(
        world.services,
        providers={"epost": Unready(provider, find=lambda _key: replace(found, count=2))},
    )
    report = hand_over(world.services)
    assert report.messages
    assert "provider-holds-several" in (world.only(references[0]).problem or "")


def test_the_sender_and_cost_centre_of_the_office_go_with_the_piece(world: World) -> None:
    prepared(world, 1)
    world.evening()
    (piece,) = world.simulator.letters
    assert piece.fields["costCenter"] == "JC01"
    assert "Burloer Straße 93" in str(piece.fields)
    assert piece.fields["custom1"] == world.submissions()[0].key
