"""Old entries of the audit trail: they go by two people and with proof, and nothing else is ever missed unnoticed."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as Refused
from sqlmodel import Session, col, select

from gateway.application.access.authorising import audit
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.posting import excepting
from gateway.application.retention.destroying import ANCHORS_AWAY, apply, plan
from gateway.application.retention.emptying_rows import empty_reasons
from gateway.application.retention.locking import lock_deletion, unlock_deletion
from gateway.application.trail import trail_emptying, trail_judging
from gateway.application.trail.auditing import departed_until, trail
from gateway.application.trail.sealing import anchor, seal
from gateway.application.trail.trail_judging import plan_trail
from gateway.application.trail.trail_releasing import (
    confirm_departure,
    departures,
    drop_departure,
    propose_departure,
)
from gateway.application.trail.verifying import verify
from gateway.db.letters import Letter
from gateway.db.mail import Submission
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditDeparture, AuditSeal
from gateway.domain.desk.desk import Problem
from gateway.domain.letters.mailing import MailingState, RowState
from gateway.domain.trail.chain import Anchor, ChainEntry, entry_hash
from gateway.domain.trail.departure import DEPARTED, DepartureSum
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from gateway.evidence_check import faults
from tests.application.retention.test_destroying import posted
from tests.application.trail.test_sealing import unguarded
from tests.world import World

pytestmark = pytest.mark.both_databases

YEARS = 3653


def note(world: World, count: int, subject: str = "X", action: str = "letter-read", reason: str = "") -> None:
    with world.services.db.transaction() as session:
        for number in range(count):
            audit(session, world.services, "anna", action, subject, reason=reason, number=number)


def codes(world: World) -> set[str]:
    return {fault.code for fault in verify(world.services).faults}


def numbers(world: World, subject: str) -> list[int]:
    """Seals of the entries of a subject that are here."""
    with world.services.db.reading() as session:
        query = (
            select(AuditSeal.number)
            .join(AuditEntry, col(AuditEntry.id) == AuditSeal.entry_id)
            .where(AuditEntry.subject == subject)
        )
        return list(session.exec(query.order_by(col(AuditSeal.number))).all())


def entries(world: World, action: str) -> list[AuditEntry]:
    with world.services.db.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)).all())


def aged(world: World) -> str:
    """Old entries about nothing that lives, around those of a letter that does; all of them past their term."""
    note(world, 5)
    reference = world.approved()
    note(world, 5)
    anchor(world.services)
    world.advance(days=YEARS + 5)
    return reference


def confirmed(world: World) -> int:
    made = propose_departure(world.services, "admin")
    confirm_departure(world.services, "audit", made.id, expected=made.sha256)
    return made.count


def gone(world: World) -> int:
    done = apply(world.services)
    assert done is not None
    assert done.faults == {}
    return done.gone.get("audit-entry", 0)


def departed(world: World) -> str:
    """A departure that was carried out, sealed and anchored."""
    reference = aged(world)
    assert confirmed(world) == gone(world) > 10
    anchor(world.services)
    return reference


def test_old_entries_go_and_the_chain_is_still_whole_and_proves_it(world: World) -> None:
    reference = aged(world)
    before, letters = len(numbers(world, "X")), numbers(world, reference)
    would = plan(world.services)
    count = confirmed(world)
    assert (before, would.gone["audit-entry"]) == (10, count)
    assert gone(world) == count
    assert (numbers(world, "X"), numbers(world, reference)) == ([], letters)
    found = verify(world.services)
    assert (found.faults, found.departed) == ([], count)
    (proof,) = entries(world, DEPARTED)
    assert (proof.actor, proof.details["proposed_by"], proof.details["count"]) == ("audit", "admin", count)
    assert proof.details["stretches"] > 1
    assert proof.details["first"] < letters[0] < proof.details["last"]
    witness = [each.departure for each in world.services.anchors.read() if each and each.departure]
    assert witness == [proof.details["sha256"]]
    assert [each.state for each in departures(world.services, "audit")] == ["gelöscht"]
    assert (gone(world), codes(world)) == (0, set())


def test_what_is_a_day_too_young_stays_and_so_does_what_no_old_anchor_proves(world: World) -> None:
    note(world, 3)
    seal(world.services, thorough=True)
    world.advance(days=YEARS + 1)
    anchor(world.services)  # the first one: it says nothing about ten years ago
    with pytest.raises(InputError, match="Kein Eintrag"):
        propose_departure(world.services, "admin")
    note(world, 3, "Y")
    anchor(world.services)
    world.advance(days=YEARS - 1)
    assert plan_trail(world.services).departs.last <= max(numbers(world, "X"))
    world.advance(days=2)
    assert plan_trail(world.services).departs.last == max(numbers(world, "Y"))


def test_nobody_does_it_alone(world: World) -> None:
    aged(world)
    for login in ("anna", "post", "audit"):
        with pytest.raises(NotPermitted):
            propose_departure(world.services, login)
    made = propose_departure(world.services, "admin")
    for login in ("anna", "post", "admin"):
        with pytest.raises(NotPermitted):
            confirm_departure(world.services, login, made.id)
    with pytest.raises(Conflict) as changed:
        confirm_departure(world.services, "audit", made.id, expected="0" * 64)
    assert changed.value.code == "state-changed"
    with pytest.raises(Conflict) as still:
        propose_departure(world.services, "admin")
    assert still.value.code == "departure-open"
    assert gone(world) == 0
    with pytest.raises(NotPermitted):
        drop_departure(world.services, "post", made.id)
    drop_departure(world.services, "audit", made.id)
    with pytest.raises(Conflict):
        confirm_departure(world.services, "audit", made.id)
    with pytest.raises(NotFound):
        confirm_departure(world.services, "audit", 99)
    assert (gone(world), codes(world)) == (0, set())
    assert [each.state for each in departures(world.services)] == ["verworfen"]


def test_who_has_both_roles_is_still_one_person(world: World) -> None:
    aged(world)
    made = propose_departure(world.services, "admin")
    unguarded(world, "UPDATE user_role SET role = 'auditor' WHERE role = 'administrator'")
    with pytest.raises(NotPermitted) as alone:
        confirm_departure(world.services, "admin", made.id)
    assert alone.value.code == "second-person-needed"


def test_what_is_needed_again_since_it_was_confirmed_stays_and_the_rest_goes(world: World) -> None:
    note(world, 2, "F3", "case-read")
    aged(world)
    count = confirmed(world)
    lock_deletion(world.services, "ahmad", "F3", "Klage S 7 AS 12/26")
    assert gone(world) == count - 2
    assert (numbers(world, "X"), len(numbers(world, "F3"))) == ([], 3)
    assert [(one.state, one.count, one.gone) for one in departures(world.services)] == [
        ("gelöscht", count, count - 2)
    ]
    assert codes(world) == set()


def test_where_more_would_go_than_was_confirmed_nothing_goes(world: World) -> None:
    note(world, 2, "F3", "case-read")
    aged(world)
    lock_deletion(world.services, "ahmad", "F3", "Klage S 7 AS 12/26")
    confirmed(world)
    unlock_deletion(world.services, "ahmad", "F3")
    assert gone(world) == 0
    (one,) = departures(world.services)
    assert (one.state, one.dropped_by) == ("verworfen", "system")
    assert (len(numbers(world, "X")), codes(world)) == (10, set())


def test_a_letter_that_was_emptied_long_ago_lets_its_entries_go_and_a_locked_one_does_not(world: World) -> None:
    reference = posted(world)
    piece = world.only(reference).piece or ""
    for days in (200, 200, 800):
        world.advance(days=days)
        apply(world.services)
    anchor(world.services)
    assert entries(world, "personal-data-deleted")
    world.advance(days=YEARS - 900)
    assert not {*numbers(world, reference)} & _going(world)  # ten years old, but its documents left later
    world.advance(days=920)
    assert {*numbers(world, reference), *numbers(world, piece)} <= _going(world)
    lock_deletion(world.services, "anna", "F1", "Klage")
    assert not {*numbers(world, reference), *numbers(world, piece), *numbers(world, "F1")} & _going(world)
    unlock_deletion(world.services, "anna", "F1")
    confirmed(world)
    assert gone(world) > 10
    assert numbers(world, reference) == []
    left = trail(world.services, "audit", reference)
    assert left == []
    assert departed_until(world.services, left) == departures(world.services)[0].cut_off
    assert codes(world) == set()


def test_what_leads_to_a_letter_on_the_desk_stays_although_that_letter_was_emptied_long_ago(
    world: World,
) -> None:
    """Its run, case, person and exception are named by old entries, the letter itself is not."""
    reference = posted(world)
    day = world.only(reference).posting_confirmed_on
    assert day
    piece = world.only(reference).piece or ""
    number = excepting.propose(world.services, "post", [piece], day + timedelta(days=1), "Auskunft")
    excepting.reject(world.services, "post", number, "doch nicht")
    note(world, 1, "P3", "person-exported")
    note(world, 1, "F1", "case-read")
    for days in (200, 200, 800):
        world.advance(days=days)
        apply(world.services)
    anchor(world.services)
    world.advance(days=YEARS + 5)
    run = next(each.subject for each in entries(world, "run-finished"))
    leading = {min(numbers(world, name)) for name in (run, "F1", "P3", str(number))}
    assert leading <= _going(world)
    for problem in (Problem.SEVERAL, None):
        with world.services.db.transaction() as session:
            session.exec(select(Submission)).one().error_code = problem
        assert leading & _going(world) == (set() if problem else leading)


def test_the_mailing_and_the_template_version_of_a_letter_keep_their_entries_as_long_as_it_lives(
    world: World,
) -> None:
    """Neither is named by the letter's own entries; both are needed to say how it came about."""
    reference = posted(world)
    with world.services.db.transaction() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        version = f"{letter.template}@{letter.template_version}"
        mailing = mailing_of(session, letter)
    names = (f"mailing:{mailing}", version)
    for name in names:
        note(world, 1, name, "mailing-accepted")
    anchor(world.services)
    indirect = {max(numbers(world, name)) for name in names}
    world.advance(days=YEARS + 5)
    assert not indirect & _going(world), "the letter still has its documents"
    for days in (0, 740):
        world.advance(days=days)
        apply(world.services)
    assert not indirect & _going(world), "they left only now"
    world.advance(days=YEARS + 5)
    for problem in (None, Problem.SEVERAL, None):
        with world.services.db.transaction() as session:
            session.exec(select(Submission)).one().error_code = problem
        assert indirect & _going(world) == (set() if problem else indirect)


