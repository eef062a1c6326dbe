"""A receipt says for each document what became of it, once and for all."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.domain.findings import Finding, Severity
from gateway.errors import Conflict, DocumentInvalid
from gateway.inbound.receipt import (
    Receipt,
    ReceiptLine,
    receipt_for,
    refusal_for,
    with_rejection,
    write_receipt,
)
from gateway.ports.scans import Delivery, Manifest, RejectedDocument, ScannedDocument

AT = datetime(2026, 11, 20, 16, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 17, tzinfo=UTC)


def scanned(name: str) -> ScannedDocument:
    return ScannedDocument(
        name, f"{name}.pdf", "0" * 64, 1, "letter", date(2026, 11, 19), AT, None, "K-1", "ok"
    )


def delivery() -> Delivery:
    good, bad = scanned("good"), scanned("bad")
    finding = Finding("scan-missing", Severity.ERROR, "Das gescannte Dokument fehlt.")
    manifest = Manifest("scan-west", "2026-11-20-001", 1, AT, (bad, good), "f" * 64)
    return Delivery(Path(), manifest, (good,), (RejectedDocument(bad, finding),), (Path("x"),))


def read(path: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(path.read_text())
    return loaded


def test_a_receipt_lists_every_document_in_the_order_of_the_manifest(tmp_path: Path) -> None:
    path = write_receipt(tmp_path, receipt_for(delivery(), AT))

    assert path.name == "2026-11-20-001.receipt.json"
    assert read(path) == {
        "schema": "scan-receipt/1",
        "source": "scan-west",
        "delivery": "2026-11-20-001",
        "manifest_sha256": "f" * 64,
        "acknowledged_at": "2026-11-20T16:00:00+00:00",
        "result": "accepted",
        "code": None,
        "reason": None,
        "counts": {"documents": 2, "accepted": 1, "rejected": 1, "not_in_manifest": 1},
        "documents": [
            {
                "document_id": "bad",
                "result": "rejected",
                "code": "scan-missing",
                "reason": "Das gescannte Dokument fehlt.",
            },
            {"document_id": "good", "result": "accepted", "code": None, "reason": None},
        ],
    }
    assert list(tmp_path.iterdir()) == [path]


def test_writing_it_again_later_changes_nothing(tmp_path: Path) -> None:
    path = write_receipt(tmp_path, receipt_for(delivery(), AT))
    before = path.read_bytes()

    assert write_receipt(tmp_path, receipt_for(delivery(), LATER)) == path
    assert path.read_bytes() == before


def test_a_contradicting_receipt_is_refused(tmp_path: Path) -> None:
    path = write_receipt(tmp_path, receipt_for(delivery(), AT))
    before = path.read_bytes()

    with pytest.raises(Conflict) as error:
        write_receipt(
            tmp_path, with_rejection(receipt_for(delivery(), AT), "good", "scan-duplicate", "Doppelt.")
        )
    assert error.value.code == "receipt-exists"
    assert path.read_bytes() == before


def test_a_rejection_that_the_import_found_stands_on_the_receipt() -> None:
    receipt = with_rejection(receipt_for(delivery(), AT), "good", "scan-duplicate", "Doppelt.")

    assert receipt.lines[1] == ReceiptLine("good", False, "scan-duplicate", "Doppelt.")
    assert receipt.as_json()["counts"] == {"documents": 2, "accepted": 0, "rejected": 2, "not_in_manifest": 1}


def test_a_refusal_gives_way_to_the_receipt_of_the_repeated_delivery(tmp_path: Path) -> None:
    error = DocumentInvalid("manifest-count-wrong", "Die Zahlen stimmen nicht.")
    path = write_receipt(tmp_path, refusal_for("scan-west", "2026-11-20-001", error, AT))
    assert (read(path)["result"], read(path)["code"]) == ("refused", "manifest-count-wrong")

    write_receipt(tmp_path, receipt_for(delivery(), LATER))
    assert read(path)["result"] == "accepted"


@pytest.mark.parametrize("name", ["../x", "", ".", "a/b", "x\n"])
def test_no_delivery_name_leads_out_of_the_outbox(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="delivery name"):
        write_receipt(tmp_path, Receipt("s", name, None, AT))
