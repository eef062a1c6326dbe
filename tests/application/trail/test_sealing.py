"""The audit chain in the database: sealed after the fact, by one sealer, and whatever is done to it is found."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from gateway.application.access.authorising import audit
from gateway.application.retention.emptying_rows import empty_and_prove
from gateway.application.trail import sealing
from gateway.application.trail.sealing import anchor, anchor_due, head, seal
from gateway.application.trail.verifying import verify
from gateway.db.engine import Database
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.errors import NotPermitted
from tests.world import World

pytestmark = pytest.mark.both_databases


def codes(world: World) -> list[str]:
    return sorted({fault.code for fault in verify(world.services).faults})


def note(world: World, count: int, subject: str = "X", reason: str = "") -> None:
    with world.services.db.transaction() as session:
        for number in range(count):
            audit(session, world.services, "anna", "letter-read", subject, reason=reason, number=number)


def unguarded(world: World, *statements: str) -> None:
    """What somebody does who owns the database: guards off, change, guards on again."""
    if world.services.db.engine.dialect.name == "postgresql":
        with world.services.db.engine.begin() as connection:
            connection.execute(
                text("ALTER TABLE audit_seal DROP CONSTRAINT IF EXISTS audit_seal_entry_id_fkey")
            )
            for order in ("DISABLE", "ENABLE"):
                for table in ("audit_entry", "audit_seal", "audit_departure"):
                    connection.execute(text(f"ALTER TABLE {table} {order} TRIGGER USER"))
                for statement in statements if order == "DISABLE" else ():
                    connection.execute(text(statement))
        return
    with closing(sqlite3.connect(world.services.db.url.database or "", timeout=30)) as file:
        triggers = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
        ).fetchall()
        for statement in [f"DROP TRIGGER {name}" for name, _ in triggers] + [*statements]:
            file.execute(statement)
        for _, made in triggers:
            file.execute(made)
        file.commit()


def test_what_was_noted_is_sealed_once_and_the_chain_is_whole(world: World) -> None:
    note(world, 3)
    before = len(_entries(world))
    assert seal(world.services, thorough=True) == before
    assert seal(world.services, thorough=True) == 0
    note(world, 2)
    assert seal(world.services) == 2
    found = verify(world.services)
    assert (found.sealed, found.unsealed, found.faults) == (before + 2, 0, [])
    assert found.head == head(world.services)


def _entries(world: World) -> list[int]:
    with world.services.db.reading() as session:
        return [each or 0 for each in session.exec(select(AuditEntry.id).order_by(col(AuditEntry.id)))]


def test_an_entry_whose_transaction_commits_late_is_sealed_although_its_id_is_lower(world: World) -> None:
    if world.services.db.engine.dialect.name == "sqlite":
        pytest.skip("not offered: two open writers")
    with world.services.db.transaction() as slow:
        audit(slow, world.services, "anna", "letter-read", "slow")
        slow.flush()
        note(world, 1, "quick")
        seal(world.services)
    assert seal(world.services) == 1
    with world.services.db.reading() as session:
        ids = session.exec(select(AuditSeal.entry_id).order_by(col(AuditSeal.number))).all()
    assert ids[-1] < ids[-2]
    assert codes(world) == []


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit_entry SET actor = 'nobody' WHERE id = :second"], ["seal-broken"]),
        (["UPDATE audit_entry SET details = '{\"number\": 9}' WHERE id = :second"], ["seal-broken"]),
        (["UPDATE audit_entry SET reason = 'x' WHERE id = :second"], ["reason-changed"]),
        (["UPDATE audit_entry SET reason = '' WHERE id = :second"], ["reason-missing"]),
        (
            [
                "UPDATE audit_entry SET reason = '' WHERE id = :second",
                "UPDATE audit_seal SET reason_salt = NULL WHERE entry_id = :second",
            ],
            ["reason-missing"],
        ),
        (["DELETE FROM audit_entry WHERE id = :second"], ["entry-missing"]),
        (["DELETE FROM audit_seal WHERE entry_id = :second"], ["entry-unsealed", "seal-broken", "seal-gap"]),
        (
            [
                "UPDATE audit_seal SET number = -1 WHERE entry_id = :second",
                "UPDATE audit_seal SET number = number - 1 WHERE entry_id = :third",
                (
                    "UPDATE audit_seal SET number = (SELECT number + 1 FROM audit_seal WHERE entry_id = :third)"
                    " WHERE entry_id = :second"
                ),
            ],
            ["seal-broken"],
        ),
        (
            ["DELETE FROM audit_seal WHERE entry_id >= :second", "DELETE FROM audit_entry WHERE id >= :second"],
            ["tail-missing"],
        ),
    ],
)
def test_whatever_is_done_behind_our_back_is_found(
    world: World, statements: list[str], expected: list[str]
) -> None:
    note(world, 4, reason="Grund")
    anchor(world.services)
    assert codes(world) == []
    world.advance(hours=2)
    ids = _entries(world)
    places = {":second": str(ids[-3]), ":third": str(ids[-2])}
    done = []
    for statement in statements:
        for name, value in places.items():
            statement = statement.replace(name, value)  # noqa: PLW2901
        done.append(statement)
    unguarded(world, *done)
    found = codes(world)
    assert set(found) & set(expected) == set(expected), found


def test_a_proof_that_reasons_were_deleted_covers_no_reason_that_was_given_later(world: World) -> None:
    note(world, 1, "letter", "vorher")
    seal(world.services)
    with world.services.db.transaction() as session:
        empty_and_prove(session, world.services, "letter")
    note(world, 1, "letter", "nachher")
    seal(world.services)
    assert codes(world) == []
    unguarded(
        world,
        "UPDATE audit_seal SET reason_salt = NULL WHERE entry_id IN (SELECT id FROM audit_entry WHERE reason <> '')",
        "UPDATE audit_entry SET reason = '' WHERE reason <> ''",
    )
    assert codes(world) == ["reason-missing"]


def test_however_many_chunks_there_are_each_entry_is_sealed_in_its_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_CHUNK", 3)
    note(world, 10)
    seal(world.services, thorough=True)
    with world.services.db.reading() as session:
        sealed = session.exec(select(AuditSeal.entry_id).order_by(col(AuditSeal.number))).all()
    assert list(sealed) == _entries(world)
    assert codes(world) == []


def test_an_entry_of_the_past_that_is_put_in_today_is_found(world: World) -> None:
    note(world, 2)
    seal(world.services)
    with world.services.db.transaction() as session:
        long_ago = world.clock.now() - timedelta(days=200)
        session.add(AuditEntry(at=long_ago, actor="bea", action="letter-approved", subject="X", details={}))
    world.advance(hours=2)
    assert codes(world) == ["entry-unsealed"]
    assert seal(world.services) == 0
    assert seal(world.services, thorough=True) == 1
    assert codes(world) == ["entry-backdated"]


def test_a_chain_that_was_made_anew_does_not_match_its_anchor(world: World) -> None:
    note(world, 3)
    anchor(world.services)
    unguarded(world, "DELETE FROM audit_seal", "UPDATE audit_entry SET actor = 'bea' WHERE subject = 'X'")
    seal(world.services, thorough=True)
    assert codes(world) == ["anchor-differs"]


def test_without_anchors_an_old_chain_is_not_believed(world: World) -> None:
    note(world, 1)
    seal(world.services, thorough=True)
    assert codes(world) == []
    world.advance(days=3)
    assert codes(world) == ["anchors-missing"]


def test_a_line_of_the_anchor_file_that_was_tampered_with_is_found(world: World, tmp_path: Path) -> None:
    note(world, 1)
    anchor(world.services)
    file = tmp_path / "data" / "audit-anchors.jsonl"
    file.write_text(file.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    assert codes(world) == ["anchor-unreadable"]


def test_there_is_one_anchor_a_day(world: World) -> None:
    note(world, 1)
    first = anchor_due(world.services)
    assert first is not None
    assert anchor_due(world.services) is None
    world.advance(days=1)
    second = anchor_due(world.services)
    assert second is not None
    assert (first.number, first.sha256) == (second.number, second.sha256)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'nobody'",
        "UPDATE audit_entry SET details = '{}'",
        "UPDATE audit_entry SET reason = 'another'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_seal",
        "UPDATE audit_seal SET sha256 = 'x'",
        "UPDATE audit_seal SET reason_salt = 'x'",
        "UPDATE audit_seal SET reason_sha256 = NULL",
    ],
)
def test_the_database_itself_refuses(world: World, statement: str) -> None:
    note(world, 1, reason="Grund")
    seal(world.services, thorough=True)
    with pytest.raises(IntegrityError), world.services.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_sealers_at_once_make_one_chain(world: World) -> None:
    note(world, 40)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(3):
            seal(world.services, thorough=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(world.services)
    assert (found.unsealed, found.faults) == (0, [])


class _NoLock:
    """Locks that lock nothing."""

    def try_lock(self, _name: str) -> "_NoLock":
        return self

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is kept."""


