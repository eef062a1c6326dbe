"""A letter that asks for documents knows that its answer came, on which day, and what is still missing."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.inbound import requesting
from gateway.application.inbound.missing import count_overdue, missing_answers
from gateway.application.inbound.moving import move
from gateway.application.inbound.placing import assign, link
from gateway.application.inbound.requesting import requests_due, settle, tick
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.reads.requests import RequestView
from gateway.application.retention.emptying import empty_persons
from gateway.application.services import Services
from gateway.application.views.shaping import as_json
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter
from gateway.db.placings import RequestedItem
from gateway.db.retention import LetterRetention
from gateway.errors import InputError, NotFound, NotPermitted
from gateway.testing.scans import ScanSpec, make_delivery
from tests.world import INVITATION, REQUEST, World, at

RECEIVED = date(2026, 11, 18)
"""The stamp of the post room; it was scanned days later."""


@pytest.fixture
def asked(world: World) -> str:
    """A posted letter that asks for four documents until 14 December."""
    reference = world.approved("F1", REQUEST)
    world.evening()
    return reference


def request_of(world: World, reference: str) -> RequestView:
    view = world.view(reference).request
    assert view is not None
    return view


def scan_slip(world: World, tmp_path: Path, reference: str, *others: ScanSpec) -> int:
    """The reply slip comes back, and others with it; returns its number."""
    recipient = world.view(reference).recipients[0]
    pdf = world.services.blobs.get(recipient.print_sha256 or recipient.approved_sha256 or "")
    slip = replace(ScanSpec.reply_slip(pdf, page=3), received_on=RECEIVED)
    folder = make_delivery(tmp_path / "in", "west", "L-1", 1, [slip, *others], at=at(RECEIVED, "15:00"))
    import_delivery(world.services, folder, source="west")
    with world.services.db.reading() as session:
        return min(found for found in session.exec(select(InboundDocument.id)).all() if found)


@pytest.mark.both_databases
def test_a_signed_request_knows_its_items_and_that_nothing_came(world: World, asked: str) -> None:
    request = request_of(world, asked)
    assert [item.number for item in request.items] == [1, 2, 3, 4]
    assert request.items[0].title.startswith("Kontoauszüge")
    assert (request.due_on, request.missing, request.answered_on) == (date(2026, 12, 14), 4, None)
    assert world.view(world.approved("F1", INVITATION)).request is None


@pytest.mark.both_databases
def test_its_slip_says_that_an_answer_came_on_the_day_of_receipt_and_a_person_says_what_it_brings(
    world: World, asked: str, tmp_path: Path
) -> None:
    world.advance(days=5)
    slip = scan_slip(world, tmp_path, asked)
    request = request_of(world, asked)
    assert (request.answered_on, request.missing) == (RECEIVED, 4)
    tick(world.services, "anna", slip, [1, 3])
    request = request_of(world, asked)
    assert [(item.number, item.came_on) for item in request.items if not item.open] == [
        (1, RECEIVED),
        (3, RECEIVED),
    ]
    assert (request.missing, request.items[0].by, request.items[0].inbound_id) == (2, "anna", slip)
    tick(world.services, "anna", slip, [3])
    assert [item.number for item in request_of(world, asked).items if item.open] == [1, 2, 4]
    told = as_json(world.view(asked))["request"]
    assert (told["missing"], told["answered_on"], told["items"][2]["state"]) == (3, "2026-11-18", "come")


def test_a_second_document_cannot_take_away_what_the_first_brought(
    world: World, asked: str, tmp_path: Path
) -> None:
    first = scan_slip(world, tmp_path, asked, ScanSpec.unknown())
    tick(world.services, "anna", first, [1])
    assign(world.services, "post", first + 1, "F1")
    with pytest.raises(InputError):
        tick(world.services, "anna", first + 1, [1])
    link(world.services, "anna", first + 1, asked)
    tick(world.services, "anna", first + 1, [1, 2])
    assert [item.inbound_id for item in request_of(world, asked).items] == [first, first + 1, None, None]


def test_a_document_that_is_moved_or_answers_something_else_takes_what_it_brought_with_it(
    world: World, asked: str, tmp_path: Path
) -> None:
    slip = scan_slip(world, tmp_path, asked)
    tick(world.services, "anna", slip, [1, 2, 3, 4])
    link(world.services, "anna", slip, None)
    assert request_of(world, asked).missing == 4
    link(world.services, "anna", slip, asked)
    tick(world.services, "anna", slip, [1])
    move(world.services, "anna", slip, "F2", "falsch")
    request = request_of(world, asked)
    assert (request.missing, request.answers) == (4, [])
    with pytest.raises(InputError):
        link(world.services, "anna", slip, asked)


def test_what_is_missing_after_its_day_is_overdue_for_its_office_until_it_is_settled(
    world: World, asked: str
) -> None:
    world.advance_to(at(date(2026, 12, 14), "12:00"))
    assert count_overdue(world.services, "anna") == 0
    world.advance_to(at(date(2026, 12, 15), "08:00"))
    assert count_overdue(world.services, "anna") == 1
    assert count_overdue(world.services, "ahmad") == 0
    (line,) = missing_answers(world.services, "anna").lines
    assert (line.reference, line.missing, line.overdue) == (asked, 4, True)
    for number in (1, 2, 3, 4):
        settle(world.services, "anna", asked, number, "liegt schon vor")
    assert missing_answers(world.services, "anna").lines == []
    assert count_overdue(world.services, "anna") == 0
    settle(world.services, "anna", asked, 2, "")
    assert request_of(world, asked).missing == 1


@pytest.mark.both_databases
def test_page_by_page_every_letter_comes_once_by_day_also_when_its_neighbour_is_settled_meanwhile(
    world: World,
) -> None:
    references = sorted(world.approved("F1", REQUEST) for _ in range(5))
    world.approved("F3", REQUEST, login="ahmad", by="beate")
    world.evening()
    days = [date(2026, 12, 20), None, date(2026, 12, 10), date(2026, 12, 20), None]
    with world.services.db.transaction() as session:
        for reference, day in zip(references, days, strict=True):
            letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
            for item in session.exec(select(RequestedItem).where(RequestedItem.letter_id == letter.id)):
                item.due_on = day
    world.advance_to(at(date(2026, 12, 15), "08:00"))
    wanted = [references[place] for place in (2, 0, 3, 1, 4)]
    first = missing_answers(world.services, "anna", limit=2)
    assert ([line.reference for line in first.lines], first.total, first.overdue) == (wanted[:2], 5, 1)
    assert [line.overdue for line in first.lines] == [True, False]
    for place in (1, 2, 3, 4):
        settle(world.services, "anna", wanted[1], place, "liegt schon vor")
    shown, after = [], first.next_after
    while after:
        page = missing_answers(world.services, "anna", after=after, limit=1)
        shown += [line.reference for line in page.lines]
        after = page.next_after
    assert shown == wanted[2:]
    nobody = missing_answers(world.services, "anna", after="GIBTESNICHT")
    assert len(nobody.lines) == nobody.total == 4


def test_only_who_works_in_the_office_says_what_came_and_only_what_was_asked_for(
    world: World, asked: str, tmp_path: Path
) -> None:
    slip = scan_slip(world, tmp_path, asked)
    for login in ("ahmad", "bea", "audit", "admin"):
        with pytest.raises(NotPermitted):
            tick(world.services, login, slip, [1])
        with pytest.raises(NotPermitted):
            settle(world.services, login, asked, 1, "nein")
    with pytest.raises(NotFound):
        tick(world.services, "anna", slip, [5])
    assert request_of(world, asked).missing == 4


@pytest.mark.both_databases
def test_letters_that_were_signed_before_are_noted_by_the_rounds_once(world: World, asked: str) -> None:
    with world.services.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM requested_item")
    assert world.view(asked).request is None
    make_rounds(world.services)
    make_rounds(world.services)
    assert len(request_of(world, asked).items) == 4


@pytest.mark.both_databases
def test_a_letter_of_such_a_template_that_asks_for_nothing_is_looked_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = world.approved("F1", REQUEST)
    with world.services.db.transaction() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        letter.data = {**letter.data, "documents": []}
        for item in session.exec(select(RequestedItem)).all():
            session.delete(item)
    looked: list[int] = []

    def look(_session: Session, _services: Services, letter: Letter) -> None:
        looked.append(letter.id or 0)

    monkeypatch.setattr(requesting, "remember_request", look)
    assert [requests_due(world.services), requests_due(world.services)] == [0, 0]
    assert len(looked) == 1


def test_when_personal_data_are_deleted_the_words_go_and_the_numbers_stay(world: World, asked: str) -> None:
    settle(world.services, "anna", asked, 1, "hat sie schon abgegeben")
    with world.services.db.transaction() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == asked)).one() or 0
        session.add(LetterRetention(letter_id=letter_id, content_left_at=world.clock.now()))
    empty_persons(world.services, letter_id)
    with world.services.db.reading() as session:
        rows = session.exec(select(RequestedItem)).all()
    assert {(row.title, row.reason) for row in rows} == {("", ""), ("", None)}
