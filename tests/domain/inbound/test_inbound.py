"""Matching a scanned document to its case: evidence in order, doubt to a person."""

from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.inbound.file_numbers import file_numbers_in, names_in, normalise_file_number
from gateway.domain.inbound.inbound import Known, Match, Seen, match
from gateway.domain.inbound.match_strength import Confidence, Evidence
from gateway.domain.receipt.returning import Perhaps
from gateway.domain.references import SheetCode, encode_reply_code, for_people, reference_from

LETTER_A, LETTER_A2, LETTER_B, UNKNOWN_LETTER = (reference_from(n) for n in (11, 12, 22, 99))
PIECE_A, UNKNOWN_PIECE = reference_from(1001), reference_from(1002)
PIECE_OF_ONE_CASE, PIECE_OF_TWO_CASES = reference_from(1003), reference_from(1004)
NUMBER_A, NUMBER_B = "JC-BOR-2026-00017", "JC-AHA-2026-00018"


BG_A, BG_B = "35702//0012345", "35702//0012346"
RETURNED = "returned-mail"


def find(
    codes: Sequence[str | tuple[int, str]] = (),
    index: str | None = None,
    text: str = "",
    document_class: str = "letter",
    named: Collection[str] = (),
    pages: int = 0,
    envelope: bool = False,
) -> Match[str]:
    """`codes` without a page stand on the first."""
    numbers = {NUMBER_A: "A", BG_A: "A", NUMBER_B: "B", BG_B: "B"}
    known = Known(
        letters={LETTER_A: "A", LETTER_A2: "A", LETTER_B: "B"},
        pieces={
            PIECE_A: [LETTER_A],
            PIECE_OF_ONE_CASE: [LETTER_A, LETTER_A2],
            PIECE_OF_TWO_CASES: [LETTER_A, LETTER_B],
        },
        numbers={normalise_file_number(number): [case] for number, case in numbers.items()},
        named=frozenset(named),
    )
    on_pages = [(1, code) if isinstance(code, str) else code for code in codes]
    return match(Seen(on_pages, index, text, document_class, pages, envelope), known)


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
    result = find([code], document_class=RETURNED)

    assert (result.case, result.letter, result.confidence, result.returned) == (
        "A",
        LETTER_A,
        Confidence.CERTAIN,
        True,
    )


def test_an_envelope_with_two_letters_of_one_case_that_came_back_names_the_case_but_no_letter() -> None:
    result = find([SheetCode(PIECE_OF_ONE_CASE, 1, 2).encode()], document_class=RETURNED)

    assert (result.case, result.letter, result.confidence, result.returned) == (
        "A",
        None,
        Confidence.CERTAIN,
        True,
    )


def test_an_envelope_with_letters_of_two_cases_that_came_back_is_for_a_person() -> None:
    result = find([SheetCode(PIECE_OF_TWO_CASES, 1, 2).encode()], document_class=RETURNED)

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
        "Ihr Zeichen JC – BOR – 2026 – 00017",
        f"Mein Zeichen bei Ihnen: {NUMBER_A}",
    ],
)
def test_a_file_number_in_the_head_and_a_name_of_the_case_lead_to_it(text: str) -> None:
    result = find(text=text, named="A")

    assert (result.case, result.confidence, result.evidence) == ("A", Confidence.CERTAIN, Evidence.TEXT)


def test_a_number_that_a_machine_read_is_alone_no_proof() -> None:
    """It has no check digit: a misread digit makes it the number of somebody else."""
    text = f"Aktenzeichen: {NUMBER_A}"
    assert find(text=text).confidence is Confidence.DOUBTFUL
    assert find(text=text, named="B").confidence is Confidence.DOUBTFUL
    assert find(text=f"{text}, BG-Nummer {BG_A}").confidence is Confidence.CERTAIN
    assert find(text=f"{text}, BG-Nummer {BG_B}").confidence is Confidence.DOUBTFUL


@pytest.mark.parametrize(
    "text",
    [
        f"Meine Nachbarin ({NUMBER_A}) bekommt mehr als ich.",
        f"Unser Zeichen {NUMBER_A}",
        "Wie besprochen. " * 200 + f"Aktenzeichen: {NUMBER_A}",
    ],
)
def test_a_number_that_is_quoted_or_stands_on_a_copy_of_our_own_letter_is_only_a_suggestion(text: str) -> None:
    result = find(text=text, named="A")

    assert (result.case, result.confidence) == ("A", Confidence.DOUBTFUL)


def test_a_letter_of_ours_that_somebody_encloses_is_for_a_person() -> None:
    """A landlord sends what a tenant got, a neighbour what lay in the wrong letter box."""
    sheet = SheetCode(PIECE_A, 1, 2).encode()
    for codes in ([sheet], [(3, sheet)], [PIECE_A]):
        result = find(codes)
        assert (result.case, result.letter, result.confidence) == ("A", None, Confidence.DOUBTFUL)
        assert result.proposals[0].letter is None
        assert for_people(LETTER_A) in result.proposals[0].reason
    assert find([sheet], text=f"Az. {NUMBER_A}", named="A").confidence is Confidence.DOUBTFUL
    assert find([sheet], index=NUMBER_B).confidence is Confidence.DOUBTFUL
    assert find([(3, sheet)], index=NUMBER_A, pages=4).confidence is Confidence.CERTAIN
    assert find([sheet], index=NUMBER_A, pages=3).confidence is Confidence.CERTAIN


