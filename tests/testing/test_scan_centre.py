"""The scan centre: its deliveries can be taken in, its mistakes are those asked for, its paper is counted."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import zxingcpp

from gateway.domain.references import encode_reply_code, reference_from
from gateway.testing.scan_centre import Place, ScanCentre, ScanWindow, apply_fault
from gateway.testing.scan_centre.mail import (
    FOREIGN,
    Mail,
    foreign,
    identity_paper,
    letter_naming,
    reply_slip,
    returned,
)
from gateway.testing.scan_centre.mistakes import MISTAKES
from gateway.testing.scan_centre.scanner import CONDITIONS, UNREADABLE, Condition, scan, some_condition
from gateway.testing.scan_centre.sheets import page_image, pages_of
from tests.testing.test_scans import reply_slip as printed_slip

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
QUICK = Condition(dpi=60, noise=0, skew=0)
"""Where nobody reads what stands on the paper."""
CODE = encode_reply_code(reference_from(4711))


def centre(tmp_path: Path) -> ScanCentre:
    return ScanCentre(tmp_path / "centre", start=START, speed=0, condition=QUICK)


def manifest_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return told


def answer(place: ScanCentre, name: str, **said: object) -> None:
    (place.root / "answers" / name).write_text(json.dumps(said), encoding="utf-8")
    place.work()


def delivered(place: ScanCentre, *mails: Mail) -> Path:
    place.lay(*mails)
    folder = place.deliver()
    assert folder is not None
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_the_code_of_a_reply_slip_is_readable_in_every_condition(name: str) -> None:
    slip = reply_slip(printed_slip(CODE))
    picture = page_image(scan(slip.pdf, CONDITIONS[name], seed=name), 1, 200)

    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [CODE]


@pytest.mark.slow
def test_what_cannot_be_read_by_anybody_says_nothing() -> None:
    slip = reply_slip(printed_slip(CODE))
    picture = page_image(scan(slip.pdf, UNREADABLE, seed="x"), 1, 200)

    assert zxingcpp.read_barcodes(picture) == []


def test_what_the_person_at_the_scanner_types_beside_class_and_number_stands_in_the_manifest(
    tmp_path: Path,
) -> None:
    with centre(tmp_path) as place:
        slip = returned(printed_slip(CODE), "verzogen").keying(
            return_reason="moved", new_address="Neuer Weg 3, Ahaus"
        )
        (entry,) = manifest_of(delivered(place, slip))["documents"]

    assert (entry["return_reason"], entry["new_address"]) == ("moved", "Neuer Weg 3, Ahaus")


def test_both_sides_are_scanned_where_that_is_asked_and_the_way_up_is_chance() -> None:
    conditions = [some_condition(str(number)) for number in range(60)]
    both = next(each for each in conditions if each.duplex)

    assert {each.turned for each in conditions} == {0, 90, 180, 270}
    assert {each.dpi for each in conditions} == {150, 200, 300}
    assert pages_of(scan(foreign("plain", "a").pdf, both, seed="a")) == 2


def test_a_delivery_names_every_paper_with_its_box_and_nothing_is_delivered_twice(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        folder = delivered(place, *(foreign(kind, "a") for kind in sorted(FOREIGN)), identity_paper())

        told = manifest_of(folder)
        assert told["counts"] == {"documents": len(FOREIGN) + 1, "pages": len(FOREIGN) + 3}
        assert (folder / "READY").exists()
        assert {each.delivery for each in place.ledger} == {folder.name}
        assert place.deliver() is None


def test_the_ledger_outlives_the_process(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        delivered(place, letter_naming("JC-1", case="F1"), returned(foreign("plain", "a").pdf, case="F2"))
        before = place.ledger
    with centre(tmp_path) as place:
        assert place.ledger == before
        assert [each.case for each in place.ledger] == ["F1", "F2"]


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_each_mistake_makes_a_delivery_that_is_not_what_it_says(tmp_path: Path, mistake: str) -> None:
    papers = [foreign("bank-statement", "a"), foreign("plain", "b")]
    with centre(tmp_path / "good") as place:
        right = delivered(place, *papers)
    with centre(tmp_path / "bad") as place:
        apply_fault(place, {"kind": mistake})
        wrong = delivered(place, *papers)

    def seen(folder: Path) -> tuple[str, dict[str, bytes]]:
        files = {each.name: each.read_bytes() for each in folder.glob("*.pdf")}
        return (folder / "manifest.json").read_text(), files

    assert seen(right) != seen(wrong)
    with centre(tmp_path / "bad") as place:
        place.lay(foreign("plain", "c"))
        after = place.deliver()
        assert after is not None
        assert manifest_of(after)["counts"] == {"documents": 1, "pages": 1}


def test_gaps_late_and_early_deliveries(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        apply_fault(place, {"kind": "late"})
        first = delivered(place, foreign("plain", "a"))
        apply_fault(place, {"kind": "gap"})
        second = delivered(place, foreign("plain", "b"))
        assert [each.name for each in (place.root / "in").iterdir()] == [second.name]
        assert manifest_of(second)["sequence"] == 3
        (arrived,) = place.hand_in_late()
        assert arrived.name == first.name
        apply_fault(place, {"kind": "ready-early"})
        third = delivered(place, foreign("plain", "c"), foreign("plain", "d"))
        assert (third / "READY").exists()
        assert len(list(third.glob("*.pdf"))) == 1


def test_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    with centre(tmp_path) as place, pytest.raises(ValueError, match="no-such"):
        apply_fault(place, {"kind": "no-such"})


def test_what_was_refused_is_scanned_again_under_another_id(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        delivered(place, foreign("plain", "a"), foreign("plain", "b"))
        bad, good = place.ledger
        lines = [
            {"document_id": bad.document_id, "result": "rejected", "code": "scan-hash-differs"},
            {"document_id": good.document_id, "result": "accepted"},
        ]
        answer(place, "receipt.json", schema="scan-receipt/1", documents=lines)
        assert (bad.receipt, good.receipt) == ("scan-hash-differs", "accepted")
        again = place.deliver()
        assert again is not None
        (entry,) = manifest_of(again)["documents"]
        assert entry["document_id"] == bad.ids[1] != bad.ids[0]
        assert entry["replaces"] == bad.ids[0]


def test_only_what_was_released_is_destroyed_and_certified(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        delivered(place, foreign("plain", "a"), foreign("plain", "b"))
        let_go, kept = place.ledger
        documents = [{"document_id": let_go.document_id, "delivery": let_go.delivery}]
        answer(place, "release-1.json", schema="release-destruction/1", list="L", documents=documents)
        assert let_go.place is Place.BOX
        place.advance_by(days=3)
        assert (let_go.place, kept.place) == (Place.DESTROYED, Place.BOX)
        (report,) = (place.root / "reports").iterdir()
        said = json.loads(report.read_bytes())
        assert (said["level"], said["quantity"]) == ("P-5", 1)
        assert said["documents"] == [{"delivery": let_go.delivery, "document_id": let_go.document_id}]


@pytest.mark.parametrize(
    ("fault", "answered", "where"),
    [
        ("honest", "sent", Place.SENT_BACK),
        ("lose-recalled", "not-found", Place.BOX),
        ("destroy-recalled", None, Place.BOX),
    ],
)
def test_recalled_paper_is_sent_back_unless_the_centre_is_told_otherwise(
    tmp_path: Path, fault: str, answered: str | None, where: Place
) -> None:
    with centre(tmp_path) as place:
        apply_fault(place, {"kind": fault})
        delivered(place, identity_paper())
        (paper,) = place.ledger
        answer(place, "r.json", schema="original-recall/1", recall="recall-1-1", document_id=paper.document_id)
        assert paper.place is where
        replies = [json.loads(each.read_bytes()) for each in (place.root / "reports").iterdir()]
        assert [each["answers"][0]["answer"] for each in replies] == ([answered] if answered else [])


def test_the_mistakes_with_paper(tmp_path: Path) -> None:
    with centre(tmp_path) as place:
        delivered(place, *(foreign("plain", str(number)) for number in range(3)))
        for fault in ("wrong-level:P-3", "wrong-quantity", "destroy-unreleased", "certificate-twice"):
            apply_fault(place, {"kind": fault})
        assert [each.place for each in place.ledger] == [Place.DESTROYED, Place.BOX, Place.BOX]
        told = [json.loads(each.read_bytes()) for each in sorted((place.root / "reports").iterdir())]
        assert [each["certificate"] for each in told] == ["VN-00001-D", "VN-00001"]
        assert {(each["level"], each["quantity"]) for each in told} == {("P-3", 2)}
        apply_fault(place, {"kind": "no-certificate"})
        apply_fault(place, {"kind": "destroy-unreleased"})
        assert len(list((place.root / "reports").iterdir())) == 2


@pytest.mark.slow
def test_the_window_shows_boxes_and_takes_orders(tmp_path: Path) -> None:
    with centre(tmp_path) as place, ScanWindow(place) as window:

        def order(what: str, **values: object) -> dict[str, object]:
            reply = requests.post(window.address + what, json=values, timeout=10)
            assert reply.status_code == 200, reply.text
            told: dict[str, object] = reply.json()
            return told

        order("mail", kind="invoice", count=2)
        assert order("deliver")["delivery"] == "2026-11-20-001"
        order("faults", faults=[{"kind": "destroy-unreleased"}])
        page = requests.get(window.address, timeout=10).text
        assert "Karton K-0001: 1 von 2 Papieren" in page
        assert "VN-00001" in page
        assert order("advance", days=2)["now"] == (START + timedelta(days=2)).isoformat()
        assert requests.get(window.address + "papers/1.png", timeout=10).content[:4] == b"\x89PNG"
        refused = requests.post(window.address + "faults", json={"faults": [{"kind": "x"}]}, timeout=10)
        assert refused.status_code == 400
