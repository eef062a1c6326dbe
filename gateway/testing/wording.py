"""German dates and working days for fictional letter data."""

from datetime import date, timedelta

_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip


def german_date(day: date) -> str:
    """`19. Oktober 2026`."""
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"


def working_day(day: date) -> date:
    """The day itself or the next one that is no Saturday or Sunday (holidays do not matter for fiction)."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day
