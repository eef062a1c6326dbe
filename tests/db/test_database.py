"""What the database itself guarantees: the schema is the models', transactions are whole, writes are compared."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel, select

from gateway.db.engine import Database, compare_and_set
from gateway.db.letters import Letter
from gateway.db.mail import Run, Submission
from gateway.db.people import Person, User
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict
from tests.world import World

pytestmark = pytest.mark.both_databases


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_the_migrations_make_exactly_the_models(world: World) -> None:
    with world.services.db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    guards = ("one_open_run", "one_open_departure")  # indexes of an expression, which only the migrations know
    assert [one for one in differences if not any(guard in str(one) for guard in guards)] == []


def test_migrating_again_changes_nothing(world: World) -> None:
    world.services.db.migrate()
    assert world.view(world.write()).state == "draft"


def test_a_write_that_fails_half_way_leaves_nothing(world: World) -> None:
    def fail() -> None:
        with world.services.db.transaction() as session:
            session.add(User(login="half", name="Half"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with world.services.db.reading() as session:
        assert session.exec(select(User).where(User.login == "half")).first() is None


def test_a_reader_sees_one_moment_and_holds_no_writer_up(world: World) -> None:
    with world.services.db.reading() as reader:
        before = len(reader.exec(select(User)).all())
        with world.services.db.transaction() as writer:
            writer.add(User(login="new", name="New"))
        assert len(reader.exec(select(User)).all()) == before
    with world.services.db.reading() as reader:
        assert len(reader.exec(select(User)).all()) == before + 1


def test_compare_and_set_writes_only_what_is_still_as_it_was_read(world: World) -> None:
    reference = world.write()
    with world.services.db.transaction() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == reference)).one() or 0
        compare_and_set(session, Letter, letter_id, expect={"note": None}, note="first")
    with pytest.raises(Conflict) as caught, world.services.db.transaction() as session:
        compare_and_set(session, Letter, letter_id, expect={"note": None}, note="second")
    assert caught.value.code == "state-changed"
    assert world.view(reference).note == "first"


def test_compare_and_set_keeps_what_waits_in_the_session(world: World) -> None:
    reference = world.write()
    with world.services.db.transaction() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        letter.title = "Anderer Titel"
        compare_and_set(session, Letter, letter.id or 0, expect={"note": None}, note="x")
    assert world.view(reference).title == "Anderer Titel"


def test_of_many_writers_at_once_one_wins(world: World) -> None:
    reference = world.write()
    with world.services.db.reading() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == reference)).one()
    wins: list[int] = []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        try:
            with world.services.db.transaction() as session:
                compare_and_set(session, Letter, letter_id or 0, expect={"note": None}, note=str(number))
        except Conflict:
            return
        wins.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number) for number in wins] == [world.view(reference).note]


def test_a_moment_without_a_time_zone_is_not_stored_and_one_with_comes_back_in_utc(world: World) -> None:
    naive = datetime(2026, 11, 16, 8)  # noqa: DTZ001
    with pytest.raises(StatementError), world.services.db.transaction() as session:
        session.add(Run(day=naive.date(), number=1, started_at=naive))
    with world.services.db.transaction() as session:
        session.add(Run(day=naive.date(), number=1, started_at=world.clock.now()))
    with world.services.db.reading() as session:
        assert session.exec(select(Run.started_at)).one() == datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE letter SET state = 'lost'",
        "UPDATE letter SET state = 'cancelled'",
        "UPDATE letter SET service = 'pigeon'",
        "UPDATE submission SET state = 'released', provider_reference = NULL",
        "UPDATE submission SET state = 'void'",
        "UPDATE submission SET state = 'in_doubt', releasing_at = NULL",
        "UPDATE submission SET provider_reference = 'another'",
        "UPDATE audit_entry SET actor = 'nobody'",
        "UPDATE template_version SET bundle_sha256 = '1'",
        "UPDATE template_version SET state = 'lost'",
        "UPDATE template_version SET state = 'withdrawn', withdrawn_at = NULL",
        "UPDATE template_version SET state = 'published', published_by = NULL",
        "UPDATE approval SET signing = 2",
        "UPDATE recipient SET signing = 0",
        "UPDATE posting SET confirmed_on = '2026-11-17'",
        "DELETE FROM mail_piece",
        (
            "INSERT INTO submission (piece_id, provider, key, state, planned_at, attempts) "
            "SELECT piece_id, provider, key || 'x', 'planned', planned_at, 0 FROM submission"
        ),
    ],
)
def test_the_database_refuses_what_must_never_be(world: World, statement: str) -> None:
    world.approved()
    world.evening()
    world.advance(days=3)
    from gateway.application.tracking.tracking import poll  # noqa: PLC0415

    poll(world.services)
    with pytest.raises(IntegrityError), world.services.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_two_runs_cannot_be_open_at_once(world: World) -> None:
    both = [Run(day=world.services.today(), number=n, started_at=world.clock.now()) for n in (1, 2)]
    with pytest.raises(IntegrityError), world.services.db.transaction() as session:
        session.add_all(both)


def test_a_piece_may_have_a_new_submission_when_the_old_one_is_voided(world: World) -> None:
    world.approved()
    world.simulator.plan_fault("POST /api/Letter", "reject:E306")
    world.evening()
    with world.services.db.transaction() as session:
        old = session.exec(select(Submission)).one()
        old.state, old.voided_at = SubmissionState.VOID, world.clock.now()
        session.flush()
        session.add(
            Submission(
                piece_id=old.piece_id,
                provider=old.provider,
                key=old.key.replace("-1", "-2"),
                state=SubmissionState.PLANNED,
                planned_at=world.clock.now(),
            )
        )
    assert [one.state.value for one in world.submissions()] == ["void", "planned"]


def test_an_error_of_the_database_carries_no_name(world: World) -> None:
    with world.services.db.reading() as session:
        person = session.exec(select(Person)).first()
    assert person is not None
    twin = Person(**(person.model_dump(exclude={"id"}) | {"family_name": "Unverwechselbar"}))
    with pytest.raises(IntegrityError) as caught, world.services.db.transaction() as session:
        session.add(twin)
    assert "Unverwechselbar" not in str(caught.value)


def test_the_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'gateway.db'}")
    database.close()
    assert (tmp_path / "deep").stat().st_mode & 0o077 == 0
