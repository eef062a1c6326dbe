"""Which letters share an envelope, and that nobody's ever lies in another's."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.findings import Box
from gateway.domain.pieces.bundling import Envelope, Envelopes, veto_against
from gateway.domain.pieces.bundling_rules import ALREADY_ASSEMBLED, VETOES, Candidate, Limits
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.sheets.envelope import C4, C65
from gateway.domain.sheets.layout import EnvelopeUse, PrintProfile
from gateway.facts import load_postage_table

ANYWHERE = Box(0, 0, 1, 1)
PROFILE = PrintProfile(
    name="house",
    version="1",
    max_sheets=90,
    max_bytes=1_000_000,
    printable=ANYWHERE,
    return_line=ANYWHERE,
    franking_band=ANYWHERE,
    recipient=ANYWHERE,
    sheet_code=ANYWHERE,
    return_code=ANYWHERE,
    envelopes=(EnvelopeUse(C65, 8), EnvelopeUse(C4, 90)),
)
DAY = date(2026, 11, 16)
LIMITS = Limits({"epost": PROFILE, "pingen": PROFILE}, load_postage_table(), DAY)
ONE = Candidate(
    key=1,
    letter=1,
    person=1,
    address_lines=("Frau", "Maria Müller", "Ahornallee 12", "46325 Borken"),
    country="DE",
    office=1,
    role="",
    provider="epost",
    service=Service.STANDARD,
    area="sgb-ii",
    allowed=True,
    duplex=True,
    sheets=1,
    size_bytes=50_000,
)


def another(**changes: object) -> Candidate:
    return replace(ONE, **{"key": 2, "letter": 2, **changes})  # type: ignore[arg-type]


def code(one: Candidate, other: Candidate, limits: Limits = LIMITS) -> str | None:
    veto = veto_against(other, Envelope([one]), limits)
    return veto.code if veto else None


def night(*candidates: Candidate, limits: Limits = LIMITS, bundling: bool = True) -> list[list[int]]:
    """The keys in each envelope."""
    envelopes = Envelopes(limits, bundling)
    for candidate in candidates:
        envelopes.place(candidate)
    return sorted([member.key for member in envelope.members] for envelope in envelopes)


def test_two_letters_to_the_same_person_at_the_same_address_share_an_envelope() -> None:
    assert night(ONE, another()) == [[1, 2]]


def test_with_the_switch_off_every_letter_travels_alone_and_no_reason_is_given() -> None:
    assert night(ONE, another(), bundling=False) == [[1], [2]]
    envelopes = Envelopes(LIMITS, bundling=False)
    envelopes.place(ONE)
    assert envelopes.place(another()).veto is None


def test_a_namesake_at_the_same_address_gets_an_envelope_of_their_own() -> None:
    assert night(ONE, another(person=2)) == [[1], [2]]
    assert code(ONE, another(person=2)) == "other-person"


CHANGES: dict[str, dict[str, object]] = {
    "other-office": {"office": 2},
    "other-role": {"role": "Zweitschrift in case 7"},
    "other-address": {"address_lines": ("Frau", "Maria Müller", "Lindenweg 5", "46325 Borken")},
    "formal-service": {"service": Service.PZU},
    "registered-mail": {"service": Service.EINWURF},
    "other-provider": {"provider": "pingen"},
    "template-opt-out": {"allowed": False},
    "legal-area-unknown": {"area": None},
    "other-legal-area": {"area": "sgb-xii"},
    "same-letter": {"letter": 1},
    "other-print": {"duplex": False},
    "too-many-sheets": {"sheets": 90},
    "too-large-together": {"size_bytes": 860_000},
    "larger-envelope": {"sheets": 8},
}


@pytest.mark.parametrize("wanted", CHANGES)
def test_each_rule_keeps_letters_apart_in_either_order(wanted: str) -> None:
    other = another(**CHANGES[wanted])
    assert code(ONE, other) == wanted
    assert code(other, ONE) == wanted
    assert night(ONE, other) == [[1], [2]]
    assert VETOES[wanted].reason.endswith((".", ")."))


@pytest.mark.parametrize("service", [Service.PZU, Service.EINWURF, Service.UEBERGABE, Service.RUECKSCHEIN])
def test_what_needs_evidence_of_its_own_is_alone_even_beside_its_like(service: Service) -> None:
    one, other = replace(ONE, service=service), another(service=service)
    assert code(one, other) in {"formal-service", "registered-mail"}


def test_the_country_is_part_of_the_address() -> None:
    assert code(ONE, another(country="NL")) == "other-address"


def test_two_letters_that_are_too_heavy_together_go_apart() -> None:
    roomy = replace(PROFILE, max_sheets=500, envelopes=(EnvelopeUse(C4, 500),))
    limits = Limits({"epost": roomy}, LIMITS.table, DAY)
    assert code(replace(ONE, sheets=100), another(sheets=100), limits) == "too-heavy"


def test_abroad_two_letters_go_apart_where_one_envelope_would_cost_more() -> None:
    """8 and 1 sheets in compact and standard letters cost 3.05 €, 9 sheets in a large letter 3.30 €."""
    only_large = replace(PROFILE, envelopes=(EnvelopeUse(C4, 90),))
    limits = Limits({"epost": only_large}, LIMITS.table, DAY)
    assert code(replace(ONE, country="NL", sheets=8), another(country="NL"), limits) == "dearer-together"
    assert code(replace(ONE, sheets=8), another(), limits) is None


def test_where_the_price_table_ends_letters_still_go_together() -> None:
    assert night(ONE, another(), limits=Limits({"epost": PROFILE}, LIMITS.table, date(2040, 1, 2))) == [[1, 2]]


def test_nothing_joins_a_piece_that_is_assembled() -> None:
    envelopes = Envelopes(LIMITS)
    envelopes.add(Envelope([ONE], closed=True))
    placed = envelopes.place(another())
    assert (placed.veto, placed.beside, placed.joined) == (ALREADY_ASSEMBLED, ONE, False)
    assert night(ONE, another(), another(key=3, letter=3)) == [[1, 2, 3]]


def test_a_full_envelope_is_followed_by_another_one() -> None:
    many = [another(key=n, letter=n, sheets=3) for n in range(1, 6)]
    assert night(*many) == [[1, 2], [3, 4], [5]]


def test_the_reason_is_the_nearest_miss() -> None:
    envelopes = Envelopes(LIMITS)
    for candidate in (ONE, another(office=2), another(key=3, letter=3, service=Service.PZU)):
        envelopes.place(candidate)
    placed = envelopes.place(another(key=4, letter=4, area="sgb-xii"))
    assert placed.veto == VETOES["other-legal-area"]
    assert placed.beside == ONE


def test_a_lawyer_with_thousands_of_copies_does_not_slow_the_night_down() -> None:
    envelopes = Envelopes(LIMITS)
    for n in range(5000):
        envelopes.place(another(key=n, letter=n, role=f"Zweitschrift in case {n}"))
    assert sum(1 for _ in envelopes) == 5000


STREETS = ("Ahornallee 12", "Lindenweg 5")
NAMES = ("Maria Müller", "Josef Müller")
candidates = st.builds(
    Candidate,
    key=st.just(0),
    letter=st.integers(1, 6),
    person=st.integers(1, 3),
    address_lines=st.tuples(st.just("An"), st.sampled_from(NAMES), st.sampled_from(STREETS)),
    country=st.sampled_from(["DE", "NL"]),
    office=st.integers(1, 2),
    role=st.sampled_from(["", "Zweitschrift in case 1"]),
    provider=st.sampled_from(["epost", "pingen"]),
    service=st.sampled_from([Service.STANDARD, Service.STANDARD, Service.PZU, Service.EINWURF]),
    area=st.sampled_from(["sgb-ii", "sgb-ii", "sgb-xii", None]),
    allowed=st.sampled_from([True, True, False]),
    duplex=st.booleans(),
    sheets=st.integers(1, 95),
    size_bytes=st.integers(1, 1_000_000),
)
nights = st.lists(candidates, max_size=30).map(
    lambda found: [replace(candidate, key=n) for n, candidate in enumerate(found)]
)
alike = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 5)), min_size=2, max_size=12).map(
    lambda found: [
        another(key=n, letter=n, person=person, sheets=sheets) for n, (person, sheets) in enumerate(found)
    ]
)


@settings(max_examples=300, deadline=None)
@given(nights | alike)
def test_an_envelope_never_holds_letters_of_two_people_or_two_addresses(found: list[Candidate]) -> None:
    """Namesakes, spouses, and one person at two addresses, in any mixture and order."""
    envelopes = Envelopes(LIMITS)
    for candidate in found:
        envelopes.place(candidate)
    for envelope in envelopes:
        assert len({member.person for member in envelope.members}) == 1
        assert len({(member.address_lines, member.country) for member in envelope.members}) == 1
        assert len({(member.office, member.role, member.area) for member in envelope.members}) == 1
        if len(envelope.members) > 1:
            assert all(member.allowed and member.service is Service.STANDARD for member in envelope.members)
            assert len({member.letter for member in envelope.members}) == len(envelope.members)
            whole = sum(member.sheets for member in envelope.members)
            assert {PROFILE.envelope_for(member.sheets) for member in envelope.members} == {
                PROFILE.envelope_for(whole)
            }


@settings(max_examples=200, deadline=None)
@given(nights | alike)
def test_every_letter_is_in_exactly_one_envelope_and_never_dearer_than_alone(found: list[Candidate]) -> None:
    envelopes = Envelopes(LIMITS)
    for candidate in found:
        envelopes.place(candidate)
    assert sorted(member.key for each in envelopes for member in each.members) == [each.key for each in found]
    for envelope in envelopes:
        if len(envelope.members) > 1:
            together = LIMITS.postage(envelope.sheets, envelope.members[0])
            alone = [LIMITS.postage(member.sheets, member) for member in envelope.members]
            assert together is not None
            assert together.price_eur <= sum((each.price_eur for each in alone if each), Decimal(0))


@settings(max_examples=200, deadline=None)
@given(nights | alike, st.data())
def test_a_run_that_is_interrupted_anywhere_comes_to_the_same_envelopes(
    found: list[Candidate], data: st.DataObject
) -> None:
    whole = Envelopes(LIMITS)
    for candidate in found:
        whole.place(candidate)
    cut = data.draw(st.integers(0, len(found)))
    before, after = Envelopes(LIMITS), Envelopes(LIMITS)
    for candidate in found[:cut]:
        before.place(candidate)
    for envelope in before:
        after.add(envelope)
    for candidate in found[cut:]:
        after.place(candidate)
    assert keys(after) == keys(whole)


@settings(max_examples=200, deadline=None)
@given(nights | alike)
def test_every_envelope_more_than_the_first_of_a_person_has_its_reason(found: list[Candidate]) -> None:
    envelopes = Envelopes(LIMITS)
    placed = [envelopes.place(candidate) for candidate in found]
    reasons = sum(one.veto is not None for one in placed)
    assert reasons == sum(1 for _ in envelopes) - len({candidate.person for candidate in found})
    assert all(one.beside and one.beside.person == one.envelope.members[0].person for one in placed if one.veto)


def keys(envelopes: Envelopes) -> list[list[int]]:
    return sorted([member.key for member in envelope.members] for envelope in envelopes)
