"""Good letters by the thousand, rendered from every template: `python -m tests.bench.false_alarms [--letters 1000]`.

    findings on good letters             none
    preflight, CPU a page, median        at most 12 ms

Not a test: rendering a thousand letters takes minutes.
"""

import argparse
import random
import statistics
import time
from collections import Counter

from rich.console import Console
from rich.progress import track

from gateway.providers.profiles import load_profile
from gateway.rendering.engine import Engine
from tests.rendering import letters

OUT = Console()
GIVEN = ("Anna", "Zoë", "Łukasz", "Thị Hương", "Đorđe", "Max-Emil", "Gülşen", "Jean-François", "İlker")
FAMILY = ("Müller", "Überall", "O’Brien", "Nguyễn-Şahin", "Ågren", "Kovačević", "Weiß", "Graf von Öd-Hohenwald")
STREETS = ("Ährenweg 7 b", "Am Markt 1", "Straße des 17. Juni 135", "Çiğdemgasse 3-5")
PLACES = ("01234 Ödheim", "46325 Borken", "99998 Mühlhausen", "10115 Berlin")


def address(source: random.Random) -> tuple[str, ...]:
    """Four to six lines."""
    extra = [f"c/o {source.choice(FAMILY)}", "Ortsteil Hoxfeld"]
    return (
        source.choice(("Frau", "Herrn")),
        f"{source.choice(GIVEN)} {source.choice(FAMILY)}",
        *extra[: source.choice((0, 0, 0, 1, 2))],
        source.choice(STREETS),
        source.choice(PLACES),
    )


def main() -> None:
    """Render, check, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--profile", default="epost")
    chosen = parser.parse_args()
    engine, profile, source = Engine(), load_profile(chosen.profile), random.Random(1)
    names = [template.meta.name for template in letters.catalogue().all()]
    found: Counter[str] = Counter()
    wrong, page_ms = 0, []
    for number in track(range(chosen.letters), description="letters", console=OUT):
        name, lines = names[number % len(names)], address(source)
        document = engine.render(letters.request(name, address_lines=lines))
        started = time.process_time()
        report = engine.preflight(document.pdf, profile, lines)
        page_ms.append(1000 * (time.process_time() - started) / report.pages)
        found.update(f"{name}: {finding.code}" for finding in report.findings)
        wrong += bool(report.findings)
    OUT.print(f"{chosen.letters} good letters for {profile.name}: {wrong} false alarms {dict(found) or ''}")
    OUT.print(f"preflight {statistics.median(page_ms):.1f} ms CPU a page in the median")


if __name__ == "__main__":
    main()
