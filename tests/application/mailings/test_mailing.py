"""Mass mailings: checked row by row, nothing before it is accepted, nothing twice."""

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from gateway.application.clearing.withholding import cancel
from gateway.application.letters import drafting
from gateway.application.letters.rendering import render_submitted
from gateway.application.mailings import mailing_accept
from gateway.application.mailings.mailing import check_table, discard
from gateway.application.mailings.mailing_accept import accept, carry_on, under_way
from gateway.application.mailings.mailing_approve import approve_mailing, sample_letters
from gateway.application.mailings.mailing_rows import CHUNK
from gateway.application.mailings.mailing_view import (
    MailingView,
    fault_counts,
    list_mailings,
    mailing_view,
    row_faults,
)
from gateway.application.services import Services
from gateway.application.views.listing import list_letters
from gateway.db.letters import Letter
from gateway.db.mailings import MailingRow
from gateway.db.people import Person
from gateway.domain.letters.mailing import MailingState
from gateway.errors import Conflict, InputError, NotPermitted
from tests.world import AWARD, REQUEST, World

pytestmark = pytest.mark.both_databases

HEADER = "case;concerns;deadline;consequence;documents.1.title"
BORKEN = ("JC-BOR-2026-00017", "JC-BOR-2026-00018")


def table(*rows: str) -> io.BytesIO:
    return io.BytesIO("\n".join([HEADER, *rows]).encode())


def row(case: str = "F1", concerns: str = "Ihr Antrag", deadline: str = "14.12.2026") -> str:
    return f"{case};{concerns};{deadline};Versagung;Mietvertrag"


def good() -> io.BytesIO:
    return table(row("F1"), row("F2"))


def many(count: int) -> io.BytesIO:
    return table(*(row("F1", f"Ihr Antrag {number}") for number in range(count)))


def check(world: World, file: io.BytesIO, login: str = "anna", **options: Any) -> MailingView:
    number = check_table(world.services, login, file, template=REQUEST, **options)
    return mailing_view(world.services, login, number)


def written(world: World, file: io.BytesIO, **options: Any) -> int:
    view = check(world, file, **options)
    accept(world.services, "anna", view.id)
    carry_on(world.services, view.id)
    return view.id


def found(world: World, number: int) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.code) for fault in row_faults(world.services, "anna", number)]


def letters(world: World) -> int:
    with world.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(Letter)).one()


def test_good_rows_become_letters_that_wait_for_approval(world: World) -> None:
    number = written(world, good())
    lines = list_letters(world.services, "anna")
    assert sorted(line.file_number for line in lines) == sorted(BORKEN)
    assert {line.standing.value for line in lines} == {"submitted"}
    view = mailing_view(world.services, "anna", number)
    assert (view.state, view.rows, view.faulty) == (MailingState.DONE, 2, 0)
    (guarded,) = [line.reference for line in lines if line.file_number == BORKEN[1]]
    assert [one.copy_for for one in world.view(guarded).recipients] == [None, "Zweitschrift"]
    assert world.view(guarded).data["deadline"] == "2026-12-14"


def test_every_row_has_its_findings_before_anything_is_written(world: World) -> None:
    with world.services.db.transaction() as session:
        session.exec(select(Person).where(Person.reference == "P2")).one().place = ""
    view = check(
        world,
        table(
            row("F1"),
            row("F9"),
            row("F3"),
            row("F1", deadline="31.02.2027"),
            row("F1", concerns=""),
            row("F1"),
            "",
            row("F2"),
            row("F1") + ";zu viel",
        ),
    )
    codes = [(row_number, column, code) for row_number, column, code in found(world, view.id)]
    assert codes[:5] == [
        (3, "case", "case-unknown"),
        (4, "case", "case-not-permitted"),
        (5, "deadline", "cell-not-date"),
        (6, "concerns", "data-invalid"),
        (7, None, "row-doubled"),
    ]
    assert [(number, column) for number, column, _ in codes[5:]] == [(9, "case"), (10, None)]
    assert (view.state, view.rows, view.faulty, view.good) == (MailingState.CHECKED, 8, 7, 1)
    assert dict(fault_counts(world.services, "anna", view.id))["row-doubled"] == 1
    assert letters(world) == 0


def test_all_or_nothing_refuses_a_table_with_findings_and_good_rows_only_leaves_them_out(world: World) -> None:
    view = check(world, table(row("F1"), row("F9")))
    with pytest.raises(Conflict, match="mailing-has-findings"):
        accept(world.services, "anna", view.id)
    assert letters(world) == 0
    accept(world.services, "anna", view.id, only_good=True)
    carry_on(world.services, view.id)
    assert [line.file_number for line in list_letters(world.services, "anna")] == [BORKEN[0]]