def mailing_of(session: Session, letter: Letter) -> int:
    """A mass mailing of which the letter is a row."""
    mailing = Mailing(
        file_sha256="0" * 64,
        template=letter.template,
        title=letter.title,
        repetition=0,
        author_id=letter.author_id,
        state=MailingState.DONE,
        accept_repeat=False,
        offices=[],
        findings=[],
        created_at=letter.created_at,
    )
    session.add(mailing)
    session.flush()
    row = MailingRow(mailing_id=mailing.id or 0, number=2, state=RowState.SUBMITTED, letter_id=letter.id)
    session.add(row)
    return row.mailing_id


def _going(world: World) -> set[int]:
    """Numbers that may go now."""
    limit = trail_judging.limits(world.services)
    if limit.anchored == 0:
        return set()
    with world.services.db.reading() as session:
        _, some = trail_judging.judge(session, world.services, limit, 1, limit.anchored)
    return {each.seal.number for each in some if each.keep is None}


def test_what_proves_that_a_reason_was_deleted_goes_only_after_that_entry(world: World) -> None:
    note(world, 1, "inbound-7", "inbound-read", reason="verzogen")
    note(world, 1, reason="bleibt mit F1")
    seal(world.services, thorough=True)
    with world.services.db.transaction() as session:
        empty_reasons(session, "inbound-7")
        audit(session, world.services, "system", "personal-data-deleted", "inbound-7", reasons=1)
    aged(world)
    assert plan_trail(world.services).kept["proof"] == 1
    confirmed(world)
    gone(world)
    assert len(numbers(world, "inbound-7")) == 1
    assert codes(world) == set()
    world.advance(days=1)
    confirmed(world)
    gone(world)
    assert numbers(world, "inbound-7") == []
    found = verify(world.services)
    assert (found.faults, len(entries(world, DEPARTED))) == ([], 2)


