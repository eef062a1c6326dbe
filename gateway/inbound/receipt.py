"""The receipt (*Quittung*) of a scan delivery: for each document whether it was taken, and if not, why.

The scan provider keeps the paper of what was not taken; so a receipt says nothing that is not true for ever.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import GatewayError
from gateway.ports.scans import Delivery, Unread

SCHEMA = "scan-receipt/1"


@dataclass(frozen=True)
class ReceiptLine:
    """One document: taken, or rejected with a code and a German sentence without personal data.

    `also` are further codes; `replaces` is the earlier scan whose place it took.
    """

    document_id: str
    accepted: bool
    code: str | None = None
    reason: str | None = None
    replaces: str | None = None
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Receipt:
    """What the scan provider is told. `refused_code` is set where the whole delivery was refused.

    `acknowledged_at` is timezone-aware; `strays` counts files that the manifest does not name; `manifest_sha256` is
    None where there was no readable manifest; `remarks` are codes about the delivery that did not keep it from being
    taken; `unread` are folders and links in it.
    """

    source: str
    delivery: str
    manifest_sha256: str | None
    acknowledged_at: datetime
    lines: Sequence[ReceiptLine] = ()
    strays: int = 0
    refused_code: str | None = None
    refused_reason: str | None = None
    remarks: Sequence[str] = ()
    unread: Unread | None = None

    def as_bytes(self) -> bytes:
        """The receipt file."""
        return (json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n").encode()

    def as_json(self) -> dict[str, object]:
        """The shape of the receipt file."""
        accepted = sum(line.accepted for line in self.lines)
        return {
            "schema": SCHEMA,
            "source": self.source,
            "delivery": self.delivery,
            "manifest_sha256": self.manifest_sha256,
            "acknowledged_at": self.acknowledged_at.isoformat(),
            "result": "refused" if self.refused_code else "accepted",
            "code": self.refused_code,
            "reason": self.refused_reason,
            "remarks": list(self.remarks),
            "counts": {
                "documents": len(self.lines),
                "accepted": accepted,
                "rejected": len(self.lines) - accepted,
                "not_in_manifest": self.strays,
            },
            "not_read": self.unread
            and {"count": self.unread.count, "place": self.unread.place, "reason": self.unread.finding.message},
            "documents": [
                {
                    "document_id": line.document_id,
                    "result": "accepted" if line.accepted else "rejected",
                    "code": line.code,
                    "reason": line.reason,
                    "also": list(line.also),
                    "replaces": line.replaces,
                }
                for line in self.lines
            ],
        }


def receipt_for(delivery: Delivery, acknowledged_at: datetime, remarks: Sequence[str] = ()) -> Receipt:
    """The receipt of a delivery that was read, its documents in the order of the manifest."""
    rejected = {entry.document.document_id: entry for entry in delivery.rejected}
    lines = []
    for document in delivery.manifest.documents:
        bad = rejected.get(document.document_id)
        lines.append(
            ReceiptLine(document.document_id, False, bad.finding.code, bad.finding.message, also=bad.also)
            if bad
            else ReceiptLine(document.document_id, True, replaces=document.replaces)
        )
    manifest = delivery.manifest
    return Receipt(
        manifest.source,
        manifest.delivery,
        manifest.sha256,
        acknowledged_at,
        tuple(lines),
        len(delivery.strays),
        remarks=tuple(remarks),
        unread=delivery.unread,
    )


def refusal_for(
    source: str, delivery: str, error: GatewayError, acknowledged_at: datetime, unread: Unread | None = None
) -> Receipt:
    """The receipt of a delivery that was refused as a whole; `delivery` is its folder's name."""
    return Receipt(
        source,
        delivery,
        None,
        acknowledged_at,
        refused_code=error.code,
        refused_reason=error.message,
        remarks=(unread.finding.code,) if unread else (),
        unread=unread,
    )