def test_a_table_without_a_good_row_is_never_accepted(world: World) -> None:
    view = check(world, table(row("F9")))
    with pytest.raises(Conflict, match="mailing-empty"):
        accept(world.services, "anna", view.id, only_good=True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"case;concerns\nF1;x\n", "column-missing"),
        (b"Max Beispiel;F1\n", "column-unknown"),
        (HEADER.encode(), "table-empty"),
        (b"", "column-missing"),
    ],
)
def test_a_wrong_header_is_a_finding_of_the_table(world: World, content: bytes, code: str) -> None:
    view = check(world, io.BytesIO(content))
    assert code in [finding["code"] for finding in view.findings]
    assert view.good == 0


def test_the_same_file_again_needs_an_explicit_yes(world: World) -> None:
    first = written(world, good())
    with pytest.raises(Conflict, match="mailing-repeated") as caught:
        check(world, good())
    assert f"Serienbrief {first}" in caught.value.message
    assert letters(world) == 2
    written(world, good(), accept_repeat=True)
    assert letters(world) == 4


def test_another_file_with_the_same_letters_is_found_row_by_row_for_fourteen_days(world: World) -> None:
    written(world, good())
    again = table(row("F2"), row("F1", "etwas anderes"))
    view = check(world, again)
    assert found(world, view.id) == [(2, None, "letter-probably-duplicate")]
    world.advance_to(world.clock.now() + timedelta(days=15))
    assert check(world, again).faulty == 0


def test_a_file_that_was_only_checked_may_come_again(world: World) -> None:
    file = table(row("F1"), row("F9"))
    first = check(world, file)
    second = check(world, file)
    assert second.id != first.id
    assert mailing_view(world.services, None, first.id).state is MailingState.DISCARDED
    assert [view.id for view in list_mailings(world.services, "anna")] == [second.id]
    with pytest.raises(Conflict, match="mailing-repeated"):
        check(world, file, login="both")


def test_what_is_discarded_keeps_no_data(world: World) -> None:
    view = check(world, good())
    discard(world.services, "anna", view.id)
    with world.services.db.reading() as session:
        assert session.exec(select(MailingRow)).all() == []
    with pytest.raises(Conflict, match="mailing-not-checked"):
        accept(world.services, "anna", view.id)


def test_rows_keep_their_data_only_until_the_letter_exists(world: World) -> None:
    view = check(world, table(row("F1"), row("F9", "nur fuer diese Zeile")))
    accept(world.services, "anna", view.id, only_good=True)
    carry_on(world.services, view.id)
    with world.services.db.reading() as session:
        rows = session.exec(select(MailingRow)).all()
        assert [one.data for one in rows] == [None, None]
        assert "nur fuer diese Zeile" not in str([one.findings for one in rows])


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("last_step", range(0, 9))
def test_a_kill_between_any_two_chunks_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, last_step: int
) -> None:
    monkeypatch.setattr(mailing_accept, "CHUNK", 2)
    view = check(world, many(7))
    accept(world.services, "anna", view.id)
    steps = iter(range(last_step))

    def progress(_done: int) -> None:
        if next(steps, None) is None:
            raise Killed

    with pytest.raises(Killed):
        carry_on(world.services, view.id, progress=progress)
    before = mailing_view(world.services, "anna", view.id)
    if before.state is MailingState.DRAFTING:
        assert not before.letter_states.get("submitted")  # type: ignore[call-overload]
    assert under_way(world.services) == [view.id]
    carry_on(world.services, view.id)
    after = mailing_view(world.services, "anna", view.id)
    assert after.letter_states == {"submitted": 7}
    assert letters(world) == 7
    assert under_way(world.services) == []


def test_a_kill_inside_a_chunk_leaves_no_letter_without_its_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = check(world, many(3))
    accept(world.services, "anna", view.id)
    real = drafting.draft
    calls = iter(range(2))

    def dying(*args: Any, **kwargs: Any) -> Letter:
        if next(calls, None) is None:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(mailing_accept, "draft", dying)
    with pytest.raises(Killed):
        carry_on(world.services, view.id)
    assert letters(world) == 0
    monkeypatch.setattr(mailing_accept, "draft", real)
    carry_on(world.services, view.id)
    assert letters(world) == 3


def spoil(services: Services) -> None:
    """The address of the second case breaks after the check."""
    with services.db.transaction() as session:
        session.exec(select(Person).where(Person.reference == "P1")).one().place = ""