def test_the_posting_file_of_a_letter_that_lives_is_still_proven(world: World, tmp_path: Path) -> None:
    reference = posted(world)
    note(world, 5)
    anchor(world.services)
    world.advance(days=YEARS + 5)
    confirmed(world)
    assert gone(world) > 5
    anchor(world.services)
    archive, _ = packed(world.services, posting_file(world.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(tmp_path / "unpacked")
    assert list(faults(tmp_path / "unpacked")) == []
    chain = json.loads((tmp_path / "unpacked" / "kette.json").read_text(encoding="utf-8"))
    assert len(chain[0]["entries"]) > 5  # those that departed are there by their hashes
    told = json.loads((tmp_path / "unpacked" / "protokoll.json").read_text(encoding="utf-8"))
    assert "letter-approved" in [entry["action"] for entry in told]
    assert departed_until(world.services, trail(world.services, "audit", reference)) is None


# What somebody does who owns the database.


def _hash_of(world: World, number: int) -> tuple[int, str]:
    """Id and hash of the entry of a seal."""
    with world.services.db.reading() as session:
        mark = session.get_one(AuditSeal, number)
        row = session.get_one(AuditEntry, mark.entry_id)
        entry = ChainEntry(mark.entry_id, row.at, row.actor, row.action, row.subject, row.reason, row.details)
        return mark.entry_id, entry_hash(number, mark.sealed_at, entry, mark.reason_sha256)


def _mark(world: World, departure: int, *which: int) -> list[str]:
    """Statements that let entries disappear as a departure does."""
    marked = []
    for number in which:
        entry_id, sha256 = _hash_of(world, number)
        marked += [
            f"UPDATE audit_seal SET departure = {departure}, entry_sha256 = '{sha256}' WHERE number = {number}",
            f"DELETE FROM audit_entry WHERE id = {entry_id}",
        ]
    return marked


def _enlarge(world: World, reference: str) -> None:
    unguarded(world, *_mark(world, 1, numbers(world, reference)[0]))


def _diminish(world: World, _reference: str) -> None:
    unguarded(world, "UPDATE audit_seal SET departure = NULL WHERE departure = 1 AND number = 3")


def _other_hash(world: World, _reference: str) -> None:
    unguarded(world, f"UPDATE audit_seal SET entry_sha256 = '{'a' * 64}' WHERE number = 3")


def _no_proof(world: World, _reference: str) -> None:
    unguarded(
        world,
        "UPDATE audit_departure SET finished_at = NULL, proof_id = NULL",
        f"DELETE FROM audit_entry WHERE action = '{DEPARTED}'",
    )


def _other_proof(world: World, _reference: str) -> None:
    unguarded(world, f"UPDATE audit_entry SET details = '{{\"departure\": 1}}' WHERE action = '{DEPARTED}'")


def _further_gap(world: World, reference: str) -> None:
    number = numbers(world, reference)[0]
    unguarded(world, f"DELETE FROM audit_entry WHERE id = {_hash_of(world, number)[0]}")


def _seal_gone(world: World, _reference: str) -> None:
    unguarded(world, "DELETE FROM audit_seal WHERE number = 3")


def _swapped(world: World, _reference: str) -> None:
    unguarded(
        world,
        "UPDATE audit_seal SET number = -1 WHERE number = 3",
        "UPDATE audit_seal SET number = 3 WHERE number = 4",
        "UPDATE audit_seal SET number = 4 WHERE number = -1",
    )


def _forge(world: World, reference: str, *, of: str, witnessed: bool) -> None:
    """A proof of their own, by every rule of the chain; `witnessed`: even in the anchor file."""
    which, total = numbers(world, reference if of == "letter" else of)[:1], DepartureSum()
    with world.services.db.transaction() as session:
        for number in which:
            before = session.get_one(AuditSeal, number - 1).sha256
            total.add(number, _hash_of(world, number)[1], before, session.get_one(AuditSeal, number).sha256)
        session.add(
            AuditDeparture(
                cut_off=world.services.today(),
                first=which[0],
                last=which[-1],
                count=len(which),
                sha256=total.told().sha256,
                proposed_by="admin",
                proposed_at=world.clock.now(),
            )
        )
        told = {"departure": 2, "proposed_by": "admin", **vars(total.told())}
        audit(session, world.services, "audit", DEPARTED, "departure-2", **told)
    seal(world.services, thorough=True)
    if witnessed:
        anchor(world.services, departure=total.told().sha256)
    unguarded(world, *_mark(world, 2, *which))


def _forged(world: World, reference: str) -> None:
    _forge(world, reference, of="letter", witnessed=False)


def _forged_of_yesterday(world: World, reference: str) -> None:
    note(world, 1, "Y")
    seal(world.services, thorough=True)
    _forge(world, reference, of="Y", witnessed=True)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (_enlarge, {"departure-differs"}),
        (_diminish, {"entry-missing", "departure-differs"}),
        (_other_hash, {"seal-broken", "departure-differs"}),
        (_no_proof, {"entry-missing", "departure-unproven"}),
        (_other_proof, {"seal-broken", "departure-differs", "departure-by-one", "departure-forged"}),
        (_further_gap, {"entry-missing"}),
        (_seal_gone, {"seal-gap", "seal-broken", "departure-differs"}),
        (_swapped, {"seal-broken", "departure-differs"}),
        (_forged, {"departure-forged"}),
        (_forged_of_yesterday, {"departure-too-young"}),
    ],
)
def test_whatever_is_done_to_a_departure_behind_our_back_is_found(
    world: World, tamper: Callable[[World, str], None], expected: set[str]
) -> None:
    reference = departed(world)
    assert codes(world) == set()
    tamper(world, reference)
    assert codes(world) - {"seal-order"} == expected


