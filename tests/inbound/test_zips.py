"""A packed delivery is unpacked within limits, or refused whole with its ZIP as it came."""

import io
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.inbound.scan_sources import DeliveryLimits
from gateway.errors import DocumentInvalid
from gateway.inbound.zips import PACKED, check, unpack

MARKER = b"2" * 64
LIMITS = DeliveryLimits(max_documents=3, max_bytes=50_000_000, max_ratio=50)


def packed(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def put(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / PACKED).write_bytes(content)
    return folder


def refusal(folder: Path, limits: DeliveryLimits = LIMITS) -> str:
    before = (folder / PACKED).read_bytes()
    with pytest.raises(DocumentInvalid) as refused:
        unpack(folder, limits)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {PACKED: before}
    return refused.value.code


def test_what_was_packed_lies_beside_and_the_zip_is_gone(tmp_path: Path) -> None:
    folder = put(tmp_path / "L-1", packed(("a.pdf", b"1"), ("READY", MARKER)))
    (folder / ".unpacking").mkdir()
    (folder / ".unpacking" / "half").write_bytes(b"of a kill")
    unpack(folder, LIMITS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.pdf": b"1", "READY": MARKER}
    unpack(folder, LIMITS)


def test_a_marker_that_will_never_hold_a_hash_makes_it_incomplete(tmp_path: Path) -> None:
    for marker in (b"", b"half", b" " * 100):
        assert refusal(put(tmp_path / "L-1", packed(("a.pdf", b"1"), ("READY", marker)))) == "zip-incomplete"


@pytest.mark.parametrize("name", ["../x.pdf", "/etc/x", "a/b.pdf", ".hidden", "a\\b.pdf", "x" * 200, "f/"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    assert refusal(put(tmp_path / "L-1", packed((name, b"1")))) == "zip-path"
    assert [path.name for path in tmp_path.iterdir()] == ["L-1"]


def test_links_are_no_files(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("a.pdf")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert refusal(put(tmp_path / "L-1", buffer.getvalue())) == "zip-path"


def test_too_many_too_much_and_twice(tmp_path: Path) -> None:
    many = packed(*((f"{number}.pdf", b"1") for number in range(20)))
    assert refusal(put(tmp_path / "a", many)) == "zip-too-many"
    assert refusal(put(tmp_path / "b", packed(("a.pdf", bytes(49_000_000)))), LIMITS) == "zip-ratio"
    assert refusal(put(tmp_path / "c", packed(("a.pdf", bytes(50_000_001))))) == "zip-too-large"
    assert refusal(put(tmp_path / "d", packed(("a.pdf", b"1"), ("A.PDF", b"2")))) == "zip-duplicate"


def test_a_directory_of_very_many_files_is_not_read(tmp_path: Path) -> None:
    number = 300_000
    entry = b"PK\1\2" + struct.pack("<6H3I5H2I", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    first = b"PK\3\4" + struct.pack("<5H3I2H", 20, *[0] * 7, 1, 0) + b"a"
    size, start = number * len(entry), len(first)
    large = b"PK\6\6" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, number, number, size, start)
    where = b"PK\6\7" + struct.pack("<IQI", 0, start + size, 1)
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    put(tmp_path / "L-1", first + entry * number + large + where + end)
    tracemalloc.start()
    with pytest.raises(DocumentInvalid, match="zip-too-many"):
        check(tmp_path / "L-1" / PACKED, LIMITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_directory_that_lies_about_the_size_of_a_file_gains_nothing(tmp_path: Path) -> None:
    content = packed(("a.pdf", bytes(40_000_000)), ("READY", MARKER))
    told = struct.pack("<I", 40_000_000)
    assert content.count(told) == 2
    code = refusal(put(tmp_path / "L-1", content.replace(told, struct.pack("<I", 10))))
    assert code in {"zip-ratio", "zip-unreadable"}


def test_a_zip_without_the_marker_is_refused_and_stays(tmp_path: Path) -> None:
    folder = put(tmp_path / "L-1", packed(("a.pdf", b"1")))
    assert refusal(folder) == "zip-incomplete"
    assert [path.name for path in folder.iterdir()] == [PACKED]


@given(st.data())
def test_no_damage_to_a_zip_is_more_than_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(packed(("a.pdf", b"1" * 100), ("READY", MARKER)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    folder = put(tmp_path_factory.mktemp("zip") / "L-1", bytes(content))
    with suppress(DocumentInvalid):
        unpack(folder, LIMITS)
    assert PACKED in {path.name for path in folder.iterdir()} or (folder / "READY").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["L-1"]
