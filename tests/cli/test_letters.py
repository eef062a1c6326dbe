"""`gateway letters …` and `explain`: exit codes, JSON alone on standard output, messages on standard error."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.world import AWARD, World


@pytest.fixture
def data(world: World, tmp_path: Path) -> Path:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(world.data()), encoding="utf-8")
    return file


def test_a_letter_is_written_approved_and_shown_as_json(gateway: Run, data: Path) -> None:
    written = gateway(
        "letters", "new", "--case", "F1", "--template", "einladung", "--data", data, "--as", "anna", "--json"
    )
    assert (written.code, written.json["state"]) == (0, "ready")
    reference = written.json["reference"]
    approved = gateway("letters", "approve", reference, "--as", "bea", "--json")
    assert (approved.code, approved.json["state"], approved.json["approved_by"]) == (0, "approved", "bea")
    shown = gateway("letters", "show", reference, "--json").json
    assert shown["recipients"][0]["approved_sha256"] == shown["recipients"][0]["document_sha256"]
    assert "O’Brien" not in json.dumps(shown, ensure_ascii=False)
    assert [line["reference"] for line in gateway("letters", "list", "--json").json] == [reference]
    assert "Tageslauf" in " ".join(gateway("explain", reference, "--json").json["sentences"])


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("letters", "show", "0000-0000"), 6, "letter-unknown"),
        (("explain", "0000-0000"), 6, "letter-unknown"),
        (("letters", "hold", "0000-0000", "--as", "anna", "--reason", "x"), 6, "letter-unknown"),
        (("letters", "approve", "0000-0000", "--as", "nobody"), 6, "user-unknown"),
        (("letters", "list", "--as", "nobody"), 6, "user-unknown"),
        (("templates", "publish", "einladung", "--as", "anna", "--legal-release", "x"), 5, "not-permitted"),
        (("run", "--provider", "brieftaube"), 4, "provider-unknown"),
        (("posting", "confirm", "--date", "2026-11-17", "--as", "post"), 6, "posting-none-reported"),
    ],
)
def test_an_error_has_its_exit_code_and_its_name_and_leaves_standard_output_empty(
    gateway: Run, arguments: tuple[str, ...], code: int, name: str
) -> None:
    ended = gateway(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert name in ended.err
    assert "Traceback" not in ended.err


def test_data_that_breaks_the_schema_name_the_path_and_exit_with_four(
    gateway: Run, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(world.data(appointment_time="Nguyễn")), encoding="utf-8")
    ended = gateway("letters", "new", "--case", "F1", "--template", "einladung", "--data", file, "--as", "anna")
    assert ended.code == 4
    assert "appointment_time" in ended.err
    assert "Nguyễn" not in ended.err


@pytest.mark.parametrize("content", [b"{", b"\xff", None])
def test_a_file_that_is_no_json_exits_with_four(gateway: Run, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_bytes(content)
    ended = gateway("letters", "new", "--case", "F1", "--template", "einladung", "--data", file, "--as", "anna")
    assert ended.code == 4
    assert "json-unreadable" in ended.err


def test_a_second_identical_letter_is_a_conflict_until_it_is_meant(gateway: Run, data: Path) -> None:
    words = ("letters", "new", "--case", "F1", "--template", "einladung", "--data", data, "--as", "anna")
    assert gateway(*words).code == 0
    refused = gateway(*words)
    assert refused.code == 7
    assert "letter-probably-duplicate" in refused.err
    assert gateway(*words, "--accept-duplicate").code == 0


def test_the_author_is_refused_where_four_eyes_are_asked(gateway: Run, world: World) -> None:
    reference = world.ready("F1", AWARD, login="both")
    ended = gateway("letters", "approve", reference, "--as", "both")
    assert ended.code == 5
    assert "approval-needs-four-eyes" in ended.err


def test_hold_let_go_and_cancel(gateway: Run, world: World) -> None:
    reference = world.approved()
    assert gateway("letters", "hold", reference, "--as", "anna", "--reason", "warten").code == 0
    assert gateway("letters", "show", reference, "--json").json["held"] is True
    assert gateway("letters", "let-go", reference, "--as", "anna").code == 0
    assert gateway("letters", "let-go", reference, "--as", "anna").code == 7
    assert gateway("letters", "cancel", reference, "--as", "anna", "--reason", "Irrtum").code == 0
    assert gateway("letters", "show", reference, "--json").json["status"] == "cancelled"


def test_wrong_usage_exits_with_two(gateway: Run) -> None:
    assert gateway("letters", "new").code == 2
    assert gateway("letters", "list", "--status", "verloren").code == 2
    assert gateway("keiner").code == 2
