"""Posting evidence: lists prove days, a clerk confirms, the machine notes it, and two people answer for the rest."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.access.administering import add_user
from gateway.application.filing.filing import file_due
from gateway.application.posting import excepting, posting
from gateway.application.posting.enlisting import import_lists
from gateway.application.posting.posting_list_view import list_content
from gateway.application.posting.posting_view import DayReport, day_report, piece_view
from gateway.application.tracking.tracking import poll, record
from gateway.db.postings import PostingList, PostingRecord
from gateway.domain.permission import Role
from gateway.domain.pieces.routing import Routing
from gateway.domain.posting.posting_list import Agreement, Evidence, PostingRules
from gateway.domain.posting.posting_record import How
from gateway.domain.runs.status import Status
from gateway.errors import Conflict, GatewayError, InputError, NotFound, NotPermitted
from gateway.ports.provider import StatusReport
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.testing.print_centre import PrintCentre
from tests.providers.house import JSON, PROFILE
from tests.world import AWARD, INVITATION, MONDAY, World, at

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=days) for days in (1, 2, 3))


@pytest.fixture
def town(world: World) -> World:
    """With two clerks in the post room."""
    add_user(world.services, "post2", name="Paul Zwei", roles=[Role.POST_ROOM])
    return world


def said(town: World, status: Status, day: date = TUESDAY, *, posted: bool = False) -> None:
    """The provider says something about every piece that it has."""
    for each in town.submissions():
        report = StatusReport(
            key=each.key,
            provider_reference=each.provider_reference or "",
            status=status,
            provider_status=status.value,
            occurred_at=at(day, "12:00"),
            dedup_key=f"{each.key}:{status.value}:{day}",
            raw={},
            posted_on=day if posted else None,
        )
        record(town.services, each.provider, [report])


def reported(town: World, template: str = AWARD) -> str:
    """A letter of Monday that the provider says it posted on Tuesday; now it is Thursday morning."""
    reference = town.approved("F1", template, login="both")
    town.evening(MONDAY)
    said(town, Status.HANDED_TO_POST, posted=True)
    town.advance_to(at(THURSDAY, "08:00"))
    return reference


def deadline(town: World, reference: str) -> date | None:
    found = town.only(reference).assessment
    return found.deadline if found else None


def entries(town: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for file in (town.settings.data_dir / "case-files").glob("*/index.json"):
        found += json.loads(file.read_text(encoding="utf-8"))["entries"]
    return found


def by_two(
    town: World, reference: str, day: date | None, reason: str = "Auskunft der Frau Berg, 18.11."
) -> int:
    piece = town.only(reference).piece or ""
    number = excepting.propose(town.services, "post", [piece], day, reason)
    excepting.second(town.services, "post2", number)
    return number


@contextmanager
def house(world: World, letters: int = 2) -> Iterator[tuple[World, PrintCentre, DayReport]]:
    """A print house in a folder that has posted Monday's letters on Tuesday; its list is read on Thursday."""
    with PrintCentre(speed=0, start=at(MONDAY, "08:00"), automatic=False) as centre:
        provider = FolderProvider(centre.root, JSON, HouseRules(), PROFILE)
        services = replace(world.services, providers={"folder": provider}, routing=Routing("folder", [], {}))
        town = replace(world, services=services)
        for number in range(letters):
            town.approved("F1", INVITATION, appointment_time=f"1{number}:30")
        town.evening(MONDAY)
        centre.advance(hours=11)
        centre.advance(days=2)
        town.advance_to(at(THURSDAY, "08:00"))
        yield town, centre, day_report(services, "post", TUESDAY)


def read_again(town: World) -> DayReport:
    poll(town.services)
    import_lists(town.services, everything=True)
    return day_report(town.services, "post", TUESDAY)


def old_enough(folder: Path) -> None:
    """Files of the last minute may still be being written."""
    import os  # noqa: PLC0415

    for file in folder.iterdir():
        os.utime(file, (0, at(TUESDAY, "17:00").timestamp()))


