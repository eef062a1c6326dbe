"""A packed delivery on its way in by HTTP: written to disk as it comes, whatever its size, and hashed on the way.

    .incoming-XXXX.part (written, hashed) → fsync → .incoming-XXXX.kept/delivery.zip → upload-HASH/ (one rename)

What a kill leaves is hidden, and is removed a day later; nothing hidden is ever read as a delivery.
"""

import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path

from gateway.durable import FILE_MODE, FOLDER_MODE, sync_folder
from gateway.inbound.zips import PACKED

_LEFT_ALONE_S = 86_400
"""A request that lasts longer than a day is none any more."""
_HASH_CHARACTERS = 32


class IncomingFile:
    """Implements the port of this name, below the folder `into`. Not for several threads at once."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self.path = into / f".incoming-{secrets.token_hex(8)}.part"
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    @property
    def name(self) -> str:
        """Under which it is kept; the same bytes have the same name."""
        return f"upload-{self.sha256[:_HASH_CHARACTERS]}"

    def write(self, chunk: bytes) -> None:
        """Append."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)

    def finish(self) -> None:
        """No more comes; the bytes are on disk when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def keep(self) -> Path:
        """Make it a delivery that arrives; on disk when this returns. The same one that is there already stays."""
        target = self._into / self.name
        part = self.path.with_suffix(".kept")
        part.mkdir(mode=FOLDER_MODE)
        self.path.rename(part / PACKED)
        sync_folder(part)
        try:
            part.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(part)
        sync_folder(self._into)
        return target

    def drop(self) -> None:
        """Forget what was not kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def remove_left(into: Path) -> None:
    """Remove what requests left that a kill ended."""
    late = time.time() - _LEFT_ALONE_S
    for path in into.glob(".incoming-*"):
        if path.lstat().st_mtime < late:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
