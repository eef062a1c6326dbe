"""Files that survive a power cut: whole, or not there at all.

A leaf beside `errors`: the adapters for documents, case files and receipts write through it, so that the
order of the steps (write beside, fsync, rename, fsync the folder) stands in one place. It does not know what it
writes.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` at `path`, replacing what was there; on disk when this returns. Raises `OSError`.

    A kill in between leaves at most a `*.part` file beside it, which nobody reads.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        _write_and_sync(part, content)
        part.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    sync_folder(path.parent)


def make_folder(root: Path, *parts: str) -> Path:
    """The folder `root/parts…`, made where missing, for the owner only; on disk when this returns.

    `root` must exist. Raises `OSError`.
    """
    folder = root
    for part in parts:
        parent, folder = folder, folder / part
        with suppress(FileExistsError):
            folder.mkdir(mode=FOLDER_MODE)
        sync_folder(parent)
    return folder


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a rename is only safe once its folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_and_sync(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
