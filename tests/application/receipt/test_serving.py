"""Formal service, end to end: ordered with a reason, carried to the print house, proven by its certificate."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import select

from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, rendering
from gateway.application.letters.choosing_service import choose_service
from gateway.application.receipt.delivering import store_scan
from gateway.application.receipt.serving import awaited, record
from gateway.db.people import AuditEntry
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.routing import Routing
from gateway.domain.receipt.delivery import DeliveryKind
from gateway.errors import Conflict, InputError, NotPermitted
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.testing.print_centre import PrintCentre
from tests.providers.house import PROFILE
from tests.rendering.pdfs import numbered
from tests.world import AWARD, MONDAY, World, at

pytestmark = pytest.mark.slow
REASON = "Zustellung ist angeordnet"
SERVED = date(2026, 11, 19)


@contextmanager
def town(world: World, kind: str = "json") -> Iterator[tuple[World, PrintCentre]]:
    """The authority with a print house that takes orders for formal service."""
    packing = Packing("pieces", kind, frozenset(Service))  # type: ignore[arg-type]
    with PrintCentre(speed=0, start=at(MONDAY, "08:00"), automatic=False) as centre:
        provider = FolderProvider(centre.root, packing, HouseRules(), PROFILE)
        services = replace(world.services, providers={"folder": provider}, routing=Routing("folder", [], {}))
        yield replace(world, services=services), centre


def ordered(world: World, *options: OrderOption) -> str:
    """A decision that is to be served formally, handed over on Monday."""
    reference = world.write("F1", AWARD)
    choose_service(world.services, "anna", reference, Service.PZU, REASON, options)
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(world.services, reference)
    approving.approve(world.services, "bea", reference)
    world.evening()
    world.advance_to(at(date(2026, 11, 23), "09:00"))
    return reference


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_the_order_reaches_the_print_house_which_produces_it(world: World, kind: str) -> None:
    with town(world, kind) as (here, centre):
        reference = ordered(here, OrderOption.NO_DEPOSIT, OrderOption.WITH_TIME)
        (file,) = (centre.root / "in").glob("*.zip")
        with zipfile.ZipFile(file) as archive:
            manifest = archive.read(f"manifest.{kind}").decode()
        piece = here.only(reference).piece or ""
        assert "no-deposit with-time" in manifest
        assert piece in manifest
        if kind == "json":
            (told,) = json.loads(manifest)["pieces"]
            assert told["order"]["reference"] == piece
            assert {"postcode", "place"} < set(told["order"])
        centre.advance(days=3)
        (printed,) = centre.ledger
        assert (printed.service, printed.fault) == ("pzu", "")


def test_the_certificate_gives_the_day_the_deadline_and_the_entry_in_the_file(world: World) -> None:
    with town(world) as (here, _):
        reference = ordered(here)
        assert awaited(here.services, reference) == {1: DeliveryKind.CERTIFICATE}
        before = here.only(reference)
        assert before.assessment is None or before.assessment.deadline is None
        scan = store_scan(here.services, numbered(1, "Urkunde"))
        day = record(
            here.services,
            "post",
            reference,
            1,
            "mailbox",
            SERVED,
            certificate="ZU-0815",
            scan=scan,
            place="Borken",
        )
        view = here.only(reference)
        assert (day, view.standing) == (SERVED, "delivered")
        assert view.assessment is not None
        assert (view.assessment.effective, view.assessment.deadline) == (SERVED, date(2026, 12, 21))
        assert "§ 180 ZPO" in view.proofs[-1].said
        assert awaited(here.services, reference) == {}
        file_due(here.services)
        (index,) = (world.settings.data_dir / "case-files").rglob("index.json")
        (entry,) = [one for one in json.loads(index.read_text())["entries"] if one["kind"] == "delivery"]
        assert entry["sha256"] == scan.sha256
        assert entry["metadata"]["objection_deadline"] == "2026-12-21"


def test_who_was_not_served_has_no_deadline(world: World) -> None:
    with town(world) as (here, _):
        reference = ordered(here)
        assert record(here.services, "post", reference, 1, "undeliverable-unknown", None) is None
        view = here.only(reference)
        assert view.standing == "returned"
        assert view.assessment is not None
        assert view.assessment.deadline is None


def test_another_service_needs_a_reason_an_offer_and_somebody_who_writes(world: World) -> None:
    reference = world.write("F1", AWARD)
    with pytest.raises(InputError) as refused:
        choose_service(world.services, "anna", reference, Service.PZU, REASON)
    assert refused.value.code == "service-not-offered"
    with town(world) as (here, _):
        with pytest.raises(InputError) as refused:
            choose_service(here.services, "anna", reference, Service.PZU)
        assert refused.value.code == "service-reason-missing"
        with pytest.raises(NotPermitted):
            choose_service(here.services, "ahmad", reference, Service.PZU, REASON)
        choose_service(here.services, "anna", reference, Service.PZU, REASON)
    assert (world.view(reference).service, world.view(reference).service_reason) == (Service.PZU, REASON)
    with world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "service-chosen")).one()
    assert (entry.actor, entry.reason, entry.details["service"]) == ("anna", REASON, "pzu")
    with pytest.raises(InputError):  # who prints it now does not serve
        drafting.submit(world.services, "anna", reference)


def test_nothing_is_recorded_of_a_piece_that_proves_nothing(world: World) -> None:
    reference = world.approved("F1", AWARD)
    world.evening()
    with pytest.raises(Conflict) as refused:
        record(world.services, "post", reference, 1, "mailbox", MONDAY)
    assert refused.value.code == "delivery-no-proof-awaited"
