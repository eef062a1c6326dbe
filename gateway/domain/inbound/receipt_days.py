"""Days of receipt as a scan site says them: terms of law are reckoned from them, so what cannot be is not believed.

The day of receipt is the stamp on the paper; nobody can scan what is received tomorrow. What is only unlikely is taken,
and said: in January people still write the old year.
"""

from collections.abc import Iterable
from datetime import date, timedelta

IN_FUTURE, LONG_AGO = "scan-dated-in-future", "scan-received-long-ago"
"""Remarks on a delivery that is taken nevertheless."""
_TOMORROW = timedelta(days=1)
"""A clock may go wrong by some hours, and a day ends elsewhere at another moment."""
_LONG = timedelta(days=180)


def cannot_be(received_on: date, scanned_on: date) -> bool:
    """Received after it was scanned."""
    return received_on > scanned_on


def remarks_on(days: Iterable[tuple[date, date]], today: date) -> list[str]:
    """What is odd about days of receipt and of scanning, (received, scanned) of each document of a delivery."""
    told = list(days)
    odd = {
        IN_FUTURE: any(scanned_on > today + _TOMORROW for _, scanned_on in told),
        LONG_AGO: any(scanned_on - received_on > _LONG for received_on, scanned_on in told),
    }
    return [code for code, applies in odd.items() if applies]
