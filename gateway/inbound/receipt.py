"""The receipt (*Quittung*) of a scan delivery: for each document whether it was taken, and if not, why.

The scan provider keeps the paper of what was not taken; so a receipt says nothing that is not true for ever.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.durable import write_durably
from gateway.errors import Conflict, GatewayError
from gateway.ports.scans import Delivery

SCHEMA = "scan-receipt/1"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class ReceiptLine:
    """One document: taken, or rejected with a code and a German sentence without personal data."""

    document_id: str
    accepted: bool
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What the scan provider is told. `refused_code` is set where the whole delivery was refused.

    `delivery` becomes the file name; `acknowledged_at` is timezone-aware; `strays` counts files that the
    manifest does not name; `manifest_sha256` is None where there was no readable manifest.
    """

    source: str
    delivery: str
    manifest_sha256: str | None
    acknowledged_at: datetime
    lines: Sequence[ReceiptLine] = ()
    strays: int = 0
    refused_code: str | None = None
    refused_reason: str | None = None

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
            "counts": {
                "documents": len(self.lines),
                "accepted": accepted,
                "rejected": len(self.lines) - accepted,
                "not_in_manifest": self.strays,
            },
            "documents": [
                {
                    "document_id": line.document_id,
                    "result": "accepted" if line.accepted else "rejected",
                    "code": line.code,
                    "reason": line.reason,
                }
                for line in self.lines
            ],
        }


def receipt_for(delivery: Delivery, acknowledged_at: datetime) -> Receipt:
    """The receipt of a delivery that was read, its documents in the order of the manifest."""
    rejected = {entry.document.document_id: entry.finding for entry in delivery.rejected}
    lines = []
    for document in delivery.manifest.documents:
        finding = rejected.get(document.document_id)
        lines.append(
            ReceiptLine(document.document_id, False, finding.code, finding.message)
            if finding
            else ReceiptLine(document.document_id, True)
        )
    manifest = delivery.manifest
    return Receipt(
        manifest.source, manifest.delivery, manifest.sha256, acknowledged_at, tuple(lines), len(delivery.strays)
    )


def refusal_for(source: str, delivery: str, error: GatewayError, acknowledged_at: datetime) -> Receipt:
    """The receipt of a delivery that was refused as a whole; `delivery` is its folder's name."""
    return Receipt(
        source, delivery, None, acknowledged_at, refused_code=error.code, refused_reason=error.message
    )


def write_receipt(outbox: Path, receipt: Receipt) -> Path:
    """Write `DELIVERY.receipt.json`, on disk when this returns; repeating it changes nothing.

    A refusal gives way to the receipt of the repeated delivery. Raises `Conflict` receipt-exists where the
    provider was told something else before, and `ValueError` for a delivery name that is no file name.
    """
    if not _SAFE_NAME.fullmatch(receipt.delivery):
        raise ValueError("a delivery name is letters, digits, dot, dash, underscore")
    path = outbox / f"{receipt.delivery}.receipt.json"
    earlier = _read(path)
    if earlier == _without_time(receipt.as_json()):
        return path
    if earlier is not None and earlier.get("result") != "refused":
        raise Conflict(
            "receipt-exists",
            f"Für die Scanlieferung {receipt.delivery} gibt es schon eine andere Quittung. Sie wurde nicht geändert;"
            " bitte mit der Scanstelle klären.",
        )
    write_durably(path, (json.dumps(receipt.as_json(), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def with_rejection(receipt: Receipt, document_id: str, code: str, reason: str) -> Receipt:
    """The same receipt, with a document rejected that could be read but not be taken."""
    lines = tuple(
        ReceiptLine(document_id, False, code, reason) if line.document_id == document_id else line
        for line in receipt.lines
    )
    return replace(receipt, lines=lines)


def _read(path: Path) -> dict[str, object] | None:
    if not path.exists():
        return None
    try:
        return _without_time(json.loads(path.read_bytes()))
    except (ValueError, AttributeError):
        return {}


def _without_time(receipt: dict[str, object]) -> dict[str, object]:
    """All but when it was acknowledged: the first time counts."""
    return {name: value for name, value in receipt.items() if name != "acknowledged_at"}
