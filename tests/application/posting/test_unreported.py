"""A posting that nobody reported: two people and a document prove it, and what comes later is held against them."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError as DatabaseRefuses

from gateway.application.access.administering import add_user
from gateway.application.account.reconciling import account
from gateway.application.desk.alarming import alarms
from gateway.application.desk.desk_view import desk
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.filing.filing import file_due
from gateway.application.posting import excepting, posting
from gateway.application.posting.enlisting import import_lists
from gateway.application.posting.posting_basis import Basis, open_basis
from gateway.application.posting.unreported_view import unreported
from gateway.application.views.listing import list_letters
from gateway.application.views.shaping import as_json
from gateway.domain.account.account import Line
from gateway.domain.account.standing import Standing
from gateway.domain.desk.alarms import AlarmKind
from gateway.domain.desk.desk import Problem
from gateway.domain.permission import Role
from gateway.domain.posting.posting_record import How
from gateway.domain.runs.status import Status
from gateway.errors import Conflict, InputError, NotPermitted
from tests.application.posting.test_posting import deadline, entries, old_enough, said
from tests.rendering.pdfs import numbered
from tests.world import AWARD, INVITATION, MONDAY, World, at

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
NEXT_MONDAY = MONDAY + timedelta(days=7)
CONFIRMATION = Basis("Schreiben des Druckzentrums vom 20.11.2026.", numbered(1, "Bestätigung"))


@pytest.fixture
def town(world: World) -> World:
    """With two clerks in the post room."""
    add_user(world.services, "post2", name="Paul Zwei", roles=[Role.POST_ROOM])
    return world


def silent(town: World) -> str:
    """A decision of Monday that is in production since, and nothing more is said; a week has passed."""
    reference = town.approved("F1", AWARD, login="both")
    town.evening(MONDAY)
    said(town, Status.IN_PRODUCTION)
    town.advance_to(at(NEXT_MONDAY, "08:00"))
    return reference


def proposed(town: World, reference: str, day: date = TUESDAY, basis: Basis | None = CONFIRMATION) -> int:
    piece = town.only(reference).piece or ""
    return excepting.propose(town.services, "post", [piece], day, "Liste kam nie", basis)


def proven(town: World, reference: str, day: date = TUESDAY) -> None:
    excepting.second(town.services, "post2", proposed(town, reference, day))


def test_the_document_behind_it_lies_in_the_case_file_unless_it_is_about_others_too(town: World) -> None:
    reference = silent(town)
    proven(town, reference)
    file_due(town.services)
    filed = {str(each["key"]).partition(":")[0]: each for each in entries(town)}
    kept = filed["posting-basis"]
    stored = open_basis(town.services, "post2", 1)
    assert kept["sha256"] == hashlib.sha256(stored.content).hexdigest()
    assert "Beleg zum Ab-Vermerk Nr. 1" in str(kept["title"])
    file_due(town.services)
    assert len([one for one in entries(town) if one["sha256"] == kept["sha256"]]) == 1


def test_a_document_about_several_pieces_is_filed_in_nobodys_case(town: World) -> None:
    letters = [town.approved(case, INVITATION) for case in ("F1", "F2")]
    town.evening(MONDAY)
    town.advance_to(at(NEXT_MONDAY, "08:00"))
    pieces = [one.piece or "" for each in letters for one in town.view(each).recipients]
    number = excepting.propose(town.services, "post", pieces, TUESDAY, "Liste kam nie", CONFIRMATION)
    excepting.second(town.services, "post2", number)
    file_due(town.services)
    filed = [str(each["key"]).partition(":")[0] for each in entries(town)]
    assert filed.count("posting-confirmed") == len(pieces)
    assert "posting-basis" not in filed


def contradictions(town: World) -> list[str]:
    return [one.message for one in alarms(town.services, "post") if one.kind is AlarmKind.RECORD_CONTRADICTED]


def test_two_people_prove_with_a_document_what_nobody_reported(town: World) -> None:
    reference = silent(town)
    assert [each.problem for each in desk(town.services, "post").letters] == [Problem.LATE_POSTING]
    (line,) = unreported(town.services, "post")
    assert (line.piece, line.letters, line.age_days) == (town.only(reference).piece, [reference], 7)
    number = proposed(town, reference)
    assert town.only(reference).records == ()
    assert unreported(town.services, "post")[0].waits == number
    excepting.second(town.services, "post2", number)

    view = town.only(reference)
    (noted,) = view.records
    assert (noted.how, noted.posted_on, noted.confirmed_by, noted.second) == (
        How.UNLISTED,
        TUESDAY,
        "Petra Stelle",
        "Paul Zwei",
    )
    stored = open_basis(town.services, "post2", number)
    for said_in_it in (
        "Der Dienstleister hat die Aufgabe zur Post nicht gemeldet.",
        "Gestützt auf: Schreiben des Druckzentrums vom 20.11.2026 (Beleg, SHA-256 ",
        "Grund: Liste kam nie. Befunde: posting-not-reported.",
        "ohne Einlieferungsliste",
    ):
        assert said_in_it in noted.text
    assert (view.posting_reported_on, view.posted_on, view.standing) == (None, TUESDAY, Standing.POSTED)
    assert deadline(town, reference) == date(2026, 12, 21)
    assert desk(town.services, "post").letters == []
    assert unreported(town.services, "post") == []
    (line_of_list,) = list_letters(town.services, "anna")
    assert (line_of_list.standing, line_of_list.posted_on, line_of_list.confirmed) == (
        Standing.POSTED,
        TUESDAY,
        True,
    )
    counted = account(town.services)
    assert (counted.balanced, counted.lines[Line.POSTED]) == (True, 1)
    file_due(town.services)
    keys = [str(entry["key"]).split(":")[0] for entry in entries(town) if entry["kind"] == "posting"]
    assert keys == ["posting-confirmed", "posting-basis"]
    archive, _ = packed(town.services, posting_file(town.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.read("beleg-1-1.pdf") == stored.content
        assert b'"source": "Schreiben des Druckzentrums vom 20.11.2026"' in opened.read("ab-vermerk-1.json")


def test_one_person_or_no_document_proves_nothing(town: World) -> None:
    reference = silent(town)

    def refused(action: Callable[[], object]) -> str:
        with pytest.raises((InputError, NotPermitted, Conflict)) as caught:
            action()
        return caught.value.code

    assert refused(lambda: proposed(town, reference, basis=None)) == "posting-basis-needed"
    assert (
        refused(lambda: proposed(town, reference, basis=Basis(" ", CONFIRMATION.pdf)))
        == "posting-source-missing"
    )
    assert refused(lambda: proposed(town, reference, MONDAY - timedelta(days=1))) == "posting-day-impossible"
    piece = town.only(reference).piece or ""

    def by(login: str, day: date | None, basis: Basis | None) -> str:
        return refused(lambda: excepting.propose(town.services, login, [piece], day, "x", basis))

    assert [by(login, TUESDAY, CONFIRMATION) for login in ("anna", "audit")] == ["not-permitted"] * 2
    assert by("post", None, CONFIRMATION) == "exception-not-needed"
    number = proposed(town, reference)
    assert refused(lambda: excepting.second(town.services, "post", number)) == "second-person-needed"
    assert refused(lambda: open_basis(town.services, "anna", number)) == "not-permitted"
    view = town.only(reference)
    assert (view.records, view.standing, view.assessment) == ((), Standing.IN_PRODUCTION, None)


def test_a_report_that_comes_before_the_second_person_sends_it_back(town: World) -> None:
    reference = silent(town)
    number = proposed(town, reference)
    said(town, Status.HANDED_TO_POST, WEDNESDAY, posted=True)
    with pytest.raises(Conflict) as changed:
        excepting.second(town.services, "post2", number)
    assert changed.value.code == "posting-facts-changed"
    assert town.only(reference).records == []


def test_a_report_that_agrees_later_is_heard_and_changes_nothing(town: World) -> None:
    reference = silent(town)
    proven(town, reference)
    said(town, Status.HANDED_TO_POST, TUESDAY, posted=True)
    view = town.only(reference)
    assert (view.posting_reported_on, view.posted_on, len(view.records)) == (TUESDAY, TUESDAY, 1)
    assert contradictions(town) == []


def test_another_day_that_is_reported_later_is_an_alarm_until_two_people_correct_it(town: World) -> None:
    reference = silent(town)
    proven(town, reference)
    said(town, Status.HANDED_TO_POST, WEDNESDAY, posted=True)
    (alarm,) = contradictions(town)
    assert "nennt den 17.11.2026" in alarm
    assert town.only(reference).posted_on == TUESDAY
    piece = town.only(reference).piece or ""
    town.advance(minutes=5)
    number = excepting.propose(town.services, "post", [piece], WEDNESDAY, "Die Meldung stimmt")
    excepting.second(town.services, "post2", number)
    first, second = town.only(reference).records
    assert (first.posted_on, second.posted_on, second.how) == (TUESDAY, WEDNESDAY, How.CORRECTED)
    assert "record-contradicted" in second.text
    assert deadline(town, reference) == date(2026, 12, 22)
    assert contradictions(town) == []


def test_a_list_that_comes_late_and_says_another_day_contradicts_and_proves_the_correction(town: World) -> None:
    from tests.application.posting.test_posting import house  # noqa: PLC0415

    with house(town, letters=1) as (there, centre, _):
        for file in (centre.root / "out").glob("*.posting.json*"):
            file.rename(centre.root / file.name)
        there.advance_to(at(NEXT_MONDAY, "08:00"))
        (reference,) = [line.reference for line in list_letters(there.services, None)]
        proven(there, reference)
        assert "posting-not-reported" in there.only(reference).records[0].text
        key = there.only(reference).key
        told = {"kind": "posting", "list_number": "EL-7", "posted_on": "2026-11-18", "carrier": "Deutsche Post"}
        centre.say("EL-7.posting", told | {"pieces": [{"key": key}]})
        old_enough(centre.root / "out")
        assert import_lists(there.services, everything=True) == ["EL-7"]
        assert len(contradictions(there)) == 1
        there.advance(minutes=5)
        piece = there.only(reference).piece or ""
        number = excepting.propose(there.services, "post", [piece], WEDNESDAY, "Liste EL-7")
        excepting.second(there.services, "post2", number)
        assert there.only(reference).records[-1].list_number == "EL-7"
        assert contradictions(there) == []


def test_what_was_not_posted_after_all_is_posted_nowhere(town: World) -> None:
    reference = town.approved("F1", INVITATION)
    town.evening(MONDAY)
    said(town, Status.IN_PRODUCTION)
    said(town, Status.HANDED_TO_POST, posted=True)
    town.advance_to(at(NEXT_MONDAY, "08:00"))
    posting.confirm(town.services, "post", TUESDAY)
    assert town.view(reference).standing is Standing.POSTED
    piece = town.only(reference).piece or ""
    excepting.second(
        town.services,
        "post2",
        excepting.propose(town.services, "post", [piece], None, "Liegt noch im Druckzentrum"),
    )
    view, told = town.only(reference), as_json(town.view(reference))
    assert (view.standing, town.view(reference).standing) == (Standing.IN_PRODUCTION, Standing.IN_PRODUCTION)
    assert (told["status"], told["recipients"][0]["posted_on"]) == ("in_production", None)
    assert told["recipients"][0]["not_posted"] is True
    (line,) = list_letters(town.services, "anna")
    assert (line.standing, line.posted_on, line.confirmed) == (Standing.IN_PRODUCTION, None, False)
    counted = account(town.services)
    assert counted.balanced
    assert (counted.lines.get(Line.POSTED, 0), counted.lines[Line.UNDER_WAY]) == (0, 1)
    assert [each.problem for each in desk(town.services, "post").letters] == [Problem.LATE_POSTING]
    town.advance(minutes=5)
    said(town, Status.HANDED_TO_POST, NEXT_MONDAY, posted=True)
    assert town.only(reference).standing is Standing.IN_PRODUCTION
    assert len(contradictions(town)) == 1


def test_the_database_keeps_what_an_exception_rests_on(town: World) -> None:
    proposed(town, silent(town))
    for statement in (
        "UPDATE posting_exception_basis SET source = 'anders'",
        "DELETE FROM posting_exception_basis",
    ):
        with pytest.raises(DatabaseRefuses), town.services.db.engine.begin() as connection:
            connection.exec_driver_sql(statement)
