"""Paper at the scan site: eight weeks, the check of the scan, holds, release lists, recalls, certificates, alarms."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.desk.alarming import alarms
from gateway.application.filing.filing import file_due
from gateway.application.inbound.placing import assign
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_destroying import Reported
from gateway.application.paper.paper_facts import PaperRow, papers
from gateway.application.paper.paper_holding import compare, hold, let_go
from gateway.application.paper.paper_releasing import Released, release, release_plan
from gateway.application.paper.paper_returning import arrived, recall
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.paper.paper_view import originals, paper_view, scans_to_compare
from gateway.application.retention.locking import lock_deletion
from gateway.application.services import Services
from gateway.db.originals import DestructionCertificate, Original, OriginalEvent
from gateway.domain.paper.originals import Block, Hold, OriginalState, Paper, PlanState, Quality
from gateway.errors import Conflict, InputError, NotPermitted
from gateway.inbound.folder_site import FolderSite
from gateway.testing.scan_centre import Mail, Place, ScanCentre, Sheaf, apply_fault
from gateway.testing.scan_centre.mail import foreign, identity_paper, letter_naming
from gateway.testing.scan_centre.scanner import Condition
from tests.world import World

pytestmark = pytest.mark.both_databases

SOURCE = "scan-centre"
F1, F2, F3 = "JC-BOR-2026-00017", "JC-BOR-2026-00018", "JC-AHA-2026-00003"
QUICK = Condition(dpi=60, noise=0.02, skew=0)


@dataclass
class Site:
    """The authority and its scan site; time passes for both."""

    world: World
    services: Services
    centre: ScanCentre

    def deliver(self, *mails: Mail) -> list[Sheaf]:
        """Paper arrives at the scan site, its scans here, and what is certain in the case file."""
        sheaves = self.centre.lay(*mails)
        folder = self.centre.deliver()
        assert folder is not None
        import_delivery(self.services, folder, source=SOURCE)
        self.settle()
        return sheaves

    def settle(self) -> Reported:
        """Everything that the schedule does."""
        file_due(self.services)
        make_rounds(self.services)
        return paper_round(self.services)

    def advance(self, **span: float) -> Reported:
        """Let time pass for both, and let both do their work."""
        self.world.advance(**span)
        self.settle()
        self.centre.advance_to(self.world.clock.now())
        return self.settle()

    def rows(self) -> list[PaperRow]:
        with self.services.db.reading() as session:
            return list(papers(session, self.services))

    def row(self, sheaf: Sheaf) -> PaperRow:
        return next(row for row in self.rows() if row.document_id in sheaf.ids)

    def check(self, *sheaves: Sheaf) -> None:
        """The post room finds the scans good."""
        for sheaf in sheaves:
            compare(self.services, "post", self.row(sheaf).inbound_id, Quality.OK)

    def release(self, login: str = "post") -> list[Released]:
        """The list is confirmed, and reaches the scan site."""
        done = release(self.services, login)
        self.advance()
        return done

    def due(self) -> set[str]:
        return {row.document_id for row in release_plan(self.services).due}

    def alarmed(self) -> set[str]:
        """The findings on the desk."""
        return {each.key.rpartition(":")[2] for each in alarms(self.services, "post")}


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    with ScanCentre(tmp_path / "scan-centre", start=world.clock.now(), speed=0, condition=QUICK) as centre:
        side = FolderSite(
            SOURCE, answers=centre.root / "answers", inbox=centre.root / "in", reports=centre.root / "reports"
        )
        sites = {**world.services.scan_sites, SOURCE: side}
        yield Site(world, replace(world.services, scan_sites=sites), centre)


def letter(file_number: str = F1) -> Mail:
    """A certain one: the person at the scanner typed its number."""
    return letter_naming(file_number, read=False).typed(file_number)


def test_paper_goes_eight_weeks_after_its_scan_and_only_what_may_go(site: Site) -> None:
    good = site.deliver(letter(F1), letter(F2), letter(F3))
    tray, sealed, identity = site.deliver(
        foreign("plain", "a"), letter(F1), replace(identity_paper(), file_number=F1)
    )
    site.check(*good, sealed, identity, tray)
    hold(site.services, "anna", site.row(sealed).inbound_id, Hold.SEALED, "Geldscheine im Umschlag")

    site.advance(days=55)
    assert site.due() == set()
    site.advance(days=1)
    assert site.due() == {sheaf.document_id for sheaf in good}
    blocked = {row.document_id: set(row.blocks) for row in release_plan(site.services).blocked}
    assert blocked == {
        tray.document_id: {Block.IN_TRAY},
        sealed.document_id: {Block.SEALED},
        identity.document_id: {Block.RETURN},
    }

    (done,) = site.release()
    assert done.documents == 3
    assert site.due() == set()
    reported = site.advance(days=3)
    assert (reported.certificates, reported.destroyed, reported.findings) == (1, 3, 0)
    assert {each.document_id for each in site.centre.ledger if each.place is Place.DESTROYED} == {
        sheaf.document_id for sheaf in good
    }
    assert {site.row(sheaf).state for sheaf in good} == {OriginalState.DESTROYED}
    assert {site.row(sheaf).facts.paper for sheaf in (tray, sealed, identity)} == {Paper.KEPT}
    assert site.alarmed() == set()
    assert site.advance(days=1) == Reported()
    with site.services.db.reading() as session:
        (certificate,) = session.exec(select(DestructionCertificate)).all()
    assert (certificate.level, certificate.quantity, certificate.signed_by) == ("P-5", 3, "M. Vernichter")


def test_the_list_names_boxes_and_hashes_and_nobody(site: Site) -> None:
    (paper,) = site.deliver(letter())
    site.check(paper)
    site.advance(days=56)
    (done,) = site.release()
    site.settle()

    (file,) = (site.centre.root / "answers").glob("release-*.json")
    said = json.loads(file.read_bytes())
    assert (said["list"], said["count"]) == (done.name, 1)
    assert said["documents"] == [
        {
            "document_id": paper.document_id,
            "delivery": paper.delivery,
            "box": paper.box,
            "sha256": site.row(paper).sha256,
        }
    ]
    assert F1 not in file.read_text(encoding="utf-8")


def test_without_the_check_of_its_scan_no_paper_goes(site: Site) -> None:
    sheaves = site.deliver(*(letter() for _ in range(8)))
    drawn = [sheaf for sheaf in sheaves if site.row(sheaf).sampled]
    assert len(drawn) == 3
    site.check(*drawn[:2])
    site.advance(days=60)
    assert site.due() == {sheaf.document_id for sheaf in drawn[:2]}

    site.check(drawn[2])
    assert site.due() == {sheaf.document_id for sheaf in sheaves}


def test_a_bad_scan_in_the_sample_puts_the_whole_delivery_to_the_full_check(site: Site) -> None:
    sheaves = site.deliver(*(letter() for _ in range(6)))
    drawn = [sheaf for sheaf in sheaves if site.row(sheaf).sampled]
    site.check(*drawn[:2])
    compare(site.services, "post", site.row(drawn[2]).inbound_id, Quality.REJECTED, "Seite 2 fehlt")
    site.advance(days=56)
    assert site.due() == {sheaf.document_id for sheaf in drawn[:2]}

    (found,) = originals(site.services, "post").to_compare
    assert (found.plan, found.open) == (PlanState.FULL, 3)
    _, rows = scans_to_compare(site.services, "post", found.delivery_id)
    assert {row.document_id for row in rows} == {sheaf.document_id for sheaf in sheaves if sheaf not in drawn}
    site.check(*(sheaf for sheaf in sheaves if sheaf not in drawn))
    assert site.due() == {sheaf.document_id for sheaf in sheaves if sheaf is not drawn[2]}
    assert site.row(drawn[2]).state is OriginalState.QA_REJECTED


def test_a_hold_is_lifted_with_a_reason_and_by_those_who_may(site: Site) -> None:
    (paper,) = site.deliver(letter(F1))
    site.check(paper)
    number = site.row(paper).inbound_id
    with pytest.raises(NotPermitted):
        hold(site.services, "ahmad", number, Hold.OTHER, "fremde Dienststelle")
    with pytest.raises(NotPermitted):
        hold(site.services, "post", number, Hold.LITIGATION, "nicht die Poststelle")
    with pytest.raises(InputError, match="Grund"):
        hold(site.services, "anna", number, Hold.LITIGATION, "  ")
    hold(site.services, "anna", number, Hold.LITIGATION, "Klage S 12 AS 34/26")
    with pytest.raises(Conflict):
        hold(site.services, "anna", number, Hold.LITIGATION, "noch einmal")
    site.advance(days=70)
    assert site.due() == set()

    view = paper_view(site.services, "anna", number)
    assert view is not None
    (held,) = view.holds
    assert held.id is not None
    with pytest.raises(NotPermitted):
        let_go(site.services, "post", held.id, "weg damit")
    let_go(site.services, "anna", held.id, "Klage zurückgenommen")
    assert site.due() == {paper.document_id}


def test_a_locked_case_keeps_its_paper_and_calls_back_what_was_released(site: Site) -> None:
    first, second = site.deliver(letter(F1), letter(F2))
    site.check(first, second)
    site.advance(days=56)
    lock_deletion(site.services, "anna", "F2", "Klage")
    assert site.due() == {first.document_id}
    site.release()
    lock_deletion(site.services, "anna", "F1", "Antrag auf Auskunft")
    site.advance(days=3)

    assert first.place is Place.SENT_BACK
    assert site.row(first).state is OriginalState.RECALLED
    assert second.place is Place.BOX


def test_recalled_paper_is_never_released_and_comes_back(site: Site) -> None:
    (paper,) = site.deliver(letter(F1))
    site.check(paper)
    number = site.row(paper).inbound_id
    with pytest.raises(NotPermitted):
        recall(site.services, "ahmad", number, "fremd")
    recall(site.services, "anna", number, "Das Gericht verlangt das Original")
    with pytest.raises(Conflict):
        recall(site.services, "anna", number, "noch einmal")
    site.advance(days=60)
    assert site.due() == set()
    view = paper_view(site.services, "anna", number)
    assert view is not None
    assert view.recall is not None
    assert (view.recall.answer, view.recall.shipment) == ("sent", "Wertsendung 00001")

    arrived(site.services, "anna", number)
    assert site.row(paper).state is OriginalState.RETURNED
    assert site.due() == set()
    with pytest.raises(Conflict):
        arrived(site.services, "anna", number)


def test_released_paper_can_be_recalled_until_it_is_destroyed(site: Site) -> None:
    early, late = site.deliver(letter(F1), letter(F1))
    site.check(early, late)
    site.advance(days=56)
    site.release()
    with pytest.raises(Conflict, match="zurückfordern"):
        hold(site.services, "anna", site.row(early).inbound_id, Hold.OTHER, "zu spät zum Festhalten")
    recall(site.services, "anna", site.row(early).inbound_id, "wird doch gebraucht")
    site.advance(days=3)
    assert (early.place, late.place) == (Place.SENT_BACK, Place.DESTROYED)
    with pytest.raises(Conflict):
        recall(site.services, "anna", site.row(late).inbound_id, "zu spät")
    assert site.alarmed() == set()


def test_what_was_seen_is_what_is_released_and_only_once(site: Site) -> None:
    first, second = site.deliver(letter(F1), letter(F1))
    site.check(first, second)
    site.advance(days=56)
    seen = release_plan(site.services, "post").sha256
    hold(site.services, "anna", site.row(second).inbound_id, Hold.OTHER, "Rückfrage")
    with pytest.raises(Conflict, match="geändert"):
        release(site.services, "post", expected=seen)
    release(site.services, "post", expected=release_plan(site.services, "post").sha256)
    with pytest.raises(InputError):
        site.release()
    for login in ("anna", "admin", "audit"):
        with pytest.raises(NotPermitted):
            site.release(login)
    with site.services.db.reading() as session:
        released = session.exec(select(OriginalEvent.inbound_id).where(OriginalEvent.kind == "released")).all()
    assert released == [site.row(first).inbound_id]


def test_a_list_of_an_earlier_day_lets_nothing_newer_go(site: Site) -> None:
    (old,) = site.deliver(letter(F1))
    site.advance(days=3)
    (new,) = site.deliver(letter(F1))
    site.check(old, new)
    site.advance(days=56)
    day = site.services.today() - timedelta(days=3)
    plan = release_plan(site.services, on=day)
    assert {row.document_id for row in plan.due} == {old.document_id}
    assert len(release_plan(site.services, on=site.services.today() - timedelta(days=30)).due) == 0
    (done,) = release(site.services, "post", on=day)
    assert done.documents == 1
    assert site.due() == {new.document_id}


def test_paper_destroyed_without_a_release_is_a_grave_alarm_and_on_record(site: Site) -> None:
    site.deliver(letter(F1))
    apply_fault(site.centre, {"kind": "wrong-level:P-3"})
    apply_fault(site.centre, {"kind": "destroy-unreleased"})
    reported = site.settle()
    assert reported.destroyed == 1
    assert site.alarmed() == {"destroyed-without-release", "destruction-level-too-low"}
    assert {each.kind for each in alarms(site.services, "post")} == {"paper-gone", "paper"}
    (row,) = site.rows()
    assert row.state is OriginalState.DESTROYED
    site.settle()
    assert len(alarms(site.services, "post")) == 2


def test_reports_that_do_not_hold_are_kept_and_alarmed(site: Site) -> None:
    (paper,) = site.deliver(letter(F1))
    site.check(paper)
    site.advance(days=56)
    site.release()
    apply_fault(site.centre, {"kind": "wrong-quantity"})
    site.advance(days=3)
    apply_fault(site.centre, {"kind": "certificate-twice"})
    apply_fault(site.centre, {"kind": "nonsense-report"})
    (file,) = (site.centre.root / "reports").glob("VN-00001.json")
    file.write_bytes(file.read_bytes().replace(b"P-5", b"P-7"))
    site.settle()
    assert site.alarmed() == {
        "destruction-count-differs",
        "destroyed-twice",
        "scan-report-unreadable",
        "scan-report-differs",
    }
    with site.services.db.reading() as session:
        first = session.exec(select(DestructionCertificate).order_by(DestructionCertificate.id)).first()  # type: ignore[arg-type]
    assert first is not None
    assert first.level == "P-5"


def test_released_paper_without_a_certificate_and_unanswered_recalls_are_alarms(site: Site) -> None:
    first, second = site.deliver(letter(F1), letter(F1))
    site.check(first, second)
    apply_fault(site.centre, {"kind": "no-certificate"})
    apply_fault(site.centre, {"kind": "no-answer"})
    recall(site.services, "anna", site.row(second).inbound_id, "wird gebraucht")
    site.advance(days=56)
    assert site.alarmed() == {"recall-unanswered"}
    site.release()
    site.advance(days=14)
    assert site.alarmed() == {"recall-unanswered"}
    site.advance(days=1)
    assert site.alarmed() == {"recall-unanswered", "destruction-overdue"}


def test_a_document_from_the_tray_counts_from_its_delivery_once_it_is_filed(site: Site) -> None:
    (paper,) = site.deliver(foreign("plain", "a"))
    site.check(paper)
    site.advance(days=56)
    assert site.due() == set()
    assign(site.services, "post", site.row(paper).inbound_id, "F1")
    assert site.row(paper).blocks == (Block.NOT_FILED,)
    site.settle()
    assert site.due() == {paper.document_id}


def test_a_scan_that_was_never_taken_keeps_its_paper(site: Site) -> None:
    apply_fault(site.centre, {"kind": "wrong-hash"})
    bad, good = site.deliver(letter(F1), letter(F1))
    site.check(good)
    site.advance(days=100)
    assert site.row(bad).state is OriginalState.SCANNED
    assert site.due() == {good.document_id}


def test_the_database_itself_refuses_a_release_under_a_hold(site: Site) -> None:
    (paper,) = site.deliver(identity_paper())
    number = site.row(paper).inbound_id
    for statement in (
        f"UPDATE original SET paper = 'released' WHERE inbound_id = {number}",
        "DELETE FROM original_event",
        "UPDATE original_event SET note = 'x'",
        f"UPDATE original SET sampled = NOT sampled WHERE inbound_id = {number}",
    ):
        with pytest.raises(IntegrityError), site.services.db.transaction() as session:
            session.connection().execute(text(statement))
    with site.services.db.reading() as session:
        assert session.get_one(Original, number).paper is Paper.KEPT
