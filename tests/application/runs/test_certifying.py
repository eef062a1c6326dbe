"""The run certificate: nothing leaves without it, and nobody's number leaves on somebody else's paper."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.runs import assembling, certifying, running
from gateway.application.runs.assembling import assemble
from gateway.application.runs.batching import open_run, plan
from gateway.application.runs.certifying import certify, certify_waiting
from gateway.application.runs.submitting import hand_over
from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.mail import MailPiece
from gateway.errors import RenderError
from tests.world import World

pytestmark = pytest.mark.both_databases

OTHER_FILE_NUMBER, OTHER_BG = "JC-BOR-2026-00018", "35702//0012346"


def pieces(world: World) -> list[MailPiece]:
    with world.services.db.reading() as session:
        return list(session.exec(select(MailPiece).order_by(MailPiece.id)).all())  # type: ignore[arg-type]


def certificates(world: World) -> list[tuple[RunCertificate, dict[str, Any]]]:
    with world.services.db.reading() as session:
        rows = session.exec(select(RunCertificate).order_by(RunCertificate.id)).all()  # type: ignore[arg-type]
    return [(row, json.loads(world.services.blobs.get(row.sha256))) for row in rows]


def assembled(world: World) -> int:
    """A run that is assembled and goes no further."""
    world.advance(minutes=1)
    day = world.services.today()
    run_id = open_run(world.services, day)
    plan(world.services, run_id, approved_before=world.clock.now())
    assemble(world.services, day=day)
    return run_id


def test_a_run_is_certified_before_it_is_handed_over_and_the_certificate_says_what_was_checked(
    world: World,
) -> None:
    world.approved("F1")
    world.approved("F2")
    (report,) = world.evening()
    ((row, document),) = certificates(world)
    assert report.certificates == (row.sha256,)
    assert (row.pieces, row.faulty, report.hand_over.released) == (3, 0, 3)
    assert {each["check"] for each in document["checked"]} == {
        "sides",
        "sheet-codes",
        "address-window",
        "foreign-text",
    }
    assert document["profiles"]["epost"] == world.services.provider.profile.version
    assert {line["reference"]: line["print_sha256"] for line in document["pieces"]} == {
        piece.reference: piece.print_sha256 for piece in pieces(world)
    }
    assert {line["result"] for line in document["pieces"]} == {"clean"}
    assert document["identifiers"] == {"looked_for": 3 + 2 + 2 + 2, "not_checkable": 0}


def test_without_a_certificate_nothing_is_handed_over(world: World) -> None:
    world.approved("F1")
    run_id = assembled(world)
    assert hand_over(world.services, retry_now=True).released == 0
    assert world.taken() == []
    certify(world.services, run_id)
    assert hand_over(world.services, retry_now=True).released == 1


@pytest.mark.parametrize("number", [OTHER_FILE_NUMBER, OTHER_BG])
def test_a_letter_with_the_number_of_another_case_of_the_run_stays_in_the_house(
    world: World, number: str
) -> None:
    world.approved("F2")
    bad = world.approved("F1", topic=f"Besprechung zu {number}")
    (report,) = world.evening()
    ((row, document),) = certificates(world)
    assert (row.faulty, report.faulty, report.hand_over.released) == (1, 1, 2)
    (line,) = (line for line in document["pieces"] if line["result"] != "clean")
    assert [each["page"] for each in line["foreign"]] == [1]
    problem = world.only(bad).standing
    (faulted,) = (piece for piece in pieces(world) if piece.fault_code)
    assert faulted.fault_code == "foreign-text"
    assert number not in (faulted.fault_message or "")
    assert faulted.reference not in " ".join(world.taken())
    assert len(world.taken()) == 2
    assert problem is not None
    assert hand_over(world.services, retry_now=True).released == 0
    assert len(world.taken()) == 2


def test_the_number_of_a_case_that_is_not_in_the_run_is_no_foreign_text(world: World) -> None:
    world.approved("F1", topic=f"Besprechung zu {OTHER_FILE_NUMBER}")
    (report,) = world.evening()
    assert (report.faulty, report.hand_over.released) == (0, 1)


def test_a_page_of_another_letter_in_the_print_copy_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault of the cities: the next citizen's notice on the back of a sheet, by whatever mistake."""
    world.approved("F1")
    world.approved("F2")
    world.advance(minutes=1)
    day = world.services.today()
    run_id = open_run(world.services, day)
    plan(world.services, run_id, approved_before=world.clock.now())
    approved = assembling.approved_hashes

    def with_the_first(session: Any, piece_ids: Any) -> dict[int, list[str]]:
        found = approved(session, piece_ids)
        return found | ({2: [*found[2], *found[1]]} if found else {})

    monkeypatch.setattr(assembling, "approved_hashes", with_the_first)
    assemble(world.services, day=day)
    (certified,) = certify(world.services, run_id)
    assert (certified.pieces, certified.faulty) == (3, 1)
    assert [piece.fault_code for piece in pieces(world)] == [None, "foreign-text", None]
    assert hand_over(world.services, retry_now=True).released == 2


def test_certifying_again_changes_nothing(world: World) -> None:
    world.approved("F1")
    run_id = assembled(world)
    assert len(certify(world.services, run_id)) == 1
    assert certify(world.services, run_id) == []
    assert certify_waiting(world.services) == []
    assert len(certificates(world)) == 1


def test_a_kill_before_the_rows_are_written_only_repeats_the_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.approved("F1")
    assembled(world)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(certifying, "audit", killed)
    with pytest.raises(KeyboardInterrupt):
        certify_waiting(world.services)
    monkeypatch.undo()
    assert certificates(world) == []
    (report,) = world.evening()
    assert report.hand_over.released == 1
    assert len(certificates(world)) == 1


def test_pieces_of_a_larger_run_are_spread_over_several_certificates(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "_PIECES_AT_ONCE", 2)
    world.approved("F1")
    world.approved("F2")
    assembled(world)
    assert [each.pieces for each in certify_waiting(world.services)] == [2, 1]
    assert [row.number for row, _ in certificates(world)] == [1, 2]


def failing(error: Exception) -> Callable[[bytes], Any]:
    def read(_: bytes) -> Any:
        raise error

    return read


def test_a_print_copy_that_cannot_be_read_now_waits_and_the_desk_sees_why(world: World) -> None:
    world.approved("F1")
    run_id = assembled(world)
    renderer = world.services.renderer
    hung = RenderError("render-timeout", "Das Lesen dauerte zu lange.")
    broken = type("Broken", (), {"page_texts": staticmethod(failing(hung))})()
    assert certify(replace(world.services, renderer=broken), run_id) == []
    assert [submission.error_code for submission in world.submissions()] == ["render-timeout"]
    assert hand_over(world.services, retry_now=True).released == 0
    assert renderer is world.services.renderer
    assert running.run(world.services).hand_over.released == 1


def test_a_certificate_belongs_to_the_bytes_that_were_checked(world: World) -> None:
    world.approved("F1")
    run_id = assembled(world)
    certify(world.services, run_id)
    with world.services.db.reading() as session:
        (line,) = session.exec(select(PieceCertificate)).all()
    (piece,) = pieces(world)
    assert (line.piece_id, line.print_sha256, line.clean) == (piece.id, piece.print_sha256, True)
