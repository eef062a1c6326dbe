"""Reading the piece reference in the window of returned envelopes: `python -m tests.bench.window --envelopes 60`.

    wrong: another reference than the one in the window                        0
    right and none by resolution and condition: what is not read waits in the tray

Real print copies, each with a reference of its own, behind the window of an envelope with a carrier's sticker; scanned
askew, stained, faded and noisy. One in ten is no envelope of ours. Needs Tesseract.
"""

import argparse
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

from rich.console import Console
from rich.table import Table

from gateway.application.reads.looking import read_picture
from gateway.domain.references import reference_from
from gateway.inbound.window_text import read_window
from gateway.providers.profiles import load_profile
from gateway.rendering.assembly import assemble
from gateway.testing.scan_centre.mail import FOREIGN, foreign, returned
from gateway.testing.scan_centre.scanner import FADED, GOOD, POOR, scan
from tests.rendering import letters

_CONDITIONS = {"good": GOOD, "poor": POOR, "faded": FADED}
_REASONS = ("unbekannt verzogen", "Annahme verweigert", "nicht abgeholt", "verstorben")


def read(number: int, *, dpi: int, condition: str) -> str:
    """What became of envelope `number`: right, wrong or none. The same number is the same envelope."""
    chance = random.Random(f"{number}:{dpi}:{condition}")
    as_it_lies = replace(_CONDITIONS[condition], dpi=dpi, skew=chance.uniform(-2, 2))
    if number % 10 == 9:
        truth, paper = "", foreign(chance.choice(sorted(FOREIGN)), str(number)).pdf
    else:
        truth = reference_from(chance.randrange(2**35))
        copy = assemble(
            [letters.sample_pdf("anhoerung")], piece=truth, profile=load_profile("epost"), duplex=True
        )
        paper = returned(copy.pdf, chance.choice(_REASONS)).pdf
    scanned = scan(paper, as_it_lies, seed=str(number))
    found, _ = read_picture(partial(read_window, scanned), lambda references: {truth} & set(references))
    if set(found) - {truth}:
        return "wrong"
    return "right" if found else "foreign" if not truth else "none"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envelopes", type=int, default=60, help="of each resolution and condition")
    parser.add_argument("--dpi", type=int, nargs="*", default=[200, 300])
    parser.add_argument(
        "--condition", nargs="*", choices=sorted(_CONDITIONS), default=["good", "poor", "faded"]
    )
    parser.add_argument("--processes", type=int, default=None)
    told = parser.parse_args()
    table = Table("dpi and condition", "right", "wrong", "none", "foreign, nothing read")
    with ProcessPoolExecutor(told.processes) as pool:
        for dpi in told.dpi:
            for condition in told.condition:
                results = Counter(pool.map(partial(read, dpi=dpi, condition=condition), range(told.envelopes)))
                table.add_row(
                    f"{dpi} {condition}",
                    *(str(results[each]) for each in ("right", "wrong", "none", "foreign")),
                )
    Console().print(table)


if __name__ == "__main__":
    main()
