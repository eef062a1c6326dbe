"""Whatever of a played world is deleted, as by an intruder: the account names the letter, totals miss it by number."""

import importlib
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlmodel import col, select

from gateway.application.account.account_sheet import account_sheet
from gateway.application.account.patrolling import sweep, sweep_state
from gateway.application.account.reconciling import Selection, account, copies_on
from gateway.application.arrivals import receiving
from gateway.application.clearing import withholding
from gateway.application.filing.filing import file_due
from gateway.application.posting.posting import confirm
from gateway.application.tracking import tallying
from gateway.application.tracking.tracking import poll
from gateway.db.certificates import RunCertificate
from gateway.db.engine import Database
from gateway.db.locks import locks_for
from gateway.db.mail import Posting, Submission
from gateway.domain.account.account import Account, Line
from gateway.domain.account.sweep import SweepRules
from gateway.domain.references import for_people
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import NotFound, NotPermitted
from gateway.testing.epost import EpostSimulator
from tests.postgres import PostgresServer
from tests.world import MONDAY, PostgresCopies, Prototype, SqliteCopies, World, at

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

TOTALS = 0
"""Read no copy that no control total misses."""


def played(world: World, letters: int = 2) -> list[str]:
    """Some letters, posted, confirmed and filed."""
    references = [world.approved(appointment_time=f"{10 + n:02}:00") for n in range(letters)]
    world.evening()
    world.advance(days=4)
    poll(world.services)
    with world.services.db.reading() as session:
        days = {posting.reported_on for posting in session.exec(select(Posting)).all()}
    for day in days:
        confirm(world.services, "post", day)
    file_due(world.services)
    assert account(world.services).balanced, account(world.services).unexplained
    assert account(world.services, copy_by_copy=TOTALS).balanced
    return references


@dataclass(frozen=True)
class Story:
    """A world that was played once, what its letters are called, and copies of its database as it ended."""

    world: World
    references: list[str]
    copies: SqliteCopies | PostgresCopies

    @classmethod
    def play(cls, world: World, folder: Path, server: PostgresServer | None) -> "Story":
        """Play it; afterwards nobody holds the database, so that it can be copied."""
        references, database = played(world), world.services.db
        world.services.locks.close()
        database.close()
        if server is None:
            return cls(world, references, SqliteCopies(folder / "gateway.db"))
        return cls(world, references, PostgresCopies(server, str(database.url.database)))


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[ExitStack, dict[str, Story]]]:
    with ExitStack() as stack:
        yield stack, {}


