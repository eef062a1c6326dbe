"""Filing: the case file tells the life of every letter in order, once, whatever breaks in between."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.clearing import withholding
from gateway.application.filing.filing import file_due
from gateway.application.posting import posting
from gateway.application.tracking.tracking import poll
from gateway.db.files import Filing
from gateway.db.letters import Letter
from gateway.domain.filing.filing_fields import FIELDS
from gateway.domain.letters.letter import LetterState
from gateway.errors import CaseFileError
from gateway.ports.casefile import CaseRef, FilingEntry
from tests.world import AWARD, World

pytestmark = pytest.mark.both_databases


class Around:
    """A case file that does something before or after filing."""

    def __init__(
        self, casefile: Any, before: Callable[[FilingEntry], None] | None = None, after: Any = None
    ) -> None:
        self._casefile, self._before, self._after = casefile, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._casefile, name)

    def file(self, entry: FilingEntry) -> str:
        if self._before:
            self._before(entry)
        external_id: str = self._casefile.file(entry)
        if self._after:
            self._after(entry)
        return external_id


class Killed(BaseException):
    """Stands for the end of the process."""


def index(world: World, file_number: str = "JC-BOR-2026-00017") -> list[dict[str, Any]]:
    for file in (world.settings.data_dir / "case-files").glob(f"{file_number}*/index.json"):
        entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["entries"]
        return entries
    return []


def kinds(world: World) -> list[str]:
    return [str(entry["kind"]) for entry in index(world)]


def due(world: World) -> bool:
    with world.services.db.reading() as session:
        return any(letter.filing_due for letter in session.exec(select(Letter)).all())


def test_the_case_file_tells_the_life_of_a_letter_in_order(world: World) -> None:
    world.approved("F1", AWARD, login="both")
    assert due(world)
    file_due(world.services)
    assert kinds(world) == ["document"]
    world.evening()
    file_due(world.services)
    assert kinds(world) == ["document", "hand-over"]
    world.advance(days=4)
    poll(world.services)
    file_due(world.services)
    (day,) = posting.posting_days(world.services, "post")
    posting.confirm(world.services, "post", day.day)
    assert due(world)
    file_due(world.services)
    assert kinds(world) == ["document", "hand-over", "posting", "posting"]
    assert not due(world)
    last = str(index(world)[-1])
    assert "Petra Stelle" in last
    assert day.day.isoformat() in last
    assert file_due(world.services).filed == 0


def test_what_was_filed_late_is_filed_in_the_same_order(world: World) -> None:
    world.approved("F1", AWARD, login="both")
    world.evening()
    world.advance(days=4)
    poll(world.services)
    assert file_due(world.services).filed == 3
    assert kinds(world) == ["document", "hand-over", "posting"]


def test_the_document_fetched_back_is_what_was_approved(world: World) -> None:
    reference = world.approved("F2")
    file_due(world.services)
    for recipient in world.view(reference).recipients:
        fetched = world.services.casefile.fetch(
            CaseRef("JC-BOR-2026-00018", "35702//0012346", "borken"), f"{reference}-{recipient.number}"
        )
        assert fetched == world.services.blobs.get(recipient.approved_sha256 or "")


def test_a_cancelled_letter_is_filed_with_its_cancellation_and_a_draft_never(world: World) -> None:
    reference = world.approved()
    draft = world.ready(appointment_time="15:00")
    withholding.cancel(world.services, "anna", draft, "Irrtum")
    file_due(world.services)
    withholding.cancel(world.services, "anna", reference, "Irrtum")
    file_due(world.services)
    assert kinds(world) == ["document", "cancellation"]
    assert draft not in str(index(world))
    assert not due(world)


def test_a_kill_between_filing_and_remembering_files_nothing_twice(world: World) -> None:
    world.approved()

    def die(_entry: FilingEntry) -> None:
        raise Killed

    with pytest.raises(Killed):
        file_due(replace(world.services, casefile=Around(world.services.casefile, after=die)))
    assert kinds(world) == ["document"]
    assert due(world)
    world.advance(hours=1)
    assert file_due(world.services).failed == 0
    assert kinds(world) == ["document"]
    assert not due(world)


def test_a_case_file_that_is_away_is_tried_later_visibly_and_holds_nothing_else_up(world: World) -> None:
    bad, good = world.approved("F1"), world.approved("F2")

    def away(entry: FilingEntry) -> None:
        if bad in entry.key:
            raise CaseFileError("case-file-away", "Die Akte ist nicht erreichbar.")

    services = replace(world.services, casefile=Around(world.services.casefile, before=away))
    report = file_due(services)
    assert (report.filed, report.failed) == (2, 1)
    with world.services.db.reading() as session:
        row = session.exec(select(Filing).where(Filing.error_code == "case-file-away")).one()
        states = {letter.reference: letter.filing_due for letter in session.exec(select(Letter)).all()}
    assert row.next_attempt_at is not None
    assert world.clock.now() < row.next_attempt_at <= world.clock.now() + timedelta(minutes=5)
    assert states == {bad: True, good: False}
    assert file_due(world.services).filed == 0  # not its time yet
    (run,) = world.evening()
    assert run.hand_over.released == 3
    file_due(world.services)
    assert kinds(world) == ["document", "hand-over"]
    assert not due(world)


def test_an_entry_that_cannot_be_filed_keeps_the_later_ones_of_its_letter_behind_it(world: World) -> None:
    reference = world.approved()
    world.evening()

    def away(entry: FilingEntry) -> None:
        if entry.kind == "document":
            raise CaseFileError("case-file-away", "Die Akte ist nicht erreichbar.")

    file_due(replace(world.services, casefile=Around(world.services.casefile, before=away)))
    assert index(world) == []
    world.advance(hours=1)
    file_due(world.services)
    assert kinds(world) == ["document", "hand-over"]
    assert world.view(reference).standing == "handed_over"


def test_a_document_whose_bytes_are_damaged_or_gone_holds_no_other_letter_up(world: World) -> None:
    damaged = world.approved("F1")
    world.approved("F2")
    sha256 = world.only(damaged).approved_sha256 or ""
    (file,) = (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*")
    good = file.read_bytes()
    file.chmod(0o600)
    for content in (good[:-1], None):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        report = file_due(world.services)
        assert report.failed == 1
    assert len(index(world, "JC-BOR-2026-00018")) == 2
    assert due(world)
    file.write_bytes(good)
    world.advance(hours=7)
    assert file_due(world.services).filed == 1
    assert not due(world)


def test_a_fact_that_comes_while_filing_is_not_forgotten(world: World) -> None:
    reference = world.approved()
    once = [True]

    def meanwhile(_entry: FilingEntry) -> None:
        if once:
            once.pop()
            withholding.cancel(world.services, "anna", reference, "gerade noch")

    file_due(replace(world.services, casefile=Around(world.services.casefile, after=meanwhile)))
    assert due(world)
    file_due(world.services)
    assert kinds(world) == ["document", "cancellation"]
    assert world.view(reference).state == LetterState.CANCELLED.value


def test_every_entry_says_what_the_case_file_asks_for(world: World) -> None:
    reference = world.approved("F1", AWARD, login="both")
    world.evening()
    world.advance(days=4)
    poll(world.services)
    file_due(world.services)
    document, handed_over, posted = (entry["metadata"] for entry in index(world))
    for metadata in (document, handed_over, posted):
        assert metadata.keys() <= FIELDS.keys()
        assert (metadata["process"], metadata["caseworker"]) == ("F1", "Carla Beides")
        assert metadata["responsible_office"] == "Jobcenter Borken"
        assert metadata["remedy_notice"] == "widerspruch"
    assert document["pages"] == len(world.services.renderer.page_texts(_approved(world, reference)))
    assert (handed_over["sheets"], handed_over["batch"]) == (world.only(reference).sheets, "2026-11-16")
    assert posted["deemed_notified_on"] > posted["posting_date"]


def _approved(world: World, reference: str) -> bytes:
    return world.services.blobs.get(world.only(reference).approved_sha256 or "")
