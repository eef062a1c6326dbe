"""The simulated print centre believes nothing that it has not checked, and hides nothing that went wrong."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.testing.epost.samples import letter_pdf
from gateway.testing.print_centre import PrintCentre

PDF = letter_pdf(text="Simulator", pages=1)
ITEM: dict[str, Any] = {
    "key": "A",
    "file": "a.pdf",
    "first_page": 1,
    "pages": 1,
    "sha256": hashlib.sha256(PDF).hexdigest(),
    "duplex": False,
    "service": "standard",
    "cost_centre": "JC01",
    "address": ["Frau", "Mareike Terhörst", "46395 Bocholt"],
}


@pytest.fixture
def centre() -> Iterator[PrintCentre]:
    with PrintCentre(speed=0, start=datetime(2026, 11, 23, 9, tzinfo=UTC), automatic=False) as made:
        yield made


def deliver(centre: PrintCentre, *, pdf: bytes = PDF, extra: str = "", counts: Any = None, **item: Any) -> None:
    """A ZIP as an authority would send it, put together by hand."""
    told = {
        "consignment": "C1",
        "packaging": "pieces",
        "counts": counts or {"pieces": 1, "pages": 1, "sheets": 1},
        "pieces": [{**ITEM, **item}],
    }
    with zipfile.ZipFile(centre.root / "C1.zip", "w") as archive:
        archive.writestr("a.pdf", pdf)
        archive.writestr("manifest.json", json.dumps(told))
        if extra:
            archive.writestr(extra, b"?")
    (centre.root / "C1.zip").rename(centre.root / "in" / "C1.zip")


def acknowledged(centre: PrintCentre) -> dict[str, Any]:
    centre.advance(days=1)
    told: dict[str, Any] = json.loads((centre.root / "out" / "C1.ack.json").read_text())
    return told


def test_what_is_in_order_is_printed_and_acknowledged_with_the_hash_of_what_came(centre: PrintCentre) -> None:
    deliver(centre)
    sent = hashlib.sha256((centre.root / "in" / "C1.zip").read_bytes()).hexdigest()
    told = acknowledged(centre)
    assert told["sha256"] == sent
    assert [piece["status"] for piece in told["pieces"]] == ["accepted"]
    assert [centre.pdf(letter) for letter in centre.ledger] == [PDF]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pdf": PDF + b"%"}, "hash-mismatch"),
        ({"file": "missing.pdf"}, "count-mismatch"),
        ({"extra": "stranger.pdf"}, "count-mismatch"),
        ({"counts": {"pieces": 2, "pages": 1, "sheets": 1}}, "count-mismatch"),
        ({"pages": 2, "counts": {"pieces": 1, "pages": 2, "sheets": 2}}, "page-count"),
        ({"service": "brieftaube"}, "service-not-agreed"),
        ({"pdf": b"no pdf", "sha256": hashlib.sha256(b"no pdf").hexdigest()}, "pdf-unreadable"),
    ],
)
def test_what_is_not_as_the_manifest_says_is_rejected_with_the_reason(
    centre: PrintCentre, changes: dict[str, Any], reason: str
) -> None:
    deliver(centre, **changes)
    told = acknowledged(centre)
    assert {told.get("reason"), *(piece.get("reason") for piece in told.get("pieces", []))} - {None} == {reason}
    assert centre.ledger == []


def test_what_is_no_zip_is_rejected_as_a_whole(centre: PrintCentre) -> None:
    (centre.root / "in" / "C1.zip").write_bytes(b"half a file")
    assert acknowledged(centre)["reason"] == "manifest-unreadable"


def test_what_comes_twice_is_printed_twice(centre: PrintCentre) -> None:
    """A simulator that forgave a doubled delivery could not show one."""
    for _ in range(2):
        deliver(centre)
        centre.work()
    centre.advance(days=1)
    assert [letter.key for letter in centre.ledger] == ["A", "A"]


def test_ledger_and_answers_outlive_the_process(tmp_path: Path) -> None:
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    with PrintCentre(tmp_path, speed=0, start=start, automatic=False) as first:
        deliver(first)
        first.advance(days=3)
        written = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
        printed = first.ledger
    later = datetime(2026, 11, 26, 9, tzinfo=UTC)
    with PrintCentre(tmp_path, speed=0, start=later, automatic=False) as second:
        second.work()
        assert second.ledger == printed
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == written