@pytest.fixture
def story(
    request: pytest.FixtureRequest,
    backend: str,
    stage: tuple[ExitStack, dict[str, Story]],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    """A story with a database of the test's own. Its documents and case files are shared: read them only."""
    stack, stories = stage
    on_postgres = backend == "postgresql"
    if backend not in stories:
        prototype: Prototype = request.getfixturevalue("postgres_prototype" if on_postgres else "prototype")
        server = request.getfixturevalue("postgres_server") if on_postgres else None
        simulator = stack.enter_context(EpostSimulator(speed=0, start=at(MONDAY, "08:00"), poll_interval_s=0))
        folder = tmp_path_factory.mktemp("story")
        stories[backend] = Story.play(stack.enter_context(prototype.world(folder, simulator)), folder, server)
    told = stories[backend]
    with told.copies.copy(tmp_path) as url:
        database = Database(url)
        services = replace(told.world.services, db=database, locks=locks_for(database, tmp_path / "locks"))
        yield replace(told, world=replace(told.world, services=services))
        services.locks.close()
        database.close()


@contextmanager
def intruder(world: World) -> Iterator[Connection]:
    """Foreign keys and triggers keep nobody out who has the database."""
    url = world.services.db.engine.url
    with world.services.db.engine.connect() as connection:
        if url.get_backend_name() == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        else:
            foreign_keys = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"
            for table, name in connection.exec_driver_sql(foreign_keys).all():
                connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            for (table,) in connection.exec_driver_sql(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
            ).all():
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection
        connection.commit()


_COPY = (
    "SELECT r.id FROM recipient r JOIN letter l ON l.id = r.letter_id WHERE l.reference = '{0}'",
    "SELECT mail_piece_id FROM recipient WHERE id IN ({copy})",
    "SELECT id FROM submission WHERE piece_id IN ({piece})",
)

_DELETIONS = {
    "approval": ("DELETE FROM approval WHERE recipient_id IN ({copy})", "approval-missing"),
    "document row": (
        "DELETE FROM document WHERE sha256 IN (SELECT document_sha256 FROM approval WHERE recipient_id IN ({copy}))",
        "document-row-missing",
    ),
    "piece of the copy": ("UPDATE recipient SET mail_piece_id = NULL WHERE id IN ({copy})", "piece-missing"),
    "piece": ("DELETE FROM mail_piece WHERE id IN ({piece})", "piece-missing"),
    "submission": ("DELETE FROM submission WHERE id IN ({submission})", "submission-missing"),
    "consignment": (
        "DELETE FROM consignment WHERE id IN (SELECT consignment_id FROM submission WHERE id IN ({submission}))",
        "consignment-missing",
    ),
    "certificate line": ("DELETE FROM piece_certificate WHERE piece_id IN ({piece})", "certificate-missing"),
    "status event": (
        "DELETE FROM status_event WHERE id IN (SELECT min(id) FROM status_event WHERE submission_id IN ({submission}))",
        "status-event-missing",
    ),
    "posting": ("DELETE FROM posting WHERE piece_id IN ({piece})", "posting-missing"),
    "filed document": ("DELETE FROM filing WHERE key LIKE 'document:{0}:%%'", "filing-missing"),
    "filed hand-over": ("DELETE FROM filing WHERE key LIKE 'hand-over:%%:{0}'", "filing-missing"),
    "recipient": ("DELETE FROM recipient WHERE id IN ({copy})", "recipient-missing"),
    "letter": ("DELETE FROM letter WHERE reference = '{0}'", "letter-missing"),
}
_BY_THE_SWEEP_ONLY = {"document row", "consignment"}
"""Of a large account; a day is always read copy by copy."""


def statement_for(statement: str, reference: str) -> str:
    copy = _COPY[0].format(reference)
    piece = _COPY[1].format(copy=copy)
    return statement.format(reference, copy=copy, piece=piece, submission=_COPY[2].format(piece=piece))


@pytest.mark.parametrize("what", _DELETIONS)
def test_deleting_any_row_of_a_letter_makes_the_account_name_it(story: Story, what: str) -> None:
    world, (victim, other) = story.world, story.references
    statement, code = _DELETIONS[what]
    with intruder(world) as connection:
        connection.exec_driver_sql(statement_for(statement, victim))
    for copy_by_copy in (5000, TOTALS):
        if copy_by_copy == TOTALS and what in _BY_THE_SWEEP_ONLY:
            sweep(world.services, everything=True)
        balance = account(world.services, copy_by_copy=copy_by_copy)
        assert not balance.balanced
        assert [(name.split("/")[0], found) for name, found in balance.unexplained] == [
            (for_people(victim), code)
        ]
        assert (balance.approved, balance.lines[Line.POSTED]) == (2, 1)
        assert other not in str(balance.unexplained)


def test_a_run_certificate_that_is_gone_names_every_letter_of_its_run(story: Story) -> None:
    world = story.world
    with intruder(world) as connection:
        connection.exec_driver_sql("DELETE FROM run_certificate")
    for copy_by_copy in (5000, TOTALS):
        balance = account(world.services, copy_by_copy=copy_by_copy)
        assert sorted(balance.unexplained) == sorted(
            (f"{for_people(r)}/1", "certificate-missing") for r in story.references
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            "UPDATE approval SET document_sha256 = {other} WHERE recipient_id IN ({copy})",
            "signed-document-differs",
        ),
        ("UPDATE mail_piece SET print_sha256 = {other} WHERE id IN ({piece})", "print-copy-differs"),
        ("UPDATE submission SET handed_sha256 = {other} WHERE id IN ({submission})", "handed-over-differs"),
        ("UPDATE filing SET sha256 = {other} WHERE key LIKE 'document:{0}:%%'", "filed-document-differs"),
        ("UPDATE submission SET status = 'accepted' WHERE id IN ({submission})", "status-differs-from-events"),
    ],
)
def test_two_rows_that_name_different_bytes_break_the_chain_by_hash(
    story: Story, change: str, code: str
) -> None:
    world, (victim, other) = story.world, story.references
    foreign = (
        "(SELECT a.document_sha256 FROM approval a JOIN recipient r ON r.id = a.recipient_id "
        f"JOIN letter l ON l.id = r.letter_id WHERE l.reference = '{other}')"
    )
    with intruder(world) as connection:
        for name in ("approval_append_only", "mail_piece_print_sha256_set_once"):
            if world.services.db.engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement_for(change.replace("{other}", foreign), victim))
    sweep(world.services, everything=True)
    for copy_by_copy in (5000, TOTALS):
        balance = account(world.services, copy_by_copy=copy_by_copy)
        assert balance.unexplained == ((f"{for_people(victim)}/1", code),)


