"""The figures to reach, measured side by side in one run: `python -m tests.bench`.

    CPU of one letter from data to preflighted PDF, against bare WeasyPrint     at most 1.35 times
    CPU of the preflight of a letter of 1, 3 and 10 pages                       at most 12 ms a page
    letters per second with two workers, against one                            at least 1.7 times
    memory of a worker after 1,000 letters                                      below 300 MB

Not a test: a busy machine changes the figures. Run it on an idle one.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import cast

import pikepdf
import psutil
import weasyprint
from rich.console import Console
from rich.progress import track
from rich.table import Table
from weasyprint.text.fonts import FontConfiguration

from gateway.domain.sheets.layout import PrintProfile
from gateway.ports.renderer import RenderedDocument
from gateway.providers.profiles import load_profile
from gateway.rendering.catalogue import SHARED
from gateway.rendering.engine import Engine
from gateway.rendering.fonts import default_fonts_dir, font_bytes
from gateway.rendering.pdf import STYLE, VARIANT, _LettersOnly
from gateway.rendering.pool import Limits, WorkerPool
from tests.rendering import letters

OUT = Console()
EPOST: PrintProfile = load_profile("epost")


def cpu_s(work: Callable[[], object], times: int, other: Callable[[], object]) -> tuple[float, float]:
    """Median CPU seconds of two pieces of work done in turn, so that both meet the same machine."""
    work(), other()
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(times):
        for job, spent in ((work, mine), (other, theirs)):
            started = time.process_time()
            job()
            spent.append(time.process_time() - started)
    return statistics.median(mine), statistics.median(theirs)


class Bare:
    """WeasyPrint alone, writing the same HTML with the same style, fonts and variant."""

    def __init__(self, *, keep_fonts: bool) -> None:
        self._html = letters.composer().compose(letters.request())
        self._style = (letters.catalogue().folder / SHARED / STYLE).read_text("utf-8")
        self._fetcher = _LettersOnly(font_bytes(default_fonts_dir()))
        self._kept = FontConfiguration() if keep_fonts else None

    def write(self) -> bytes:
        fonts = self._kept or FontConfiguration()
        style = weasyprint.CSS(string=self._style, font_config=fonts, url_fetcher=self._fetcher)
        page = weasyprint.HTML(string=self._html, url_fetcher=self._fetcher)
        return cast(
            "bytes", page.write_pdf(font_config=fonts, stylesheets=[style], pdf_variant=VARIANT, pdf_tags=True)
        )


def one_letter(engine: Engine) -> RenderedDocument:
    """What the gateway does with a letter that is submitted for approval."""
    request = letters.request()
    document = engine.render(request)
    report = engine.preflight(document.pdf, EPOST, request.address_lines)
    if report.findings:
        raise SystemExit(f"the sample letter has findings: {[finding.code for finding in report.findings]}")
    return document


def compare_with_bare(pairs: int, table: Table) -> None:
    """The gateway against bare WeasyPrint, which loads its fonts anew for each document unless they are kept."""
    engine = Engine()
    work = partial(one_letter, engine)
    render = partial(engine.render, letters.request())
    for name, keep in (("bare WeasyPrint", False), ("bare WeasyPrint that keeps its fonts", True)):
        bare = Bare(keep_fonts=keep)
        whole, alone = cpu_s(work, pairs, bare.write)
        table.add_row(
            f"data to preflighted PDF / {name}", f"{whole:.3f} s / {alone:.3f} s", f"{whole / alone:.2f}"
        )
        rendered, alone = cpu_s(render, pairs, bare.write)
        table.add_row(f"data to PDF / {name}", f"{rendered:.3f} s / {alone:.3f} s", f"{rendered / alone:.2f}")


def letter_of(pages: int, engine: Engine) -> bytes:
    """A real letter: of one page, of three, or of three and their last ones repeated."""
    name = "eingangsbestaetigung" if pages == 1 else "bewilligungsbescheid"
    written = engine.render(letters.request(name)).pdf
    with pikepdf.open(io.BytesIO(written)) as document:
        while len(document.pages) < pages:
            document.pages.append(document.pages[len(document.pages) - 2])
        target = io.BytesIO()
        document.save(target)
    return written if pages <= 3 else target.getvalue()


def preflight_ms_a_page(pages: int, times: int) -> float:
    """Median CPU of the whole preflight, for each page."""
    engine = Engine()
    pdf, address = letter_of(pages, engine), letters.request().address_lines
    spent = []
    for _ in range(times):
        started = time.process_time()
        report = engine.preflight(pdf, EPOST, address)
        spent.append(1000 * (time.process_time() - started) / report.pages)
    if report.pages != pages or report.findings:
        raise SystemExit(f"{report.pages} pages, {[finding.code for finding in report.findings]}")
    return statistics.median(spent)


def letters_per_s(workers: int, count: int) -> float:
    """Throughput of a pool, workers warm."""
    with WorkerPool(Engine, workers, Limits(max_answers=10**9)) as pool, ThreadPoolExecutor(workers) as threads:

        def letter(_: int) -> None:
            request = letters.request()
            document = cast("RenderedDocument", pool.ask("render", request))
            pool.ask("preflight", document.pdf, EPOST, request.address_lines)

        list(threads.map(letter, range(2 * workers)))
        started = time.monotonic()
        list(threads.map(letter, range(count)))
        return count / (time.monotonic() - started)


def memory_mb(count: int) -> list[int]:
    """Resident memory of one worker after each tenth of `count` letters."""
    seen = []
    with WorkerPool(Engine, 1, Limits(max_rss_mb=10_000, max_answers=10**9)) as pool:
        request = letters.request()
        for number in track(range(1, count + 1), description=f"{count} letters in one worker", console=OUT):
            document = cast("RenderedDocument", pool.ask("render", request))
            pool.ask("preflight", document.pdf, EPOST, request.address_lines)
            if number % max(1, count // 10) == 0:
                worker = next(iter(psutil.Process().children(recursive=True)[-1:]))
                seen.append(worker.memory_info().rss // 1024**2)
    return seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20, help="letters per comparison of CPU")
    parser.add_argument("--throughput", type=int, default=60, help="letters per measurement of throughput")
    parser.add_argument("--letters", type=int, default=1000, help="letters for the memory of a worker")
    parser.add_argument("--preflight-only", action="store_true", help="the preflight a page, and nothing else")
    chosen = parser.parse_args()
    table = Table("figure", "measured", "ratio", title="a Bescheid of three pages")
    for pages in (1, 3, 10):
        measured = preflight_ms_a_page(pages, max(20, chosen.pairs))
        table.add_row(f"preflight of a letter of {pages} pages", f"{measured:.1f} ms a page", "")
    if chosen.preflight_only:
        OUT.print(table)
        return
    compare_with_bare(chosen.pairs, table)
    one, two = letters_per_s(1, chosen.throughput), letters_per_s(2, chosen.throughput)
    table.add_row("two workers / one worker", f"{two:.2f} / {one:.2f} letters per s", f"{two / one:.2f}")
    memory = memory_mb(chosen.letters)
    table.add_row(f"memory of a worker over {chosen.letters} letters", " ".join(map(str, memory)) + " MB", "")
    OUT.print(table)


if __name__ == "__main__":
    main()
