"""What Pingen holds, out of the list of all letters of the organisation: read page by page, newest first.

The interface has no search by our key and none by day, and no order is promised. So an order is believed only where
it was seen, and everything is read where it was not. A letter that moved to the next page while the pages were turned
is met twice and counts once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from gateway.domain.runs.status import Status
from gateway.domain.runs.tally import Held
from gateway.providers.pingen_codes import DRAFT_STATUSES, status_meaning
from gateway.providers.pingen_reports import BERLIN, key_of, letter_status, moment, text

NEWEST_FIRST = "-created_at"

Fetch = Callable[[int], tuple[list[Mapping[str, Any]], bool]]
"""A page, counted from 1: its letters, and whether more pages follow."""

_DAY = timedelta(days=1)
_DRAFTED_BEFORE = timedelta(days=30)
"""A letter is listed by when it was made, and may have been sent off as much later: a stop can last."""
_NOT_PRINTED = frozenset({Status.FAILED, Status.CANCELLED})


def is_draft(letter: Mapping[str, Any]) -> bool:
    """Whether it was never sent off; an unknown status counts as sent off, since it might print."""
    return letter_status(letter) in DRAFT_STATUSES and not text(letter, "attributes", "submitted_at")


def all_letters(fetch: Fetch) -> Iterator[Mapping[str, Any]]:
    """Every letter once."""
    return _each_once(letter for page in _pages(fetch) for letter in page)


def held_around(day: date, fetch: Fetch) -> Iterator[Held | None]:
    """What was sent off on a local day and the days beside it; None for a letter that says neither when nor which."""
    for letter in _each_once(_made_since(day - _DAY - _DRAFTED_BEFORE, fetch)):
        if is_draft(letter):
            continue
        held = _held(letter)
        if held is None or abs(held.accepted_on - day) <= _DAY:
            yield held


def _held(letter: Mapping[str, Any]) -> Held | None:
    """A letter of other software has no key of ours."""
    number, accepted_at = text(letter, "id"), _moment(letter, "submitted_at") or _moment(letter, "created_at")
    if not number or accepted_at is None:
        return None
    attributes = letter.get("attributes")
    pages = attributes.get("file_pages") if isinstance(attributes, Mapping) else None
    return Held(
        key=key_of(letter) or f"#{number}",
        provider_reference=number,
        accepted_on=accepted_at.astimezone(BERLIN).date(),
        pages=pages if isinstance(pages, int) and pages > 0 else None,
        failed=status_meaning(letter_status(letter))[0] in _NOT_PRINTED,
    )


def _made_since(first: date, fetch: Fetch) -> Iterator[Mapping[str, Any]]:
    """Letters until the first page that ends before `first`, if the newest come first indeed; else all."""
    newest = before = None
    is_sorted = True
    for page in _pages(fetch):
        yield from page
        for letter in page:
            made_at = _moment(letter, "created_at")
            newest = newest or made_at
            is_sorted = is_sorted and made_at is not None and (before is None or made_at <= before)
            before = made_at
        # Letters of one second tell no order: the last must be older than the first.
        if is_sorted and newest and before and before < newest and before.astimezone(BERLIN).date() < first:
            return


def _pages(fetch: Fetch) -> Iterator[list[Mapping[str, Any]]]:
    page, more = 1, True
    while more:
        letters, more = fetch(page)
        yield letters
        page += 1


def _each_once(letters: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    for letter in letters:
        number = text(letter, "id")
        if not number or number not in seen:
            seen.add(number)
            yield letter


def _moment(letter: Mapping[str, Any], name: str) -> datetime | None:
    return moment(text(letter, "attributes", name))
