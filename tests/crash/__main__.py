"""`python -m tests.crash --trials N`: kill runs at every point, then by chance, and print what the ledger says.

With `--mutants`, broken protocols are played too; a mutant that loses and doubles nothing makes the proof worthless.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.crash.theatre import Outcome, Theatre, Trial, chance_trial, summary
from tests.world import Prototype

MUTANT_TRIALS = {
    "blind-retry": Trial(faults=(("POST /api/Letter", "drop-after-accept", 1),), mutant="blind-retry"),
    "mark-before-acting": Trial(mutant="mark-before-acting"),
    "impatient": Trial(faults=(("POST /api/Letter", "drop-after-accept", 1),), lag_s=3600, mutant="impatient"),
}


def main() -> int:
    """Play, print, and end with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=100, help="trials by chance, after those at every point")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        prototype = Prototype.build(Path(folder) / "prototype")
        with Theatre(prototype, Path(folder) / "theatre") as theatre:
            points = len(theatre.play(Trial()).points)
            trials = [Trial(kills=(point,)) for point in range(1, points + 1, options.every)]
            trials += [chance_trial(chance, points) for _ in range(options.trials)]
            outcomes = [_play(theatre, trial) for trial in trials]
            figures: dict[str, object] = {"points": points, **summary(outcomes)}
            if options.mutants:
                figures["mutants"] = {name: _caught(theatre, name) for name in MUTANT_TRIALS}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _play(theatre: Theatre, trial: Trial) -> Outcome:
    outcome = theatre.play(trial)
    if not outcome.good:
        sys.stderr.write(f"{trial}\n{outcome}\n")
    return outcome


def _caught(theatre: Theatre, name: str) -> dict[str, int]:
    """What the ledger shows of a mutant, over the points around the hand-over of a piece."""
    trial = MUTANT_TRIALS[name]
    points = theatre.play(Trial()).points
    release = points.index("before release") + 1
    trials = [trial, *(Trial(kills=(release + n,), mutant=name, lag_s=trial.lag_s) for n in (-1, 0, 1))]
    outcomes = [theatre.play(one) for one in trials]
    return {
        "lost": sum(len(outcome.lost) for outcome in outcomes),
        "doubled": sum(len(outcome.doubled) for outcome in outcomes),
    }


if __name__ == "__main__":
    sys.exit(main())
