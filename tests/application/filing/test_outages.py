"""A case file that is away for a week: it is asked now and then, everything else goes on, and nothing is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from gateway.application.filing.filing import file_due
from gateway.application.filing.filing_view import backlog, backlog_findings
from gateway.application.posting import posting
from gateway.application.services import Services
from gateway.application.tracking.tracking import poll
from gateway.application.views.explaining import explain
from gateway.db.files import Filing
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.outages import FilingOutage
from gateway.domain.references import reference_from
from gateway.errors import CaseFileError, CaseFileUnavailable
from gateway.ports.casefile import FilingEntry
from gateway.testing.casefile_samples import CASE
from tests.world import World


@dataclass
class Stubborn:
    """A case file that takes nothing while it is away, and chokes on some letters at any time."""

    casefile: Any
    away: bool = True
    chokes_on: Sequence[str] = ()
    refuses: Sequence[str] = ()
    asked: list[str] = field(default_factory=list)
    took: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.casefile, name)

    def file(self, entry: FilingEntry) -> str:
        self.asked.append(entry.key)
        if self.away or any(each in entry.key for each in self.chokes_on):
            raise CaseFileUnavailable("cmis-unreachable", "Das DMS ist nicht erreichbar.")
        if any(each in entry.key for each in self.refuses):
            raise CaseFileError("cmis-constraint", "Das DMS nimmt das Objekt nicht an.")
        external_id: str = self.casefile.file(entry)
        self.took.append(entry.key)
        return external_id


@pytest.fixture
def dms(world: World) -> Stubborn:
    return Stubborn(world.services.casefile)


@pytest.fixture
def services(world: World, dms: Stubborn) -> Services:
    return replace(world.services, casefile=dms)


def more_of(world: World, reference: str, count: int, **changes: Any) -> list[str]:
    """Approved letters like one that there is, in the rows: what the outbox sees of a big mailing."""
    made = []
    with world.services.db.transaction() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        copies = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()
        for number in range(count):
            changed = {"reference": reference_from(10**9 + number), **changes}
            other = Letter(**(letter.model_dump(exclude={"id"}) | changed))
            session.add(other)
            session.flush()
            made.append(other.reference)
            for copy in copies:
                recipient = Recipient(**{**copy.model_dump(exclude={"id"}), "letter_id": other.id})
                session.add(recipient)
                session.flush()
                signed = session.exec(select(Approval).where(Approval.recipient_id == copy.id)).one()
                session.add(Approval(**{**signed.model_dump(exclude={"id"}), "recipient_id": recipient.id}))
    return made


def hours(world: World, count: int) -> Iterator[int]:
    for hour in range(count):
        world.advance(hours=1)
        yield hour


def test_a_week_without_the_case_file_loses_nothing_doubles_nothing_and_holds_nothing_up(
    world: World, services: Services, dms: Stubborn
) -> None:
    first = world.approved("F1")
    more_of(world, first, 200, held_at=world.clock.now())  # only one travels; the rest is for the outbox
    began = world.clock.now()
    report = file_due(services)
    assert (report.away, report.filed, dms.asked) == (True, 0, [f"document:{first}:1"])

    (run,) = world.evening()
    assert run.hand_over.released == 1
    probes = len(dms.asked)
    for hour in hours(world, 7 * 24):
        report = file_due(services)
        assert len(dms.asked) - probes <= 1, "one pass asks a dead case file once, not once for every letter"
        probes = len(dms.asked)
        if hour == 96:
            poll(services)
            (day,) = posting.posting_days(services, "post")
            posting.confirm(services, "post", day.day)
    assert 150 < len(dms.asked) < 200
    assert len(set(dms.asked)) > 100, (
        "takes turns: one letter that it chokes on would not keep it away for ever"
    )

    found = backlog(services, "audit")
    assert (found.letters, found.inbound) == (201, 0)
    assert found.outage is not None
    assert found.outage.began_at == began
    assert timedelta(0) < found.outage.next_attempt_at - world.clock.now() < timedelta(minutes=40)
    (alarm,) = backlog_findings(services)
    assert alarm.code == "filing-outage"
    assert "201 Schreiben" in alarm.message
    assert "cmis-unreachable" in alarm.message
    assert any("nicht angenommen" in sentence for sentence in explain(services, dms.asked[0].split(":")[1]))

    dms.away = False
    world.advance(hours=1)
    report = file_due(services)
    assert not report.away
    assert len(dms.took) == len(set(dms.took)) == report.filed == 201 + 3
    assert [key.split(":")[0] for key in dms.took if first in key.split(":")] == [
        "document",
        "hand-over",
        "posting-reported",
        "posting-confirmed",
    ]
    after = backlog(services)
    assert (after.letters, after.outage, list(after.failing)) == (0, None, [])
    assert backlog_findings(services) == []
    with world.services.db.reading() as session:
        (outage,) = session.exec(select(FilingOutage)).all()
        assert outage.ended_at == world.clock.now()
    assert services.casefile.fetch(CASE, f"{first}-1") == world.services.blobs.get(
        world.only(first).approved_sha256 or ""
    )


def test_a_letter_that_the_case_file_chokes_on_does_not_keep_the_others_out(
    world: World, services: Services, dms: Stubborn
) -> None:
    bad = world.approved("F1")
    good = more_of(world, bad, 5)
    dms.away, dms.chokes_on = False, [bad]
    for _ in hours(world, 4):
        file_due(services)
    assert sorted(key.split(":")[1] for key in dms.took) == sorted(good)
    assert backlog(services).letters == 1


def test_what_is_refused_for_itself_stands_with_its_reason_until_it_is_taken(
    world: World, services: Services, dms: Stubborn
) -> None:
    bad = world.approved("F1")
    good = world.approved("F3", login="ahmad", by="beate")
    dms.away, dms.refuses = False, [bad]
    since = world.clock.now()
    for _ in hours(world, 3):
        file_due(services)
    assert dms.took == [f"document:{good}:1"]
    (entry,) = backlog(services).failing
    assert (entry.key, entry.error_code, entry.office) == (f"document:{bad}:1", "cmis-constraint", "borken")
    assert since < entry.since <= since + timedelta(hours=1)
    assert entry.again_at is not None
    assert [alarm.code for alarm in backlog_findings(services)] == ["filing-refused"]
    assert len(backlog(services, "anna").failing) == 1
    assert backlog(services, "ahmad").failing == [], "another office's file numbers are not for everybody"

    dms.refuses = []
    world.advance(hours=7)
    file_due(services)
    assert backlog(services).failing == []
    with world.services.db.reading() as session:
        assert session.exec(select(Filing).where(col(Filing.failing_since).is_not(None))).all() == []


def test_two_sweeps_at_once_are_one(world: World, services: Services, dms: Stubborn) -> None:
    world.approved("F1")
    dms.away = False
    with world.services.locks.try_lock("filing") as held:
        assert held
        assert file_due(services).filed == 0
    assert file_due(services).filed == 1


def test_looking_for_what_is_due_does_not_grow_with_what_was_filed(world: World) -> None:
    """The plan of the database: an index on what is open, never the whole table."""
    questions = {
        "letter": "SELECT id, reference FROM letter WHERE filing_due = 1 AND id > 0 ORDER BY id LIMIT 200",
        "filing": "SELECT key, attempts FROM filing WHERE filed_at IS NULL",
        "inbound_document": "SELECT id FROM inbound_document WHERE state = 'assigned' AND filed_at IS NULL ORDER BY id",
    }
    with world.services.db.reading() as session:
        for table, question in questions.items():
            plan = str(session.connection().execute(text(f"EXPLAIN QUERY PLAN {question}")).all())
            assert "USING" in plan, (table, plan)
            assert "INDEX" in plan, (table, plan)
            assert "PRIMARY KEY" not in plan, (table, plan)