def test_a_print_houses_list_is_kept_checked_confirmed_and_noted_for_each_piece(town: World) -> None:
    with house(town) as (there, centre, before):
        assert before.providers == ()
        old_enough(centre.root / "out")
        (report,) = read_again(there).providers
        assert (report.expected, report.listed, report.ready, report.held_back) == (2, 2, 2, ())
        (listed,) = report.lists
        assert (listed.number, listed.carrier, listed.proven, listed.findings) == (
            "EL-000001",
            "Deutsche Post",
            True,
            (),
        )
        assert list_content(there.services, "post", listed.id)[1].startswith(b"{")
        assert import_lists(there.services, everything=True) == []

        assert len(posting.confirm(there.services, "post", TUESDAY)) == 2
        pieces = {each.key: each for each in centre.ledger}
        for line in report.pieces:
            view = there.only(line.letters[0].reference)
            (noted,) = view.records
            assert view.carrier == "Deutsche Post"
            assert noted.delivery_days == "Mo Di Mi Do Fr Sa"
            assert noted.text.startswith("Zur Post gegeben am 17.11.2026")
            assert "Einlieferungsliste EL-000001, Dienstleister folder, Zusteller Deutsche Post" in noted.text
            assert noted.franking_id.startswith("A0000001")
            assert "Petra Stelle" in noted.text
            assert (view.key or "") in pieces
        file_due(there.services)
        texts = [str(entry) for entry in entries(there) if "posting-confirmed" in str(entry)]
        assert len(texts) == 2
        assert all("Einlieferungsliste EL-000001" in text and "2026-11-17" in text for text in texts)


def test_a_list_that_was_changed_on_its_way_proves_nothing(town: World) -> None:
    with house(town, letters=1) as (there, centre, _):
        (file,) = [each for each in (centre.root / "out").iterdir() if each.name.endswith("posting.json")]
        file.write_bytes(file.read_bytes().replace(b"2026-11-17", b"2026-11-18"))
        old_enough(centre.root / "out")
        poll(there.services)
        (report,) = day_report(there.services, "post", WEDNESDAY).providers
        assert [finding.code for finding in report.lists[0].findings] == ["list-hash-differs"]
        assert [finding.code for finding in report.held_back[0].findings] == ["list-not-sound"]
        assert posting.confirm(there.services, "post", WEDNESDAY) == []


def test_what_a_house_says_it_posted_and_no_list_has_waits_for_two_people(town: World) -> None:
    with PrintCentre(speed=0, start=at(MONDAY, "08:00"), automatic=False) as centre:
        services = replace(
            town.services,
            providers={"folder": FolderProvider(centre.root, JSON, HouseRules(), PROFILE)},
            routing=Routing("folder", [], {}),
        )
        there = replace(town, services=services)
        centre.script.withhold = {"posting"}
        reference = there.approved("F1", INVITATION)
        there.evening(MONDAY)
        centre.work()
        key = there.submissions()[0].key
        consignment = centre.deliveries[0].consignment
        told = {"consignment": consignment, "status": "posted", "posted_on": "2026-11-17"}
        centre.say(f"{consignment}.daily", {"kind": "production", **told, "pieces": [{"key": key}]})
        there.advance_to(at(THURSDAY, "08:00"))
        old_enough(centre.root / "out")
        (report,) = read_again(there).providers
        assert [finding.code for finding in report.held_back[0].findings] == ["posting-not-listed"]
        assert report.lists == ()
        assert posting.confirm(there.services, "post", TUESDAY) == []
        by_two(there, reference, TUESDAY, "Die Liste liegt auf Papier vor")
        (noted,) = there.only(reference).records
        assert noted.how is How.UNLISTED
        assert "ohne Einlieferungsliste" in noted.text