def test_nothing_departs_from_a_chain_that_is_broken(world: World) -> None:
    aged(world)
    made = propose_departure(world.services, "admin")
    confirm_departure(world.services, "audit", made.id)
    unguarded(world, "UPDATE audit_entry SET actor = 'nobody' WHERE subject = 'X'")
    done = apply(world.services)
    assert done is not None
    assert done.faults == {"audit-chain-broken": 1}
    assert len(numbers(world, "X")) == 10


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry WHERE subject = 'X'",
        f"UPDATE audit_seal SET departure = 1, entry_sha256 = '{'a' * 64}' WHERE number = 1",
        "UPDATE audit_departure SET last = last + 1",
        "UPDATE audit_departure SET confirmed_by = 'admin', confirmed_at = proposed_at",
        "DELETE FROM audit_departure",
    ],
)
def test_the_database_itself_refuses_what_two_people_have_not_confirmed(world: World, statement: str) -> None:
    aged(world)
    propose_departure(world.services, "admin")
    with pytest.raises(Refused), world.services.db.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry WHERE subject = :letter",
        f"UPDATE audit_seal SET departure = 1, entry_sha256 = '{'a' * 64}' WHERE departure IS NULL",
        "UPDATE audit_seal SET departure = NULL WHERE departure = 1",
        f"UPDATE audit_seal SET entry_sha256 = '{'a' * 64}' WHERE departure = 1",
        "UPDATE audit_departure SET proof_id = proof_id - 1",
        f"DELETE FROM audit_entry WHERE action = '{DEPARTED}'",
    ],
)
def test_the_database_lets_nothing_else_go_with_a_departure(world: World, statement: str) -> None:
    reference = departed(world)
    with pytest.raises(Refused), world.services.db.engine.begin() as connection:
        connection.execute(text(statement.replace(":letter", f"'{reference}'")))


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize(
    ("place", "after"), [("judge", 2), ("_sum", 0), ("audit", 0), ("seal", 0), ("anchor", 0), ("delete", 2)]
)
def test_whatever_is_killed_in_between_the_next_pass_ends_it(
    world: World, monkeypatch: pytest.MonkeyPatch, place: str, after: int
) -> None:
    monkeypatch.setattr(trail_emptying, "CHUNK", 4)
    aged(world)
    count = confirmed(world)
    whole, calls = getattr(trail_emptying, place), [0]

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] > after:
            raise Killed
        return whole(*args, **kwargs)

    monkeypatch.setattr(trail_emptying, place, dies)
    with pytest.raises(Killed):
        apply(world.services)
    assert codes(world) == set()
    with pytest.raises(Conflict):  # another cannot begin before this one has ended
        propose_departure(world.services, "admin")
    monkeypatch.setattr(trail_emptying, place, whole)
    gone(world)
    found = verify(world.services)
    assert (found.faults, found.departed, len(entries(world, DEPARTED))) == ([], count, 1)
    assert [each.state for each in departures(world.services)] == ["gelöscht"]


