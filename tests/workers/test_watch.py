"""The watched folder: a pair becomes one letter, whatever happens in between, and what is refused says why."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.db.letters import Letter
from gateway.workers.watch import WatchReport, watch
from tests.rendering import pdfs
from tests.world import World

OBRIEN = ("Herrn", "Đorđe O’Brien", "Lindenweg 5", "46325 Borken")


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    world.services = replace(world.services, uploads_dir=folder)
    return folder


def put(folder: Path, name: str = "brief", pdf: bytes | None = None, **said: Any) -> None:
    content = pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, OBRIEN)) if pdf is None else pdf
    (folder / f"{name}.pdf").write_bytes(content)
    values = {"case": "F1", "title": "Bescheid", "author": "anna"} | said
    (folder / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")


def result(folder: Path, where: str, name: str = "brief") -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / where / f"{name}.result.json").read_text(encoding="utf-8"))
    return found


def letters(world: World) -> list[Letter]:
    with world.services.db.reading() as session:
        return list(session.exec(select(Letter)).all())


def test_a_pair_becomes_a_letter_and_is_put_away(world: World, folder: Path) -> None:
    put(folder, decision=True, decision_date="2026-11-12")
    assert watch(world.services) == WatchReport(imported=1)
    (letter,) = letters(world)
    assert (letter.state, letter.title, letter.is_decision, letter.four_eyes) == (
        "ready",
        "Bescheid",
        True,
        True,
    )
    assert letter.decision_date.isoformat() == "2026-11-12"
    assert result(folder, "done") == {"letter": letter.reference}
    assert sorted(file.name for file in folder.glob("*.*")) == []
    assert watch(world.services) == WatchReport()


def test_a_pdf_without_its_sidecar_waits(world: World, folder: Path) -> None:
    put(folder)
    (folder / "brief.json").unlink()
    assert watch(world.services) == WatchReport()
    assert (folder / "brief.pdf").exists()


def test_the_same_file_once_more_makes_no_second_letter(world: World, folder: Path) -> None:
    put(folder)
    watch(world.services)
    put(folder, "noch-einmal")
    assert watch(world.services) == WatchReport(repeated=1)
    (letter,) = letters(world)
    assert result(folder, "done", "noch-einmal") == {"letter": letter.reference}


def test_a_kill_between_the_two_moves_is_made_good(world: World, folder: Path) -> None:
    put(folder)
    (folder / "done").mkdir()
    (folder / "brief.pdf").replace(folder / "done" / "brief.pdf")
    assert watch(world.services) == WatchReport()
    assert (folder / "done" / "brief.json").exists()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"case": "F9"}, "case-unknown"),
        ({"author": "niemand"}, "user-unknown"),
        ({"author": "ahmad"}, "not-permitted"),
        ({"title": ""}, "upload-data-invalid"),
        ({"decision": "ja"}, "upload-data-invalid"),
        ({"decision_date": "12.11.2026"}, "upload-data-invalid"),
        ({"farbe": "blau"}, "upload-data-invalid"),
        ({"pdf": b"kein PDF"}, "pdf-unreadable"),
        ({"pdf": pdfs.letter()}, "address-differs"),
    ],
)
def test_what_is_refused_says_why_and_holds_nothing_up(
    world: World, folder: Path, said: dict[str, Any], code: str
) -> None:
    put(folder, "a-falsch", **said)
    put(folder, "b-gut")
    assert watch(world.services) == WatchReport(imported=1, refused=1)
    assert result(folder, "refused", "a-falsch")["code"] == code
    assert len(letters(world)) == 1


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_sidecar_that_is_no_json_object_is_refused(world: World, folder: Path, text: str) -> None:
    put(folder)
    (folder / "brief.json").write_bytes(text.encode("latin-1"))
    assert watch(world.services) == WatchReport(refused=1)


def test_without_a_folder_nothing_is_watched(world: World) -> None:
    assert watch(world.services) == WatchReport()
