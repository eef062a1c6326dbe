"""Electronic certificates of service (*ePZA*) in a print house's outbox: what the carrier captured, and its picture.

A file `*.certificate.json` or `.xml` is about one piece; the fields are

    kind          certificate
    number        the house's own, unique for ever
    reference     of the order: the piece's, as it stands on the certificate
    outcome       handed-addressee, handed-representative, substitute-household, substitute-business,
                  substitute-facility, refused-left, refused-returned, mailbox, deposited, undeliverable-moved,
                  undeliverable-unknown, undeliverable-deceased, undeliverable-other
    effective_on  the day of service, if it was served
    at, place, received_by        as the certificate says
    sha256        of the picture
    image         the picture as PDF, base64: one file, so that nothing is there by half
"""

import base64
import binascii

from gateway.ports.provider import ReceivedCertificate
from gateway.providers.print_reports import (
    ReportUnreadable,
    entry_day,
    entry_moment,
    entry_text,
    fields_of,
)

ENDING = ".certificate."


def read_certificate(name: str, content: bytes) -> ReceivedCertificate:
    """The file `name`. Raises `ReportUnreadable`; what contradicts itself is told as it came."""
    fields = fields_of(name, content)
    if entry_text(fields, "kind") != "certificate":
        raise ReportUnreadable("report-kind-unknown")
    try:
        image = base64.b64decode(entry_text(fields, "image"), validate=True)
    except (binascii.Error, ValueError):
        raise ReportUnreadable("report-image-unreadable") from None
    return ReceivedCertificate(
        number=(entry_text(fields, "number") or name.partition(".")[0])[:100],
        reference=entry_text(fields, "reference")[:100],
        outcome=entry_text(fields, "outcome")[:100],
        effective_on=entry_day(fields, "effective_on"),
        occurred_at=entry_moment(fields, "at"),
        place=entry_text(fields, "place")[:200],
        received_by=entry_text(fields, "received_by")[:200],
        image=image,
        told_sha256=entry_text(fields, "sha256").lower(),
    )
