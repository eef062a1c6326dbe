"""Numbers of the carrier's that come after the record of posting: fetched for a while, or entered, and shown."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.filing.filing import file_due
from gateway.application.posting import posting
from gateway.application.posting.posting_list_view import list_view
from gateway.application.posting.posting_view import day_report
from gateway.application.posting.supplementing import enter
from gateway.application.tracking.tracking import NUMBERS_WITHIN, poll
from gateway.application.views.shaping import as_json
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from tests.application.posting.test_posting import entries
from tests.world import INVITATION, MONDAY, World, at

pytestmark = pytest.mark.slow
DAY = timedelta(days=1)


def noted(world: World, late: timedelta) -> tuple[str, date]:
    """A letter with its record of posting, before the E-POST knows its frankierID; it comes `late` after posting."""
    world.simulator.options.franking_after_s = late.total_seconds()
    reference = world.approved("F1", INVITATION)
    world.evening(MONDAY)
    world.advance_to(at(MONDAY + 3 * DAY, "08:00"))
    poll(world.services)
    (day,) = posting.posting_days(world.services, "post")
    assert posting.confirm(world.services, "post", day.day)
    (record,) = world.only(reference).records
    assert (record.franking_id, record.supplements) == ("", [])
    return reference, day.day


def asked(world: World) -> object:
    return world.submissions()[0].last_asked_at


@pytest.mark.both_databases
def test_a_frankier_id_that_comes_days_later_stands_beside_the_record(world: World) -> None:
    reference, day = noted(world, 5 * DAY)
    (before,) = world.only(reference).records
    world.advance_to(at(MONDAY + 9 * DAY, "08:00"))
    poll(world.services)
    poll(world.services)
    (record,) = world.only(reference).records
    number = f"A{int(world.submissions()[0].provider_reference or 0):019X}"
    assert (record.text, record.franking_id) == (before.text, "")
    (added,) = record.supplements
    assert (added.franking_id, added.record_no, added.noted_by) == (number, 1, "system")
    assert added.said == f"Frankier-ID {number}"
    (told,) = as_json(world.view(reference))["recipients"][0]["posting_records"]
    assert told["supplements"][0]["franking_id"] == number
    (listed,) = day_report(world.services, "post", day).providers[0].lists
    late = list_view(world.services, "post", listed.id).late
    assert [each.franking_id for each in late[world.only(reference).piece or ""]] == [number]
    archive, _ = packed(world.services, posting_file(world.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (kept,) = json.loads(opened.read("ab-vermerk-1.json"))
    assert [each["franking_id"] for each in kept["supplements"]] == [number]
    file_due(world.services)
    (filed,) = [each for each in entries(world) if str(each["key"]).startswith("posting-supplement")]
    assert number in str(filed["title"])
    assert f"'franking_id': '{number}'" in str(filed["metadata"])
    for change in ("UPDATE posting_supplement SET franking_id = 'B'", "DELETE FROM posting_supplement"):
        with pytest.raises(DatabaseError), world.services.db.transaction() as session:
            session.connection().execute(text(change))


def test_the_provider_is_asked_once_a_day_and_not_for_ever(world: World) -> None:
    noted(world, timedelta(days=400))
    first = asked(world)
    world.advance(hours=2)
    poll(world.services)
    assert asked(world) == first
    world.advance(hours=24)
    poll(world.services)
    assert asked(world) == world.clock.now()
    world.advance_to(at(MONDAY, "19:05") + NUMBERS_WITHIN + DAY)
    last = asked(world)
    poll(world.services)
    assert asked(world) == last


def test_nobody_is_asked_about_a_letter_whose_number_is_known(world: World) -> None:
    world.approved("F1", INVITATION)
    world.evening(MONDAY)
    world.advance_to(at(MONDAY + 3 * DAY, "08:00"))
    poll(world.services)
    (each,) = world.submissions()
    assert (each.numbered_at, each.settled_at is not None) == (world.clock.now(), True)
    first = asked(world)
    world.advance(days=2)
    poll(world.services)
    assert asked(world) == first


def test_a_clerk_enters_a_number_with_its_source_once(world: World) -> None:
    reference, _ = noted(world, timedelta(days=400))
    piece = world.only(reference).piece or ""
    for wrong, code in (
        ({"source": "Beleg"}, "supplement-number-unreadable"),
        ({"franking_id": "A<1>", "source": "Beleg"}, "supplement-number-unreadable"),
        ({"franking_id": "A0 17", "source": "  "}, "supplement-source-missing"),
    ):
        with pytest.raises(InputError) as refused:
            enter(world.services, "post", piece, **wrong)
        assert refused.value.code == code
    with pytest.raises(NotPermitted):
        enter(world.services, "anna", piece, franking_id="A0 17", source="Beleg")
    assert enter(world.services, "post", piece, franking_id="A0 17", source="Einlieferungsbeleg 4711") == 1
    with pytest.raises(Conflict) as known:
        enter(world.services, "post", piece, franking_id="A0 17", source="noch einmal")
    assert known.value.code == "supplement-known"
    assert enter(world.services, "post", piece, tracking_number="RG 1 DE", source="Beleg") == 2
    (record,) = world.only(reference).records
    assert [each.said for each in record.supplements] == ["Frankier-ID A0 17", "Sendungsnummer RG 1 DE"]
    world.advance(days=2)
    before = asked(world)
    poll(world.services)
    assert asked(world) == before


def test_there_is_nothing_to_add_to_before_the_record(world: World) -> None:
    reference = world.approved("F1", INVITATION)
    world.evening(MONDAY)
    with pytest.raises(NotFound) as refused:
        enter(world.services, "post", world.only(reference).piece or "", franking_id="A0", source="Beleg")
    assert refused.value.code == "posting-record-missing"


def test_a_provider_that_names_no_numbers_is_left_in_peace(world: World) -> None:
    class Silent:
        def __init__(self, adapter: object) -> None:
            self.poll, self.capabilities = adapter.poll, adapter.capabilities  # type: ignore[attr-defined]

    noted(world, timedelta(days=400))
    first = asked(world)
    world.advance(days=2)
    poll(replace(world.services, providers={"epost": Silent(world.services.providers["epost"])}))  # type: ignore[dict-item]
    assert asked(world) == first
