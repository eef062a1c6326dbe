"""Documents in a folder, named by the SHA-256 of their bytes.

    ROOT/ab/cd/abcd…  (64 hex digits, no extension)

The fan-out keeps folders small. Nothing here is ever overwritten with other bytes: the name is the content.
Must not know what a document is, nor decide that one may go.
"""

import hashlib
import re
from pathlib import Path

from gateway.durable import FOLDER_MODE, make_folder, sync_folder, write_durably
from gateway.errors import IntegrityError, NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FolderBlobs:
    """A content-addressed store in one folder; several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store durably; returns the hash in hex. Storing again is harmless, and heals a damaged copy.

        Raises `OSError` where the disk is full or not writable: nothing was stored then.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        make_folder(self._root, sha256[:2], sha256[2:4])
        if path.exists() and path.read_bytes() == content:
            # Whoever wrote it may have died before its folder was on disk.
            sync_folder(path.parent)
        else:
            write_durably(path, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes, verified. Raises `NotFound` (document-not-found) or `IntegrityError`."""
        if not self.has(sha256):
            raise NotFound(
                "document-not-found",
                f"Das Dokument {sha256[:12]} liegt nicht in der Dokumentenablage. Bitte die Ablage prüfen.",
            )
        content = self._path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise IntegrityError(
                "document-hash-mismatch",
                f"Das Dokument {sha256[:12]} ist beschädigt: Inhalt und Prüfsumme passen nicht zusammen."
                " Bitte aus der Datensicherung wiederherstellen.",
            )
        return content

    def has(self, sha256: str) -> bool:
        """Whether the document is there; a text that is no hash names no document."""
        return bool(_SHA256.fullmatch(sha256)) and self._path(sha256).is_file()

    def delete(self, sha256: str) -> None:
        """Take the document away, on disk when this returns; harmless if it is not there."""
        if self.has(sha256):
            path = self._path(sha256)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def check_writable(self) -> None:
        """Write a few bytes beside the documents, in the same file each time. Raises `OSError`."""
        write_durably(self._root / "writable", b"")

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:4] / sha256
