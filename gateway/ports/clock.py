"""The only source of time for use cases."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the moment, timezone-aware in UTC."""

    def now(self) -> datetime:
        """The present moment."""
