"""A scan site end to end, with every mistake: nothing is lost, misfiled, or destroyed that must not be."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.account.account_sheet import account_sheet
from gateway.application.account.reconciling import Selection
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.filing.filing import file_due
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_facts import papers
from gateway.application.paper.paper_holding import compare
from gateway.application.paper.paper_releasing import release, release_plan
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.services import Services
from gateway.db.files import InboundDocument
from gateway.db.people import Case
from gateway.domain.paper.originals import Paper, Quality
from gateway.inbound.folder_site import FolderSite
from gateway.scan_eyes import scan_reader
from gateway.testing.scan_centre import Mail, Place, ScanCentre, Sheaf, apply_fault
from gateway.testing.scan_centre.mail import FOREIGN, foreign, identity_paper, letter_naming, reply_slip
from gateway.testing.scan_centre.mistakes import MISTAKES
from gateway.testing.scan_centre.scanner import Condition
from tests.world import REQUEST, World

SOURCE = "scan-centre"
NUMBERS = {"F1": "JC-BOR-2026-00017", "F2": "JC-BOR-2026-00018", "F3": "JC-AHA-2026-00003"}


@pytest.fixture
def centre(world: World, tmp_path: Path) -> Iterator[ScanCentre]:
    def condition(sheaf: Sheaf) -> Condition:
        """Only codes are read; the rest need not be readable, and is quick."""
        return Condition(dpi=150 if sheaf.document_class == "reply-slip" else 50, noise=0.03)

    with ScanCentre(tmp_path / "c", start=world.clock.now(), speed=0, condition=condition) as centre:
        yield centre


@pytest.fixture
def services(world: World, centre: ScanCentre) -> Services:
    root = centre.root
    site = FolderSite(SOURCE, answers=root / "answers", inbox=root / "in", reports=root / "reports")
    return replace(world.services, scan_sites={**world.services.scan_sites, SOURCE: site})


def typed(case: str) -> Mail:
    """A certain one, by what the person at the scanner typed."""
    return replace(letter_naming("x", case, read=False), file_number=NUMBERS[case])


def settle(services: Services, centre: ScanCentre) -> None:
    """Both sides do what is due, twice: the second time answers what the first one said."""
    for _ in range(2):
        take_arrivals(services)
        file_due(services)
        make_rounds(services)
        paper_round(services)
        centre.work()


def in_wrong_case(services: Services, centre: ScanCentre) -> list[str]:
    """Documents that lie in another case than that of the citizen who sent the paper."""
    with services.db.reading() as session:
        cases = {row.id: row.reference for row in session.exec(select(Case)).all()}
        documents = session.exec(select(InboundDocument)).all()
    truth = {each.document_id: each.case for each in centre.ledger}
    truth |= {name: each.case for each in centre.ledger for name in each.ids}
    return [
        row.document_id
        for row in documents
        if row.case_id and cases[row.case_id] != truth.get(row.document_id.removesuffix("-1"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "mistake", [*sorted(set(MISTAKES) - {"wrong-index"}), "gap", "late", "unreadable-scan"]
)
def test_a_mistake_loses_nothing_and_puts_nothing_into_a_wrong_case(
    services: Services, world: World, centre: ScanCentre, mistake: str
) -> None:
    if mistake == "endless-pdf":  # it would take this process along
        scans, _ = scan_reader(1, 150)
        services = replace(services, scans=scans)
    apply_fault(centre, {"kind": mistake})
    centre.lay(foreign("bank-statement", "a"), typed("F1"), typed("F2"), typed("F3"))
    centre.deliver()
    settle(services, centre)
    centre.hand_in_late()
    for _ in range(2):
        if centre.deliver() is not None:
            settle(services, centre)
    settle(services, centre)

    assert in_wrong_case(services, centre) == []
    sheet = account_sheet(services, None, Selection())
    assert [each.missing for each in sheet.inbound] == [0] * len(sheet.inbound)
    assert not any(each.unexplained for each in sheet.inbound)
    with services.db.reading() as session:
        known = len(list(papers(session, services)))
    assert known == sum(each.scanned for each in sheet.inbound)
    world.advance(days=60)
    assert release_plan(services).due == ()


@pytest.mark.slow
def test_a_day_with_mistakes_is_answered_balanced_and_destroyed_eight_weeks_later(
    services: Services, world: World, centre: ScanCentre
) -> None:
    asked = world.approved("F1", REQUEST)
    world.evening()
    centre.advance_to(world.clock.now())
    slip = world.services.blobs.get(world.only(asked).approved_sha256 or "")
    for mistake in ("wrong-hash", "extra-file"):
        apply_fault(centre, {"kind": mistake})
    centre.lay(
        typed("F1"),
        typed("F2"),
        typed("F3"),
        reply_slip(slip, "F1"),
        identity_paper().typed(NUMBERS["F2"]),
        *(foreign(kind, "day") for kind in sorted(FOREIGN)),
    )
    centre.deliver()
    settle(services, centre)
    spoiled, *_ = centre.ledger
    assert spoiled.receipt not in {"accepted", ""}
    again = centre.deliver()
    assert again is not None
    settle(services, centre)
    assert spoiled.receipt == "accepted"
    identity = next(each for each in centre.ledger if each.what == "Ausweis")
    identity.case = "F2"
    assert in_wrong_case(services, centre) == []

    first, second = reversed(account_sheet(services, None, Selection()).inbound)
    assert (first.scanned, first.quarantined, first.missing) == (12, 1, 0)
    assert (first.filed, first.desk) == (3 + first.scanned - 12 + 1, len(FOREIGN))
    assert (second.scanned, second.filed, second.missing) == (1, 1, 0)

    with services.db.reading() as session:
        rows = [row for row in papers(session, services) if row.facts.delivered_on]
    for row in rows:
        compare(services, "post", row.inbound_id, Quality.OK)
    world.advance(days=56)
    (done,) = release(services, "post")
    assert done.documents == 4
    settle(services, centre)
    centre.advance_to(world.clock.now())
    world.advance(days=3)
    centre.advance_to(world.clock.now())
    settle(services, centre)

    gone = {each.number for each in centre.ledger if each.place is Place.DESTROYED}
    assert gone == {1, 2, 3, 4}
    with services.db.reading() as session:
        after = list(papers(session, services))
    assert sum(row.facts.paper is Paper.DESTROYED for row in after) == 4
    assert {row.facts.document_class for row in after if row.facts.paper is Paper.KEPT} >= {"original"}
    assert release_plan(services).due == ()
