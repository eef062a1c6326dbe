"""The account of scans: each delivery balances, and what does not is named down to the document."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.application.account.account_sheet import account_sheet, hand_out
from gateway.application.account.patrolling import sweep
from gateway.application.account.reconciling import Selection
from gateway.application.arrivals.quarantining import discard
from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.inbound.placing import assign
from gateway.domain.account.account_report import InboundBalance, by_day
from gateway.errors import DocumentInvalid
from gateway.testing.scan_centre import ScanCentre, apply_fault
from gateway.testing.scan_centre.mail import foreign, letter_naming
from gateway.testing.scan_centre.scanner import Condition
from tests.application.account.test_account_rows import intruder
from tests.world import World, pdf_text

SOURCE = "scan-centre"
DELIVERY = "2026-11-16-001"


@pytest.fixture
def ids(world: World, tmp_path: Path) -> list[str]:
    """Two filed documents, one in the tray, one in quarantine."""
    condition = Condition(dpi=60, noise=0.02)
    with ScanCentre(tmp_path / "c", start=world.clock.now(), speed=0, condition=condition) as centre:
        apply_fault(centre, {"kind": "wrong-hash"})
        known = [letter_naming("x", read=False).typed("JC-BOR-2026-00017") for _ in range(2)]
        centre.lay(foreign("plain", "bad"), *known, foreign("plain", "a"))
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
        return [each.document_id for each in centre.ledger]


def balance(world: World) -> InboundBalance:
    (found,) = account_sheet(world.services, None, Selection()).inbound
    return found


def lines(found: InboundBalance) -> tuple[int, ...]:
    return (found.filed, found.to_file, found.desk, found.quarantined, found.given_back, found.missing)


def test_every_document_is_on_one_line_from_its_arrival_to_the_case_file(world: World, ids: list[str]) -> None:
    assert lines(balance(world)) == (0, 2, 1, 1, 0, 0)
    world.advance(days=2)
    assert balance(world).oldest_days == 2
    file_due(world.services)
    assert lines(balance(world)) == (2, 0, 1, 1, 0, 0)
    assign(world.services, "post", 3, "F1")
    file_due(world.services)
    found = balance(world)
    assert lines(found) == (3, 0, 0, 1, 0, 0)
    assert (found.scanned, found.oldest_days, found.unexplained) == (len(ids), 0, ())


@pytest.mark.parametrize("place", range(4))
def test_whichever_row_is_deleted_the_account_names_its_document(
    world: World, ids: list[str], place: int
) -> None:
    file_due(world.services)
    with intruder(world) as connection:
        connection.exec_driver_sql(f"DELETE FROM inbound_document WHERE document_id = '{ids[place]}'")
    found = balance(world)
    assert found.missing == 1
    assert found.unexplained == ((f"{DELIVERY}/{ids[place]}", "inbound-document-missing"),)
    sheet, content = hand_out(world.services, None, Selection())
    assert ids[place] in pdf_text(content)
    assert sheet.inbound[0].unexplained == found.unexplained


def test_a_scan_that_is_gone_from_the_store_is_named_once_the_sweep_saw_it(
    world: World, ids: list[str]
) -> None:
    with world.services.db.engine.connect() as connection:
        sha256 = connection.exec_driver_sql(
            f"SELECT sha256 FROM inbound_document WHERE document_id = '{ids[3]}'"
        ).scalar_one()
    for file in (world.settings.data_dir / "documents").rglob(f"*{sha256[4:]}*"):
        file.unlink()
    sweep(world.services, everything=True)
    assert balance(world).unexplained == ((f"{DELIVERY}/{ids[3]}", "inbound-scan-missing"),)


def test_a_filing_whose_row_is_gone_is_named(world: World, ids: list[str]) -> None:
    file_due(world.services)
    assert balance(world).unexplained == ()
    with intruder(world) as connection:
        connection.exec_driver_sql(f"DELETE FROM filing WHERE key LIKE 'inbound:%{ids[1]}%'")
    assert balance(world).unexplained == ((f"{DELIVERY}/{ids[1]}", "inbound-filing-missing"),)


def test_a_delivery_that_is_refused_as_a_whole_is_a_line_with_its_age_until_a_person_decides(
    world: World, ids: list[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "manifest.json").write_text("{}")
    (bad / "READY").write_text("0" * 64)
    with pytest.raises(DocumentInvalid):
        import_delivery(world.services, bad, source=SOURCE)
    world.advance(days=3)
    refused, taken = account_sheet(world.services, None, Selection()).inbound
    assert refused.delivery.startswith("bad")
    assert (refused.refused, refused.oldest_days, refused.is_open) == ("manifest-hash-wrong", 3, True)
    assert (taken.delivery, taken.refused) == (DELIVERY, "")
    discard(world.services, "post", 1, "liefert neu")
    assert [one.delivery for one in account_sheet(world.services, None, Selection()).inbound] == [DELIVERY]


def words(pdf: bytes) -> str:
    return " ".join(pdf_text(pdf).split())


def test_the_account_sums_deliveries_by_day_without_being_asked_for_one(world: World, ids: list[str]) -> None:
    (day,) = account_sheet(world.services, None, Selection()).inbound_days
    assert (day.received_on, day.delivery, day.scanned) == (world.services.today(), "1 Lieferung", len(ids))
    assert lines(day) == (0, 2, 1, 1, 0, 0)
    sheet, pdf = hand_out(world.services, "post", Selection())
    assert "Umfang gescannt Akte abzulegen Klärung Quarantäne zurück fehlt" in (text := words(pdf))
    assert f"{day.received_on:%d.%m.%Y} 1 Lieferung {len(ids)} 0 2 1 1 0 0" in text
    assert replace(sheet, inbound_days=()).sha256 != sheet.sha256
    twice = by_day([balance(world), balance(world)])
    assert [(one.delivery, one.scanned, one.missing) for one in twice] == [("2 Lieferungen", 2 * len(ids), 0)]
