"""References survive paper, and a wrong character is always found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.references import (
    RANDOM_BITS,
    SheetCode,
    check_character,
    decode_reply_code,
    decode_sheet_code,
    encode_reply_code,
    for_people,
    read_reference,
    reference_from,
)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REFERENCES = st.integers(0, 2**RANDOM_BITS - 1).map(reference_from)


@given(REFERENCES)
def test_what_is_written_for_people_is_read_back(reference: str) -> None:
    for written in (
        for_people(reference),
        for_people(reference).lower(),
        f" {reference[:3]} {reference[3:]}\n",
    ):
        assert read_reference(written) == reference


@given(REFERENCES, st.integers(0, 6), st.sampled_from(CROCKFORD))
def test_any_single_wrong_character_is_found(reference: str, position: int, other: str) -> None:
    wrong = reference[:position] + other + reference[position + 1 :]
    assert read_reference(wrong) == (reference if wrong == reference else None)


@given(REFERENCES, st.sampled_from(CHECK))
def test_any_wrong_check_character_is_found(reference: str, other: str) -> None:
    wrong = reference[:7] + other
    assert read_reference(wrong) == (reference if wrong == reference else None)


@given(st.integers(0, 2**RANDOM_BITS - 1), st.integers(0, 2**RANDOM_BITS - 1))
def test_different_numbers_have_different_references(one: int, other: int) -> None:
    assert (reference_from(one) == reference_from(other)) == (one == other)


@given(REFERENCES)
def test_characters_that_look_alike_are_read_as_the_ones_we_use(reference: str) -> None:
    mistaken = reference[:7].replace("0", "O").replace("1", "l").replace("V", "u") + reference[7]
    assert read_reference(mistaken) == reference


def test_the_check_character_is_the_one_of_the_norm() -> None:
    # ISO 7064 MOD 37,36, published example: GRid A1-2425GABC1234002-M
    assert check_character("A12425GABC1234002") == "M"


@pytest.mark.parametrize("value", [-1, 2**RANDOM_BITS])
def test_a_number_that_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="range"):
        reference_from(value)


@given(st.text(max_size=12))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = read_reference(text)
    assert found is None or read_reference(found) == found


@given(REFERENCES, st.integers(1, 9999), st.integers(1, 9999))
def test_a_sheet_code_is_read_back_if_the_sheet_belongs_to_the_piece(piece: str, sheet: int, of: int) -> None:
    code = SheetCode(piece, sheet, of)
    assert len(code.encode()) == 17
    assert decode_sheet_code(code.encode()) == (code if sheet <= of else None)


@given(REFERENCES)
def test_sheet_codes_and_reply_codes_are_never_mistaken_for_each_other(reference: str) -> None:
    sheet, reply = SheetCode(reference, 1, 1).encode(), encode_reply_code(reference)
    assert decode_reply_code(reply) == reference
    assert decode_reply_code(sheet) is None
    assert decode_sheet_code(reply) is None


@pytest.mark.parametrize(
    "text", ["", "S", "https://example.org", "S0000000000010001x", "S000000000001000²", "S" * 17]
)
def test_foreign_codes_are_none_of_ours(text: str) -> None:
    assert decode_sheet_code(text) is None
    assert decode_reply_code(text) is None


def test_sheet_zero_is_none_of_ours() -> None:
    piece = reference_from(0)
    assert decode_sheet_code(f"S{piece}00000001") is None
