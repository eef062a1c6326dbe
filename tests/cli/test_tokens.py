"""`gateway tokens`: shown once, kept as a hash, ended at once."""

import pytest
from sqlmodel import select

from gateway.application.access.tokens import bearer
from gateway.db.people import AuditEntry
from gateway.db.tokens import ApiToken
from tests.cli.conftest import Run
from tests.world import World

pytestmark = pytest.mark.slow
ADD = ("tokens", "add", "fachverfahren", "--as", "anna", "--scope", "letters:read", "--scope", "checks")


def test_a_token_is_shown_once_and_only_its_hash_is_kept(gateway: Run, world: World) -> None:
    added = gateway(*ADD)
    token = added.out.strip()
    assert (added.code, token[:4], len(token)) == (0, "hmg_", 68)
    who = bearer(world.services, token)
    assert who is not None
    assert (who.login, sorted(who.scopes)) == ("anna", ["checks", "letters:read"])
    with world.services.db.reading() as session:
        row = session.exec(select(ApiToken)).one()
        trail = session.exec(select(AuditEntry).where(AuditEntry.action == "token-added")).one()
    for kept in (row, trail):
        assert token not in repr(kept)
        assert token[4:] not in repr(kept)
    listed = gateway("tokens", "list", "--json").json
    assert [(one["name"], one["as"], one["revoked_at"]) for one in listed] == [("fachverfahren", "anna", None)]
    assert "fachverfahren" in gateway("tokens", "list").out


def test_a_revoked_token_ends_at_once_and_its_name_is_not_used_again(gateway: Run, world: World) -> None:
    token = gateway(*ADD, "--json").json["token"]
    assert gateway("tokens", "revoke", "fachverfahren").code == 0
    assert bearer(world.services, token) is None
    assert gateway(*ADD).code == 7
    assert gateway("tokens", "revoke", "fachverfahren").code == 7
    assert gateway("tokens", "revoke", "nie-dagewesen").code == 6


def test_a_token_needs_a_known_account_a_proper_name_and_an_end(gateway: Run) -> None:
    assert gateway("tokens", "add", "x", "--as", "niemand", "--scope", "checks").code == 6
    assert gateway("tokens", "add", "Frau Müller", "--as", "anna", "--scope", "checks").code == 4
    assert gateway("tokens", "add", "x", "--as", "anna", "--scope", "checks", "--days", "9999").code == 4
    assert gateway("tokens", "add", "x", "--as", "anna", "--scope", "everything").code == 2
