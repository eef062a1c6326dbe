"""Measures of the letter font, which the address rules need."""

from typing import Protocol


class TextFacts(Protocol):
    """What address rules ask about text."""

    def width_mm(self, text: str) -> float:
        """Width of an address line in the letter's address type."""

    def missing_glyphs(self, text: str) -> str:
        """Characters of `text` that the letter font cannot show."""
