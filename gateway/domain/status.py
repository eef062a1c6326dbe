"""Delivery status of a mail piece: what is known, and from whom.

Events are append-only and keep the provider's raw payload; `fold` gives the current status whatever order they
arrived in. Ordinary mail is never "delivered": nobody scans it at the door.
"""

from collections.abc import Iterable
from enum import StrEnum

from gateway.domain.mailpiece import Service


class Status(StrEnum):
    """Normalised status of a piece at the provider; each says what it means and what may follow."""

    UNKNOWN = "unknown"
    """The provider said something we do not know; kept and shown, changes nothing."""
    ACCEPTED = "accepted"
    """The provider has taken the piece; not printed. May follow: everything."""
    IN_PRODUCTION = "in_production"
    """At the print centre. May follow: printed, handed to post, failed."""
    PRINTED = "printed"
    """Printed and enveloped. May follow: handed to post, failed."""
    HANDED_TO_POST = "handed_to_post"
    """Given to the carrier; de facto final for ordinary mail. May follow: delivered (registered), returned."""
    DELIVERED = "delivered"
    """Delivery is proven; registered mail only."""
    RETURNED = "returned"
    """Came back or cannot be delivered: nothing is deemed notified."""
    FAILED = "failed"
    """The provider could not produce it: it was not posted. Needs the desk."""
    CANCELLED = "cancelled"
    """Taken back at the provider before production: it was not posted."""


_RANK = {
    Status.UNKNOWN: 0,
    Status.ACCEPTED: 1,
    Status.IN_PRODUCTION: 2,
    Status.PRINTED: 3,
    Status.HANDED_TO_POST: 4,
    Status.DELIVERED: 5,
    Status.FAILED: 6,
    Status.CANCELLED: 7,
    Status.RETURNED: 8,
}
"""Which status wins. Failure beats progress ("99 may still follow 3"); a return beats a reported posting."""


def fold(statuses: Iterable[Status], service: Service = Service.STANDARD) -> Status:
    """The current status from all events, in any order, with any repeats.

    An unknown value never moves a status; for ordinary mail a delivery claim counts as handed to the post.
    """
    seen = {
        Status.HANDED_TO_POST if status is Status.DELIVERED and service is Service.STANDARD else status
        for status in statuses
    }
    return max(seen, key=_RANK.__getitem__, default=Status.UNKNOWN)


_SETTLED = frozenset({Status.DELIVERED, Status.RETURNED, Status.FAILED, Status.CANCELLED})


def is_settled(status: Status, service: Service) -> bool:
    """Whether nothing more is expected from the provider; ordinary mail ends at the carrier."""
    return status in _SETTLED or (status is Status.HANDED_TO_POST and service is Service.STANDARD)
