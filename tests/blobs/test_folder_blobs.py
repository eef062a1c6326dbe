"""The folder of documents: what is stored stays what it was, whoever dies when."""

import hashlib
import multiprocessing
import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.blobs.folder import FolderBlobs
from gateway.errors import IntegrityError, NotFound
from gateway.ports.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "documents")


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_it_keeps_the_promise_of_the_port(blobs: FolderBlobs) -> None:
    port: Blobs = blobs

    assert port.get(port.put(b"Bescheid")) == b"Bescheid"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_whatever_is_stored_comes_back_under_its_sha256(blobs: FolderBlobs, content: bytes) -> None:
    name = blobs.put(content)

    assert name == hashlib.sha256(content).hexdigest()
    assert blobs.has(name)
    assert blobs.get(name) == content


def test_storing_twice_leaves_one_file(blobs: FolderBlobs, tmp_path: Path) -> None:
    assert blobs.put(b"x") == blobs.put(b"x")

    assert len(files(tmp_path)) == 1


def test_only_the_owner_can_read(blobs: FolderBlobs, tmp_path: Path) -> None:
    blobs.put(b"x")

    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_an_unknown_document_is_not_found(blobs: FolderBlobs) -> None:
    with pytest.raises(NotFound) as error:
        blobs.get("0" * 64)

    assert error.value.code == "document-not-found"
    assert not blobs.has("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "A" * 64, "0" * 64 + "\n"])
def test_a_text_that_is_no_hash_never_reaches_the_disk(blobs: FolderBlobs, name: str) -> None:
    assert not blobs.has(name)
    with pytest.raises(NotFound):
        blobs.get(name)


def test_a_changed_byte_is_noticed_and_healed_by_storing_again(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"1.062,19 EUR")
    (path,) = files(tmp_path)
    path.write_bytes(b"9.062,19 EUR")

    with pytest.raises(IntegrityError) as error:
        blobs.get(name)
    assert error.value.code == "document-hash-mismatch"

    blobs.put(b"1.062,19 EUR")
    assert blobs.get(name) == b"1.062,19 EUR"


def test_a_left_over_part_file_disturbs_nobody(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"x")
    (path,) = files(tmp_path)
    path.with_name(f"{name}.0123.part").write_bytes(b"half a docu")

    assert blobs.get(name) == b"x"
    assert blobs.put(b"x") == name


def test_a_failed_write_leaves_neither_document_nor_part(
    blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        blobs.put(b"before")
        (before,) = files(tmp_path)
        patch.setattr(os, "fsync", disk_full)
        with pytest.raises(OSError, match="No space"):
            blobs.put(b"after")

    assert files(tmp_path) == [before]
    assert blobs.get(blobs.put(b"after")) == b"after"


def test_threads_storing_the_same_documents_do_not_disturb_each_other(
    blobs: FolderBlobs, tmp_path: Path
) -> None:
    contents = [bytes([n]) * 5000 for n in range(4)] * 6

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(blobs.put, contents))

    assert [blobs.get(name) for name in names] == contents
    assert len(files(tmp_path)) == 4


def _store_for_ever(root: Path, started: "multiprocessing.synchronize.Event") -> None:
    blobs, n = FolderBlobs(root), 0
    while True:
        blobs.put(f"{n % 7}".encode() * 200_000)
        started.set()
        n += 1


@pytest.mark.slow
def test_after_a_kill_at_any_moment_every_named_document_is_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for _ in range(5):
        started = context.Event()
        process = context.Process(target=_store_for_ever, args=(tmp_path, started))
        process.start()
        assert started.wait(30)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()

    named = [path for path in files(tmp_path) if not path.name.endswith(".part")]
    assert named
    for path in named:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_what_is_deleted_is_gone_and_deleting_again_is_harmless(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    name, other = blobs.put(b"x"), blobs.put(b"y")
    blobs.delete(name)
    blobs.delete(name)
    assert not blobs.has(name)
    assert blobs.get(other) == b"y"
    assert blobs.put(b"x") == name
