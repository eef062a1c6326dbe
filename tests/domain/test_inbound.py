"""Matching a scanned document to its case: evidence in order, doubt to a person."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.inbound import Confidence, Match, file_numbers_in, match, normalise_file_number
from gateway.domain.references import SheetCode, encode_reply_code, reference_from

LETTER_A, LETTER_A2, LETTER_B, UNKNOWN_LETTER = (reference_from(n) for n in (11, 12, 22, 99))
PIECE_A, UNKNOWN_PIECE = reference_from(1001), reference_from(1002)
PIECE_OF_ONE_CASE, PIECE_OF_TWO_CASES = reference_from(1003), reference_from(1004)
NUMBER_A, NUMBER_B = "JC-BOR-2026-00017", "JC-AHA-2026-00018"


def find(codes: Sequence[str] = (), index: str | None = None, text: str = "") -> Match[str]:
    return match(
        codes,
        index,
        text,
        letters={LETTER_A: "A", LETTER_A2: "A", LETTER_B: "B"},
        pieces={
            PIECE_A: [LETTER_A],
            PIECE_OF_ONE_CASE: [LETTER_A, LETTER_A2],
            PIECE_OF_TWO_CASES: [LETTER_A, LETTER_B],
        },
        known_file_numbers={normalise_file_number(NUMBER_A): "A", normalise_file_number(NUMBER_B): "B"},
    )


def reply(letter: str) -> str:
    return encode_reply_code(letter)


def test_a_reply_slip_names_letter_and_case() -> None:
    result = find([reply(LETTER_A)])

    assert (result.case, result.letter, result.confidence, result.returned) == (
        "A",
        LETTER_A,
        Confidence.CERTAIN,
        False,
    )


@pytest.mark.parametrize("code", [SheetCode(PIECE_A, 1, 2).encode(), PIECE_A, PIECE_A.lower()])
def test_a_sheet_or_envelope_of_ours_that_came_back_names_its_letter(code: str) -> None:
    result = find([code])

    assert (result.case, result.letter, result.confidence, result.returned) == (
        "A",
        LETTER_A,
        Confidence.CERTAIN,
        True,
    )


def test_an_envelope_with_two_letters_of_one_case_that_came_back_names_the_case_but_no_letter() -> None:
    result = find([SheetCode(PIECE_OF_ONE_CASE, 1, 2).encode()])

    assert (result.case, result.letter, result.confidence, result.returned) == (
        "A",
        None,
        Confidence.CERTAIN,
        True,
    )


def test_an_envelope_with_letters_of_two_cases_that_came_back_is_for_a_person() -> None:
    result = find([SheetCode(PIECE_OF_TWO_CASES, 1, 2).encode()])

    assert (result.case, result.confidence, result.returned) == (None, Confidence.DOUBTFUL, True)
    assert result.candidates == ("A", "B")


@pytest.mark.parametrize("letter", [LETTER_A, LETTER_B])
def test_a_reply_slip_out_of_a_shared_envelope_belongs_to_its_own_letter(letter: str) -> None:
    result = find([SheetCode(PIECE_OF_TWO_CASES, 2, 2).encode(), reply(letter)])

    assert (result.letter, result.confidence, result.returned) == (letter, Confidence.CERTAIN, False)


def test_a_reply_slip_on_a_sheet_of_an_envelope_without_its_letter_is_for_a_person() -> None:
    assert find([SheetCode(PIECE_A, 1, 1).encode(), reply(LETTER_B)]).confidence is Confidence.DOUBTFUL


def test_codes_of_other_people_are_not_evidence() -> None:
    assert find(["https://example.org", "00040123456789012345", "R", ""]).confidence is Confidence.NONE


def test_two_letters_of_one_case_name_the_case_but_no_letter() -> None:
    result = find([reply(LETTER_A), reply(LETTER_A2)])

    assert (result.case, result.letter, result.confidence) == ("A", None, Confidence.CERTAIN)


def test_codes_of_two_cases_in_one_document_are_for_a_person() -> None:
    result = find([reply(LETTER_A), reply(LETTER_B)])

    assert (result.case, result.letter, result.confidence) == (None, None, Confidence.DOUBTFUL)
    assert result.candidates == ("A", "B")


@pytest.mark.parametrize("code", [reply(UNKNOWN_LETTER), SheetCode(UNKNOWN_PIECE, 1, 1).encode()])
def test_a_code_of_ours_that_nobody_knows_is_for_a_person(code: str) -> None:
    assert find([code]).confidence is Confidence.DOUBTFUL
    assert find([code, reply(LETTER_A)]).confidence is Confidence.DOUBTFUL
    suggestion = find([code], index=NUMBER_B)
    assert (suggestion.case, suggestion.confidence) == ("B", Confidence.DOUBTFUL)


def test_code_and_index_that_contradict_are_for_a_person_with_the_code_as_suggestion() -> None:
    result = find([reply(LETTER_A)], index=NUMBER_B)

    assert (result.case, result.letter, result.confidence) == ("A", LETTER_A, Confidence.DOUBTFUL)
    assert result.candidates == ("A", "B")


def test_code_and_text_that_contradict_are_for_a_person() -> None:
    assert find([reply(LETTER_A)], text=f"Az. {NUMBER_B}").confidence is Confidence.DOUBTFUL
    assert find([reply(LETTER_A)], text=f"Az. {NUMBER_B} und {NUMBER_A}").confidence is Confidence.CERTAIN


def test_a_mistyped_index_does_not_shake_a_code() -> None:
    assert find([reply(LETTER_A)], index="JC-BOR-2026-99999").confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "written", ["JC-BOR-2026-00017", "jc bor 2026 00017", "JC/BOR/2026/00017", "JCBOR202600017 "]
)
def test_the_index_file_number_is_known_however_it_is_written(written: str) -> None:
    result = find(index=written)

    assert (result.case, result.letter, result.confidence) == ("A", None, Confidence.CERTAIN)


def test_index_and_text_that_contradict_are_for_a_person() -> None:
    result = find(index=NUMBER_A, text=f"Mein Zeichen {NUMBER_B}")

    assert (result.case, result.confidence) == ("A", Confidence.DOUBTFUL)


def test_an_unknown_index_makes_a_number_in_the_text_a_suggestion() -> None:
    result = find(index="JC-BOR-2026-99999", text=NUMBER_A)

    assert (result.case, result.confidence) == ("A", Confidence.DOUBTFUL)


@pytest.mark.parametrize(
    "text",
    [
        f"Aktenzeichen: {NUMBER_A}, bitte stets angeben",
        "Az.: jc-bor-2026-00017/KB",
        "Az JC-BOR-2026-\n00017 vom 3. Mai",
        "Az JC – BOR – 2026 – 00017",
    ],
)
def test_a_file_number_in_the_text_leads_to_the_case(text: str) -> None:
    result = find(text=text)

    assert (result.case, result.confidence) == ("A", Confidence.CERTAIN)


def test_file_numbers_of_two_cases_in_the_text_are_for_a_person() -> None:
    result = find(text=f"{NUMBER_A} {NUMBER_B}")

    assert (result.case, result.confidence, result.candidates) == (None, Confidence.DOUBTFUL, ("A", "B"))


@pytest.mark.parametrize("text", ["JC-BOR-2026-0001 7 Seiten", "JC BOR 2026 00017"])
def test_a_number_broken_by_blanks_is_only_a_suggestion(text: str) -> None:
    result = find(text=text)

    assert (result.case, result.confidence) == ("A", Confidence.DOUBTFUL)


def test_a_longer_number_is_another_number() -> None:
    assert find(text="JC-BOR-2026-000171").confidence is Confidence.NONE
    assert find(text="XJC-BOR-2026-00017").confidence is Confidence.NONE


def test_nothing_known_is_nothing_and_says_why() -> None:
    result = find(text="Sehr geehrte Damen und Herren")

    assert (result.case, result.letter, result.confidence, result.candidates) == (
        None,
        None,
        Confidence.NONE,
        (),
    )
    assert result.reason.endswith(".")


@settings(deadline=None)
@given(st.text(max_size=200))
def test_reading_numbers_never_fails_and_always_finds_the_one_that_is_there(noise: str) -> None:
    found = file_numbers_in(f"{noise}\n: {NUMBER_A} :\n{noise}")

    assert found[normalise_file_number(NUMBER_A)]


CODES = st.sampled_from(
    [reply(LETTER_A), reply(LETTER_A2), reply(LETTER_B), reply(UNKNOWN_LETTER), PIECE_A, "x"]
)
NUMBERS = st.sampled_from([NUMBER_A, NUMBER_B, "JC-BOR-2026-99999", ""])


@settings(deadline=None)
@given(st.lists(CODES, max_size=3), st.one_of(st.none(), NUMBERS), st.lists(NUMBERS, max_size=2))
def test_certain_means_that_all_strong_evidence_allows_this_case(
    codes: list[str], index: str | None, numbers: list[str]
) -> None:
    result = find(codes, index, ", ".join(numbers))

    if result.confidence is Confidence.CERTAIN:
        assert result.case is not None
        assert find(index=index).case in (None, result.case)
        assert {find([code]).case for code in codes} <= {None, result.case}
    assert (result.confidence is Confidence.NONE) == (
        not result.candidates and reply(UNKNOWN_LETTER) not in codes
    )
