"""Redriving: each problem of the desk has its way back, decided on the facts of the moment, and nothing is doubled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk, overdue_entries
from gateway.application.desk.redriving import Wish, confirm, redrive
from gateway.application.filing.filing import file_due
from gateway.application.runs.running import run
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking import tracking
from gateway.application.tracking.tallying import tally_due
from gateway.db.desk import DeskDecision
from gateway.db.mail import MailPiece
from gateway.db.people import AuditEntry, User
from gateway.domain.account.account import Line
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import DuplicateGuard
from gateway.errors import Conflict, InputError, IntegrityError, NotFound, NotPermitted, RenderError
from gateway.ports.provider import StatusReport
from tests.application.runs.test_packing import NAME, PrintCentre
from tests.world import MONDAY, World, at

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

LETTER = "POST /api/Letter"
SAID = {"source": "Frau Muster, Hotline, 17.11. 9 Uhr"}


class Unguarded:
    """The provider, which remembers nothing that we could ask for."""

    def __init__(self, provider: Any, guard: DuplicateGuard = DuplicateGuard.NONE) -> None:
        self._provider = provider
        self.capabilities = replace(provider.capabilities, guard=guard)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


def refused(world: World, case: str = "F1") -> str:
    reference = world.approved(case)
    world.simulator.plan_fault(LETTER, "reject:E306")
    world.evening()
    assert world.view(reference).standing == "refused"
    return reference


def in_doubt(world: World, fault: str) -> str:
    world.services = replace(world.services, providers={"epost": Unguarded(world.services.provider)})
    reference = world.approved()
    world.simulator.plan_fault(LETTER, fault)
    world.evening()
    assert world.view(reference).standing == "in_doubt"
    return reference


def entry(world: World, login: str = "post") -> Any:
    (found,) = desk(world.services, login).letters
    return found


def assert_each_once(world: World, count: int) -> None:
    assert len(world.taken()) == len(set(world.taken())) == count
    released = [each.key for each in world.submissions() if each.state == "released"]
    assert sorted(world.taken()) == sorted(released)


def test_a_refused_piece_goes_again_under_a_new_key(world: World) -> None:
    reference = refused(world)
    key = world.only(reference).key or ""
    found = entry(world)
    assert found.problem is Problem.REFUSED
    assert set(found.actions) == {DeskAction.PLAN_AGAIN, DeskAction.CANCEL, DeskAction.HAND_BACK}
    done = redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "Konto war gesperrt"))
    assert done.follow_up == key.replace("-1", "-2")
    assert desk(world.services, "post").letters == []
    assert hand_over(world.services).released == 1
    assert world.taken() == [done.follow_up]
    assert_each_once(world, 1)
    with pytest.raises(NotFound, match="problem-gone"):
        redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "noch einmal"))


def test_who_decided_what_and_why_is_kept(world: World) -> None:
    reference = refused(world)
    redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "Konto war gesperrt"))
    with world.services.db.reading() as session:
        (row,) = session.exec(select(DeskDecision)).all()
        (audited,) = session.exec(select(AuditEntry).where(AuditEntry.action == "desk-decided")).all()
    assert (row.decided_by, row.reason, row.action) == ("post", "Konto war gesperrt", DeskAction.PLAN_AGAIN)
    assert (audited.actor, audited.reason, audited.subject) == ("post", "Konto war gesperrt", reference)


@pytest.mark.parametrize("login", ["ahmad", "audit", "admin"])
def test_who_may_not_decide_changes_nothing(world: World, login: str) -> None:
    reference = refused(world)
    for action in (DeskAction.PLAN_AGAIN, DeskAction.CANCEL, DeskAction.HAND_BACK):
        with pytest.raises(NotPermitted):
            redrive(world.services, login, reference, Wish(action, "darf ich das?"))
    assert world.view(reference).standing == "refused"


def test_a_caseworker_cancels_and_takes_back_but_does_not_plan(world: World) -> None:
    reference = refused(world)
    assert set(entry(world, "anna").actions) == {DeskAction.CANCEL, DeskAction.HAND_BACK}
    with pytest.raises(NotPermitted):
        redrive(world.services, "anna", reference, Wish(DeskAction.PLAN_AGAIN, "bitte"))
    redrive(world.services, "anna", reference, Wish(DeskAction.CANCEL, "überholt"))
    assert world.view(reference).standing == "cancelled"
    assert account(world.services).lines[Line.CANCELLED] == 1
    run(world.services)
    assert world.taken() == []


def test_without_a_reason_nothing_is_decided(world: World) -> None:
    reference = refused(world)
    with pytest.raises(InputError, match="reason-missing"):
        redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "  "))


def test_a_letter_handed_back_is_cancelled_and_its_draft_can_be_mended_and_posted(world: World) -> None:
    from gateway.application.letters import approving, drafting, rendering  # noqa: PLC0415

    reference = refused(world)
    done = redrive(world.services, "post", reference, Wish(DeskAction.HAND_BACK, "Bitte Uhrzeit prüfen"))
    draft = done.follow_up or ""
    assert world.view(reference).standing == "cancelled"
    view = world.view(draft)
    assert (view.state, view.author, view.data) == ("draft", "anna", world.view(reference).data)
    assert reference in (view.note or "")
    drafting.revise(world.services, "anna", draft, {**view.data, "appointment_time": "15:15"})
    drafting.submit(world.services, "anna", draft)
    rendering.render_letter(world.services, draft)
    approving.approve(world.services, "bea", draft)
    world.advance(minutes=1)
    run(world.services)
    assert world.taken() == [world.only(draft).key]
    assert_each_once(world, 1)


def test_when_one_copy_has_left_only_the_refused_one_is_cancelled(world: World) -> None:
    reference = refused(world, "F2")
    found = entry(world)
    assert set(found.actions) == {DeskAction.PLAN_AGAIN, DeskAction.CANCEL}
    redrive(world.services, "post", reference, Wish(DeskAction.CANCEL, "Zweitschrift entfällt"))
    standings = sorted(one.standing.value for one in world.view(reference).recipients)
    assert standings == ["cancelled", "handed_over"]
    assert account(world.services).balanced
    assert desk(world.services, "post").letters == []
    run(world.services)
    assert_each_once(world, 1)


def test_a_piece_that_could_not_be_assembled_is_assembled_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = world.approved()

    def broken(*_: Any, **__: Any) -> Any:
        raise RenderError("render-timeout", "Zeit überschritten")

    with monkeypatch.context() as patched:
        patched.setattr(world.services.renderer, "assemble", broken)
        world.evening()
    assert entry(world).problem is Problem.PIECE_FAULTY
    redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "Speicher war voll"))
    run(world.services)
    assert world.view(reference).standing == "handed_over"
    assert_each_once(world, 1)


def test_a_piece_goes_to_another_provider_with_a_print_copy_for_him(world: World) -> None:
    press = PrintCentre(profile=world.services.provider.profile, name="press")
    world.services = replace(world.services, providers={**world.services.providers, "press": press})
    reference = refused(world)
    old = world.only(reference).piece
    done = redrive(
        world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "dort geht es", provider="press")
    )
    run(world.services)
    assert world.taken() == []
    assert press.pieces() == [done.follow_up]
    assert world.only(reference).provider == "press"
    assert world.only(reference).piece != old
    with pytest.raises(NotFound):
        redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "x", provider="nobody"))


def test_what_failed_at_the_provider_before_printing_goes_again(world: World) -> None:
    reference = world.approved()
    world.simulator.plan_fault(LETTER, "fail-later:E318")
    world.evening()
    world.advance(days=1)
    tracking.poll(world.services)
    found = entry(world)
    assert found.problem is Problem.FAILED
    assert found.actions.keys() == {
        DeskAction.PLAN_AGAIN,
        DeskAction.CANCEL,
        DeskAction.HAND_BACK,
        DeskAction.ACKNOWLEDGE,
    }
    redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "Papierstau beim Dienstleister"))
    assert hand_over(world.services).released == 1
    assert world.view(reference).standing == "handed_over"
    assert [each.state.value for each in world.submissions()] == ["void", "released"]


def test_an_acknowledged_problem_is_off_the_desk_until_a_new_one_arises(world: World) -> None:
    reference = world.approved()
    world.simulator.plan_fault(LETTER, "fail-later:E318")
    world.evening()
    world.advance(days=1)
    tracking.poll(world.services)
    redrive(world.services, "anna", reference, Wish(DeskAction.ACKNOWLEDGE, "persönlich übergeben"))
    assert desk(world.services, "post").letters == []
    assert world.view(reference).standing == "failed"
    (submission,) = world.submissions()
    report = StatusReport(
        submission.key, "X", Status.RETURNED, "zurück", world.clock.now(), "back", {}, reason="unbekannt"
    )
    assert tracking.record(world.services, "epost", [report]) == 1
    assert entry(world).problem is Problem.RETURNED


@pytest.mark.parametrize(("fault", "arrived"), [("drop-after-accept", True), ("drop-before", False)])
def test_an_unknown_outcome_is_decided_by_the_providers_word_and_two_people(
    world: World, fault: str, arrived: bool
) -> None:
    reference = in_doubt(world, fault)
    world.advance(days=1)
    assert hand_over(world.services, retry_now=True).released == 0
    action = DeskAction.PROVIDER_HAS_IT if arrived else DeskAction.PROVIDER_HAS_IT_NOT
    named = {"provider_reference": "4711"} if arrived else {}
    assert set(entry(world).actions) == {DeskAction.PROVIDER_HAS_IT, DeskAction.PROVIDER_HAS_IT_NOT}
    done = redrive(world.services, "post", reference, Wish(action, "nachgefragt", **SAID, **named))
    assert done.waits is not None
    assert world.view(reference).standing == "in_doubt"
    proposal = entry(world).proposal
    assert (proposal.action, proposal.by, proposal.source) == (action, "post", SAID["source"])
    with pytest.raises(NotPermitted, match="second-person-needed"):
        confirm(world.services, "post", done.waits)
    with pytest.raises(NotPermitted):
        confirm(world.services, "anna", done.waits)
    second_post_room(world)
    confirm(world.services, "paul", done.waits)
    assert desk(world.services, "post").letters == []
    assert hand_over(world.services).released == (0 if arrived else 1)
    assert world.view(reference).standing == "handed_over"
    assert len(world.taken()) == 1
    with pytest.raises((Conflict, NotFound)):
        confirm(world.services, "paul", done.waits)
    with world.services.db.reading() as session:
        (row,) = session.exec(select(DeskDecision)).all()
    assert (row.decided_by, row.seconded_by, row.source) == ("post", "paul", SAID["source"])


def second_post_room(world: World) -> None:
    from gateway.application.access.administering import add_user  # noqa: PLC0415
    from gateway.domain.permission import Role  # noqa: PLC0415

    add_user(world.services, "paul", name="Paul Stelle", roles=[Role.POST_ROOM], offices=(), password="x" * 12)


def test_a_word_without_a_name_or_a_number_decides_nothing(world: World) -> None:
    reference = in_doubt(world, "drop-before")
    with pytest.raises(InputError, match="source-missing"):
        redrive(world.services, "post", reference, Wish(DeskAction.PROVIDER_HAS_IT_NOT, "sicher"))
    with pytest.raises(InputError, match="provider-reference-missing"):
        redrive(world.services, "post", reference, Wish(DeskAction.PROVIDER_HAS_IT, "sicher", **SAID))


def test_while_the_lookup_can_still_answer_nobody_decides(world: World) -> None:
    reference = world.approved()
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    world.simulator.plan_fault("GET /api/Letter/Custom1", "drop-before", times=99)
    for hours in (0, 1, 22):
        world.advance(hours=hours)
        hand_over(world.services, retry_now=True)
        assert entry(world).actions == {}
        with pytest.raises(Conflict, match="action-not-safe"):
            redrive(world.services, "post", reference, Wish(DeskAction.PROVIDER_HAS_IT_NOT, "x", **SAID))
    world.advance(hours=2)
    assert set(entry(world).actions) == {DeskAction.PROVIDER_HAS_IT, DeskAction.PROVIDER_HAS_IT_NOT}


def test_a_proposal_that_the_facts_have_overtaken_is_not_carried_out(world: World) -> None:
    reference = in_doubt(world, "drop-before")
    done = redrive(world.services, "post", reference, Wish(DeskAction.PROVIDER_HAS_IT_NOT, "nein", **SAID))
    world.services = replace(
        world.services,
        providers={"epost": world.services.provider._provider},  # type: ignore[attr-defined]
    )
    second_post_room(world)
    with pytest.raises(Conflict, match="action-not-safe"):
        confirm(world.services, "paul", done.waits or 0)
    world.advance(minutes=16)
    assert hand_over(world.services).released == 1
    with pytest.raises(NotFound, match="problem-gone"):
        confirm(world.services, "paul", done.waits or 0)
    assert len(world.taken()) == 1


def test_a_whole_consignment_in_doubt_is_decided_together(world: World) -> None:
    centre = PrintCentre(profile=world.services.provider.profile)
    centre.capabilities = replace(centre.capabilities, guard=DuplicateGuard.NONE)
    world.services = replace(world.services, providers={NAME: centre})

    def lost() -> None:
        from gateway.errors import OutcomeUnknown  # noqa: PLC0415

        centre.printed.clear()
        raise OutcomeUnknown("press", "keine Antwort")

    centre.after_release = lost
    first = world.approved("F1")
    world.approved("F2")
    world.evening()
    assert len(desk(world.services, "post").letters) == 3
    centre.after_release = lambda: None
    done = redrive(world.services, "post", first, Wish(DeskAction.PROVIDER_HAS_IT_NOT, "nichts da", **SAID))
    second_post_room(world)
    confirm(world.services, "paul", done.waits or 0)
    assert desk(world.services, "post").letters == []
    assert hand_over(world.services).released == 3
    assert len(centre.pieces()) == len(set(centre.pieces())) == 3
    assert all(key.endswith("-2") for key in centre.pieces())


def unreadable(world: World, *, lose_document: bool) -> str:
    """The print copy is damaged, and the archived document perhaps lost, before the piece could go."""
    reference = world.approved()
    file_due(world.services)
    world.simulator.plan_fault(LETTER, "429:1")
    world.evening()
    recipient = world.only(reference)
    (copy,) = (world.settings.data_dir / "documents").rglob(recipient.print_sha256 or "-")
    copy.chmod(0o600)
    copy.write_bytes(b"damaged")
    if lose_document:
        (document,) = (world.settings.data_dir / "documents").rglob(recipient.document_sha256 or "-")
        document.chmod(0o600)
        document.unlink()
    world.advance(minutes=5)
    hand_over(world.services, retry_now=True)
    assert world.taken() == []
    assert entry(world).problem is Problem.UNREADABLE
    return reference


@pytest.mark.parametrize("lose_document", [False, True])
def test_damaged_bytes_are_restored_to_exactly_what_was_approved(world: World, lose_document: bool) -> None:
    reference = unreadable(world, lose_document=lose_document)
    redrive(world.services, "post", reference, Wish(DeskAction.RESTORE, "Platte getauscht"))
    assert desk(world.services, "post").letters == []
    assert hand_over(world.services).released == 1
    assert_each_once(world, 1)


def test_bytes_that_cannot_be_made_again_are_not_replaced_by_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = unreadable(world, lose_document=False)
    made = world.services.renderer.assemble

    def other(*given: Any, **how: Any) -> Any:
        copy = made(*given, **how)
        return replace(copy, pdf=copy.pdf + b"\n%")

    monkeypatch.setattr(world.services.renderer, "assemble", other)
    with pytest.raises(IntegrityError, match="restored-bytes-differ"):
        redrive(world.services, "post", reference, Wish(DeskAction.RESTORE, "Platte getauscht"))
    assert entry(world).problem is Problem.UNREADABLE


def test_after_a_repair_the_bytes_are_read_with_the_next_pass(world: World) -> None:
    reference = unreadable(world, lose_document=False)
    assert hand_over(world.services).released == 0
    redrive(world.services, "post", reference, Wish(DeskAction.TRY_AGAIN, "aus der Sicherung geholt"))
    report = hand_over(world.services)
    assert (report.released, report.waiting) == (0, 1)
    assert entry(world).problem is Problem.UNREADABLE


def test_silence_of_the_provider_puts_a_letter_on_the_desk_and_counts_as_alarm(world: World) -> None:
    reference = world.approved()
    world.evening()
    assert overdue_entries(world.services) == 0
    for day in (1, 2):
        world.advance_to(at(MONDAY + timedelta(days=day), "09:00"))
        assert desk(world.services, "anna").letters == []
    world.advance_to(at(MONDAY + timedelta(days=3), "09:00"))
    found = entry(world, "anna")
    assert (found.reference, found.problem, found.owner) == (reference, Problem.LATE_PRODUCTION, "anna")
    assert (found.due, found.late, found.age_days) == (MONDAY + timedelta(days=2), True, 3)
    assert overdue_entries(world.services) == 2  # it, and Monday's comparison with the provider's list
    tally_due(world.services)
    assert overdue_entries(world.services) == 1
    redrive(world.services, "anna", reference, Wish(DeskAction.ACKNOWLEDGE, "nachgefragt, kommt morgen"))
    assert desk(world.services, "anna").letters == []
    world.advance_to(at(MONDAY + timedelta(days=7), "09:00"))
    assert entry(world).problem is Problem.LATE_PRODUCTION


def test_who_left_the_house_owns_nothing(world: World) -> None:
    refused(world)
    with world.services.db.transaction() as session:
        session.exec(select(User).where(User.login == "anna")).one().active = False
    assert entry(world).owner == "Poststelle"


def test_a_withdrawn_piece_is_never_assembled(world: World) -> None:
    press = PrintCentre(profile=world.services.provider.profile, name="press")
    world.services = replace(world.services, providers={**world.services.providers, "press": press})
    reference = refused(world)
    redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "dort", provider="press"))
    run(world.services)
    with world.services.db.reading() as session:
        faults = [piece.fault_code for piece in session.exec(select(MailPiece).order_by(MailPiece.id)).all()]  # type: ignore[arg-type]
    assert faults == ["withdrawn", None]