def test_nobody_who_writes_waits_while_the_sum_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(world)
    count, whole = confirmed(world), trail_emptying._sum
    during: list[int] = []

    def writes(*args: Any) -> Any:
        note(world, 1, "during")
        during.append(1)
        return whole(*args)

    monkeypatch.setattr(trail_emptying, "_sum", writes)
    assert gone(world) == count
    assert len(during) > 1
    assert codes(world) == set()


def test_what_was_marked_after_the_sum_was_made_is_neither_dropped_nor_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(world)
    count = confirmed(world)
    with monkeypatch.context() as patch:
        patch.setattr(trail_emptying, "_sum", lambda *_: DepartureSum().told())
        assert gone(world) == 0
    assert entries(world, DEPARTED) == []
    assert [each.state for each in departures(world.services)] == ["bestätigt"]
    assert gone(world) == count
    assert codes(world) == set()


def test_nothing_is_deleted_while_the_anchor_cannot_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(world)
    count = confirmed(world)

    def away(_anchor: Anchor) -> None:
        raise OSError("share is gone")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.anchors, "append", away)
        done = apply(world.services)
    assert done is not None
    assert done.faults == {ANCHORS_AWAY: 1}
    assert len(numbers(world, "X")) == 10
    with pytest.raises(Conflict, match="begonnen"):
        drop_departure(world.services, "audit", 1)
    assert gone(world) == count
    assert codes(world) == set()
