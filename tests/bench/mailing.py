"""Checking the table of a mass mailing, CSV and XLSX: `python -m tests.bench.mailing`.

    rows per second, every row against schema, case, address and earlier letters
    memory after each tenth of 100,000 rows                                      must not grow with the rows

Each table is checked in a process of its own, so that the one says nothing about the other.
"""

import argparse
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import psutil
from rich.console import Console
from rich.table import Table

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.mailings.mailing import check_table
from gateway.application.mailings.mailing_view import mailing_view
from gateway.application.templates.publishing import publish
from gateway.testing.clock import ManualClock
from tests.world import MONDAY, REQUEST, at, cases_document, world_settings

CASES = 2_000
HEADER = ("case", "concerns", "deadline", "consequence", "documents.1.title", "documents.2.title", "reasons")
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def lines(count: int) -> Iterator[tuple[str, ...]]:
    """Header and `count` rows, each with a text of its own."""
    yield HEADER
    for number in range(count):
        reason = f"Für die Berechnung Ihrer Leistung brauchen wir den Beleg Nummer {number} bis zum Stichtag."
        concern = f"Ihr Antrag Nummer {number}"
        yield f"C{number % CASES}", concern, "14.12.2026", "Versagung", "Mietvertrag", "Kontoauszüge", reason


def write_csv(file: Path, count: int) -> None:
    """As a spreadsheet saves it."""
    with file.open("w", encoding="utf-8-sig") as out:
        out.writelines(";".join(line) + "\r\n" for line in lines(count))


def write_xlsx(file: Path, count: int) -> None:
    """As Excel saves it: cells point into a table of texts, here one text a cell."""
    empty = file.with_suffix(".empty")
    openpyxl.Workbook().save(empty)
    with zipfile.ZipFile(empty) as source:
        parts = {name: source.read(name).decode() for name in source.namelist()}
    head, tail = parts.pop("xl/worksheets/sheet1.xml").split("<sheetData", 1)
    tail = tail[tail.index("<pageMargins") :]
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        with archive.open("xl/sharedStrings.xml", "w") as texts:
            texts.write(f'<sst xmlns="{SPACE}">'.encode())
            for line in lines(count):
                texts.write("".join(f"<si><t>{text}</t></si>" for text in line).encode())
            texts.write(b"</sst>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f"{head}<sheetData>".encode())
            for row in range(count + 1):
                cells = (
                    f'<c r="{"ABCDEFG"[column]}{row + 1}" t="s"><v>{row * len(HEADER) + column}</v></c>'
                    for column in range(len(HEADER))
                )
                sheet.write(f'<row r="{row + 1}">{"".join(cells)}</row>'.encode())
            sheet.write(f"</sheetData>{tail}".encode())


def authority() -> dict[str, Any]:
    """The small authority of the tests, with more cases."""
    document = cases_document()
    person, case = document["persons"][0], document["cases"][0]
    for number in range(CASES):
        name = f"X{number}"
        document["persons"].append({**person, "reference": name})
        own = {"file_number": f"JC-BOR-2027-{number:05}", "bg_number": f"35702//1{number:06}"}
        document["cases"].append(
            {**case, **own, "reference": f"C{number}", "members": [name], "addressee": name}
        )
    return document


def check(folder: Path, file: Path, count: int) -> tuple[float, list[int]]:
    """Seconds, and resident memory in MB after each tenth of the rows."""
    services = bootstrap.build(world_settings(folder), clock=ManualClock(at(MONDAY, "08:00")))
    try:
        import_cases(services, authority())
        publish(services, "admin", REQUEST, legal_release="Bench")
        memory: list[int] = []

        def seen(done: int) -> None:
            if done >= (len(memory) + 1) * count // 10:
                memory.append(psutil.Process().memory_info().rss // 1024**2)

        started = time.monotonic()
        with file.open("rb") as table:
            number = check_table(services, "anna", table, template=REQUEST, progress=seen)
        spent = time.monotonic() - started
        view = mailing_view(services, None, number)
        if (view.rows, view.faulty) != (count, 0):
            raise SystemExit(f"{view.faulty} of {view.rows} rows are faulty")
        return spent, memory
    finally:
        bootstrap.close(services)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    count: int = parser.parse_args().rows
    shown = Table(
        "table", "MB on disk", "rows per s", "MB of memory after each tenth", title=f"{count} rows, checked"
    )
    with TemporaryDirectory() as folder:
        for name, write in (("CSV", write_csv), ("XLSX", write_xlsx)):
            file = Path(folder) / f"table.{name.lower()}"
            write(file, count)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                spent, memory = process.submit(check, Path(folder) / name, file, count).result()
            size = f"{file.stat().st_size / 1e6:.1f}"
            shown.add_row(name, size, f"{count / spent:.0f}", " ".join(map(str, memory)))
    Console().print(shown)


if __name__ == "__main__":
    main()