def remove(world: World, sha256: str | None, damage: bytes | None = None) -> None:
    (file,) = (world.settings.data_dir / "documents").rglob(sha256 or "")
    if damage is None:
        file.unlink()
    else:
        file.chmod(0o600)
        file.write_bytes(damage)


def test_stored_bytes_that_are_gone_or_damaged_are_named_after_the_sweep_and_forgotten_when_healed(
    world: World,
) -> None:
    first, second = played(world)
    kept = world.services.blobs.get(world.only(first).approved_sha256 or "")
    remove(world, world.only(first).approved_sha256)
    remove(world, world.only(second).print_sha256, b"something else")
    assert account(world.services).balanced
    sweep(world.services, everything=True)
    assert set(account(world.services).unexplained) == {
        (f"{for_people(first)}/1", "approved-document-missing"),
        (f"{for_people(second)}/1", "print-copy-damaged"),
    }
    world.services.blobs.put(kept)
    sweep(world.services, everything=True)
    assert account(world.services).unexplained == ((f"{for_people(second)}/1", "print-copy-damaged"),)


def test_what_the_case_file_does_not_give_back_is_named_after_the_sweep(world: World) -> None:
    played(world)
    sweep(world.services, everything=True)
    files = sorted((world.settings.data_dir / "case-files").rglob("documents/*.pdf"))
    files[0].unlink()
    files[1].chmod(0o600)
    files[1].write_bytes(b"%PDF-forged")
    sweep(world.services, everything=True)
    codes = sorted(code for _, code in account(world.services).unexplained)
    assert codes == ["filed-document-differs", "filed-document-missing"]


def test_the_certificate_document_of_a_run_is_swept_too(world: World) -> None:
    references = played(world)
    with world.services.db.reading() as session:
        sha256 = session.exec(select(RunCertificate.sha256)).one()
    remove(world, sha256)
    sweep(world.services, everything=True)
    found = account(world.services).unexplained
    assert sorted(found) == sorted((f"{for_people(r)}/1", "certificate-document-missing") for r in references)


def test_what_the_provider_does_not_hold_any_more_is_named_after_the_tally(world: World) -> None:
    victim, _ = played(world)
    key = world.only(victim).key
    provider = world.services.providers["epost"]
    real = provider.holdings  # type: ignore[attr-defined]
    provider.holdings = lambda *days: [each for each in real(*days) if each.key != key]  # type: ignore[attr-defined]
    tallying.tally_day(world.services, "epost", MONDAY)
    for copy_by_copy in (5000, TOTALS):
        assert account(world.services, copy_by_copy=copy_by_copy).unexplained == (
            (f"{for_people(victim)}/1", "missing-at-provider"),
        )


