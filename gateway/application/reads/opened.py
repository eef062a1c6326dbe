"""A document as it is handed out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Opened:
    """A document and the name that a saved copy gets: a reference, never a person."""

    content: bytes
    name: str
