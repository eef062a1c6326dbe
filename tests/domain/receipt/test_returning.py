"""What a return means: reasons, references in the window, the key of an address, what may be decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.receipt.deadlines import Channel, Dispatch, Remedy, assess
from gateway.domain.receipt.returning import (
    ReturnAction,
    ReturnFiction,
    ReturnReason,
    address_key,
    agreed,
    check_decision,
    is_whole_letter,
    may_name_another,
    merged,
    reason_in,
    reason_keyed,
    references_in,
)
from gateway.domain.references import encode_reply_code, for_people, reference_from, sheet_codes
from gateway.errors import GatewayError
from gateway.facts import is_holiday_nrw, load_notification_rules, load_return_rules
from tests.world import MONDAY

references = st.integers(0, 2**35 - 1).map(reference_from)
LINES = ["Herrn", "Đorđe O’Brien", "c/o Weiß", "Lindenweg 5", "46325 Borken"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Empfänger unbekannt verzogen", ReturnReason.UNKNOWN),
        ("Empfänger verzogen, neue Anschrift", ReturnReason.MOVED),
        ("Der Empfänger ist unter der Anschrift nicht zu ermitteln.", ReturnReason.UNKNOWN),
        ("Annahme verweigert", ReturnReason.REFUSED),
        ("Die Sendung wurde nicht abgeholt.", ReturnReason.NOT_COLLECTED),
        ("Der Empfänger ist laut Zusteller verstorben.", ReturnReason.DECEASED),
        ("Anschrift unvollständig", ReturnReason.INCOMPLETE),
        ("UNDELIVERABLE", ReturnReason.OTHER),
        (None, ReturnReason.OTHER),
    ],
)
def test_the_words_of_carriers_are_understood(said: str | None, reason: ReturnReason) -> None:
    assert reason_in(said) is reason


def test_every_reason_has_a_rule_with_its_source() -> None:
    rules = load_return_rules().of
    assert set(rules) == set(ReturnReason)
    assert all("§" in rule.rule for rule in rules.values())
    assert rules[ReturnReason.REFUSED].proposal is None
    assert not rules[ReturnReason.REFUSED].suspends
    assert rules[ReturnReason.MOVED].proposal is ReturnFiction.VOID


@given(references)
def test_a_reference_in_the_window_is_read_whatever_stands_around_it(reference: str) -> None:
    assert references_in(f"Jobcenter · Burloer Str. 93 · 46325 Borken {for_people(reference)}\nFrau") == (
        reference,
    )
    assert references_in(f"x {for_people(reference)[:4]} — {reference[4:]} {for_people(reference)}") == (
        reference,
    )


@given(references, st.integers(0, 7), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_never_taken_for_a_reference(reference: str, place: int, wrong: str) -> None:
    if reference[place] == wrong:
        return
    misread = reference[:place] + wrong + reference[place + 1 :]
    assert references_in(for_people(misread)) == ()


def test_a_reference_without_its_hyphen_or_in_a_longer_word_is_none() -> None:
    reference = reference_from(12345)
    assert references_in(reference) == ()
    assert references_in(f"A{for_people(reference)}") == ()
    assert references_in(f"{for_people(reference)}7") == ()


@pytest.mark.parametrize(
    "seen", ["Zuriick / Retour X unbekannt verzogen", "e Annahme-verweigert 12.11.2026", ""]
)
def test_what_a_carrier_writes_on_an_envelope_is_no_second_window(seen: str) -> None:
    assert not may_name_another(seen)


@given(references, st.integers(0, 7))
def test_a_second_window_is_suspected_however_badly_it_is_read(reference: str, place: int) -> None:
    misread = reference[:place] + "Z" + reference[place + 1 :]
    assert may_name_another(f"oe\n{for_people(misread).lower()} x")
    assert may_name_another("Hauptstr. 4\n46325 Borken")


@given(st.sampled_from([str.upper, str.lower, lambda line: f"  {line} ", lambda line: line.replace(" ", "  ")]))
def test_how_an_address_is_written_does_not_count(written: object) -> None:
    assert callable(written)
    assert address_key([written(line) for line in LINES]) == address_key(LINES)


def test_the_street_may_be_cut_short_and_the_name_may_change() -> None:
    street = ["Frau", "Zoë Weiß", "Bahnhofstraße 4", "46325 Borken"]
    assert address_key(["Frau", "Zoë Weiß", "Bahnhofstr. 4", "46325 Borken"]) == address_key(street)
    assert address_key(["Frau", "Zoë Schwarz", "Bahnhofstrasse 4", "46325 Borken"]) == address_key(street)
    assert address_key(["Zoë Weiß", "Bahnhofstraße 4", "46325 Borken"]) == address_key(street)


@given(st.integers(2, 4), st.sampled_from(["x", "7"]))
def test_what_leads_elsewhere_is_another_address(line: int, added: str) -> None:
    other = [text + added if number == line else text for number, text in enumerate(LINES)]
    assert address_key(other) != address_key(LINES)
    assert address_key(LINES[:2] + LINES[3:]) != address_key(LINES)
    assert address_key(LINES, "NL") != address_key(LINES)


@given(st.sampled_from(ReturnReason), st.lists(st.sampled_from(ReturnReason), max_size=4))
def test_the_first_reason_that_says_anything_stays(known: ReturnReason, told: list[ReturnReason]) -> None:
    found = merged(known, told)
    assert found is known or known is ReturnReason.OTHER
    assert merged(found, reversed(told)) is found or found is ReturnReason.OTHER


@given(
    st.sampled_from(ReturnFiction),
    st.none() | st.sampled_from(ReturnFiction),
    st.none() | st.sampled_from(ReturnAction),
    st.none() | st.sampled_from(ReturnAction),
)
def test_a_decision_never_leaves_two_deadlines_nor_a_closed_task_undecided(
    fiction: ReturnFiction,
    wanted: ReturnFiction | None,
    action: ReturnAction | None,
    done: ReturnAction | None,
) -> None:
    try:
        then = check_decision(fiction, wanted, action, done, "geklärt")
    except GatewayError:
        return  # the next test says when
    assert then is not ReturnFiction.DISPUTED
    assert not (action and done)
    if {action, done} & {ReturnAction.REISSUE, ReturnAction.SERVE}:
        assert then is ReturnFiction.VOID


def test_no_decision_goes_without_a_reason() -> None:
    with pytest.raises(GatewayError) as caught:
        check_decision(ReturnFiction.DISPUTED, ReturnFiction.VOID, None, None, "  ")
    assert caught.value.code == "reason-missing"


def test_the_deadline_is_disputed_then_void_or_holds() -> None:
    found = {}
    for fiction in (None, *ReturnFiction):
        dispatch = Dispatch(Channel.POST_INLAND, MONDAY, remedy=Remedy.WIDERSPRUCH, fiction=fiction)
        found[fiction] = assess(dispatch, load_notification_rules(), is_holiday_nrw)
    plain = found[None]
    assert plain.deadline is not None
    assert [found[each].deadline for each in ReturnFiction] == [plain.deadline, None, plain.deadline]
    assert [found[each].disputed for each in ReturnFiction] == [True, False, False]
    assert "strittig" in found[ReturnFiction.DISPUTED].reasons[-1]
    assert "als zugegangen" in found[ReturnFiction.HOLDS].reasons[-1]
    returned = assess(
        Dispatch(Channel.POST_INLAND, MONDAY, returned=True), load_notification_rules(), is_holiday_nrw
    )
    assert found[ReturnFiction.VOID].reasons == returned.reasons


@given(st.lists(st.sampled_from(ReturnReason)))
def test_what_is_said_about_one_paper_counts_only_as_far_as_it_agrees(said: list[ReturnReason]) -> None:
    told = {reason for reason in said if reason is not ReturnReason.OTHER}
    found = agreed(said)
    assert (found is ReturnReason.OTHER) == (len(told) != 1)
    assert found is ReturnReason.OTHER or told == {found}


def test_what_is_typed_is_one_of_our_codes_or_words() -> None:
    typed = ("not-collected", "Annahme verweigert", "VZ", "", None)
    assert [reason_keyed(each).value for each in typed] == [
        "not-collected",
        "refused",
        "other",
        "other",
        "other",
    ]


@given(references, st.integers(1, 5), st.integers(0, 4))
def test_a_whole_letter_on_top_is_told_from_parts_copies_behind_something_and_answers(
    piece: str, sheets: int, missing: int
) -> None:
    codes = [(2 * number - 1, code.encode()) for number, code in enumerate(sheet_codes(piece, sheets), start=1)]
    assert is_whole_letter(codes)
    assert not is_whole_letter([(page + 1, text) for page, text in codes])
    assert not is_whole_letter([*codes, (11, encode_reply_code(piece))])
    if missing < sheets:
        assert not is_whole_letter([each for number, each in enumerate(codes) if number != missing])
    assert not is_whole_letter([])