def test_a_database_from_before_gets_what_the_rows_always_said(world: World) -> None:
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.operations import Operations  # noqa: PLC0415

    migration = importlib.import_module("gateway.db.migrations.versions.0007_account_by_rows")
    played(world)
    world.approved("F2")
    queries = (
        "SELECT id, status, events, posted_on, handed_sha256 FROM submission ORDER BY id",
        "SELECT id, letter_id, recipient_id, document_key, sha256 FROM filing ORDER BY id",
        "SELECT id, filings FROM letter ORDER BY id",
    )
    with intruder(world) as connection:
        before = [connection.exec_driver_sql(query).all() for query in queries]
        for change in (
            "UPDATE submission SET status = 'unknown', events = 0, posted_on = NULL, handed_sha256 = NULL",
            "UPDATE filing SET letter_id = NULL, recipient_id = NULL, document_key = NULL, sha256 = NULL",
            "UPDATE letter SET filings = 0",
        ):
            connection.exec_driver_sql(change)
        with Operations.context(MigrationContext.configure(connection)):
            migration._backfill()
        after = [connection.exec_driver_sql(query).all() for query in queries]
    for columns in (slice(0, 2), slice(3, 5)):  # of entries without a document the copy stays open
        assert [row[columns] for row in before[1]] == [row[columns] for row in after[1]]
    assert (before[0], before[2]) == (after[0], after[2])
    assert account(world.services).balanced


def test_a_pass_looks_at_a_bounded_part_and_goes_on_where_it_was(world: World) -> None:
    played(world, letters=3)
    services = replace(
        world.services,
        sweep=SweepRules(documents_a_pass=2, filed_a_pass=1, copies_a_pass=1, everything_within_days=5),
    )
    world.advance(days=6)
    assert sweep_state(services).documents_overdue == 6
    first = sweep(services)
    assert (first.filed, first.copies) == (1, 1)
    assert sweep_state(services).documents_overdue == 4
    for _ in range(3):
        sweep(services)
    state = sweep_state(services)
    assert (state.documents_overdue, state.filed_overdue) == (0, 0)
    assert state.rows_checked_at == world.clock.now()


def everywhere(world: World) -> None:
    """Copies in every state that a random story leads to."""
    from gateway.application.runs.running import run  # noqa: PLC0415

    chance = random.Random(11)
    for n in range(7):
        reference = world.approved(chance.choice(["F1", "F2"]), appointment_time=f"{8 + n:02}:15")
        fate = ["go", "hold", "cancel", "reject:E306", "drop-after-accept", "fail-later:E318", "go"][n]
        if fate == "hold":
            withholding.hold(world.services, "anna", reference, "warten")
        elif fate == "cancel":
            withholding.cancel(world.services, "anna", reference, "Irrtum")
        else:
            if ":" in fate or "-" in fate:
                world.simulator.plan_fault("POST /api/Letter", fate)
            world.advance(minutes=1)
            run(world.services)
    world.advance(days=chance.randint(0, 3))
    poll(world.services)
    file_due(world.services)


def plain(balance: Account) -> tuple[object, ...]:
    return balance.approved, balance.lines, dict(balance.standings), balance.unexplained


def test_the_totals_of_the_database_are_what_the_rule_says_of_each_copy(world: World) -> None:
    everywhere(world)
    by_copy = account(world.services)
    assert by_copy.approved > 7
    assert len(by_copy.standings) >= 5
    assert plain(by_copy) == plain(account(world.services, copy_by_copy=TOTALS))


def test_a_person_gets_the_account_of_the_offices_that_they_may_read(world: World) -> None:
    world.approved("F1")
    world.advance_to(at(date(2026, 11, 18), "08:00"))
    world.approved("F3", login="ahmad", by="beate")
    services = world.services
    assert account(services, login="anna").approved == 1
    assert account(services, login="post").approved == account(services).approved == 2
    assert account(services, login="ahmad", chosen=Selection(office="ahaus")).approved == 1
    with pytest.raises(NotPermitted):
        account(services, login="anna", chosen=Selection(office="ahaus"))
    with pytest.raises(NotPermitted):
        account(services, login="admin")
    with pytest.raises(NotFound, match="run-unknown"):
        account(services, chosen=Selection(run=(MONDAY, 9)))
    assert [name for name, *_ in copies_on(services, Line.UNDER_WAY, login="anna").copies] == [
        name for name, office, _ in copies_on(services, Line.UNDER_WAY).copies if office == "borken"
    ]


