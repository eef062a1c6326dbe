"""What only PostgreSQL has: passwords, sessions that hold locks, isolation, and errors that would show whole rows."""

import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from gateway.bootstrap import _postgres
from gateway.config import Settings, load_settings
from gateway.db.engine import HEAD, Database, compare_and_set
from gateway.db.letters import Letter
from gateway.db.locks import AdvisoryLocks
from gateway.db.people import Person
from gateway.db.postgres import PostgresOptions
from gateway.errors import ConfigError, Conflict
from gateway.testing.epost import EpostSimulator
from tests.postgres import PostgresServer
from tests.world import ROOT, Prototype, World

pytestmark = pytest.mark.slow

NAME = "Unverwechselbar-Şahin"


@pytest.fixture
def backend() -> str:
    return "postgresql"


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[str]:
    name = postgres_server.create()
    yield name
    postgres_server.drop(name)


@pytest.fixture
def locks(world: World) -> Iterator[AdvisoryLocks]:
    locks = AdvisoryLocks(world.services.db)
    yield locks
    locks.close()


def broken_rules(person: Person) -> dict[str, Person]:
    """Persons that the database refuses, each for another reason; all carry the name."""
    values = person.model_dump(exclude={"id"}) | {"family_name": NAME}
    return {
        "unique": Person(**values),
        "null": Person(**(values | {"reference": "P99", "form": None})),
        "too many characters": Person(**(values | {"reference": "P" * 500_000})),
    }


@pytest.mark.parametrize("rule", ["unique", "null", "too many characters"])
def test_an_error_about_a_persons_row_tells_the_rule_and_no_value(world: World, rule: str) -> None:
    with world.services.db.reading() as session:
        known = session.exec(select(Person)).first()
    assert known is not None
    with pytest.raises(DBAPIError) as caught, world.services.db.transaction() as session:
        session.add(broken_rules(known)[rule])
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.orig)
    assert NAME not in shown
    assert known.given_name not in shown
    assert known.reference not in shown.replace("PPP", "")
    assert caught.value.orig is not None
    assert type(caught.value.orig).__name__ in str(caught.value)


def test_the_error_names_table_column_and_constraint(world: World) -> None:
    with world.services.db.reading() as session:
        known = session.exec(select(Person)).first()
    assert known is not None
    with pytest.raises(IntegrityError) as caught, world.services.db.transaction() as session:
        session.add(broken_rules(known)["null"])
    assert "NotNullViolation 23502 table person column form" in str(caught.value)


def test_postgresql_itself_would_have_shown_the_row(world: World, postgres_server: PostgresServer) -> None:
    """Else the tests above could not fail."""
    database = world.services.db.url.database
    with (
        psycopg.connect(
            host=postgres_server.socket_dir, port=postgres_server.port, user="gateway", dbname=database
        ) as connection,
        pytest.raises(psycopg.IntegrityError) as caught,
    ):
        connection.execute("INSERT INTO person (family_name) VALUES (%s)", (NAME,))
    assert NAME in str(caught.value)


def configured(tmp_path: Path, url: str, password: str) -> Settings:
    (tmp_path / "password").write_text(password + "\n")
    (tmp_path / "url").write_text(url + "\n")
    (tmp_path / "config.toml").write_text(
        f"[database]\nurl_file = '{tmp_path / 'url'}'\npassword_file = '{tmp_path / 'password'}'\n"
    )
    return load_settings(tmp_path / "config.toml")


def test_address_and_password_come_from_files(
    tmp_path: Path, postgres_server: PostgresServer, empty: str
) -> None:
    settings = configured(tmp_path, postgres_server.loopback_url(empty), postgres_server.password)
    database = Database(settings.database_url(), _postgres(settings.database))
    database.migrate()
    with database.reading() as session:
        version = session.connection().scalar(text("SELECT version_num FROM alembic_version"))
    assert version == HEAD
    shown = (
        repr(settings) + repr(database.postgres) + repr(database.url) + str(settings.model_dump(mode="json"))
    )
    assert postgres_server.password not in shown
    database.close()


def test_a_wrong_password_is_a_configuration_error_that_does_not_tell_it(
    tmp_path: Path, postgres_server: PostgresServer, empty: str
) -> None:
    settings = configured(tmp_path, postgres_server.loopback_url(empty), "geheim-und-falsch")
    database = Database(settings.database_url(), _postgres(settings.database))
    with pytest.raises(ConfigError) as caught:
        database.migrate()
    assert caught.value.code == "database-unreachable"
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
    database.close()


def test_the_address_is_shown_without_a_password_that_somebody_put_there(tmp_path: Path) -> None:
    settings = configured(tmp_path, "postgresql+psycopg://gateway:geheim@db.example/gateway", "")
    assert settings.model_dump(mode="json")["database"]["url"] == (
        "postgresql+psycopg://gateway:***@db.example/gateway"
    )
    assert "geheim" not in repr(settings)


