"""A transfer note is held field by field against TR-03138 A.NB.4; where it is demanded, a lack keeps a scan out."""

import hashlib
import io
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from gateway.domain.inbound.scan_sources import NoteAt, ScanSource
from gateway.domain.inbound.transfer_note import check_note
from gateway.inbound.delivery import read_delivery, read_transfer_note
from gateway.inbound.transfer_note import attached_note, read_note
from gateway.testing.scan_centre.notes import NoteSpec, attach, transfer_note
from gateway.testing.scans import write_manifest
from tests.inbound.test_delivery import IDS, entry, manifest, pdf

GOOD = NoteSpec(IDS[0], "a" * 64, 2)


def codes(spec: NoteSpec, *, attached: bool = False) -> list[str]:
    note = read_note(transfer_note(spec))
    assert note is not None
    found = check_note(note, document_id=IDS[0], sha256="a" * 64, pages=2, attached=attached)
    return [finding.code for finding in found]


def test_a_note_that_says_everything_has_no_finding_and_is_kept_with_what_it_says() -> None:
    note = read_note(transfer_note(GOOD))
    assert note is not None
    assert (note.creator, note.environment, note.anomalies) == (GOOD.creator, (GOOD.system,), ())
    assert (note.quality, note.matches_paper, note.pages) == ("ohne Befund", True, 2)
    assert note.as_json()["captured_at"] == "2026-11-20T14:00:00+01:00"
    assert codes(GOOD) == codes(replace(GOOD, namespace="urn:drv:transfervermerk")) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"creator": None}, "note-creator-missing"),
        ({"creator": "SCAN WEST GmbH "}, "note-creator-organisation-only"),
        ({"system": None}, "note-environment-missing"),
        ({"procedure": None}, "note-environment-missing"),
        ({"anomaly": None}, "note-anomalies-missing"),
        ({"captured_at": None}, "note-time-missing"),
        ({"captured_at": "gestern"}, "note-time-missing"),
        ({"quality": None}, "note-quality-missing"),
        ({"matches": None}, "note-match-missing"),
        ({"matches": "nein"}, "note-match-denied"),
        ({"pages": 3}, "note-pages-differ"),
        ({"sha256": None, "document_id": None}, "note-not-bound"),
        ({"sha256": "b" * 64}, "note-of-other-document"),
        ({"document_id": IDS[1]}, "note-of-other-document"),
    ],
)
def test_each_thing_that_is_missing_or_wrong_has_its_own_code(changes: dict[str, Any], code: str) -> None:
    assert codes(replace(GOOD, **changes)) == [code]


def test_an_anomaly_that_is_named_is_no_lack() -> None:
    assert codes(replace(GOOD, anomaly="true")) == []
    note = read_note(transfer_note(replace(GOOD, anomaly="true")))
    assert note is not None
    assert note.anomalies == ("heftklammer",)


def test_an_attached_note_is_bound_by_lying_in_the_document() -> None:
    assert codes(replace(GOOD, sha256=None, document_id=None), attached=True) == []


@pytest.mark.parametrize("content", [b"", b"<x/>", b"<!DOCTYPE a><Transfervermerk/>", b"x" * 2_000_000])
def test_what_is_no_note_is_none(content: bytes) -> None:
    assert read_note(content) is None


def delivered(folder: Path, *, note: bytes | None, attached: bool, name: str | None = "n.xml") -> Path:
    folder.mkdir()
    content = pdf(2) if note is None or not attached else attach(pdf(2), note)
    (folder / f"{IDS[0]}.pdf").write_bytes(content)
    if note is not None and not attached:
        (folder / "n.xml").write_bytes(note)
    write_manifest(folder, manifest([entry(0, content, 2, note=None if attached else name)]))
    return folder


def rejected(folder: Path, source: ScanSource) -> list[str]:
    return [code for each in read_delivery(folder, source).rejected for code in (each.finding.code, *each.also)]


FILE = ScanSource("scan-west", note=NoteAt.FILE)
ATTACHED = ScanSource("scan-west", note=NoteAt.ATTACHMENT)
HASH = hashlib.sha256(pdf(2)).hexdigest()


def test_a_note_beside_the_document_is_bound_to_it_and_belongs_to_the_delivery(tmp_path: Path) -> None:
    content = transfer_note(replace(GOOD, sha256=HASH))
    folder = delivered(tmp_path / "a", note=content, attached=False)
    delivery = read_delivery(folder, FILE)
    assert (delivery.rejected, delivery.strays) == ((), ())
    read = read_transfer_note(folder, delivery.documents[0], pdf(2), FILE)
    assert read is not None
    assert (read.content, read.attached) == (content, False)


def test_a_note_within_the_pdf_is_found_there(tmp_path: Path) -> None:
    content = transfer_note(replace(GOOD, sha256=None))
    assert attached_note(attach(pdf(2), content)) == content
    assert attached_note(pdf(2)) is None
    assert attached_note(b"no pdf") is None
    assert rejected(delivered(tmp_path / "a", note=content, attached=True), ATTACHED) == []


def test_a_file_within_the_pdf_is_unpacked_no_further_than_a_note_may_be_large() -> None:
    note = transfer_note(GOOD)
    huge = attach(pdf(2), note + b" " * 200_000_000)
    tracemalloc.start()
    assert attached_note(huge) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
    assert attached_note(attach(pdf(2), note + b" " * 100_000)) == note + b" " * 100_000


@pytest.mark.parametrize("in_hexadecimal", [False, True])
def test_a_note_is_read_however_it_is_packed(in_hexadecimal: bool) -> None:
    note, buffer = transfer_note(GOOD), io.BytesIO()
    with pikepdf.open(io.BytesIO(attach(pdf(2), note))) as document:
        if in_hexadecimal:
            (file,) = document.attachments.values()
            file.get_file().obj.write(note.hex().encode() + b">", filter=pikepdf.Name.ASCIIHexDecode)
            document.save(buffer, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
        else:
            document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.all)
    assert attached_note(buffer.getvalue()) == note


def test_where_a_note_is_demanded_a_lack_rejects_the_document_with_every_code(tmp_path: Path) -> None:
    bad = transfer_note(replace(GOOD, sha256=HASH, quality=None, matches=None))
    folder = delivered(tmp_path / "a", note=bad, attached=False)
    assert rejected(folder, FILE) == ["note-quality-missing", "note-match-missing"]
    assert rejected(folder, ScanSource("scan-west")) == [], "not agreed: kept, and no reason to reject"
    assert rejected(delivered(tmp_path / "b", note=None, attached=False, name=None), FILE) == ["note-missing"]
    assert rejected(delivered(tmp_path / "c", note=b"<x/>", attached=False), FILE) == ["note-unreadable"]
    assert rejected(delivered(tmp_path / "d", note=bad, attached=False), ATTACHED) == ["note-missing"]
