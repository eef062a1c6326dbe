"""Enclosures (*Anlagen*): static PDFs that travel with a letter, and the rules that say with which.

A rule knows names and days only; reading, checking and adding the file is for others.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class EnclosureSource(StrEnum):
    """Why an enclosure travels with a letter."""

    LETTER = "letter"
    """A person added it to this letter."""
    TEMPLATE = "template"
    """Its template brings it."""
    RULE = "rule"
    """A rule of the house brings it."""


@dataclass(frozen=True)
class EnclosureRule:
    """With which letters `file` travels. None of template or office means all; both days are included."""

    file: str
    title: str
    template: str | None = None
    office: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def applies(self, *, template: str, office: str, day: date) -> bool:
        """Whether it travels with a letter of `template` and `office` whose decision date is `day`."""
        return (
            self.template in {None, template}
            and self.office in {None, office}
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )
