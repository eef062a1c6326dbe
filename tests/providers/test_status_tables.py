"""All providers' tables: whatever is said, in whatever order, the fold keeps its promises."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status, fold
from gateway.ports.provider import StatusReport
from gateway.providers.epost_status import reports_from
from gateway.providers.epost_words import REGISTERED_CODES, STATUS_IDS
from gateway.providers.pingen_codes import CATEGORIES, EVENTS, STATUSES
from gateway.providers.pingen_reports import event_report, letter_report
from gateway.providers.print_status import WORDS, meaning

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def now() -> datetime:
    return NOW


def epost(word: str) -> list[StatusReport]:
    """'3' is a statusID, '99 E318' a failure with its code, anything else a tracking code."""
    number, *codes = word.split()
    entry: dict[str, Any] = {"letterID": 7, "custom1": "K1", "createdDate": "2026-11-23T09:00:00"}
    if not number.isdigit():
        return list(reports_from({**entry, "statusID": 4, "registeredLetterStatus": word}, now))
    errors = [{"level": "Error", "code": code, "description": "x"} for code in codes]
    return list(reports_from({**entry, "statusID": int(number), "errorList": errors}, now))


def pingen_letter(word: str) -> list[StatusReport]:
    return [letter_report({"id": "L", "attributes": {"status": word}}, now)]


def pingen_event(word: str) -> list[StatusReport]:
    return [event_report({"id": f"E-{word}", "attributes": {"code": word}}, now, letter_id="L")]


def print_house(word: str) -> list[StatusReport]:
    known = meaning(word)
    return [StatusReport("K1", "r", known.status, word, NOW, word, {"word": word}, reason=known.sentence)]


Said = Callable[[str], list[StatusReport]]
EPOST = [*map(str, STATUS_IDS), "99", "99 E318", "99 E700", *REGISTERED_CODES]
TABLES: dict[str, tuple[Said, list[str]]] = {
    "epost": (epost, EPOST),
    "pingen letters": (pingen_letter, list(STATUSES)),
    "pingen events": (pingen_event, list(EVENTS)),
    "print houses": (print_house, list(WORDS)),
}
SENTENCES: Mapping[str, list[str]] = {
    "epost": [sentence for _, sentence in [*STATUS_IDS.values(), *REGISTERED_CODES.values()]],
    "pingen": [sentence for _, sentence in [*STATUSES.values(), *EVENTS.values(), *CATEGORIES.values()]],
    "print houses": [word.sentence for word in WORDS.values()],
}

LIVES = st.sampled_from(sorted(TABLES)).flatmap(
    lambda table: st.tuples(
        st.just(table), st.lists(st.sampled_from([*TABLES[table][1], "NEVER_HEARD_OF"]), max_size=8)
    )
)
SERVICES = st.sampled_from(Service)


def statuses(table: str, words: list[str]) -> list[Status]:
    said, _ = TABLES[table]
    return [report.status for word in words for report in said(word)]


@given(LIVES, SERVICES, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_what_is_said_do_not_matter(
    life: tuple[str, list[str]], service: Service, chance: random.Random
) -> None:
    heard = statuses(*life)
    mixed = [*heard, *heard]
    chance.shuffle(mixed)
    assert fold(mixed, service) is fold(heard, service)


@given(LIVES)
def test_ordinary_mail_is_never_delivered(life: tuple[str, list[str]]) -> None:
    assert fold(statuses(*life), Service.STANDARD) is not Status.DELIVERED


@given(LIVES, SERVICES)
def test_a_return_after_the_posting_is_a_return(life: tuple[str, list[str]], service: Service) -> None:
    heard = statuses(*life)
    returns = [w for w in TABLES[life[0]][1] if Status.RETURNED in statuses(life[0], [w])]
    for word in returns:
        assert fold([*heard, *statuses(life[0], [word])], service) is Status.RETURNED


@given(LIVES, SERVICES)
def test_a_failure_after_production_is_a_failure_unless_it_came_back_or_was_taken_back(
    life: tuple[str, list[str]], service: Service
) -> None:
    heard = statuses(*life)
    failures = [w for w in TABLES[life[0]][1] if Status.FAILED in statuses(life[0], [w])]
    if {Status.RETURNED, Status.CANCELLED} & set(heard):
        return
    for word in failures:
        assert fold([*heard, *statuses(life[0], [word])], service) is Status.FAILED


@given(LIVES, SERVICES, st.text(min_size=1, max_size=20))
def test_a_word_that_nobody_knows_moves_nothing_and_is_kept(
    life: tuple[str, list[str]], service: Service, word: str
) -> None:
    said, known = TABLES[life[0]]
    if life[0] == "epost" or meaning(word).status is not Status.UNKNOWN or word in known:
        return
    heard = statuses(*life)
    [report] = said(word)
    assert report.status is Status.UNKNOWN
    assert report.raw
    assert report.provider_status
    assert fold([*heard, report.status], service) is fold(heard, service)


@given(st.integers(min_value=5, max_value=98), SERVICES)
def test_a_status_number_that_nobody_knows_moves_nothing(number: int, service: Service) -> None:
    [report] = epost(str(number))
    assert report.status is Status.UNKNOWN
    assert fold([Status.IN_PRODUCTION, report.status], service) is Status.IN_PRODUCTION


@pytest.mark.parametrize("table", sorted(SENTENCES))
def test_every_entry_has_a_german_sentence(table: str) -> None:
    for sentence in SENTENCES[table]:
        assert sentence[0].isupper()
        assert sentence.endswith((".", ")."))
        assert len(sentence) > 12


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_statement_tells_people_what_it_means(table: str) -> None:
    said, words = TABLES[table]
    for word in [*words, "NEVER_HEARD_OF"]:
        assert all(report.reason for report in said(word))


def test_every_status_that_matters_can_be_reported_by_every_provider() -> None:
    """A provider whose table cannot say that a piece was posted would leave every letter without a date."""
    for table, (_, words) in TABLES.items():
        can_say = set(statuses(table, words))
        assert can_say >= {Status.ACCEPTED, Status.HANDED_TO_POST, Status.RETURNED, Status.FAILED}, table
