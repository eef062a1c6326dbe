"""The posting file: complete, checkable by anyone, and about one letter only."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.clearing.withholding import hold
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.filing.filing import file_due
from gateway.application.posting import posting
from gateway.application.tracking.tracking import poll
from gateway.application.trail import sealing
from gateway.db.people import AuditEntry
from gateway.errors import Conflict, IntegrityError, NotPermitted
from tests.world import AWARD, MONDAY, World, at, pdf_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a stranger unpacks it."""
    return tmp_path / "unpacked"


def posted(world: World, **changes: Any) -> str:
    """A decision that was posted, confirmed and filed."""
    reference = world.approved("F1", AWARD, **changes)
    world.evening()
    world.advance_to(at(MONDAY + timedelta(days=3), "08:00"))
    poll(world.services)
    for day in posting.posting_days(world.services, "post"):
        posting.confirm(world.services, "post", day.day)
    file_due(world.services)
    return reference


def unpacked(world: World, reference: str, folder: Path, login: str | None = None) -> dict[str, object]:
    archive, manifest = packed(world.services, posting_file(world.services, login, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
    return manifest


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def check(folder: Path) -> tuple[int, str]:
    """Check it as a stranger would: with the program that lies in it, without the gateway."""
    done = subprocess.run(
        [sys.executable, "-I", folder / "pruefen.py"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_it_holds_the_bytes_and_the_whole_life_of_the_letter(world: World, folder: Path) -> None:
    reference = posted(world)
    unpacked(world, reference, folder)
    one = world.only(reference)
    assert (folder / "dokument-1.pdf").read_bytes() == world.services.blobs.get(one.approved_sha256 or "")
    assert (folder / "druckkopie-1.pdf").read_bytes() == world.services.blobs.get(one.print_sha256 or "")
    (approval,) = read(folder, "freigaben.json")
    assert (approval["approved_by"], approval["document_sha256"]) == ("bea", one.approved_sha256)
    assert read(folder, "vorlage.json")["published"]["version"] == world.view(reference).template_version
    piece = read(folder, "sendung-1.json")
    assert piece["run"]["day"] == MONDAY.isoformat()
    assert piece["certificate"]["result"]["print_sha256"] == one.print_sha256
    (submission,) = read(folder, "uebergabe-1.json")
    assert (submission["state"], submission["provider_reference"]) == ("released", one.provider_reference)
    assert read(folder, "statusmeldungen-1.json")[-1]["raw"]["statusID"] == 4
    dates = read(folder, "aufgabe-zur-post-1.json")
    assert (dates["confirmed_by"], dates["confirmed_on"]) == ("post", str(one.posting_confirmed_on))
    (noted,) = read(folder, "ab-vermerk-1.json")
    assert noted["text"] == one.records[0].text
    assert noted["list"]["number"] in noted["text"]
    assert (noted["line"]["key"], noted["confirmed_by"]) == (one.key, "post")
    (deadline,) = read(folder, "fristen.json")
    assert one.assessment
    assert deadline["deadline"] == str(one.assessment.deadline)
    kinds = [filing["key"].split(":")[0] for filing in read(folder, "ablage.json")]
    assert kinds == ["document", "hand-over", "posting-reported", "posting-confirmed"]
    assert all(filing["external_id"] for filing in read(folder, "ablage.json"))
    assert "letter-approved" in [entry["action"] for entry in read(folder, "protokoll.json")]


def test_its_cover_keeps_the_three_dates_apart(world: World, folder: Path) -> None:
    reference = posted(world)
    unpacked(world, reference, folder)
    words = " ".join(pdf_text((folder / "deckblatt.pdf").read_bytes()).split())
    assert "Datum des Schreibens (Entscheidung): " in words
    assert f"Übergeben an den Druckdienstleister epost am {MONDAY:%d.%m.%Y}" in words
    assert f"Aufgabe zur Post am {world.only(reference).posting_confirmed_on:%d.%m.%Y}, bestätigt von" in words
    assert "§ 37 Abs. 2 Satz 1 SGB X" in words
    assert "Bea Freigabe (bea)" in words


def test_a_hand_over_alone_is_no_posting(world: World, folder: Path) -> None:
    reference = world.approved("F1")
    world.evening()
    unpacked(world, reference, folder)
    words = " ".join(pdf_text((folder / "deckblatt.pdf").read_bytes()).split())
    assert "Eine Aufgabe zur Post ist nicht gemeldet" in words
    assert not (folder / "aufgabe-zur-post-1.json").exists()
    assert read(folder, "fristen.json") == []


def test_anyone_can_check_it_and_sees_any_change(world: World, folder: Path) -> None:
    unpacked(world, posted(world), folder)
    assert check(folder) == (0, "Alle Dateien sind vollständig und unverändert.\n")
    approvals = folder / "freigaben.json"
    approvals.write_text(approvals.read_text().replace("bea", "eva"), encoding="utf-8")
    (folder / "fristen.json").unlink()
    (folder / "zeuge.txt").write_text("dazugelegt", encoding="utf-8")
    code, said = check(folder)
    assert code == 1
    assert "freigaben.json ist nicht mehr, was es war." in said
    assert "fristen.json fehlt." in said
    assert "zeuge.txt gehört nicht dazu." in said


def test_the_trail_is_tied_to_an_anchor_and_shows_nothing_of_other_letters(world: World, folder: Path) -> None:
    reference, other = posted(world), world.approved("F3", login="ahmad", by="beate")
    anchor = sealing.anchor(world.services)
    unpacked(world, reference, folder)
    stretches = read(folder, "kette.json")
    assert anchor is not None
    assert stretches[-1]["sha256"] == anchor.sha256
    assert stretches[-1]["anchored_at"] == anchor.at.isoformat()
    assert len(stretches[0]["entries"]) > len(read(folder, "protokoll.json"))
    assert other not in (folder / "kette.json").read_text()
    assert check(folder)[0] == 0


@pytest.mark.parametrize(
    ("field", "value"), [("actor", "eva"), ("at", "2026-01-01T00:00:00.000000+00:00"), ("reason", "erfunden")]
)
def test_a_forged_entry_of_the_trail_does_not_stand_in_the_chain(
    world: World, folder: Path, field: str, value: str
) -> None:
    unpacked(world, posted(world), folder)
    trail = read(folder, "protokoll.json")
    trail[1][field] = value
    (folder / "protokoll.json").write_text(json.dumps(trail), encoding="utf-8")
    assert f"Eintrag Nummer {trail[1]['number']}" in check(folder)[1]


def test_a_reason_that_was_blanked_needs_an_entry_that_says_so(world: World, folder: Path) -> None:
    reference = world.approved("F1", AWARD)
    hold(world.services, "anna", reference, "Rückfrage")
    unpacked(world, reference, folder)
    assert check(folder)[0] == 0
    trail = read(folder, "protokoll.json")
    (held,) = [entry for entry in trail if entry["action"] == "letter-held"]
    held["reason"], held["reason_salt"] = "", None
    (folder / "protokoll.json").write_text(json.dumps(trail), encoding="utf-8")
    assert f"Der Grund zum Eintrag Nummer {held['number']} fehlt" in check(folder)[1]


def test_a_sum_that_was_forged_contradicts_the_manifest(world: World, folder: Path) -> None:
    unpacked(world, posted(world), folder)
    file, sums = folder / "freigaben.json", folder / "SHA256SUMS"
    old = file.read_bytes()
    file.write_bytes(b"[]\n")
    sums.write_text(sums.read_text().replace(_sha(old), _sha(b"[]\n")), encoding="ascii")
    assert "freigaben.json: manifest.json und SHA256SUMS sagen Verschiedenes." in check(folder)[1]


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_shares_the_envelope_stays_out(world: World, folder: Path) -> None:
    services = replace(world.services, bundling=True)
    first, second = world.approved("F1"), world.approved("F1")
    world = replace(world, services=services)
    world.evening()
    assert world.only(first).piece == world.only(second).piece
    unpacked(world, first, folder)
    assert not (folder / "druckkopie-1.pdf").exists()
    assert read(folder, "sendung-1.json")["shared_with_other_letters"] is True
    assert not any(second.encode() in file.read_bytes() for file in folder.iterdir())


def test_bytes_that_are_not_what_was_approved_are_no_proof(world: World) -> None:
    reference = posted(world)
    sha256 = world.only(reference).approved_sha256 or ""
    (stored,) = (world.settings.data_dir / "documents").rglob(f"*{sha256[-40:]}*")
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes() + b"%")
    with pytest.raises(IntegrityError):
        posting_file(world.services, None, reference)


def test_what_was_never_approved_proves_nothing(world: World) -> None:
    with pytest.raises(Conflict) as caught:
        posting_file(world.services, None, world.ready("F1"))
    assert caught.value.code == "letter-not-approved"


def test_another_office_gets_none_and_who_gets_one_is_written_down(world: World, folder: Path) -> None:
    reference = world.approved("F1")
    with pytest.raises(NotPermitted):
        posting_file(world.services, "ahmad", reference)
    manifest = unpacked(world, reference, folder, "anna")
    with world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "posting-file-made")).one()
    assert (entry.actor, entry.subject) == ("anna", reference)
    assert entry.details["sha256"] == manifest["archive_sha256"]
