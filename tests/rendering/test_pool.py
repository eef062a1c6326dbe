"""The worker pool: hard limits, crashes that cost one answer, errors that cross the process boundary.

The engine is made of functions of the standard library, so that the tests show the pool and nothing else.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import psutil
import pytest

from gateway.errors import DataInvalid, NotFound, RenderError
from gateway.rendering.local import LocalRenderer
from gateway.rendering.pool import Limits, WorkerPool
from tests.rendering import letters

pytestmark = pytest.mark.slow

HOARD: deque[bytearray] = deque()
ENGINE = partial(
    SimpleNamespace,
    pid=os.getpid,
    sleep=time.sleep,
    die=os._exit,
    hoard=HOARD.append,
    number=int,
    allocate=bytearray,
)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(ENGINE, 1, Limits(timeout_s=3.0)) as pool:
        yield pool


def test_a_question_that_takes_too_long_is_stopped_by_force_and_the_next_is_answered(pool: WorkerPool) -> None:
    before = pool.ask("pid")
    started = time.monotonic()
    with pytest.raises(RenderError, match="render-timeout"):
        pool.ask("sleep", 60)
    assert time.monotonic() - started < 20
    assert not psutil.pid_exists(before)  # type: ignore[arg-type]
    assert pool.ask("pid") != before


def test_a_crash_costs_one_answer(pool: WorkerPool) -> None:
    before = pool.ask("pid")
    with pytest.raises(RenderError, match="render-worker-died"):
        pool.ask("die", 9)
    assert pool.ask("pid") not in {before, os.getpid()}


def test_a_worker_that_died_while_idle_costs_nothing(pool: WorkerPool) -> None:
    process = psutil.Process(pool.ask("pid"))  # type: ignore[arg-type]
    process.kill()
    process.wait(5)
    assert pool.ask("pid") != process.pid


def test_workers_are_replaced_after_so_many_answers() -> None:
    with WorkerPool(ENGINE, 1, Limits(max_answers=3)) as pool:
        pids = [pool.ask("pid") for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_a_worker_whose_memory_grew_is_replaced() -> None:
    with WorkerPool(ENGINE, 1, Limits(max_rss_mb=150)) as pool:
        before = pool.ask("pid")
        pool.ask("hoard", bytes(10_000_000))
        assert pool.ask("pid") == before
        pool.ask("hoard", bytes(200_000_000))
        assert pool.ask("pid") != before


def test_a_fault_of_a_library_tells_where_and_not_what(pool: WorkerPool) -> None:
    with pytest.raises(RenderError) as caught:
        pool.ask("number", "Mareike Terhörst")
    assert caught.value.code == "render-failed"
    assert "ValueError" in caught.value.message
    assert "Terhörst" not in str(caught.value)


def test_an_interrupted_question_is_never_answered_with_anothers_answer() -> None:
    """A worker that still owes an answer would hand the next letter the PDF of this one."""
    with WorkerPool(ENGINE, 1, Limits(timeout_s=5)) as pool:
        pool.ask("number", "1")
        worker = pool._places.get()
        assert worker is not None
        worker._pipe.send(("number", ("666",)))  # asked, and nobody waited for the answer
        worker._owing = True
        pool._places.put(worker)
        assert pool.ask("number", "2") == 2


def test_one_worker_answers_while_another_is_busy() -> None:
    with WorkerPool(ENGINE, 2, Limits(timeout_s=20)) as pool, ThreadPoolExecutor(1) as threads:
        pool.ask("pid")
        slow = threads.submit(pool.ask, "sleep", 4)
        while pool._places.qsize() == 2:
            time.sleep(0.01)
        assert pool.ask("number", "7") == 7
        assert not slow.done()


def test_answers_reach_the_thread_that_asked() -> None:
    with WorkerPool(ENGINE, 2) as pool, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda n: pool.ask("number", str(n)), range(200))) == list(range(200))


def test_closing_ends_the_processes() -> None:
    pool = WorkerPool(ENGINE, 1)
    pid = pool.ask("pid")
    pool.close()
    assert not psutil.pid_exists(pid)  # type: ignore[arg-type]


# The renderer on top of it


def test_errors_cross_the_process_boundary_as_what_they_are() -> None:
    with LocalRenderer(workers=1) as renderer:
        with pytest.raises(DataInvalid, match="sum-wrong"):
            renderer._pool.ask("render", letters.request(data=_wrong_sum()))
        with pytest.raises(NotFound, match="page-not-found"):
            renderer.picture(letters.sample_pdf("einladung"), 99)


def _wrong_sum() -> dict[str, object]:
    sample = dict(letters.catalogue().get("bewilligungsbescheid").meta.sample)
    calculation = {**sample["calculations"][0], "payout": "1062.20"}  # type: ignore[index]
    return {**sample, "calculations": [calculation]}


def test_a_letter_comes_out_the_same_in_a_worker_and_in_this_process() -> None:
    letter = letters.request("einladung", address_lines=letters.SIX_LINES)
    with LocalRenderer(workers=1) as away, LocalRenderer(workers=0) as here:
        rendered = away.render(letter)
        assert rendered == here.render(letter)
    assert rendered.pages == 2
    assert rendered.versions["template"] == letter.template_version


def test_wrong_data_are_refused_before_a_worker_is_started() -> None:
    with LocalRenderer(workers=1) as renderer:
        with pytest.raises(DataInvalid):
            renderer.render(letters.request(data=_wrong_sum()))
        with pytest.raises(DataInvalid):
            renderer.validate("bewilligungsbescheid", _wrong_sum())
        assert renderer._pool._places.get() is None  # type: ignore[union-attr]
        renderer._pool._places.put(None)  # type: ignore[union-attr]