def test_many_that_start_at_once_migrate_once(postgres_server: PostgresServer, empty: str) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        database = Database(postgres_server.url(empty))
        try:
            database.migrate()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_reading_cannot_write_and_sessions_say_who_they_are(world: World) -> None:
    with pytest.raises(DBAPIError, match="ReadOnlySqlTransaction"), world.services.db.reading() as session:
        session.connection().execute(text("UPDATE person SET given_name = 'x'"))
    with world.services.db.transaction() as session:
        level = session.connection().scalar(text("SHOW transaction_isolation"))
        names = (
            session.connection().execute(text("SELECT application_name FROM pg_stat_activity")).scalars().all()
        )
    assert level == "read committed"
    assert "gateway" in names


def test_a_writer_that_waited_for_another_is_told_that_the_row_changed(world: World) -> None:
    reference = world.write()
    with world.services.db.reading() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == reference)).one() or 0
    outcomes: list[str] = []

    def second() -> None:
        try:
            with world.services.db.transaction() as session:
                compare_and_set(session, Letter, letter_id, expect={"note": None}, note="second")
            outcomes.append("written")
        except Conflict as error:
            outcomes.append(error.code)

    with world.services.db.transaction() as session:
        compare_and_set(session, Letter, letter_id, expect={"note": None}, note="first")
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()  # it waits for our row lock, then looks at its condition again
    waiting.join()
    assert outcomes == ["state-changed"]
    assert world.view(reference).note == "first"


def test_whoever_waits_too_long_for_a_row_is_told(world: World) -> None:
    world.write()
    hasty = Database(world.settings.database_url(), PostgresOptions(lock_timeout_s=1))
    change = text("UPDATE letter SET note = 'x'")
    with world.services.db.transaction() as session:
        session.connection().execute(change)
        with pytest.raises(DBAPIError, match="LockNotAvailable"), hasty.transaction() as other:
            other.connection().execute(change)
    hasty.close()


def test_a_name_is_held_once_across_objects_and_free_again_after(world: World, locks: AdvisoryLocks) -> None:
    with (
        locks.try_lock("a") as first,
        world.services.locks.try_lock("a") as second,
        locks.try_lock("b") as other,
    ):
        assert (first, second, other) == (True, False, True)
    with world.services.locks.try_lock("a") as again:
        assert again


def test_a_lock_is_let_go_when_the_work_fails(world: World, locks: AdvisoryLocks) -> None:
    with pytest.raises(ZeroDivisionError), locks.try_lock("a"):
        raise ZeroDivisionError
    with world.services.locks.try_lock("a") as held:
        assert held


def test_a_lock_whose_session_the_server_ended_ends_quietly_and_is_free(
    world: World, locks: AdvisoryLocks
) -> None:
    ended = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gateway-locks'"
    )
    with locks.try_lock("a") as held:
        assert held
        with world.services.db.transaction() as session:
            session.connection().execute(ended).all()
    with locks.try_lock("a") as again, world.services.locks.try_lock("a") as other:
        assert (again, other) == (True, False)


def test_many_locks_at_once_wait_for_no_connection(locks: AdvisoryLocks) -> None:
    barrier = threading.Barrier(24)
    held: list[bool] = []

    def hold(number: int) -> None:
        with locks.try_lock(f"consignment-{number}") as mine:
            barrier.wait(20)
            held.append(mine)

    threads = [threading.Thread(target=hold, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held == [True] * 24


_HOLDER = """
import sys, time
from gateway.db.engine import Database
from gateway.db.locks import AdvisoryLocks
with AdvisoryLocks(Database(sys.argv[1])).try_lock("nightly-run") as held:
    print(held, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_second_process_is_refused_until_the_first_is_dead(
    world: World, locks: AdvisoryLocks, end: signal.Signals
) -> None:
    command = [sys.executable, "-c", _HOLDER, world.settings.database_url()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == "True"
        with locks.try_lock("nightly-run") as held:
            assert not held
        os.kill(holder.pid, signal.SIGSTOP)  # a paused process still holds: a lease would have run out
        with locks.try_lock("nightly-run") as held:
            assert not held
        holder.send_signal(signal.SIGCONT)
        holder.send_signal(end)
        holder.wait()
    assert any(_held(locks) for _ in range(200))


def _held(locks: AdvisoryLocks) -> bool:
    """The server notices a dead client within milliseconds."""
    with locks.try_lock("nightly-run") as held:
        return held


def test_a_copy_of_the_template_is_whole(
    postgres_prototype: Prototype, simulator: EpostSimulator, tmp_path: Path
) -> None:
    with (
        postgres_prototype.world(tmp_path / "one", simulator) as one,
        postgres_prototype.world(tmp_path / "two", simulator) as two,
    ):
        one.write()
        with two.services.db.reading() as session:
            assert session.exec(select(Letter)).all() == []
            assert len(session.exec(select(Person)).all()) == 4
