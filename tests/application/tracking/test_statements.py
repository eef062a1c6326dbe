"""Lists cost a fixed number of statements, however many letters they show."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.desk.desk_view import desk
from gateway.application.inbound.missing import missing_answers
from gateway.application.receipt.certificates_in import certificates_due
from gateway.application.views.listing import list_letters
from gateway.application.views.searching import LetterFilter, find_letters
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Consignment, MailPiece, Submission
from gateway.db.placings import RequestedItem
from gateway.testing.scans import ScanSpec, make_delivery
from tests.world import MONDAY, World, at

pytestmark = pytest.mark.slow


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """What is said to the database meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(world.services.db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(world.services.db.engine, "before_cursor_execute", note)


def handed_over(world: World) -> None:
    """A letter that a provider has had for a week without a word: it is on the desk."""
    world.approved("F1")
    world.evening(MONDAY)
    world.advance_to(at(MONDAY.replace(day=MONDAY.day + 7), "08:00"))
    with world.services.db.transaction() as session:
        letter_id = row_id(session.exec(select(Letter)).one())
        if session.exec(select(RequestedItem)).first() is None:
            session.add(RequestedItem(letter_id=letter_id, number=1, title="Kontoauszug"))


def copied(world: World, first: int, last: int) -> None:
    """The same letter again, with piece and hand-over, numbered."""
    with world.services.db.transaction() as session:
        one = select(Letter).order_by(col(Letter.id)).limit(1)
        letter = session.exec(one).one()
        recipient = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).one()
        piece = session.get_one(MailPiece, recipient.mail_piece_id)
        submission = session.exec(select(Submission).where(Submission.piece_id == piece.id)).one()
        for number in range(first, last + 1):
            name = f"C{number:07d}"
            consignment = Consignment(key=f"{name}-1", provider=submission.provider)
            copy = MailPiece(**piece.model_dump(exclude={"id", "reference"}), reference=name)
            twin = Letter(**letter.model_dump(exclude={"id", "reference"}), reference=name)
            session.add_all([consignment, copy, twin])
            session.flush()
            links: dict[str, Any] = {"letter_id": row_id(twin), "mail_piece_id": row_id(copy)}
            session.add(Recipient(**recipient.model_dump(exclude={"id", *links}), **links))
            changed: dict[str, Any] = {
                "piece_id": row_id(copy),
                "key": f"{name}-1",
                "consignment_id": row_id(consignment),
                "provider_reference": name,
            }
            session.add(RequestedItem(letter_id=row_id(twin), number=1, title="Kontoauszug"))
            session.add(Submission(**submission.model_dump(exclude={"id", *changed}), **changed))


VIEWS: dict[str, Callable[[World], int]] = {
    "letters": lambda world: len(list_letters(world.services, "anna")),
    "search": lambda world: len(find_letters(world.services, "anna", LetterFilter(text="JC"), limit=100).lines),
    "missing": lambda world: len(missing_answers(world.services, "anna").lines),
    "desk": lambda world: len(desk(world.services, "post").letters),
}


def statements(world: World, letters: int) -> dict[str, int]:
    """How many each view needs, which must show all letters."""
    found = {}
    for name, view in VIEWS.items():
        with counted(world) as said:
            assert view(world) == letters, name
        found[name] = len(said)
    return found


def test_fifty_letters_cost_no_more_statements_than_five(world: World) -> None:
    handed_over(world)
    copied(world, 1, 4)
    few = statements(world, 5)
    copied(world, 5, 49)
    assert statements(world, 50) == few


def test_each_page_of_missing_answers_costs_the_same_however_many_there_are(world: World) -> None:
    handed_over(world)
    copied(world, 1, 9)

    def page(after: str | None) -> tuple[int, str | None]:
        with counted(world) as said:
            found = missing_answers(world.services, "anna", after=after, limit=5)
        assert len(found.lines) == 5
        return len(said), found.next_after

    first, after = page(None)
    second, last = page(after)
    assert (second, last) == (first, None)
    copied(world, 10, 59)
    assert (page(None)[0], page(after)[0]) == (first, second)


def test_a_backlog_of_certificates_is_looked_at_whole_and_a_batch_is_read_with_a_fixed_number_of_statements(
    world: World, tmp_path: Path
) -> None:
    folder = make_delivery(tmp_path / "L-1", "centre", "L-1", 1, [ScanSpec.unknown()], at=world.clock.now())
    import_delivery(world.services, folder, source="centre")
    with world.services.db.transaction() as session:
        session.exec(select(InboundDocument)).one().document_class = "certificate-of-service"
    unread = replace(world, services=replace(world.services, read_window=lambda _pdf, _part: ""))
    one, batch = looked_at(unread, 1), looked_at(unread, scanned_again(world, 25))
    assert batch == one
    assert looked_at(unread, scanned_again(world, 26)) < 2 * batch


def scanned_again(world: World, times: int) -> int:
    """The same scan again, as other documents that nobody looked at."""
    with world.services.db.transaction() as session:
        scan = session.exec(select(InboundDocument).order_by(col(InboundDocument.id)).limit(1)).one()
        for _ in range(times):
            fresh: dict[str, Any] = {"source": f"centre-{uuid.uuid4()}", "document_id": str(uuid.uuid4())}
            session.add(InboundDocument(**scan.model_dump(exclude={"id", *fresh}), **fresh))
    return times


def looked_at(world: World, waiting: int) -> int:
    """How many statements one call reads with, which must leave nothing; each notice is written by one of its own."""
    with counted(world) as said:
        assert certificates_due(world.services).waiting == waiting
    assert certificates_due(world.services).waiting == 0
    return sum(statement.startswith("SELECT") for statement in said)
