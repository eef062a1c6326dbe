"""Accessible copies of letters: what a person's profile may ask for, and what travels with a letter for it.

A blind or visually impaired person may ask for decisions in a form that they can read (§ 9 BGG NRW; VBD NRW), at the
same time as the notification. The extra copy is a *twin*: the same template, data and text, laid out anew. It
starts no new period. Rendering it is for others.
"""

from enum import StrEnum


class AccessibleCopy(StrEnum):
    """The form in which a person gets a copy of each letter, beside the letter itself."""

    LARGE_PRINT = "large-print"
    """16 pt from the salutation on, ragged, nothing hyphenated."""


class CompanionKind(StrEnum):
    """What travels with a recipient's letter and is signed with it."""

    TWIN = "twin"
    """The accessible copy of the letter itself; directly behind it."""
    ENCLOSURE = "enclosure"


TWIN_TITLES = {AccessibleCopy.LARGE_PRINT: "Abschrift in Großdruck"}
"""What people call a twin."""
TWIN_NUMBER = 0
"""The place of the twin among what travels with a letter; enclosures count from 1."""