def test_all_or_nothing_stops_whole_if_a_row_breaks_after_the_check(world: World) -> None:
    view = check(world, good())
    spoil(world.services)
    accept(world.services, "anna", view.id)
    carry_on(world.services, view.id)
    after = mailing_view(world.services, "anna", view.id)
    assert after.state is MailingState.STOPPED
    assert after.letter_states == {"cancelled": 1}
    assert [fault.row for fault in row_faults(world.services, "anna", view.id)] == [3]
    assert check(world, good()).rows == 2  # the same file may come again: nothing came of it


def test_good_rows_only_goes_on_if_a_row_breaks_after_the_check(world: World) -> None:
    view = check(world, good())
    spoil(world.services)
    accept(world.services, "anna", view.id, only_good=True)
    carry_on(world.services, view.id)
    after = mailing_view(world.services, "anna", view.id)
    assert (after.state, after.letter_states) == (MailingState.DONE, {"submitted": 1})
    assert [fault.row for fault in row_faults(world.services, "anna", view.id)] == [3]


def test_a_draft_that_was_cancelled_meanwhile_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing_accept, "CHUNK", 1)
    view = check(world, good())
    accept(world.services, "anna", view.id)

    def progress(done: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        carry_on(world.services, view.id, progress=progress)
    (drop, take) = [line.reference for line in list_letters(world.services, "anna")]
    cancel(world.services, "anna", drop, "falsch")
    drafting.submit(world.services, "anna", take)
    carry_on(world.services, view.id)
    after = mailing_view(world.services, "anna", view.id)
    assert (after.state, after.faulty) == (MailingState.DONE, 0)
    assert after.letter_states == {"cancelled": 1, "submitted": 1}


def test_only_who_handed_in_the_table_decides(world: World) -> None:
    view = check(world, good())
    for decide in (accept, discard):
        with pytest.raises(Conflict, match="mailing-of-somebody-else"):
            decide(world.services, "both", view.id)
        with pytest.raises(NotPermitted):
            decide(world.services, "bea", view.id)


def test_other_offices_do_not_see_it(world: World) -> None:
    view = check(world, good())
    for login in ("anna", "both", "bea", "post", "audit"):
        assert [one.id for one in list_mailings(world.services, login)] == [view.id]
    assert list_mailings(world.services, "ahmad") == []
    for login in ("ahmad", "admin"):
        with pytest.raises(NotPermitted):
            mailing_view(world.services, login, view.id)


def test_who_writes_no_letters_checks_no_tables(world: World) -> None:
    with pytest.raises(NotPermitted):
        check(world, good(), login="bea")


def test_a_template_with_lists_in_lists_is_refused(world: World) -> None:
    with pytest.raises(InputError, match="template-not-flat"):
        check_table(world.services, "anna", good(), template=AWARD)


def test_an_unreadable_file_leaves_nothing_behind(world: World) -> None:
    broken = io.BytesIO(many(CHUNK + 3).getvalue() + b'\nF1;"never closed')
    with pytest.raises(InputError, match="table-unreadable"):
        check(world, broken)
    assert list_mailings(world.services, "anna") == []
    with world.services.db.reading() as session:
        assert session.exec(select(MailingRow)).all() == []


def test_doubles_are_found_across_chunks(world: World) -> None:
    file = many(CHUNK + 1)
    file.seek(0, 2)
    file.write(("\n" + row("F1", "Ihr Antrag 0")).encode())
    view = check(world, file)
    assert found(world, view.id) == [(CHUNK + 3, None, "row-doubled")]


def test_an_approver_signs_all_letters_after_a_look_at_some(world: World) -> None:
    number = written(world, good())
    assert sample_letters(world.services, "bea", number) == []
    render_submitted(world.services)
    sample = sample_letters(world.services, "bea", number)
    assert sorted(world.view(one).file_number for one in sample) == sorted(BORKEN)
    with pytest.raises(NotPermitted):
        approve_mailing(world.services, "beate", number)
    report = approve_mailing(world.services, "bea", number)
    assert (report.approved, report.failures) == (2, [])
    assert {world.view(one).state for one in sample} == {"approved"}
    assert approve_mailing(world.services, "bea", number).approved == 0


def test_what_cannot_be_signed_is_listed_and_the_rest_is_signed(world: World) -> None:
    number = written(world, good())
    render_submitted(world.services)
    broken, whole = sample_letters(world.services, "bea", number)
    sha256 = world.view(broken).recipients[0].document_sha256
    (world.settings.data_dir / "documents").joinpath(str(sha256)[:2]).rename(world.settings.data_dir / "gone")
    report = approve_mailing(world.services, "bea", number)
    assert report.approved == 1
    assert [failure[0] for failure in report.failures] == [broken]
    assert world.view(whole).state == "approved"
    assert world.view(broken).state == "ready"
