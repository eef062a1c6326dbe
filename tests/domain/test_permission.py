"""Four eyes, roles and offices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.permission import Action, Role, may, may_approve

USERS = st.sampled_from(["anna", "berta"])
ROLES = st.frozensets(st.sampled_from(Role))


@given(ROLES, USERS)
def test_with_four_eyes_the_author_never_approves_whatever_the_roles(
    roles: frozenset[Role], author: str
) -> None:
    assert not may_approve(roles, author=author, approver=author, four_eyes=True)


@given(ROLES)
def test_with_four_eyes_only_an_approver_signs_for_another(roles: frozenset[Role]) -> None:
    assert may_approve(roles, author="anna", approver="berta", four_eyes=True) == (Role.APPROVER in roles)


READING = {Action.READ, Action.READ_TRAIL, Action.SEE_RETENTION, Action.EXPORT_PERSON}
SECOND = Action.CONFIRM_DEPARTURE
"""The one thing that an auditor does, and only an auditor: agree that old entries of the trail go."""


@pytest.mark.parametrize("action", [action for action in Action if action not in {*READING, SECOND}])
def test_an_auditor_reads_and_changes_nothing(action: Action) -> None:
    assert may({Role.AUDITOR}, Action.READ, office="ahaus")
    assert not may({Role.AUDITOR}, action)


@pytest.mark.parametrize("role", Role)
def test_nobody_alone_lets_entries_of_the_trail_go(role: Role) -> None:
    assert may({role}, Action.PROPOSE_DEPARTURE) == (role is Role.ADMINISTRATOR)
    assert may({role}, SECOND) == (role is Role.AUDITOR)


@given(ROLES, st.sampled_from(Action))
def test_more_roles_never_forbid_what_fewer_allow(roles: frozenset[Role], action: Action) -> None:
    if may(roles, action, offices={"ahaus"}, office="ahaus"):
        assert may(roles | {Role.AUDITOR}, action, offices={"ahaus"}, office="ahaus")


def test_a_caseworker_acts_in_their_own_offices_only() -> None:
    assert may({Role.CASEWORKER}, Action.WRITE_LETTER, offices={"ahaus"}, office="ahaus")
    assert not may({Role.CASEWORKER}, Action.WRITE_LETTER, offices={"ahaus"}, office="bocholt")


def test_an_administrator_has_no_access_to_content() -> None:
    assert not may({Role.ADMINISTRATOR}, Action.READ, office="ahaus")
