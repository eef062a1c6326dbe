"""A letter that came back, to the end of the way that a person chose: posted anew, or served formally and certified."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk_of_letter
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, rendering
from gateway.application.posting import posting
from gateway.application.receipt.certificates_in import collect_certificates
from gateway.application.returns.deciding_returns import Decision, NewAddress, decide
from gateway.application.returns.returns_view import returns
from gateway.application.tracking import tracking
from gateway.application.views.explaining import explain
from gateway.domain.account.standing import Standing
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.returning import ReturnAction
from gateway.domain.references import for_people
from gateway.providers.print_package import Packing
from gateway.testing.print_centre import PrintCentre
from tests.application.returns.test_returning import only_return
from tests.application.runs.test_print_house_run import house, with_house
from tests.world import AWARD, World, at

pytestmark = pytest.mark.slow
THERE = NewAddress("Am Markt 9", "48683", "Ahaus")


@pytest.fixture(params=["folder", "sftp"])
def kind(request: pytest.FixtureRequest) -> str:
    """Over which line the print house is reached."""
    return str(request.param)


@contextmanager
def town(world: World, kind: str = "folder") -> Iterator[tuple[World, PrintCentre]]:
    """The authority with a print house that posts, and takes orders for formal service."""
    with house(kind, Packing("pieces", "json", frozenset(Service))) as (centre, provider):
        yield with_house(world, provider), centre


def went_out(here: World, centre: PrintCentre, reference: str) -> None:
    """The next run takes it, and some days later it is posted and confirmed."""
    here.evening()
    pass_days(here, centre, 4)
    copy = here.only(reference)
    assert copy.standing is Standing.POSTED
    if copy.posting_reported_on is not None:
        posting.confirm(here.services, "post", copy.posting_reported_on)


def pass_days(here: World, centre: PrintCentre, days: int) -> None:
    here.advance_to(at(here.services.today() + timedelta(days=days), "09:00"))
    centre.advance(days=days)
    tracking.poll(here.services)


def submitted(here: World, reference: str) -> str:
    drafting.submit(here.services, "anna", reference)
    rendering.render_letter(here.services, reference)
    approving.approve(here.services, "bea", reference)
    return reference


def comes_back(here: World, centre: PrintCentre, reference: str, reason: str) -> None:
    (letter,) = [one for one in centre.ledger if one.key == here.only(reference).key]
    centre.bring_back(letter, reason)
    centre.work()
    assert tracking.poll(here.services) == 1
    assert only_return(here).letters[0].reference == reference


def entries(here: World) -> list[dict[str, Any]]:
    assert file_due(here.services).failed == 0
    (index,) = (here.settings.data_dir / "case-files").glob("JC-BOR-2026-00017*/index.json")
    found: list[dict[str, Any]] = json.loads(index.read_text())["entries"]
    return found


def linked(here: World, old: str, new: str) -> None:
    """Both letters and the case file name each other."""
    assert here.view(new).replaces == old
    assert f"Ersetzt durch Schreiben {for_people(new)}." in explain(here.services, old)
    assert f"Es ersetzt das Schreiben {for_people(old)}." in explain(here.services, new)
    filed = entries(here)
    (told,) = [one for one in filed if "neu verfasst als" in one["title"]]
    assert for_people(new) in told["title"]
    (document,) = [one for one in filed if one["kind"] == "document" and one["metadata"].get("replaces_letter")]
    assert document["metadata"]["replaces_letter"] == for_people(old)


def test_what_moved_is_posted_anew_to_the_present_address_with_a_deadline_of_its_own(
    world: World, kind: str
) -> None:
    with town(world, kind) as (here, centre):
        old = here.approved("F1", AWARD)
        went_out(here, centre, old)
        assert here.only(old).assessment.deadline is not None  # type: ignore[union-attr]
        comes_back(here, centre, old, "moved")
        decision = Decision("verzogen laut Melderegister", action=ReturnAction.REISSUE, address=THERE)
        (new,) = decide(here.services, "anna", old, decision)
        went_out(here, centre, submitted(here, new))
        (first, second) = [
            one for one in centre.ledger if one.key in {here.only(one).key for one in (old, new)}
        ]
        assert (first.key, second.key) == (here.only(old).key, here.only(new).key)
        assert here.only(new).address_lines[-2:] == ["Am Markt 9", "48683 Ahaus"]
        before, after = here.only(old).assessment, here.only(new).assessment
        assert before is not None
        assert after is not None
        assert (before.deadline, after.disputed) == (None, False)
        assert after.deadline is not None
        assert after.deadline > here.services.today()
        assert desk_of_letter(here.services, "anna", old) == []
        linked(here, old, new)
        assert account(here.services).balanced


def test_what_was_not_collected_is_served_formally_ordered_certified_and_has_its_deadline(
    world: World, kind: str
) -> None:
    with town(world, kind) as (here, centre):
        old = here.approved("F1", AWARD)
        went_out(here, centre, old)
        comes_back(here, centre, old, "not-collected")
        (new,) = decide(here.services, "anna", old, Decision("nicht abgeholt", action=ReturnAction.SERVE))
        assert here.view(new).service is Service.PZU
        submitted(here, new)
        packages = set((centre.root / "in").glob("*.zip"))
        here.evening()
        (package,) = set((centre.root / "in").glob("*.zip")) - packages
        with zipfile.ZipFile(package) as archive:
            (ordered,) = json.loads(archive.read("manifest.json"))["pieces"]
        piece = here.only(new).piece
        assert (ordered["order"]["reference"], piece == here.only(old).piece) == (piece, False)
        centre.script.withhold.add("certificate")
        pass_days(here, centre, 4)
        served = here.services.today() - timedelta(days=1)
        (printed,) = [one for one in centre.ledger if one.key == here.only(new).key]
        assert (printed.service, printed.fault) == ("pzu", "")
        assert here.only(new).assessment is None or here.only(new).assessment.deadline is None  # type: ignore[union-attr]
        centre.certify(printed.reference, "ZU-1", "deposited", served)
        assert collect_certificates(here.services).recorded == 1
        copy = here.only(new)
        assert copy.assessment is not None
        assert (copy.standing, copy.assessment.effective) == (Standing.DELIVERED, served)
        assert copy.assessment.deadline is not None
        assert copy.assessment.deadline >= date(served.year, served.month + 1, served.day)
        assert here.only(old).assessment.deadline is None  # type: ignore[union-attr]
        assert (here.view(old).standing, only_closed(here)) == (Standing.RETURNED, ReturnAction.SERVE)
        linked(here, old, new)
        assert account(here.services).balanced


def only_closed(here: World) -> ReturnAction | None:
    (line,) = returns(here.services, "anna", closed=True).lines
    return line.action


def test_what_moved_and_is_served_formally_goes_to_the_present_address(world: World) -> None:
    with town(world) as (here, centre):
        old = here.approved("F1", AWARD)
        went_out(here, centre, old)
        comes_back(here, centre, old, "moved")
        decision = Decision("verzogen", action=ReturnAction.SERVE, address=THERE)
        (new,) = decide(here.services, "anna", old, decision)
        assert here.view(submitted(here, new)).held_at is None
        packages = set((centre.root / "in").glob("*.zip"))
        here.evening()
        (package,) = set((centre.root / "in").glob("*.zip")) - packages
        with zipfile.ZipFile(package) as archive:
            (ordered,) = json.loads(archive.read("manifest.json"))["pieces"]
        assert (ordered["order"]["postcode"], ordered["order"]["place"]) == ("48683", "Ahaus")
