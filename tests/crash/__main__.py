"""`make crash`: kill, stop and spoil runs at every point, then by chance, and compare the ledgers with the rows.

Plays on all cores, on SQLite and PostgreSQL, tells how far it is, and ends with a table. Then the broken protocols are
played too: a mutant that loses and doubles nothing makes the proof worthless.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from tests.crash.campaign import BACKENDS, campaign, combinations
from tests.crash.cast import begin, play
from tests.crash.houses import HOUSES
from tests.crash.mutants import MUTANTS, trials_of
from tests.crash.theatre import Prepared, describe, prepare
from tests.crash.trial import Outcome, Trial, summary
from tests.postgres import PostgresMissing, postgres
from tests.world import Prototype

_TELL_EVERY_S = 5.0


def main() -> int:
    """Play, tell, and end with 1 if anything was lost or doubled, or a mutant was not seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=2000, help="at least so many, every point among them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="else both")
    parser.add_argument("--house", action="append", help="else all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    wanted = tuple(options.backend or BACKENDS)
    memory = Path("/dev/shm")  # what survives a kill needs no disk
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)))
        prepared = _prepare(stack, folder, wanted)
        backends = tuple(prepared)
        for house in sorted(name for name, entry in HOUSES.items() if not entry.available()):
            _say(f"NOT PLAYED: {house}, what it needs is not installed")
        pool = stack.enter_context(
            ProcessPoolExecutor(
                options.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=begin,
                initargs=(prepared, folder),
            )
        )
        plain = [trial for trial in combinations(backends) if trial.house in (options.house or [trial.house])]
        points = {trial: outcome.points for trial, outcome in _play_all(pool, plain)}
        trials = campaign(points, options.trials, random.Random(options.seed))
        played = list(_play_all(pool, trials))
        _table(played)
        by_house = {trial.house: names for trial, names in points.items()}
        unseen = [] if options.house else _mutants(pool, by_house, backends)
    good = all(outcome.good for _, outcome in played)
    return 0 if good and not unseen else 1


def _prepare(stack: ExitStack, folder: Path, backends: Sequence[str]) -> dict[str, Prepared]:
    prototype = Prototype.build(folder / "prototype")
    prepared = {}
    if "sqlite" in backends:
        prepared["sqlite"] = prepare(prototype, folder / "prepared-sqlite")
    if "postgresql" in backends:
        try:
            server = stack.enter_context(postgres(folder))
        except PostgresMissing as missing:
            _say(f"NOT PLAYED: {missing}")
        else:
            prepared["postgresql"] = prepare(prototype.on(server), folder / "prepared-postgresql", server)
    return prepared


def _play_all(pool: ProcessPoolExecutor, trials: Sequence[Trial]) -> Iterator[tuple[Trial, Outcome]]:
    """In the order in which they end; tells how far it is."""
    began = told = time.monotonic()
    waiting = {pool.submit(play, trial): trial for trial in trials}
    done: list[Outcome] = []
    for future in as_completed(waiting):
        done.append(future.result())
        if not done[-1].good:
            _say(f"FAILED {describe(waiting[future])}\n  {done[-1]}")
        if time.monotonic() - told > _TELL_EVERY_S or len(done) == len(trials):
            told = time.monotonic()
            figures = ", ".join(f"{count} {name}" for name, count in summary(done).items() if name != "trials")
            _say(f"{len(done)}/{len(trials)} trials, {figures}; {told - began:.0f} s")
        yield waiting[future], done[-1]


def _table(played: Sequence[tuple[Trial, Outcome]]) -> None:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for trial, outcome in played:
        groups[f"{trial.house} on {trial.backend}"].append(outcome)
    names = list(summary([]))
    _say("".join(["", f"{'house on database':34}", *(f"{name:>11}" for name in names)]))
    for group, outcomes in [*sorted(groups.items()), ("all", [outcome for _, outcome in played])]:
        _say("".join([f"{group:34}", *(f"{count:>11}" for count in summary(outcomes).values())]))


def _mutants(
    pool: ProcessPoolExecutor, points: dict[str, list[str]], backends: Sequence[str]
) -> list[tuple[str, str]]:
    """Tell what each mutant loses and doubles; returns those that were not seen."""
    unseen = []
    for backend in backends:
        for mutant in MUTANTS:
            figures = summary(
                [pool.submit(play, trial).result() for trial in trials_of(mutant, points, backend)]
            )
            _say(f"mutant {mutant} on {backend}: {figures['lost']} lost, {figures['doubled']} doubled")
            if not figures["lost"] + figures["doubled"]:
                unseen.append((mutant, backend))
    return unseen


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
