"""The schedule nudges every sweep, and two schedules at once are harmless."""

import threading
from dataclasses import replace

import pytest

from gateway.db.engine import Database
from gateway.workers.schedule import Schedule
from tests.world import World, at

SWEEPS = ("_render", "_run", "_hand_over", "_track", "_file")


def sweep(world: World) -> None:
    schedule = Schedule(world.services)
    for name in SWEEPS:
        getattr(schedule, name)()


def test_a_submitted_letter_goes_all_the_way_by_nudges_alone(world: World) -> None:
    from gateway.application.letters import approving, drafting  # noqa: PLC0415

    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    sweep(world)
    assert world.view(reference).state == "ready"
    approving.approve(world.services, "bea", reference)
    world.advance_to(at(world.services.today(), "19:05"))
    sweep(world)
    world.advance(days=4)
    sweep(world)
    assert world.view(reference).standing == "posted"
    assert len(list((world.settings.data_dir / "case-files").iterdir())) == 1


@pytest.mark.slow
def test_two_schedules_at_once_hand_every_piece_over_once(world: World) -> None:
    for n in range(3):
        world.approved(appointment_time=f"1{n}:00")
    world.advance_to(at(world.services.today(), "19:05"))
    barrier = threading.Barrier(2)
    errors: list[BaseException] = []

    def one() -> None:
        database = Database(world.settings.database_url())
        try:
            schedule = Schedule(replace(world.services, db=database))
            barrier.wait()
            for name in SWEEPS:
                getattr(schedule, name)()
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
    assert len(world.taken()) == len(set(world.taken())) == 3


def test_a_schedule_starts_and_ends(world: World) -> None:
    with Schedule(world.services):
        pass
