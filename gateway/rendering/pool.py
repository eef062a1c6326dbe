"""Worker processes for rendering: a hard time limit, a memory limit, and a crash that costs one document only.

A worker is a process of its own (started fresh, not forked: Pango and pdfium do not survive a fork of a threaded
parent). It holds one engine and answers one question at a time. The pool knows nothing of letters.
"""

import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple

import psutil

from gateway import errors
from gateway.errors import GatewayError, RenderError

_MEGABYTE = 1024 * 1024
_WATCH_S = 0.25
_START_S = 60.0
_CONTEXT = multiprocessing.get_context("spawn")

LIBRARY_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the layout and PDF libraries raise when they meet something they did not foresee."""


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    timeout_s: for one question; the worker is killed after it.
    max_rss_mb: above this the worker is replaced after its answer; at four times of it, it is killed at once.
    max_answers: after so many the worker is replaced, whatever it uses.
    """

    timeout_s: float = 30.0
    max_rss_mb: int = 300
    max_answers: int = 500


class _Answer(NamedTuple):
    """What comes back: a value, or an error as text, since errors with own constructors do not pickle."""

    value: object
    error: tuple[str, str, str] | None
    rss_mb: int


def call(engine: object, method: str, arguments: Sequence[object]) -> object:
    """One question to an engine. What its libraries raise becomes a `RenderError` that tells where, not what.

    The text of such a fault may hold a citizen's name and is left out.
    """
    try:
        return getattr(engine, method)(*arguments)
    except LIBRARY_FAULTS as fault:
        trace = fault.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "unbekannt"
        raise RenderError(
            "render-failed",
            f"Das Dokument konnte nicht verarbeitet werden ({type(fault).__name__} in {place}). "
            "Bitte an die Betreuung melden.",
        ) from None


def _work(factory: Callable[[], object], pipe: Connection) -> None:
    """The life of a worker: build the engine, then answer until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    me, engines = psutil.Process(), list[object]()
    pipe.send(_answered(me, lambda: engines.append(factory())))
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(_answered(me, partial(call, engines[0], method, arguments)))


def _answered(me: psutil.Process, step: Callable[[], object]) -> _Answer:
    value: object = None
    error: tuple[str, str, str] | None = None
    try:
        value = step()
    except GatewayError as refusal:
        error = (type(refusal).__name__, refusal.code, refusal.message)
    return _Answer(value, error, me.memory_info().rss // _MEGABYTE)


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, factory: Callable[[], object], limits: Limits) -> None:
        self._limits = limits
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(
            target=_work, args=(factory, theirs), daemon=True, name="gateway-render"
        )
        self._process.start()
        theirs.close()
        self._ready = False
        self._owing = True
        """An answer is still to come: such a worker must never be asked again, or a letter gets another's PDF."""
        self._answers = 0
        self._rss_mb = 0

    @property
    def usable(self) -> bool:
        """Whether it lives and is below its limits."""
        spent = self._answers >= self._limits.max_answers or self._rss_mb > self._limits.max_rss_mb
        return self._process.is_alive() and not spent and not (self._ready and self._owing)

    def take(self, method: str, arguments: Sequence[object]) -> bool:
        """Hand it a question. False if it turned out to be dead: nothing was begun, another may take it."""
        if not self._ready:
            self._start()
        self._owing = True
        try:
            self._pipe.send((method, arguments))
        except OSError:
            return False
        self._answers += 1
        return True

    def answer(self) -> object:
        """The engine's answer, or its error. After a time-out or a crash the worker is dead."""
        return self._receive(self._limits.timeout_s)

    def _start(self) -> None:
        """Wait until the engine is built; a worker whose engine cannot be built is of no use."""
        try:
            self._receive(_START_S)
        except GatewayError:
            self.stop()
            raise
        self._ready = True

    def _receive(self, timeout_s: float) -> object:
        self._wait(time.monotonic() + timeout_s, timeout_s)
        try:
            answer: _Answer = self._pipe.recv()
        except (EOFError, OSError):
            self.stop()
            raise _died() from None
        self._owing = False
        self._rss_mb = answer.rss_mb
        if answer.error is not None:
            name, code, message = answer.error
            raise getattr(errors, name, RenderError)(code, message)
        return answer.value

    def _wait(self, deadline: float, timeout_s: float) -> None:
        """Until there is something to read; kills the worker at its limits."""
        while not self._pipe.poll(min(_WATCH_S, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                self.stop()
                raise RenderError(
                    "render-timeout",
                    f"Das Dokument war nach {timeout_s:.0f} Sekunden nicht fertig; der Vorgang wurde abgebrochen. "
                    "Bitte Vorlage und Daten prüfen.",
                )
            if self._memory_mb() > 4 * self._limits.max_rss_mb:
                self.stop()
                raise RenderError(
                    "render-memory", "Das Dokument brauchte zu viel Speicher; der Vorgang wurde abgebrochen."
                )

    def _memory_mb(self) -> int:
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss // _MEGABYTE)
        except psutil.NoSuchProcess:
            return 0

    def stop(self) -> None:
        """End the process by force; it holds nothing that could be lost."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _died() -> RenderError:
    return RenderError(
        "render-worker-died",
        "Der Rechenprozess ist beim Verarbeiten des Dokuments abgestürzt. Bitte erneut versuchen.",
    )


class WorkerPool:
    """`size` workers that answer questions from any thread; each is started when it is first needed."""

    def __init__(self, factory: Callable[[], object], size: int, limits: Limits | None = None) -> None:
        """`factory` builds the engine in the worker; it and all questions and answers must pickle."""
        self._factory = factory
        self._limits = limits or Limits()
        self._places: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._size = size
        for _ in range(size):
            self._places.put(None)

    def ask(self, method: str, *arguments: object) -> object:
        """The answer of a free worker's engine, waiting for one if need be.

        Raises what the engine raised, or `RenderError`: `render-timeout`, `render-memory`, `render-worker-died`,
        `render-failed`.
        """
        worker = self._places.get()
        try:
            if worker is None or not worker.usable or not worker.take(method, arguments):
                worker = self._replaced(worker)
                if not worker.take(method, arguments):
                    raise _died()
            return worker.answer()
        finally:
            self._places.put(self._kept(worker))

    def _replaced(self, worker: _Worker | None) -> _Worker:
        if worker is not None:
            worker.stop()
        return _Worker(self._factory, self._limits)

    def _kept(self, worker: _Worker | None) -> _Worker | None:
        """The worker, or a fresh one that starts while nobody waits for it."""
        if worker is None or worker.usable:
            return worker
        return self._replaced(worker)

    def close(self) -> None:
        """End all workers, after their current answer."""
        for _ in range(self._size):
            worker = self._places.get()
            if worker is not None:
                worker.stop()
        for _ in range(self._size):
            self._places.put(None)

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
