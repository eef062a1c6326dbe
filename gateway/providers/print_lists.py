"""What a print house took in on a day, from the list that it publishes for every day: `DAY.list.json` (or `.xml`).

    kind            list
    day             the day, as in the name; the file is written when the day is over, and anew if it was wrong
    counts.pieces   how many entries `pieces` has, 0 on a day without any; counts.pages, if it counts pages
    pieces          what arrived, whether it will be printed or not: key and any of consignment, status, reason, pages;
                    or a consignment alone, for all of its pieces

A day without a file is not a day without letters: nobody knows then, and `NotSent` says so.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from gateway.domain.runs.tally import Held
from gateway.errors import NotSent
from gateway.providers.print_outbox import ENDINGS, Outbox
from gateway.providers.print_reports import ReportUnreadable, entry_number, entry_text
from gateway.providers.print_shelf import Lying, Shelf
from gateway.providers.print_staging import Notes
from gateway.providers.print_status import NOT_PRINTED, meaning

_DAY = timedelta(days=1)


def held_around(day: date, outbox: Outbox, shelf: Shelf, notes: Notes) -> Iterator[Held]:
    """The list of the day, and those of the days beside it as far as they are there. Raises `NotSent`."""
    lying = {file.name: file for file in outbox.waiting(shelf)}
    try:
        yield from _listed(day, lying, outbox, shelf, notes)
    except ReportUnreadable as fault:
        raise _missing(day, f"ist nicht auswertbar ({fault.code})") from None
    for beside in (day - _DAY, day + _DAY):
        try:
            yield from _listed(beside, lying, outbox, shelf, notes)
        except (NotSent, ReportUnreadable):
            continue  # the alarm of that day, not of this one


def _listed(day: date, lying: Mapping[str, Lying], outbox: Outbox, shelf: Shelf, notes: Notes) -> list[Held]:
    name = next((name for ending in ENDINGS if (name := f"{day}.list{ending}") in lying), None)
    if name is None:
        raise _missing(day, "fehlt")
    file = outbox.read(shelf, lying[name])
    if file.kind != "list" or file.day != day:
        raise ReportUnreadable("report-day-differs")
    return [held for entry in file.pieces for held in _held(entry, day, notes)]


def _held(entry: Mapping[str, object], day: date, notes: Notes) -> Iterator[Held]:
    key, consignment = entry_text(entry, "key"), entry_text(entry, "consignment")
    if not key and not consignment:
        raise ReportUnreadable("report-key-missing")
    note = None if key else notes.note(consignment)
    for each in note.members if note else (key or consignment,):
        yield Held(
            each,
            consignment or key,
            day,
            pages=entry_number(entry, "pages") if key else None,
            failed=meaning(entry_text(entry, "status")).status in NOT_PRINTED,
        )


def _missing(day: date, fault: str) -> NotSent:
    return NotSent(
        "print-house-list-missing",
        f"Die Tagesliste des Druckdienstleisters für den {day:%d.%m.%Y} {fault}. Das ist keine Liste mit null "
        "Sendungen; bitte dort anfordern.",
    )
