"""Requests: that an answer to what a letter asks for came and on which day, and what is still missing.

That an answer came is seen from the scans that are linked with the letter, by their code or by a person; which items
a scan brings only a person can say. The day that counts is that of receipt, never that of the scan.
"""

from collections.abc import Collection

from sqlalchemy import String, cast
from sqlmodel import Session, col, exists, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.letters.asking import remember_request
from gateway.application.reads.finding import find_letter
from gateway.application.reads.requests import RequestView, items_of, request_of
from gateway.application.reads.scans import find_inbound
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.people import Office
from gateway.db.placings import AsksForNothing, RequestedItem
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.errors import InputError, NotFound

_SIGNED = (LetterState.APPROVED, LetterState.BATCHED)


def request_answered_by(services: Services, login: str, inbound_id: int) -> tuple[str, RequestView] | None:
    """The letter that a document answers, if it asks for something. For users who may see the document."""
    with services.db.reading() as session:
        document = find_inbound(session, inbound_id)
        letter = session.get(Letter, document.letter_id) if document.letter_id else None
        if letter is None or not actor(session, login).may(Action.READ, _office(session, letter)):
            return None
        view = request_of(session, services, letter)
        return (letter.reference, view) if view else None


def tick(services: Services, login: str, inbound_id: int, numbers: Collection[int]) -> None:
    """A person says which items a document brings; those that it brought before and are not named are open again.

    Raises `InputError` (inbound-answers-nothing), `NotFound` (item-unknown), `NotPermitted`.
    """
    with services.db.transaction() as session:
        document = find_inbound(session, inbound_id)
        letter = session.get(Letter, document.letter_id) if document.letter_id else None
        if letter is None:
            raise InputError(
                "inbound-answers-nothing", "Bitte zuerst angeben, auf welches Schreiben es antwortet."
            )
        who = _may(session, login, letter)
        rows = {row.number: row for row in items_of(session, row_id(letter))}
        _check_known(numbers, rows)
        changed = []
        for number, row in rows.items():
            mine = row.inbound_id == inbound_id
            if number in numbers and row.settled_by is None:
                _settle(services, row, who.login, inbound_id=inbound_id, came_on=document.received_on)
                changed.append(number)
            elif mine and number not in numbers:
                _open(row)
                changed.append(number)
        if changed:
            audit(
                session,
                services,
                who.login,
                "items-ticked",
                letter.reference,
                inbound=inbound_id,
                items=changed,
            )


def settle(services: Services, login: str, reference: str, number: int, reason: str) -> None:
    """An item is not needed any more, with a reason; an empty reason opens what was settled like this again."""
    with services.db.transaction() as session:
        letter, _ = find_letter(session, reference)
        who = _may(session, login, letter)
        rows = {row.number: row for row in items_of(session, row_id(letter))}
        _check_known([number], rows)
        row = rows[number]
        if row.inbound_id is not None:
            raise InputError("item-came", "Die Unterlage ist eingegangen; bitte am Posteingang ändern.")
        if reason.strip():
            _settle(services, row, who.login, reason=reason.strip())
        else:
            _open(row)
        audit(
            session, services, who.login, "item-settled", letter.reference, reason=reason.strip(), item=number
        )


def requests_due(services: Services) -> int:
    """Note the requests of letters that were signed before requests were noted; a step of the rounds.

    How many were noted. One that asks for nothing is looked at once.
    """
    names = [meta.name for meta in services.renderer.templates() if meta.request is not None]
    noted = exists().where(col(RequestedItem.letter_id) == Letter.id)
    nothing = exists().where(col(AsksForNothing.letter_id) == Letter.id)
    emptied = cast(col(Letter.data), String) == "{}"  # PostgreSQL compares no JSON with JSON
    with services.db.reading() as session:
        query = select(Letter.id).where(
            col(Letter.template).in_(names), col(Letter.state).in_(_SIGNED), ~noted, ~nothing, ~emptied
        )
        found = [each for each in session.exec(query).all() if each]
    return sum(_note_late(services, letter_id) for letter_id in found)


def _note_late(services: Services, letter_id: int) -> bool:
    with services.db.transaction() as session:
        remember_request(session, services, session.get_one(Letter, letter_id))
        session.flush()
        if items_of(session, letter_id):
            return True
        if session.get(AsksForNothing, letter_id) is None:
            session.add(AsksForNothing(letter_id=letter_id, noted_at=services.clock.now()))
        return False


def _settle(services: Services, row: RequestedItem, login: str, **values: object) -> None:
    for name, value in {**values, "settled_by": login, "settled_at": services.clock.now()}.items():
        setattr(row, name, value)


def _open(row: RequestedItem) -> None:
    row.inbound_id = row.came_on = row.reason = row.settled_by = row.settled_at = None


def _check_known(numbers: Collection[int], rows: Collection[int]) -> None:
    if unknown := sorted(set(numbers) - set(rows)):
        raise NotFound("item-unknown", f"Diese Unterlage verlangt das Schreiben nicht: Nr. {unknown[0]}.")


def _may(session: Session, login: str, letter: Letter) -> Actor:
    who = actor(session, login)
    who.require(Action.ASSIGN_INBOUND, _office(session, letter))
    return who


def _office(session: Session, letter: Letter) -> str:
    return session.get_one(Office, letter.office_id).key
