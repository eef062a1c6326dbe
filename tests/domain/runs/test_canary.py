"""The canary letter: what of an answer is as it should be, and what is new about it."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.canary import ALWAYS, Answer, Change, changes, may_become_known

answers = st.builds(
    Answer,
    accepted=st.booleans(),
    pages=st.none() | st.integers(1, 3),
    remarks=st.lists(st.sampled_from(["W101", "W202", "I101"]), unique=True),
    same_text=st.none() | st.booleans(),
    printed=st.booleans(),
)


def test_the_first_good_answer_is_as_known_and_so_is_the_same_one_again() -> None:
    answer = Answer(True, 2, ["I101"], same_text=True)
    assert changes(answer, 2, None) == []
    assert changes(answer, 2, answer) == []


def test_remarks_that_come_or_go_and_pages_that_differ_are_named() -> None:
    known = Answer(True, 2, ["I101"])
    assert changes(Answer(True, 2, ["I101", "W202"]), 2, known) == [Change.NEW_REMARK]
    assert changes(Answer(True, 2, []), 2, known) == [Change.REMARK_GONE]
    assert changes(Answer(True, 3, ["I101"]), 2, known) == [Change.PAGES]
    assert changes(None, 2, known) == [Change.NO_ANSWER]


@given(answers, st.none() | answers)
def test_what_is_refused_or_printed_is_always_a_difference_and_never_becomes_known(
    answer: Answer, known: Answer | None
) -> None:
    found = changes(answer, 2, known)
    assert (Change.REFUSED in found) == (not answer.accepted)
    assert (Change.PRINTED in found) == answer.printed
    assert may_become_known(found) == (not ALWAYS & set(found))


@given(answers)
def test_an_accepted_answer_is_as_known_against_itself(answer: Answer) -> None:
    assert not {Change.NEW_REMARK, Change.REMARK_GONE} & set(changes(answer, 2, answer))
