"""Locks die with their holder, also by kill -9, and are never a lease."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.db.locks import FileLocks
from tests.world import ROOT

_HOLDER = """
import sys, time
from pathlib import Path
from gateway.db.locks import FileLocks
with FileLocks(Path(sys.argv[1])).try_lock("nightly-run") as held:
    print(held, flush=True)
    time.sleep(60)
"""


def test_a_name_is_held_once_and_free_again_after(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    with locks.try_lock("a") as first, locks.try_lock("a") as second, locks.try_lock("b") as other:
        assert (first, second, other) == (True, False, True)
    with locks.try_lock("a") as again:
        assert again


def test_another_thread_is_refused_too(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    seen: list[bool] = []

    def ask() -> None:
        with locks.try_lock("a") as held:
            seen.append(held)

    with locks.try_lock("a"):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert seen == [False]


def test_a_lock_is_let_go_when_the_work_fails(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    with pytest.raises(ZeroDivisionError), locks.try_lock("a"):
        raise ZeroDivisionError
    with locks.try_lock("a") as held:
        assert held


def test_the_runs_own_lock_is_in_the_way_of_no_submission(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    with locks.try_lock("nightly-run"), locks.try_lock("sweep-render"):
        for number in range(1, FileLocks._SLOTS + 1):
            with locks.try_lock(f"submission-{number}") as held:
                assert held
    assert len(list(tmp_path.iterdir())) == FileLocks._SLOTS + 2
    with locks.try_lock("submission-1"), locks.try_lock(f"submission-{FileLocks._SLOTS + 1}") as held:
        assert not held


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == "True"
        with FileLocks(tmp_path).try_lock("nightly-run") as held:
            assert not held
        os.kill(holder.pid, signal.SIGSTOP)  # a paused process still holds: a lease would have run out
        with FileLocks(tmp_path).try_lock("nightly-run") as held:
            assert not held
        holder.send_signal(signal.SIGCONT)
        holder.send_signal(end)
        holder.wait()
    with FileLocks(tmp_path).try_lock("nightly-run") as held:
        assert held