@pytest.mark.parametrize("document_class", ["letter", "unknown", "original", "Sonstiges"])
@pytest.mark.parametrize("index", [None, NUMBER_A, NUMBER_B])
def test_what_may_have_come_back_is_never_filed_as_citizens_mail_whatever_was_typed(
    document_class: str, index: str | None
) -> None:
    two, three = (SheetCode(PIECE_A, number, 3).encode() for number in (2, 3))
    for found, why in (
        (find([two, (3, three)], index, document_class=document_class, pages=4), Perhaps.PART),
        (find([PIECE_A], index, document_class=document_class, pages=1, envelope=True), Perhaps.ENVELOPE),
        (
            find([PIECE_A, (2, reply(LETTER_A))], index, document_class=document_class, pages=2, envelope=True),
            Perhaps.ENVELOPE,
        ),
    ):
        assert (found.case, found.confidence) == ("A", Confidence.DOUBTFUL)
        assert (found.returned, found.perhaps) == (True, why)


def test_a_part_of_our_letter_under_a_slip_or_with_more_behind_is_an_answer_and_no_return() -> None:
    sheet = SheetCode(PIECE_A, 2, 3).encode()
    assert find([reply(LETTER_A), sheet], pages=2).perhaps is None
    assert find([sheet], document_class="reply-slip", pages=1).perhaps is None
    assert find([sheet], pages=4).perhaps is None
    assert find([sheet, (2, SheetCode(PIECE_OF_ONE_CASE, 1, 1).encode())], pages=2).perhaps is Perhaps.PART


def test_a_reply_slip_that_does_not_lie_on_top_may_be_of_the_next_sender() -> None:
    """Of seven separators four were found: what lies above the slip may be somebody else's."""
    slip = (3, reply(LETTER_A))
    assert find([slip]).confidence is Confidence.DOUBTFUL
    assert find([(2, reply(LETTER_A))]).confidence is Confidence.CERTAIN
    assert find([slip], index=NUMBER_A).confidence is Confidence.CERTAIN
    assert find([slip], document_class="reply-slip").confidence is Confidence.CERTAIN


def test_a_copy_of_another_letter_behind_the_slip_does_not_change_what_is_answered() -> None:
    result = find([(1, reply(LETTER_A)), (2, SheetCode(PIECE_OF_ONE_CASE, 1, 1).encode())])

    assert (result.case, result.letter, result.confidence) == ("A", LETTER_A, Confidence.CERTAIN)


def test_a_whole_letter_that_comes_back_is_returned_although_its_slip_is_in_it() -> None:
    result = find([(1, SheetCode(PIECE_A, 1, 2).encode()), (3, reply(LETTER_A))], document_class=RETURNED)

    assert (result.letter, result.confidence, result.returned) == (LETTER_A, Confidence.CERTAIN, True)


def test_a_number_that_two_cases_share_is_for_a_person_who_sees_both() -> None:
    """Without dashes and slashes two numbers may be the same."""
    known = Known(numbers={normalise_file_number("50/2026-1"): ["A", "B"]})

    result = match(Seen(index_file_number="50/20261"), known)

    assert (result.case, result.confidence, result.candidates) == (None, Confidence.DOUBTFUL, ("A", "B"))


@pytest.mark.parametrize(
    "text", ["Az. JC-BOR-2026-0001-7", "Az. 17-JC-BOR-2026-0001", "Az. JC-BOR-2026-0001/17"]
)
def test_a_number_that_is_part_of_a_longer_one_is_only_a_suggestion(text: str) -> None:
    known = Known(numbers={"JCBOR20260001": ["A"]}, named="A")

    result = match(Seen(text=text), known)

    assert (result.case, result.confidence) == ("A", Confidence.DOUBTFUL)


def test_an_index_that_one_of_two_numbers_in_the_text_supports_is_for_a_person() -> None:
    result = find(index=NUMBER_A, text=f"Az. {NUMBER_A}, betrifft auch {NUMBER_B}")

    assert (result.case, result.confidence, result.candidates) == ("A", Confidence.DOUBTFUL, ("A", "B"))


def test_every_candidate_says_why_and_the_likeliest_comes_first() -> None:
    result = find([reply(LETTER_A)], index=NUMBER_B, text=f"{NUMBER_B}")

    assert [(each.case, each.evidence) for each in result.proposals] == [
        ("A", Evidence.CODE),
        ("B", Evidence.INDEX),
    ]
    assert f"Antwortbogen zu {for_people(LETTER_A)} auf Seite 1" in result.proposals[0].reason
    assert "Scanstelle" in result.proposals[1].reason
    assert "Text" in result.proposals[1].reason


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("Mit freundlichen Grüßen\nĐorđe O’Brien", True),
        ("O’BRIEN, ĐORĐE", True),
        ("Herr O’Brien", False),
        ("Đorđević O’Brien", False),
        ("", False),
    ],
)
def test_a_name_is_there_with_all_its_parts_or_not(text: str, there: bool) -> None:
    assert names_in(text, [("Đorđe", "O’Brien")]) is there


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
@given(
    st.lists(CODES, max_size=3),
    st.one_of(st.none(), NUMBERS),
    st.lists(NUMBERS, max_size=2),
    st.sampled_from(["letter", "reply-slip", RETURNED, "unknown"]),
    st.sets(st.sampled_from("AB")),
)
def test_certain_means_that_all_strong_evidence_allows_this_case(
    codes: list[str], index: str | None, numbers: list[str], document_class: str, named: set[str]
) -> None:
    result = find(codes, index, "Az. " + ", ".join(numbers), document_class, named)

    if result.confidence is Confidence.CERTAIN:
        assert result.candidates[0] == result.case
        if not codes:
            assert set(result.candidates) == {result.case}
        assert result.case is not None
        assert find(index=index).case in (None, result.case)
        assert {find([code]).case for code in codes} <= {None, result.case}
    assert (result.confidence is Confidence.NONE) == (
        not result.candidates and reply(UNKNOWN_LETTER) not in codes
    )
