"""Reading codes of scans: `python -m tests.bench.recognition --documents 300`.

    documents an hour, on all cores                                  at least 10,000
    recognised on poor scans at 200 dpi                              at least 99.5 %
    wrong: another code than the one on the paper, or one where there is none     0

Half the papers are reply slips, half sheets with our sheet code; one in ten is foreign mail, with codes of others.
They are skewed by up to three degrees, stained, faded, noisy, and lie on the glass any way up.
"""

import argparse
import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from rich.console import Console
from rich.table import Table

from gateway.domain.references import (
    SheetCode,
    decode_reply_code,
    decode_sheet_code,
    encode_reply_code,
    reference_from,
)
from gateway.rendering.codes import SHEET_CODE_VERSION, datamatrix_modules, page_codes
from gateway.rendering.html import REPLY_MODULE_MM
from gateway.testing.scan_centre.mail import FOREIGN, foreign
from gateway.testing.scan_centre.scanner import FADED, FAX, GOOD, POOR, scan

SHEET_MODULE_MM = 0.5
_TURNS = (0, 90, 180, 270)
_CONDITIONS = {"good": GOOD, "poor": POOR, "faded": FADED, "fax": FAX}


@dataclass(frozen=True)
class Paper:
    """A scanned paper and the code on it, None on foreign mail; `kind` is resolution and condition.

    `printed` are all codes that stand on it: one in 36 look-alikes of others has our check character, too.
    """

    kind: str
    truth: str | None
    scanned: bytes
    printed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Result:
    """What reading it gave, in CPU seconds of this process."""

    kind: str
    truth: str | None
    found: tuple[str, ...]
    wrong: bool
    cpu_s: float


def paper(number: int, *, dpi: int, condition: str) -> Paper:
    """Paper `number`; the same number is the same paper."""
    chance = random.Random(f"{number}:{dpi}:{condition}")
    as_it_lies = replace(
        _CONDITIONS[condition], dpi=dpi, turned=chance.choice(_TURNS), skew=chance.uniform(-3, 3)
    )
    kind, seed = f"{dpi} {condition}", str(number)
    if number % 10 == 9:
        mail = foreign(chance.choice(sorted(FOREIGN)), seed)
        printed = frozenset(text for _, text in page_codes(mail.pdf))
        return Paper(kind, None, scan(mail.pdf, as_it_lies, seed=seed), printed)
    reference = reference_from(chance.randrange(2**35))
    if number % 2:
        truth, module, version = SheetCode(reference, 1, 3).encode(), SHEET_MODULE_MM, SHEET_CODE_VERSION
    else:
        truth, module, version = encode_reply_code(reference), REPLY_MODULE_MM, None
    return Paper(kind, truth, scan(_page(truth, module, version), as_it_lies, seed=seed))


def read(made: Paper) -> Result:
    """Codes of our form on the paper."""
    began = time.process_time()
    texts = tuple(text for _, text in page_codes(made.scanned))
    ours = tuple(text for text in texts if decode_reply_code(text) or decode_sheet_code(text))
    spent = time.process_time() - began
    return Result(made.kind, made.truth, ours, bool(set(ours) - {made.truth} - made.printed), spent)


def _page(text: str, module_mm: float, version: int | None) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(210 * mm, 297 * mm), invariant=1)
    modules = datamatrix_modules(text, version)
    left, top = (165, 260) if version is None else (10, 180)
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            if dark:
                size = module_mm * mm
                canvas.rect(
                    left * mm + column * size, top * mm - row * size, size * 1.02, size * 1.02, stroke=0, fill=1
                )
    body = canvas.beginText(25 * mm, 240 * mm)
    body.setFont("Helvetica", 10, leading=15)
    for number in range(30):
        body.textLine(
            f"{number + 1}. Kontoauszüge, Mietvertrag und Gehaltsabrechnungen der letzten drei Monate"
        )
    canvas.drawText(body)
    for line in range(8):
        canvas.line(25 * mm, (40 + 6 * line) * mm, 190 * mm, (40 + 6 * line) * mm)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _work(number: int, *, dpi: int, condition: str) -> Result:
    return read(paper(number, dpi=dpi, condition=condition))


def _figures(results: Sequence[Result]) -> Iterator[tuple[str, str, str, str]]:
    for kind in dict.fromkeys(result.kind for result in results):
        some = [result for result in results if result.kind == kind]
        ours = [result for result in some if result.truth]
        right = sum(result.found == (result.truth,) for result in ours)
        wrong = sum(result.wrong for result in some)
        per_hour = 3600 * (os.cpu_count() or 1) * len(some) / sum(result.cpu_s for result in some)
        yield kind, f"{100 * right / len(ours):.2f} % of {len(ours)}", str(wrong), f"{per_hour:,.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200, help="of each resolution and condition")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first one: runs add up to a longer one"
    )
    parser.add_argument("--dpi", type=int, nargs="*", default=[150, 200, 300])
    parser.add_argument("--condition", nargs="*", choices=sorted(_CONDITIONS), default=["good", "poor"])
    told = parser.parse_args()
    numbers = range(told.first, told.first + told.documents)
    results: list[Result] = []
    with ProcessPoolExecutor() as pool:
        for dpi in told.dpi:
            for condition in told.condition:
                work = partial(_work, dpi=dpi, condition=condition)
                results += pool.map(work, numbers, chunksize=4)
    table = Table("dpi and condition", "recognised", "wrong", f"documents an hour, {os.cpu_count()} cores")
    for row in _figures(results):
        table.add_row(*row)
    Console().print(table)
    missed = Counter(
        (result.kind, (result.truth or "?")[0]) for result in results if result.truth and not result.found
    )
    for (kind, code), count in sorted(missed.items()):
        Console().print(f"missed: {kind}, {'reply slip' if code == 'R' else 'sheet'}: {count}")


if __name__ == "__main__":
    main()
