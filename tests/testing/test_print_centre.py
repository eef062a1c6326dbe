"""The simulated print centre believes nothing that it has not checked, and hides nothing that went wrong."""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.testing.epost.samples import letter_pdf
from gateway.testing.print_centre import CentreWindow, PrintCentre, SftpPrintCentre, sshd_path
from gateway.testing.print_centre.faults import apply_fault

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


# The window


@pytest.mark.slow
def test_the_page_shows_what_was_printed_in_its_envelope_with_all_its_pages(centre: PrintCentre) -> None:
    deliver(centre)
    with CentreWindow(centre) as window:
        assert requests.post(f"{window.address}advance", json={"days": 2}, timeout=60).ok
        page = requests.get(window.address, timeout=60).text
        assert "zur Post gegeben" in page
        assert "gedruckt: 1" in page
        picture = requests.get(f"{window.address}letters/1/A/page-1.png", timeout=60)
        assert picture.content.startswith(b"\x89PNG")
        assert requests.get(f"{window.address}letters/1/A/pdf", timeout=60).content == PDF
        assert requests.get(f"{window.address}letters/1/B/pdf", timeout=60).status_code == 404
        assert requests.get(f"{window.address}letters/1/A/page-9.png", timeout=60).status_code == 400
        told = requests.get(f"{window.address}ledger", timeout=60).json()
        assert [piece["key"] for piece in told["printed"]] == ["A"]


@pytest.mark.slow
def test_the_window_lets_letters_come_back_and_things_go_wrong(centre: PrintCentre) -> None:
    with CentreWindow(centre) as window:

        def ask(what: str, **values: Any) -> int:
            return requests.post(f"{window.address}{what}", json=values, timeout=60).status_code

        assert (
            ask("faults", faults=[{"kind": "reject-piece:A:code-unreadable"}, {"kind": "withhold:list"}]) == 200
        )
        deliver(centre)
        assert acknowledged(centre)["pieces"][0]["reason"] == "code-unreadable"
        assert "abgewiesen: code-unreadable" in requests.get(window.address, timeout=60).text
        assert ask("returns", key="A", reason="moved") == 200
        assert ask("faults", faults=[{"kind": "repeat"}, {"kind": "nonsense"}]) == 200
        assert {"returns", "repeat", "nonsense.json"} <= {
            file.name.partition("-")[0] for file in (centre.root / "out").iterdir()
        }
        assert not list((centre.root / "out").glob("*.list.json"))
        assert ask("faults", faults=[{"kind": "host-key-change"}]) == 400
        assert ask("dance") == 400


@pytest.mark.slow
@pytest.mark.skipif(sshd_path() is None and "CI" not in os.environ, reason="sshd is missing: openssh-server")
def test_a_fault_script_reaches_the_server_and_the_line() -> None:
    with SftpPrintCentre(speed=0, automatic=False) as served:
        pinned = served.host_key
        for kind in ("slow:0.5", "disk-full:10", "disk-empty", "cut:900", "refuse:2", "drop-after-accept"):
            apply_fault(served, {"kind": kind})
        assert served.line.delay_s == 0.5
        apply_fault(served, {"kind": "host-key-change"})
        assert served.host_key != pinned
        with pytest.raises(ValueError, match="unknown kind"):
            apply_fault(served, {"kind": "earthquake"})


def test_each_day_is_listed_when_it_is_over_also_without_letters(centre: PrintCentre) -> None:
    deliver(centre)
    centre.work()
    assert not list((centre.root / "out").glob("*.list.json"))
    centre.advance(days=2)
    lists = [json.loads(file.read_text()) for file in sorted((centre.root / "out").glob("*.list.json"))]
    assert [(each["day"], each["counts"]["pieces"]) for each in lists] == [("2026-11-23", 1), ("2026-11-24", 0)]
