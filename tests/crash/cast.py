"""One theatre a process of the pool."""

import os
from pathlib import Path

from tests.crash.theatre import Prepared, Theatre
from tests.crash.trial import Outcome, Trial

_theatres: list[Theatre] = []


def begin(prepared: dict[str, Prepared], folder: Path) -> None:
    """Open this process's theatre; its forge ends with it."""
    _theatres.append(Theatre(prepared, folder / f"theatre-{os.getpid()}", folder / "made").__enter__())


def play(trial: Trial) -> Outcome:
    """Play a trial in it."""
    return _theatres[0].play(trial)