def test_a_sealer_that_got_past_the_lock_breaks_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    note(world, 5)
    stale = sealing.head
    seen = stale(world.services)
    second = replace(world.services, locks=_NoLock())
    seal(world.services, thorough=True)
    note(world, 1)
    monkeypatch.setattr(sealing, "head", lambda _services: seen)
    with pytest.raises(IntegrityError):
        seal(second, thorough=True)
    monkeypatch.setattr(sealing, "head", stale)
    seal(second, thorough=True)
    assert codes(world) == []


def _seal(url: str, world: World) -> None:
    seal(replace(world.services, db=Database(url)), thorough=True)


def test_a_sealer_that_is_killed_leaves_a_chain_that_can_be_verified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_CHUNK", 1)
    note(world, 200)
    url = world.services.db.url.render_as_string(hide_password=False)
    child = multiprocessing.get_context("fork").Process(target=_seal, args=(url, world))
    world.services.db.close()
    child.start()
    for _ in range(500):
        if verify(world.services).sealed > 20:
            break
        time.sleep(0.01)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    assert 20 < verify(world.services).sealed < 200
    assert codes(world) == []
    seal(world.services, thorough=True)
    found = verify(world.services)
    assert (found.unsealed, found.faults) == (0, [])


def test_only_an_auditor_may_verify(world: World) -> None:
    with pytest.raises(NotPermitted):
        verify(world.services, "anna")
    verify(world.services, "audit")
    with world.services.db.reading() as session:
        last = session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id).desc())).first()
    assert last == "chain-verified"
