"""A receipt says for each document what became of it, once and for all."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.domain.findings import Finding, Severity
from gateway.errors import DocumentInvalid
from gateway.inbound.receipt import receipt_for, refusal_for
from gateway.ports.scans import Delivery, Manifest, RejectedDocument, ScannedDocument

AT = datetime(2026, 11, 20, 16, tzinfo=UTC)


def scanned(name: str) -> ScannedDocument:
    return ScannedDocument(
        name, f"{name}.pdf", "0" * 64, 1, "letter", date(2026, 11, 19), AT, None, "K-1", "ok"
    )


def delivery() -> Delivery:
    good, bad = scanned("good"), scanned("bad")
    finding = Finding("scan-missing", Severity.ERROR, "Das gescannte Dokument fehlt.")
    manifest = Manifest("scan-west", "2026-11-20-001", 1, AT, (bad, good), "f" * 64)
    return Delivery(Path(), manifest, (good,), (RejectedDocument(bad, finding),), (Path("x"),))


def test_a_receipt_lists_every_document_in_the_order_of_the_manifest() -> None:
    assert json.loads(receipt_for(delivery(), AT, ["delivery-late"]).as_bytes()) == {
        "schema": "scan-receipt/1",
        "source": "scan-west",
        "delivery": "2026-11-20-001",
        "manifest_sha256": "f" * 64,
        "acknowledged_at": "2026-11-20T16:00:00+00:00",
        "result": "accepted",
        "code": None,
        "reason": None,
        "remarks": ["delivery-late"],
        "counts": {"documents": 2, "accepted": 1, "rejected": 1, "not_in_manifest": 1},
        "not_read": None,
        "documents": [
            {
                "document_id": "bad",
                "result": "rejected",
                "code": "scan-missing",
                "reason": "Das gescannte Dokument fehlt.",
                "also": [],
                "replaces": None,
            },
            {
                "document_id": "good",
                "result": "accepted",
                "code": None,
                "reason": None,
                "also": [],
                "replaces": None,
            },
        ],
    }


def test_a_refusal_says_why_and_names_no_document() -> None:
    told = refusal_for("scan-west", "2026-11-20-001", DocumentInvalid("manifest-invalid", "Nicht lesbar."), AT)
    read = json.loads(told.as_bytes())
    assert (read["result"], read["code"], read["reason"]) == ("refused", "manifest-invalid", "Nicht lesbar.")
    assert (read["documents"], read["manifest_sha256"]) == ([], None)