def test_a_line_is_read_down_to_the_letter_page_by_page(world: World) -> None:
    references = [world.approved(appointment_time=f"1{n}:30") for n in range(3)]
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = copies_on(world.services, Line.UNDER_WAY, after=after, limit=2)
        seen += [name for name, *_ in page.copies]
        after = page.next_after
    assert seen == [f"{for_people(reference)}/1" for reference in references]


def test_days_begin_and_end_at_local_midnight_also_when_the_clocks_change(world: World) -> None:
    world.advance_to(at(date(2027, 3, 27), "23:30"))
    world.approved(appointment_time="10:00")
    world.advance_to(at(date(2027, 3, 28), "23:30"))
    world.approved(appointment_time="11:00")
    for day, count in ((27, 1), (28, 1), (29, 0)):
        assert account(world.services, day=date(2027, 3, day)).approved == count


def test_a_scanned_document_that_no_row_explains_is_missing_on_its_delivery(
    world: World, tmp_path: object
) -> None:
    from pathlib import Path  # noqa: PLC0415

    from gateway.testing.scans import ScanSpec, make_delivery  # noqa: PLC0415

    folder = make_delivery(
        Path(str(tmp_path)) / "scan", "scans", "2026-11-16-001", 1, [ScanSpec.unknown()], at=world.clock.now()
    )
    receiving.import_delivery(world.services, folder, source="scans")
    world.advance(days=3)
    (balance,) = account_sheet(world.services, "post", Selection()).inbound
    assert (balance.scanned, balance.desk, balance.missing, balance.oldest_days) == (1, 1, 0, 3)
    with intruder(world) as connection:
        connection.exec_driver_sql("DELETE FROM inbound_document")
    (balance,) = account_sheet(world.services, None, Selection()).inbound
    assert (balance.desk, balance.missing) == (0, 1)
    ((name, code),) = balance.unexplained
    assert (name, code) == (f"2026-11-16-001/{next(folder.glob('*.pdf')).stem}", "inbound-document-missing")
    assert account_sheet(world.services, "anna", Selection()).inbound == []


def test_a_control_total_that_no_letter_explains_stands_there_itself(world: World) -> None:
    played(world)
    assert account(world.services, copy_by_copy=TOTALS).balanced
    with intruder(world) as connection:
        connection.exec_driver_sql(
            "INSERT INTO mail_piece (reference, batch_id, service, duplex)"
            " SELECT 'ZZZZZZZZ', batch_id, service, duplex FROM mail_piece LIMIT 1"
        )
    found = account(world.services, copy_by_copy=TOTALS)
    assert not found.balanced
    assert found.unexplained == (("3 statt 2", "piece-missing"),)


def test_a_piece_that_a_void_hand_over_says_was_posted_too_has_one_posting(world: World) -> None:
    """A print house that printed what was called back: its report stands beside that of the hand-over that counts."""
    first, _ = played(world)
    with world.services.db.transaction() as session:
        counting = session.exec(select(Submission).order_by(col(Submission.id))).all()
        for number, one in enumerate((counting[0], counting[0], counting[1])):
            earlier = one.model_dump(exclude={"id"}) | {
                "key": f"{one.key}-v{number}",
                "state": SubmissionState.VOID,
                "voided_at": world.clock.now(),
                "events": 0,
            }
            session.add(Submission(**earlier))
    assert account(world.services, copy_by_copy=TOTALS).balanced
    with intruder(world) as connection:
        connection.exec_driver_sql(statement_for(_DELETIONS["posting"][0], first))
    found = account(world.services, copy_by_copy=TOTALS).unexplained
    assert found == ((f"{for_people(first)}/1", "posting-missing"),)