def test_a_status_that_the_contract_equates_with_posting_makes_a_list_when_it_is_confirmed(town: World) -> None:
    reference = reported(town)
    (report,) = day_report(town.services, "post", TUESDAY).providers
    assert (report.agreed.evidence, report.ready, report.lists) == (Evidence.STATUS_FIELD, 1, ())
    posting.confirm(town.services, "post", TUESDAY)
    (report,) = day_report(town.services, "post", TUESDAY).providers
    (listed,) = report.lists
    assert (listed.number, listed.kind, listed.carrier) == (
        "epost-2026-11-17-1",
        Evidence.STATUS_FIELD,
        "Deutsche Post",
    )
    told = json.loads(list_content(town.services, "post", listed.id)[1])
    (submission,) = town.submissions()
    assert told["pieces"][0]["key"] == submission.key
    assert told["pieces"][0]["reports"] == [f"{submission.key}:handed_to_post:2026-11-17"]
    assert town.only(reference).records[0].how is How.CHECKED


def test_without_an_agreement_nothing_is_confirmed_by_one_person(town: World) -> None:
    bare = replace(town, services=replace(town.services, posting=PostingRules()))
    reference = reported(bare)
    assert posting.confirm(bare.services, "post", TUESDAY) == []
    by_two(bare, reference, TUESDAY)
    (noted,) = bare.only(reference).records
    assert (noted.how, noted.confirmed_by, noted.second) == (How.FINDING_ACCEPTED, "Petra Stelle", "Paul Zwei")
    assert "evidence-not-agreed" in noted.text


def test_a_corrected_day_is_a_record_of_its_own_and_moves_the_deadline(town: World) -> None:
    reference = reported(town)
    posting.confirm(town.services, "post", TUESDAY)
    file_due(town.services)
    assert deadline(town, reference) == date(2026, 12, 21)
    number = by_two(town, reference, WEDNESDAY)
    first, second = town.only(reference).records
    assert (first.posted_on, second.posted_on, second.how) == (TUESDAY, WEDNESDAY, How.CORRECTED)
    assert "ersetzt den Ab-Vermerk Nr. 1 (Aufgabe am 17.11.2026)" in second.text
    assert (first.list_number, second.list_number) == ("epost-2026-11-17-1", "")
    assert town.only(reference).posting_confirmed_on == WEDNESDAY
    assert deadline(town, reference) == date(2026, 12, 22)
    file_due(town.services)
    keys = [str(entry["key"]).split(":")[0] for entry in entries(town) if entry["kind"] == "posting"]
    assert keys == ["posting-reported", "posting-confirmed", "posting-corrected"]
    last = str(entries(town)[-1])
    assert "2026-12-22" in last
    assert "Auskunft der Frau Berg" in last
    view = piece_view(town.services, "post", town.only(reference).piece or "")
    assert [each.number for each in view.exceptions] == [number]


def test_a_posting_that_did_not_take_place_has_no_dates_and_the_file_says_so(town: World) -> None:
    reference = reported(town)
    posting.confirm(town.services, "post", TUESDAY)
    by_two(town, reference, None)
    view = town.only(reference)
    assert (view.assessment, view.posting_confirmed_on, view.records[-1].how) == (None, None, How.REVOKED)
    assert posting.posting_days(town.services, "post") == [posting.PostingDay(TUESDAY, 1, 1)]
    assert posting.confirm(town.services, "post", TUESDAY) == []
    file_due(town.services)
    assert "doch nicht zur Post gegeben" in str(entries(town)[-1])


def test_after_a_contradiction_two_people_may_stand_by_the_posting(town: World) -> None:
    reference = reported(town)
    said(town, Status.FAILED, WEDNESDAY)
    assert posting.confirm(town.services, "post", TUESDAY) == []
    assert town.only(reference).assessment is None
    by_two(town, reference, TUESDAY)
    assert town.only(reference).records[0].how is How.AFTER_CONTRADICTION
    assert deadline(town, reference) == date(2026, 12, 21)


def test_two_reported_days_are_no_proof_of_either(town: World) -> None:
    reference = reported(town)
    said(town, Status.HANDED_TO_POST, WEDNESDAY, posted=True)
    (report,) = day_report(town.services, "post", TUESDAY).providers
    assert [finding.code for finding in report.held_back[0].findings] == ["posting-days-differ"]
    by_two(town, reference, WEDNESDAY)
    assert (town.only(reference).records[0].how, deadline(town, reference)) == (
        How.OTHER_DAY,
        date(2026, 12, 22),
    )


