"""The numbers of a text are looked up by an index, and what that finds is what reading all cases would find."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from gateway.application.access.importing import import_cases
from gateway.application.inbound.matching import known_numbers
from gateway.db.people import Case, CaseNumber
from gateway.domain.inbound.file_numbers import file_numbers_in, normalise_file_number
from gateway.domain.inbound.inbound import Seen
from tests.world import World

CASES = [(f"JC-BOR-2031-{number:05d}", f"35702//{12345 + number // 2:07d}") for number in range(1, 41)]
"""Two cases each share a BG number."""
CASES += [("JC-BOR-2031-000177", "35702//9000001"), ("jc ähaus/2026.4", "35702//9000002")]
"""One goes on where another one ends; one is written otherwise than all the others."""


@pytest.fixture
def many(world: World) -> World:
    add(world, CASES)
    return world


def add(world: World, numbers: list[tuple[str, str]], first: int = 0) -> None:
    entries = [
        {
            "reference": f"F-X-{first + position}",
            "file_number": file_number,
            "bg_number": bg_number,
            "office": "borken",
            "addressee": "P-X",
            "members": ["P-X"],
        }
        for position, (file_number, bg_number) in enumerate(numbers)
    ]
    person = {
        "reference": "P-X",
        "form": "frau",
        "given_name": "Erika",
        "family_name": "Muster",
        "address": {"street": "Musterweg 1", "postcode": "46325", "place": "Borken"},
    }
    import_cases(world.services, {"schema": "cases/1", "source": "test", "persons": [person], "cases": entries})


def by_reading_all(world: World, seen: Seen) -> dict[str, list[str]]:
    """What is to be found, the slow way: every case is held against the text."""
    named = {*file_numbers_in(seen.text), normalise_file_number(seen.index_file_number or "")} - {""}
    found: dict[str, list[str]] = defaultdict(list)
    with world.services.db.reading() as session:
        for case in session.exec(select(Case).order_by(col(Case.id))):
            numbers = {normalise_file_number(case.file_number), normalise_file_number(case.bg_number)}
            for number in numbers & named:
                found[number].append(case.reference)
    return dict(found)


def by_index(world: World, seen: Seen) -> dict[str, list[str]]:
    with world.services.db.reading() as session:
        return known_numbers(session, seen)


_breaks = st.sampled_from(["-", " ", "-\n", "\n", " - ", "/", "–", ".", "", "\t", "_", "x", "O", "0"])
_numbers = st.sampled_from([number for pair in CASES for number in pair])


@st.composite
def written(draw: st.DrawFn) -> str:
    """A number as a person, a line end or a recognition may leave it."""
    parts = normalise_and_cut(draw(_numbers), draw(st.integers(1, 5)))
    text = parts[0]
    for part in parts[1:]:
        text += draw(_breaks) + part
    return draw(st.sampled_from([text, text.lower(), text.replace("0", "O"), text + "7", "1-" + text]))


def normalise_and_cut(number: str, pieces: int) -> list[str]:
    plain = normalise_file_number(number)
    size = max(1, len(plain) // pieces)
    return [plain[start : start + size] for start in range(0, len(plain), size)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.lists(st.one_of(written(), _numbers, st.text(max_size=20)), max_size=6),
    st.none() | written() | _numbers | st.sampled_from(["--", "", "  "]),
)
def test_the_index_finds_what_reading_every_case_finds(
    many: World, texts: list[str], index: str | None
) -> None:
    seen = Seen((), index, " und ".join(texts))
    assert by_index(many, seen) == by_reading_all(many, seen)


def test_a_long_text_is_looked_up_whole(many: World) -> None:
    noise = " ".join(f"{number} Seiten {number}/17" for number in range(2_000))
    seen = Seen((), None, f"{noise} JC-BOR-2031-00007 {noise}"[:49_000])
    assert by_index(many, seen) == by_reading_all(many, seen) == {"JCBOR203100007": ["F-X-6"]}


@pytest.mark.both_databases
def test_a_case_that_is_numbered_anew_is_found_by_its_new_number_only(world: World) -> None:
    add(world, [("JC-BOR-2031-90001", "35702//9000009")])
    add(world, [("JC-BOR-2031-90002", "35702//9000009")])
    for number, found in (("JC-BOR-2031-90001", {}), ("JC-BOR-2031-90002", {"JCBOR203190002": ["F-X-0"]})):
        assert by_index(world, Seen((), None, f"Ihr Zeichen: {number}")) == found
    assert by_index(world, Seen((), "35702 9000009", "")) == {"357029000009": ["F-X-0"]}


def test_what_is_looked_at_does_not_grow_with_the_number_of_cases(world: World) -> None:
    """The database answers from the index, number by number; it walks through no table of cases."""
    with world.services.db.reading() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT number, reference FROM case_number JOIN case_record ON id = case_id"
            " WHERE number IN ('A', 'B') ORDER BY case_id"
        )
        steps = [str(row[3]) for row in plan]
    assert any("case_number" in step and "SEARCH" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN")]


def test_every_case_of_the_import_has_its_numbers(world: World) -> None:
    with world.services.db.reading() as session:
        kept = set(session.exec(select(CaseNumber.number, CaseNumber.case_id)).all())
        due = {
            (normalise_file_number(number), case.id)
            for case in session.exec(select(Case))
            for number in (case.file_number, case.bg_number)
        }
    assert kept == due
    assert kept
