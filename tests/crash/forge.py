"""Runs `gateway` commands in processes of their own and kills them at chosen points.

Started once as a process without threads, it loads everything, then forks for every order it reads from standard
input; the child runs the real command line and may be killed by SIGKILL, at a numbered point inside or from outside.
What is changed in the child is only: its clock, the renderer that is already warm, the points at which it may die,
on demand the provider's own guards against repetition, and on demand a mutant of the protocol.
"""

import functools
import importlib
import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from gateway import bootstrap
from gateway.application import outcomes, submitting
from gateway.blobs.folder import FolderBlobs
from gateway.casefiles.folder import FolderCaseFile
from gateway.cli import main
from gateway.db.engine import Database
from gateway.domain import submission
from gateway.domain.submission import NextAction, SubmissionState
from gateway.providers import epost, epost_letter
from gateway.rendering.local import LocalRenderer
from gateway.testing.epost.samples import letter_pdf


def _swap(owner: Any, name: str, value: object) -> None:
    """Put something else in the place of what `owner` calls `name`, in this process only."""
    setattr(owner, name, value)


class Points:
    """Counts the points at which a process may die, and lets it die at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self._kill_at = kill_at
        self.names: list[str] = []

    def reach(self, name: str) -> None:
        """A point: the `kill_at`-th one is the last that this process reaches."""
        self.names.append(name)
        if len(self.names) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, method: str) -> None:
        """Points before and after every call of a method."""
        original = getattr(owner, method)

        @functools.wraps(original)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.reach(f"before {method}")
            result = original(*arguments, **options)
            self.reach(f"after {method}")
            return result

        _swap(owner, method, wrapped)

    def around_commits(self) -> None:
        """Points before and after every commit."""
        original = Database.transaction

        @contextmanager
        def transaction(database: Database) -> Iterator[Session]:
            with original(database) as session:
                yield session
                self.reach("before commit")
            self.reach("after commit")

        _swap(Database, "transaction", transaction)


def blind_retry() -> None:
    """MUTANT: after an unknown outcome, just try again."""

    def again(services: Any, handed: Any, _provider: Any, _report: Any) -> bool:
        outcomes.write(services, handed, SubmissionState.STAGED, staged_at=services.clock.now())
        return True

    _answer_doubt_at_once()
    submitting._STEPS[NextAction.LOOK_UP] = again


def mark_before_acting() -> None:
    """MUTANT: note the hand-over as done, then do it."""

    def release(services: Any, handed: Any, provider: Any, _report: Any) -> bool:
        consignment = submitting._readable(services, handed, provider)
        outcomes.write(services, handed, SubmissionState.RELEASING, releasing_at=services.clock.now())
        releasing = outcomes.read(services, handed.consignment_id)
        assert releasing is not None
        outcomes.write_released(services, releasing, f"pending-{releasing.key}")
        provider.release(handed.first.handle or handed.key, consignment)
        return False

    submitting._STEPS[NextAction.RELEASE] = release


def impatient() -> None:
    """MUTANT: ask at once, not after the settle time."""
    _answer_doubt_at_once()


def _answer_doubt_at_once() -> None:

    def next_action(*arguments: Any, **facts: Any) -> NextAction:
        return submission.next_action(*arguments, **(facts | {"settle_time": timedelta(0)}))

    _swap(submitting, "next_action", next_action)


MUTANTS: dict[str, Callable[[], None]] = {
    "blind-retry": blind_retry,
    "mark-before-acting": mark_before_acting,
    "impatient": impatient,
}


def without_the_providers_guards() -> None:
    """Let the provider take a repetition for a new letter: another file name each time, no failsafe."""

    def file_name(key: str) -> str:
        return f"{key}-{os.getpid()}.pdf"

    def letter_from(*arguments: Any) -> dict[str, object]:
        return original(*arguments) | {"activateDuplicateFailsafe": False}

    original = epost_letter.letter_from
    _swap(epost_letter, "file_name", file_name)
    _swap(epost, "file_name", file_name)
    _swap(epost, "letter_from", letter_from)


class _Warm(LocalRenderer):
    """Outlives the services that use it."""

    def close(self) -> None:
        """The process ends anyway."""


def _prepare(order: dict[str, Any]) -> Points:
    moment = datetime.fromisoformat(order["moment"])
    _swap(bootstrap.SystemClock, "now", lambda _self: moment)
    os.environ |= order["environment"]
    random.seed()
    if order["mutant"]:
        MUTANTS[order["mutant"]]()
    if order["weak_provider"]:
        without_the_providers_guards()
    points = Points(order["kill_at"])
    points.around_commits()
    for method in ("stage", "release", "find", "poll"):
        points.around(epost.EpostProvider, method)
    points.around(FolderCaseFile, "file")
    points.around(FolderBlobs, "put")
    return points


def _child(order: dict[str, Any]) -> int:
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    points = _prepare(order)
    sys.argv = ["gateway", *order["arguments"]]
    try:
        main.run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001  (the driver reads it in the output)
        traceback.print_exc()
        code = 99
    Path(order["points"]).write_text(json.dumps(points.names))
    return code


def serve() -> None:
    """Read orders, fork, tell the process number, then how it ended."""
    renderer = _Warm(Path(sys.argv[1]), workers=0)
    renderer.picture(letter_pdf(), 1)
    _swap(bootstrap, "LocalRenderer", lambda *_arguments, **_options: renderer)
    for part in ("runs",):
        importlib.import_module(f"gateway.cli.{part}")
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_child(json.loads(line)))
        print(child, flush=True)  # noqa: T201
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
