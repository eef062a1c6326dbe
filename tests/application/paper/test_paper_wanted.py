"""Paper that is wanted after it was let go: recalled while it is there, an alarm once it is destroyed; and races."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.arrivals.rescanning import report_finding
from gateway.application.inbound.moving import move
from gateway.application.paper import paper_releasing
from gateway.application.paper.paper_holding import compare, hold
from gateway.application.paper.paper_returning import recall
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.paper.paper_wanted import call_back
from gateway.application.retention import locking
from gateway.application.retention.locking import lock_deletion
from gateway.db.arrivals import ScanAnswer, ScanFeedback
from gateway.db.originals import Original
from gateway.db.retention import DeletionLock
from gateway.domain.inbound.feedback import ScanFinding
from gateway.domain.paper.originals import Hold, Paper, Quality
from gateway.errors import GatewayError
from gateway.testing.scan_centre import Place, Sheaf
from tests.application.paper.test_originals import F1, Site, letter, site
from tests.world import World

__all__ = ["site"]

Want = Callable[[Site, int], None]
WANTS: dict[str, tuple[Want, str]] = {
    "the check finds the scan bad": (
        lambda site, number: compare(site.services, "anna", number, Quality.REJECTED, "Seite 2 fehlt"),
        "destroyed-scan-bad",
    ),
    "a caseworker wants another scan": (
        lambda site, number: report_finding(site.services, "anna", number, ScanFinding.UNREADABLE),
        "destroyed-scan-bad",
    ),
    "it lay in a wrong case": (
        lambda site, number: move(site.services, "anna", number, "F2", "falsch erfasst"),
        "destroyed-and-moved",
    ),
    "the case is locked": (
        lambda site, number: lock_deletion(site.services, "anna", "F1", "Klage"),
        "destroyed-case-locked",
    ),
}


def let_go_one(site: Site) -> tuple[Sheaf, int]:
    """Paper that is checked and released; the scan site has the list."""
    (paper,) = site.deliver(letter(F1))
    site.check(paper)
    site.advance(days=56)
    paper_releasing.release(site.services, "post")
    return paper, site.row(paper).inbound_id


@pytest.mark.parametrize("why", WANTS)
def test_released_paper_that_is_wanted_is_recalled_by_itself_and_once(site: Site, why: str) -> None:
    paper, number = let_go_one(site)
    want, _ = WANTS[why]
    want(site, number)
    site.settle()
    assert site.row(paper).facts.paper is Paper.RECALLED
    assert call_back(site.services) == 0
    site.advance(days=3)
    assert paper.place is Place.SENT_BACK
    assert site.alarmed() == set()


@pytest.mark.both_databases
@pytest.mark.parametrize("why", WANTS)
def test_of_destroyed_paper_that_is_wanted_the_desk_is_told(site: Site, why: str) -> None:
    paper, number = let_go_one(site)
    site.advance()
    site.advance(days=3)
    assert (paper.place, site.alarmed()) == (Place.DESTROYED, set())
    want, alarm = WANTS[why]
    want(site, number)
    site.settle()
    assert site.alarmed() == {alarm}


def test_a_lawsuit_holds_released_paper_and_recalls_it(site: Site) -> None:
    paper, number = let_go_one(site)
    hold(site.services, "anna", number, Hold.LITIGATION, "Klage S 12 AS 34/26")
    row = site.row(paper)
    assert (row.facts.paper, row.facts.holds) == (Paper.RECALLED, frozenset({Hold.LITIGATION}))


def test_a_bad_scan_goes_back_to_the_scan_site_once(site: Site) -> None:
    (paper,) = site.deliver(letter(F1))
    number = site.row(paper).inbound_id
    compare(site.services, "anna", number, Quality.REJECTED, "Seite 2 fehlt")
    compare(site.services, "anna", number, Quality.OK, "doch da")
    compare(site.services, "anna", number, Quality.REJECTED, "fehlt wirklich")
    with site.services.db.reading() as session:
        (told,) = session.exec(select(ScanFeedback)).all()
        answer = session.get_one(ScanAnswer, told.answer_id)
    assert (told.finding, told.settled_at) == (ScanFinding.RESCAN, None)
    assert json.loads(answer.content)["result"] == "rescan-wanted"


def report(site: Site, name: str, text: str) -> None:
    folder = Path(site.centre.root) / "reports"
    (folder / name).write_text(text, encoding="utf-8")


def test_certificates_and_answers_count_in_every_format(site: Site) -> None:
    first, second = site.deliver(letter(F1), letter(F1))
    site.check(first, second)
    site.advance(days=56)
    paper_releasing.release(site.services, "post")
    one = f"VN-X;20.01.2027;C;S;Schreddern;P-5;1;M. Muster;{site.row(first).delivery};{first.document_id}"
    report(
        site,
        "VN-X.csv",
        f"certificate;destroyed_on;container;seal;process;level;quantity;signed_by;delivery;document_id\n{one}\n",
    )
    recalled = site.row(second).inbound_id
    recall(site.services, "anna", recalled, "wird doch gebraucht")
    report(
        site,
        "recall.xml",
        f'<recall-answer><answers><answer recall="recall-{recalled}-1" answer="sent" shipment="WS 9"/></answers>'
        "</recall-answer>",
    )
    done = paper_round(site.services)
    assert (done.certificates, done.destroyed, done.answers, done.findings) == (1, 1, 1, 0)


def paper_and_locks(world: World) -> tuple[list[Paper], int]:
    with world.services.db.reading() as session:
        papers = session.exec(select(Original.paper)).all()
        return [Paper(each) for each in papers], len(session.exec(select(DeletionLock)).all())


def in_step(
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    first: Callable[[], object],
    other: Callable[[], object],
) -> list[str]:
    """Run `first` and hold it before its end, where it calls `name`; begin `other` meanwhile; what each refused."""
    reached, go_on = threading.Event(), threading.Event()
    true = getattr(module, name)

    def held(*args: object, **named: object) -> object:
        done = true(*args, **named)
        if threading.current_thread().name == "first":
            reached.set()
            go_on.wait(20)
        return done

    monkeypatch.setattr(module, name, held)
    said: list[str] = []

    def tell(do: Callable[[], object]) -> None:
        try:
            do()
        except GatewayError as error:
            said.append(error.code)

    one = threading.Thread(target=tell, args=(first,), name="first")
    two = threading.Thread(target=tell, args=(other,), name="other")
    one.start()
    assert reached.wait(20)
    two.start()
    two.join(1.0)
    assert two.is_alive(), "the other one must wait for the first to end"
    go_on.set()
    one.join(30)
    two.join(30)
    assert not one.is_alive()
    assert not two.is_alive()
    return said


@pytest.mark.both_databases
def test_a_lock_during_a_release_waits_for_it_and_calls_the_paper_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(site)
    said = in_step(
        monkeypatch,
        paper_releasing,
        "queue_answer",
        lambda: paper_releasing.release(site.services, "post"),
        lambda: lock_deletion(site.services, "anna", "F1", "Klage"),
    )
    assert (said, paper_and_locks(site.world)) == ([], ([Paper.RECALLED], 1))


@pytest.mark.both_databases
def test_a_release_during_a_lock_waits_for_it_and_lets_nothing_go(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(site)
    said = in_step(
        monkeypatch,
        locking,
        "call_back_within",
        lambda: lock_deletion(site.services, "anna", "F1", "Klage"),
        lambda: paper_releasing.release(site.services, "post"),
    )
    assert (said, paper_and_locks(site.world)) == (["nothing-to-release"], ([Paper.KEPT], 1))


def ready(site: Site) -> None:
    (paper,) = site.deliver(letter(F1))
    site.check(paper)
    site.advance(days=56)
    assert site.due() == {paper.document_id}
