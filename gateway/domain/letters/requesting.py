"""What a letter asks for, read from its data by the rule of its template; and what of that is still missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class RequestRule:
    """Where in the data of a letter the requested items stand: `items` a list of objects with `title`, `due` a date."""

    items: str
    title: str
    due: str | None = None


def requested(rule: RequestRule, data: Mapping[str, object]) -> tuple[list[str], date | None]:
    """Titles of the requested items in the order of the letter, and until when they are due."""
    due = data.get(rule.due) if rule.due else None
    return list(_titles(rule, data.get(rule.items))), date.fromisoformat(due) if isinstance(due, str) else None


def _titles(rule: RequestRule, items: object) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and isinstance(title := item.get(rule.title), str):
            yield title


def is_overdue(due: date | None, missing: int, today: date) -> bool:
    """Whether something is missing and its day is over; § 26 SGB X: the day itself still counts."""
    return due is not None and missing > 0 and today > due
