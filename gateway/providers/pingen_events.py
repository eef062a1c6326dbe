"""Reading Pingen's event collections from where we left off: no gap, and repeats only where they do no harm.

The place reached is the last event that the listener has taken, and the page on which it stood. It moves on only
when the listener asks for the next one, so whoever breaks off hears the rest the next time. If that event is no
longer on its page (old ones were purged, the order was changed), the collection is read from the start: repeats
are recognised by their dedup key, a gap would not be.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.durable import write_durably
from gateway.providers.pingen_reports import text

Fetch = Callable[[int], tuple[list[Mapping[str, Any]], bool]]
"""A page, counted from 1: its events, oldest first, and whether more pages follow."""


@dataclass(frozen=True)
class Place:
    """Where a listener is: the last event it took, and that event's page."""

    page: int
    event_id: str


class Cursor:
    """The place in every collection; kept in a file, or in memory if there is none. Safe between threads."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._kept: dict[str, Place] = {}

    def place(self, collection: str) -> Place | None:
        """Where we are in a collection; None at the start, or if what was kept cannot be read."""
        with self._lock:
            return self._read().get(collection)

    def move(self, collection: str, place: Place) -> None:
        """Everything up to here was taken."""
        with self._lock:
            self._kept = self._read() | {collection: place}
            if self._file:
                places = {name: asdict(each) for name, each in self._kept.items()}
                write_durably(self._file, json.dumps(places).encode())

    def _read(self) -> dict[str, Place]:
        if self._file is None:
            return self._kept
        try:
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            return {name: Place(int(each["page"]), str(each["event_id"])) for name, each in stored.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # then the collections are read from the start, which is slower and loses nothing


def events_since(collection: str, cursor: Cursor, fetch: Fetch) -> Iterator[Mapping[str, Any]]:
    """Events after the place that the cursor holds; it moves on page by page, as they are taken."""
    place = cursor.place(collection)
    if place is None:
        yield from _from_page(collection, cursor, fetch, 1, skip_to="")
        return
    events, _ = fetch(place.page)
    if any(text(event, "id") == place.event_id for event in events):
        yield from _from_page(collection, cursor, fetch, place.page, skip_to=place.event_id)
    else:
        yield from _from_page(collection, cursor, fetch, 1, skip_to="")


def _from_page(
    collection: str, cursor: Cursor, fetch: Fetch, page: int, *, skip_to: str
) -> Iterator[Mapping[str, Any]]:
    more = True
    while more:
        events, more = fetch(page)
        for event in events:
            if not skip_to:
                yield event
            elif text(event, "id") == skip_to:
                skip_to = ""
        if events and not skip_to:
            cursor.move(collection, Place(page, text(events[-1], "id")))
        page += 1