def test_nobody_answers_twice_and_nobody_for_facts_that_were_not_seen(town: World) -> None:
    reference = reported(town)
    said(town, Status.HANDED_TO_POST, WEDNESDAY, posted=True)
    piece = town.only(reference).piece or ""
    number = excepting.propose(town.services, "post", [piece], WEDNESDAY, "Telefonat")
    for login in ("post", "anna", "audit"):
        with pytest.raises(NotPermitted):
            excepting.second(town.services, login, number)
    with pytest.raises(Conflict, match="wartet schon"):
        excepting.propose(town.services, "post2", [piece], TUESDAY, "Anders")
    said(town, Status.FAILED, WEDNESDAY)
    with pytest.raises(Conflict) as changed:
        excepting.second(town.services, "post2", number)
    assert changed.value.code == "posting-facts-changed"
    excepting.reject(town.services, "post2", number, "Neue Meldung")
    with pytest.raises(Conflict):
        excepting.second(town.services, "post2", number)
    assert town.only(reference).records == []


def test_what_cannot_be_or_needs_nobody_is_refused_as_exception(town: World) -> None:
    piece = town.only(reported(town)).piece or ""

    def refused(pieces: list[str], day: date | None, reason: str = "Grund") -> str:
        with pytest.raises(GatewayError) as caught:
            excepting.propose(town.services, "post", pieces, day, reason)
        assert isinstance(caught.value, InputError | NotFound | Conflict)
        return caught.value.code

    assert refused([piece], WEDNESDAY, " ") == "reason-missing"
    assert refused([], WEDNESDAY) == "exception-without-pieces"
    assert refused(["AAAA1111"], WEDNESDAY) == "posting-none-reported"
    assert refused([piece], MONDAY - timedelta(days=1)) == "posting-day-impossible"
    assert refused([piece], THURSDAY + timedelta(days=1)) == "posting-day-impossible"
    assert refused([piece], TUESDAY) == "exception-not-needed"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET confirmed_on = '2026-11-18'",
        "UPDATE posting SET confirmed_on = NULL, confirmed_by_id = NULL, confirmed_at = NULL",
        "UPDATE posting SET record_no = NULL",
        "UPDATE posting SET record_no = 2",
        "UPDATE posting_record SET text = 'anders'",
        "UPDATE posting_list SET carrier = 'anders'",
        "UPDATE posting_list_item SET posted_on = '2026-11-18'",
        (
            "INSERT INTO posting_record (piece_id, number, posted_on, how, text, carrier, delivery_days, product,"
            " franking_id, confirmed_by_id, confirmed_at) SELECT piece_id, 2, '2026-11-18', 'corrected', text, carrier,"
            " delivery_days, product, franking_id, confirmed_by_id, confirmed_at FROM posting_record"
        ),
    ],
)
def test_the_database_keeps_what_was_confirmed_and_what_it_rests_on(town: World, statement: str) -> None:
    reported(town)
    posting.confirm(town.services, "post", TUESDAY)
    with pytest.raises(DatabaseRefuses), town.services.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with town.services.db.reading() as session:
        assert (
            len(session.exec(select(PostingRecord)).all()) == len(session.exec(select(PostingList)).all()) == 1
        )


def test_an_agreement_of_its_own_can_ask_for_lists_from_any_provider(town: World) -> None:
    rules = PostingRules("Poststelle", {"epost": Agreement(Evidence.LIST, "Vertrag 7")})
    strict = replace(town, services=replace(town.services, posting=rules))
    reference = reported(strict)
    (report,) = day_report(strict.services, "post", TUESDAY).providers
    assert [finding.code for finding in report.held_back[0].findings] == ["posting-not-listed"]
    by_two(strict, reference, TUESDAY)
    assert strict.only(reference).records[0].how is How.UNLISTED
