"""How long to wait before something is tried again: doubling, with a spread and a longest; in one place for all."""

from datetime import timedelta

_MOST_DOUBLINGS = 20


def wait_before(attempts: int, *, first: timedelta, longest: timedelta, spread: float) -> timedelta:
    """The wait after so many failed attempts; `spread` from 0 to 1 lets many not come back at the same moment.

    Between three quarters and five quarters of the doubled wait, never longer than five quarters of `longest`.
    """
    doubled: timedelta = min(first * (1 << min(attempts, _MOST_DOUBLINGS)), longest)
    return doubled * (0.75 + spread / 2)
