"""A scan delivery is taken only as far as it can be proven."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.inbound.scan_sources import DeliveryLimits, ScanSource
from gateway.errors import DocumentInvalid, InputError, IntegrityError
from gateway.inbound import delivery as module
from gateway.inbound.delivery import read_content, read_delivery
from gateway.testing.scans import write_manifest

SOURCE = ScanSource("scan-west")
IDS = [f"0000000{n}-0000-4000-8000-00000000000{n}" for n in range(4)]


def pdf(pages: int, **options: Any) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(595, 842))
    buffer = io.BytesIO()
    document.save(buffer, deterministic_id=not options, **options)
    return buffer.getvalue()


def entry(number: int, content: bytes, pages: int, **changes: object) -> dict[str, Any]:
    return {
        "document_id": IDS[number],
        "file": f"{IDS[number]}.pdf",
        "sha256": hashlib.sha256(content).hexdigest(),
        "pages": pages,
        "class": "letter",
        "received_on": "2026-11-19",
        "scanned_at": "2026-11-20T14:00:00+01:00",
        "file_number": None,
        "box": "K-0001",
        "quality": "ok",
        **changes,
    }


def manifest(entries: list[dict[str, Any]], **changes: object) -> dict[str, Any]:
    return {
        "schema": "scan-delivery/1",
        "source": "scan-west",
        "delivery": "2026-11-20-001",
        "sequence": 1,
        "created_at": "2026-11-20T15:00:00+01:00",
        "counts": {"documents": len(entries), "pages": sum(entry["pages"] for entry in entries)},
        "documents": entries,
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good delivery: three documents of one, two and three pages."""
    target = tmp_path / "2026-11-20-001"
    target.mkdir()
    entries = []
    for number in range(3):
        content = pdf(number + 1)
        (target / f"{IDS[number]}.pdf").write_bytes(content)
        entries.append(entry(number, content, number + 1))
    write_manifest(target, manifest(entries))
    return target


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest; the marker matches the changed one."""
    raw = json.loads((folder / "manifest.json").read_text())
    change(raw)
    write_manifest(folder, raw)


def refusal(folder: Path) -> str:
    with pytest.raises(DocumentInvalid) as error:
        read_delivery(folder, SOURCE)
    return error.value.code


def rejections(folder: Path) -> dict[str, str]:
    return {item.document.document_id: item.finding.code for item in read_delivery(folder, SOURCE).rejected}


def test_a_good_delivery_is_read_whole(folder: Path) -> None:
    delivery = read_delivery(folder, SOURCE)

    assert [document.document_id for document in delivery.documents] == IDS[:3]
    assert [document.pages for document in delivery.documents] == [1, 2, 3]
    assert delivery.documents[0].received_on == date(2026, 11, 19)
    assert delivery.documents[0].scanned_at == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert (delivery.manifest.source, delivery.manifest.sequence) == ("scan-west", 1)
    assert delivery.manifest.sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert read_content(delivery, delivery.documents[2]) == pdf(3)
    assert (delivery.rejected, delivery.strays, delivery.findings) == ((), (), [])


def test_an_empty_delivery_is_a_delivery(folder: Path) -> None:
    for path in folder.glob("*.pdf"):
        path.unlink()
    write_manifest(folder, manifest([]))

    assert read_delivery(folder, SOURCE).documents == ()


@pytest.mark.parametrize("marker", [None, "", "abc123"])
def test_a_delivery_that_is_still_being_written_is_left_alone(folder: Path, marker: str | None) -> None:
    (folder / "READY").unlink()
    if marker is not None:
        (folder / "READY").write_text(marker)

    with pytest.raises(InputError) as error:
        read_delivery(folder, SOURCE)
    assert error.value.code == "delivery-not-ready"
    assert not isinstance(error.value, DocumentInvalid)


def test_a_folder_that_is_not_there_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_delivery(tmp_path / "no-such-folder", SOURCE)
    assert error.value.code == "delivery-not-ready"


def test_a_manifest_changed_after_the_marker_refuses_the_delivery(folder: Path) -> None:
    with (folder / "manifest.json").open("a") as file:
        file.write(" ")

    assert refusal(folder) == "manifest-hash-wrong"


def test_a_marker_that_is_no_hash_refuses_the_delivery(folder: Path) -> None:
    (folder / "READY").write_text("z" * 64)

    assert refusal(folder) == "manifest-hash-wrong"


def test_a_marker_that_is_long_and_says_nothing_is_not_waited_for(folder: Path) -> None:
    (folder / "READY").write_text(" " * 70)

    assert refusal(folder) == "manifest-hash-wrong"


def test_a_missing_manifest_refuses_the_delivery(folder: Path) -> None:
    (folder / "manifest.json").unlink()

    assert refusal(folder) == "manifest-invalid"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[]"])
def test_a_manifest_that_is_no_manifest_refuses_the_delivery(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    (folder / "READY").write_text(hashlib.sha256(content).hexdigest())

    assert refusal(folder) == "manifest-invalid"


@pytest.mark.parametrize("counts", [{"documents": 2, "pages": 6}, {"documents": 3, "pages": 7}])
def test_a_wrong_count_refuses_the_delivery(folder: Path, counts: dict[str, int]) -> None:
    rewrite(folder, lambda raw: raw.update(counts=counts))

    assert refusal(folder) == "manifest-count-wrong"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(schema="scan-delivery/2"),
        lambda raw: raw.pop("sequence"),
        lambda raw: raw.update(sequence=0),
        lambda raw: raw.update(delivery="../x"),
        lambda raw: raw.update(delivery="x\n"),
        lambda raw: raw.update(source="a:b"),
        lambda raw: raw.update(created_at="2026-11-20T15:00:00"),
        lambda raw: raw.update(created_at="yesterday"),
        lambda raw: raw["documents"][0].update(received_on="19.11.2026"),
        lambda raw: raw["documents"][0].update(sha256="0"),
        lambda raw: raw["documents"][0].update(pages="1"),
        lambda raw: raw["documents"][0].update(document_id="1"),
        lambda raw: raw["documents"][0].pop("file_number"),
    ],
)
def test_a_manifest_that_breaks_the_schema_refuses_the_delivery(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(folder, change)

    assert refusal(folder) == "manifest-invalid"


@pytest.mark.parametrize(
    "name", ["../secret.pdf", "/etc/passwd", "a/b.pdf", "..", ".hidden.pdf", "x.pdf\n", "a\\b.pdf"]
)
def test_no_file_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    (folder.parent / "secret.pdf").write_bytes(pdf(1))
    rewrite(folder, lambda raw: raw["documents"][0].update(file=name))

    assert refusal(folder) == "manifest-invalid"


def test_a_refusal_names_the_place_but_never_the_value(folder: Path) -> None:
    rewrite(folder, lambda raw: raw["documents"][1].update(received_on=["Erika Mustermann"]))

    with pytest.raises(DocumentInvalid) as error:
        read_delivery(folder, SOURCE)
    assert "documents[1].received_on" in error.value.message
    assert "Mustermann" not in error.value.message


@pytest.mark.parametrize("field", ["document_id", "file"])
def test_a_document_named_twice_refuses_the_delivery(folder: Path, field: str) -> None:
    rewrite(folder, lambda raw: raw["documents"][1].update({field: raw["documents"][0][field]}))

    assert refusal(folder) == "manifest-duplicate-id"


def test_further_properties_are_no_fault(folder: Path) -> None:
    rewrite(folder, lambda raw: raw["documents"][0].update(colour=True))

    assert len(read_delivery(folder, SOURCE).documents) == 3


def test_a_missing_document_goes_into_quarantine_and_the_rest_goes_on(folder: Path) -> None:
    (folder / f"{IDS[1]}.pdf").unlink()

    assert rejections(folder) == {IDS[1]: "scan-missing"}
    assert [document.document_id for document in read_delivery(folder, SOURCE).documents] == [IDS[0], IDS[2]]


def test_a_document_with_another_hash_goes_into_quarantine(folder: Path) -> None:
    (folder / f"{IDS[1]}.pdf").write_bytes(pdf(2) + b"\n")

    assert rejections(folder) == {IDS[1]: "scan-hash-mismatch"}


def replaced(folder: Path, number: int, content: bytes) -> Path:
    (folder / f"{IDS[number]}.pdf").write_bytes(content)
    rewrite(folder, lambda raw: raw["documents"][number].update(sha256=hashlib.sha256(content).hexdigest()))
    return folder


def test_a_document_with_another_page_count_goes_into_quarantine(folder: Path) -> None:
    assert rejections(replaced(folder, 1, pdf(3))) == {IDS[1]: "scan-pages-differ"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pdf at all",
        b"%PDF-1.7\n%%EOF",
        pdf(2)[:100],
    ],
    ids=["empty", "text", "header-only", "cut"],
)
def test_a_document_that_cannot_be_read_goes_into_quarantine(folder: Path, content: bytes) -> None:
    assert rejections(replaced(folder, 1, content)) == {IDS[1]: "scan-unreadable"}


def test_a_document_with_a_password_says_so(folder: Path) -> None:
    content = pdf(2, encryption=pikepdf.Encryption(user="geheim", owner="geheim"))
    assert rejections(replaced(folder, 1, content)) == {IDS[1]: "scan-encrypted"}


def test_a_pdf_whose_page_tree_lies_about_its_length_goes_into_quarantine(folder: Path) -> None:
    content = pdf(2).replace(b"/Count 2", b"/Count 7")
    assert content != pdf(2)

    assert rejections(replaced(folder, 1, content)).keys() <= {IDS[1]}
    assert len(read_delivery(folder, SOURCE).documents) >= 2


def test_a_link_or_a_pipe_is_not_a_document(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(pdf(1))
    (folder / f"{IDS[0]}.pdf").unlink()
    (folder / f"{IDS[0]}.pdf").symlink_to(outside)
    (folder / f"{IDS[1]}.pdf").unlink()
    os.mkfifo(folder / f"{IDS[1]}.pdf")

    assert rejections(folder) == {IDS[0]: "scan-missing", IDS[1]: "scan-missing"}


def test_a_document_beyond_the_limit_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SCAN_BYTES", len(pdf(1)))

    assert set(rejections(folder)) == {IDS[1], IDS[2]}


def test_files_that_the_manifest_does_not_name_are_counted_and_not_named(folder: Path) -> None:
    (folder / "Mustermann Erika.pdf").write_bytes(pdf(1))
    (folder / "2026-11-20-001.receipt.json").write_text("{}")
    (folder / "more").mkdir()
    (folder / "link").symlink_to("Mustermann Erika.pdf")

    delivery = read_delivery(folder, SOURCE)
    assert [path.name for path in delivery.strays] == ["Mustermann Erika.pdf"]
    (finding,) = delivery.findings
    assert finding.code == "scan-not-in-manifest"
    assert "Mustermann" not in finding.message
    assert len(delivery.documents) == 3


def test_a_document_that_changes_after_the_proof_is_not_given_out(folder: Path) -> None:
    delivery = read_delivery(folder, SOURCE)
    (folder / f"{IDS[0]}.pdf").write_bytes(pdf(2))

    with pytest.raises(IntegrityError) as error:
        read_content(delivery, delivery.documents[0])
    assert error.value.code == "scan-changed"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_pdf_stops_the_rest_of_the_delivery(folder: Path, data: st.DataObject) -> None:
    content = bytearray(pdf(2))
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    delivery = read_delivery(replaced(folder, 1, bytes(content)), SOURCE)

    assert {IDS[0], IDS[2]} <= {document.document_id for document in delivery.documents}
    assert len(delivery.documents) + len(delivery.rejected) == 3


def test_an_agreed_source_delivers_for_itself_only_and_within_its_limits(folder: Path) -> None:
    for agreed, code in (
        (ScanSource("scan-east", agreed=True), "manifest-source-wrong"),
        (ScanSource("scan-west", agreed=True, limits=DeliveryLimits(max_documents=2)), "manifest-too-many"),
    ):
        with pytest.raises(DocumentInvalid) as error:
            read_delivery(folder, agreed)
        assert error.value.code == code
