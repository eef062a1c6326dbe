"""A clock that is put forward by hand: the demo plays days with it, tests stand on one moment."""

from datetime import datetime


class ManualClock:
    """Stands still until told; never goes back."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        self._now = start

    def now(self) -> datetime:
        """The moment it stands on."""
        return self._now

    def advance_to(self, moment: datetime) -> None:
        """Put it forward."""
        if moment < self._now:
            raise ValueError("time does not go back")
        self._now = moment
