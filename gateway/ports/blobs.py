"""Immutable documents, named by the SHA-256 of their bytes."""

from typing import Protocol


class Blobs(Protocol):
    """A content-addressed store."""

    def put(self, content: bytes) -> str:
        """Store durably (on disk when this returns); returns the hash in hex. Storing again is harmless."""

    def get(self, sha256: str) -> bytes:
        """The bytes, verified against their hash. Raises `NotFound` or `IntegrityError`."""

    def has(self, sha256: str) -> bool:
        """Whether the document is there."""

    def delete(self, sha256: str) -> None:
        """Delete a document for good; harmless if it is not there. Only where a rule of retention says so."""

    def check_writable(self) -> None:
        """Prove that a document could be stored now, without keeping one. Raises `OSError` if not."""
