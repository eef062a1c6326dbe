"""What people wrote about paper leaves by its rule, once the paper is gone or back; what happened, and when, stays."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.paper.paper_holding import compare, hold, let_go
from gateway.application.paper.paper_returning import arrived, recall
from gateway.application.paper.paper_view import paper_view
from gateway.application.paper.same_paper import stop_waiting
from gateway.application.retention.destroying import apply, plan
from gateway.application.trail.sealing import anchor
from gateway.application.trail.verifying import verify
from gateway.db.originals import OriginalEvent, OriginalEventKind, OriginalRecall
from gateway.domain.paper.originals import Hold, Quality
from gateway.testing.scan_centre import apply_fault
from tests.application.paper.test_originals import Site, letter, site
from tests.application.retention.rows import everything

__all__ = ["site"]
pytestmark = pytest.mark.both_databases
NAME = "Zwirbelkötter"
PAPER_KINDS = (OriginalEventKind.HELD, OriginalEventKind.LET_GO, OriginalEventKind.RECALLED)


def written_about(site: Site) -> int:
    """A paper that was found bad and good, held, let go, held again, called back; every reason names somebody."""
    (sheaf,) = site.deliver(letter())
    number = site.row(sheaf).inbound_id
    compare(site.services, "post", number, Quality.OK)
    compare(site.services, "post", number, Quality.REJECTED, f"Blatt von {NAME}: fehlt")
    compare(site.services, "post", number, Quality.OK, f"laut {NAME}: doch da")
    hold(site.services, "anna", number, Hold.OTHER, f"für {NAME}: Ausweis")
    view = paper_view(site.services, "anna", number)
    assert view is not None
    let_go(site.services, "anna", view.holds[0].id or 0, f"{NAME} hat ihn")
    recall(site.services, "anna", number, f"{NAME} will ihn sehen")
    return number


def emptied(site: Site) -> int:
    done = apply(site.services)
    assert done is not None
    assert done.faults == {}
    return done.gone.get("personal", 0)


def later(site: Site, days: int) -> None:
    site.world.advance(days=days)


def test_words_about_paper_stay_while_it_is_at_the_site_and_leave_after_it_came_back(site: Site) -> None:
    number = written_about(site)
    anchor(site.services)
    later(site, 100)
    emptied(site)
    later(site, 760)
    emptied(site)
    assert everything(site.world).count(NAME) > 8
    assert plan(site.services).kept["personal"] == {"unfinished": 1}
    arrived(site.services, "anna", number)
    anchor(site.services)
    later(site, 700)
    assert emptied(site) == 0
    later(site, 40)
    assert emptied(site) == 1
    assert NAME not in everything(site.world)
    with site.services.db.reading() as session:
        lines = session.exec(select(OriginalEvent).order_by(OriginalEvent.id)).all()  # type: ignore[arg-type]
        notes = [line.note for line in lines if line.kind in (*PAPER_KINDS, OriginalEventKind.CHECKED)]
        assert session.exec(select(OriginalRecall.asked_by)).one() == "anna"
    assert notes == ["gut", "beanstandet", "gut", "anderer Grund", "anderer Grund", f"recall-{number}-1"]
    anchor(site.services)
    found = verify(site.services)
    assert (found.faults, found.unsealed) == ([], 0)
    later(site, 1)
    assert emptied(site) == 0


def test_a_reason_that_is_given_after_the_scan_left_is_kept_for_its_own_term(site: Site) -> None:
    (sheaf,) = site.deliver(letter())
    number = site.row(sheaf).inbound_id
    compare(site.services, "post", number, Quality.OK)
    later(site, 100)
    emptied(site)
    later(site, 600)
    hold(site.services, "anna", number, Hold.OTHER, NAME)
    recall(site.services, "anna", number, NAME)
    arrived(site.services, "anna", number)
    anchor(site.services)
    later(site, 200)
    emptied(site)
    assert NAME in everything(site.world)
    later(site, 560)
    assert emptied(site) == 1
    assert NAME not in everything(site.world)


def test_who_sent_what_the_receipt_rejected_leaves_once_nothing_about_it_is_open(site: Site) -> None:
    apply_fault(site.centre, {"kind": "wrong-hash"})
    (bad,) = site.deliver(letter().keying(sender=NAME))
    number = site.row(bad).inbound_id
    hold(site.services, "post", number, Hold.SEALED, NAME)
    recall(site.services, "post", number, "kommt nicht mehr")
    anchor(site.services)
    later(site, 800)
    emptied(site)
    assert everything(site.world).count(NAME) > 3, "nobody decided yet"
    arrived(site.services, "post", number)
    stop_waiting(site.services, "post", number, f"{NAME} hat es wieder")
    anchor(site.services)
    later(site, 700)
    emptied(site)
    assert everything(site.world).count(NAME) > 4
    later(site, 60)
    assert emptied(site) == 2
    assert NAME not in everything(site.world)
    anchor(site.services)
    assert verify(site.services).faults == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE original_hold SET reason = ''",
        "UPDATE original_hold SET lift_reason = ''",
        "UPDATE original_recall SET reason = ''",
        "UPDATE original_event SET note = 'anderer Grund' WHERE kind = 'held'",
        "UPDATE original_event SET note = '' WHERE kind = 'held'",
        "UPDATE original_hold SET reason = 'anders'",
        "UPDATE original_hold SET lift_reason = 'anders'",
        "UPDATE original_event SET actor = 'jemand'",
    ],
)
def test_the_database_keeps_the_words_about_paper_that_is_not_gone(site: Site, statement: str) -> None:
    written_about(site)
    with pytest.raises(DatabaseRefuses), site.services.db.transaction() as session:
        session.connection().execute(text(statement))
