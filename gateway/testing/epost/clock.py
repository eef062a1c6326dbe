"""The provider's working day: when a letter accepted now will be checked, at the print centre, posted, delivered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.testing.house.clock import BERLIN, afternoon_after

CHECKED_AFTER = timedelta(minutes=5)
AT_PRINT_CENTRE_AFTER = timedelta(hours=3)


@dataclass(frozen=True)
class Plan:
    """When a letter reaches its stages, UTC. `posted_at` is what the provider reports back as "versendet"."""

    accepted_at: datetime
    checked_at: datetime
    at_print_centre_at: datetime
    posted_at: datetime


def plan_for(accepted_at: datetime, letter_id: int, held_until: datetime | None = None) -> Plan:
    """Minutes to the check, hours to the print centre, one or two working days from there to the carrier.

    What waits in the hold basket goes to the print centre after it.
    """
    checked_at = accepted_at + CHECKED_AFTER
    at_print_centre_at = max(checked_at, held_until or checked_at) + AT_PRINT_CENTRE_AFTER
    return Plan(
        accepted_at=accepted_at,
        checked_at=checked_at,
        at_print_centre_at=at_print_centre_at,
        posted_at=afternoon_after(at_print_centre_at, working_days=1 + letter_id % 2),
    )


def wire_time(moment: datetime) -> str:
    """As the interface writes it: Berlin time without a zone, fraction only if there is one."""
    local = moment.astimezone(BERLIN).replace(tzinfo=None)
    return local.isoformat(timespec="milliseconds" if local.microsecond >= 1000 else "seconds")
