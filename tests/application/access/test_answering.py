"""One effect for one key, on both databases: equal requests at once, crashes, other requests."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlmodel import func, select

from gateway.application.access import answering
from gateway.application.access.answering import Answer, Effect, Keyed, answer_once, request_hash
from gateway.application.access.tokens import add_token, bearer
from gateway.application.letters.drafting import write_letter
from gateway.application.services import Services
from gateway.db.letters import Letter
from gateway.db.people import User
from gateway.domain.scopes import Scope
from gateway.errors import InputError
from tests.world import INVITATION, World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def asked(world: World) -> Keyed:
    token = add_token(world.services, "fachverfahren", login="anna", scopes=[Scope.LETTERS_WRITE], days=1)
    who = bearer(world.services, token)
    assert who is not None
    return Keyed(who.token_id, "bescheid-17", request_hash("POST", "/letters"))


def write(world: World, services: Services) -> None:
    write_letter(services, "anna", case="F1", template=INVITATION, data=world.data())


def tell(_services: Services, effect: Effect) -> Answer:
    return Answer(201, {"action": effect.action, "reference": effect.subject})


def letters(world: World) -> int:
    with world.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(Letter)).one()


def test_equal_requests_at_once_write_one_letter_and_get_one_answer(world: World, asked: Keyed) -> None:
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(answer_once, world.services, asked, partial(write, world), tell) for _ in range(8)]
    answers = [each.result() for each in sent]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["reference"] for answer in answers}) == 1
    assert letters(world) == 1
    assert answer_once(world.services, asked, partial(write, world), tell).repeated


def test_a_crash_after_the_commit_loses_no_answer_and_one_before_it_leaves_nothing(
    world: World, asked: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise ZeroDivisionError

    def write_and_die(services: Services) -> None:
        with services.db.transaction() as session:
            session.add(User(login="halb", name="Halb"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_once(world.services, asked, write_and_die, tell)
    assert letters(world) == 0
    with monkeypatch.context() as patch:
        patch.setattr(answering, "_store", die)
        with pytest.raises(ZeroDivisionError):
            answer_once(world.services, asked, partial(write, world), tell)
    assert letters(world) == 1
    answer = answer_once(world.services, asked, partial(write, world), tell)
    assert (answer.status, answer.body["action"], letters(world)) == (201, "letter-written", 1)


def test_the_key_of_another_request_is_refused(world: World, asked: Keyed) -> None:
    answer_once(world.services, asked, partial(write, world), tell)
    other = Keyed(asked.token_id, asked.key, request_hash("POST", "/letters", "something else"))
    with pytest.raises(InputError, match="idempotency-key-reused"):
        answer_once(world.services, other, partial(write, world), tell)
    assert letters(world) == 1


def test_the_hash_of_a_request_tells_its_parts_apart() -> None:
    assert request_hash("ab", "c") != request_hash("a", "bc")
    assert request_hash("a", "") != request_hash("a")
