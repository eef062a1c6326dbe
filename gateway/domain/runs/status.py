"""Delivery status of a mail piece: what is known, and from whom.

Events are append-only and keep the provider's raw payload; `fold` gives the current status whatever order they
arrived in. Ordinary mail is never "delivered": nobody scans it at the door.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.pieces.mailpiece import Service


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


@dataclass(frozen=True)
class Noted:
    """What the record of posting in force says: since when the piece counts as posted; None if it was not posted."""

    posted_since: datetime | None


def stands(
    told: Iterable[tuple[Status, datetime]],
    service: Service,
    *,
    served: bool | None = None,
    noted: Noted | None = None,
) -> Status:
    """The one definition of where a piece stands: what is proven, else what is noted, else what was reported.

    `told` are reported statuses with the moment at which each came here. A proof of receipt (`served`) beats all. The
    record of posting in force beats reports of posting, and reports of failure that came before it; a return, or a
    failure that is reported afterwards, contradicts it and is shown.
    """
    if served is not None:
        return Status.DELIVERED if served else Status.RETURNED
    if noted is None:
        return fold((status for status, _ in told), service)
    if noted.posted_since is None:
        return fold((status for status, _ in told if status not in _POSTED), service)
    answered = {status for status, came in told if status not in NOT_MADE or came > noted.posted_since}
    return fold({Status.HANDED_TO_POST} | answered, service)


_POSTED = frozenset({Status.HANDED_TO_POST, Status.DELIVERED})
NOT_MADE = frozenset({Status.FAILED, Status.CANCELLED})
"""What a provider says of a piece that it did not post after all."""
_SETTLED = frozenset({Status.DELIVERED, Status.RETURNED, Status.FAILED, Status.CANCELLED})


def is_settled(status: Status, service: Service) -> bool:
    """Whether nothing more is expected from the provider; ordinary mail ends at the carrier."""
    return status in _SETTLED or (status is Status.HANDED_TO_POST and service is Service.STANDARD)
