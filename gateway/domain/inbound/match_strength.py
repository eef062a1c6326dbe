"""How sure a match of a scanned document is, and what it rests on."""

from enum import StrEnum


class Confidence(StrEnum):
    """How sure a match is."""

    CERTAIN = "certain"
    """Filed without asking."""
    DOUBTFUL = "doubtful"
    """A suggestion at most; a person decides."""
    NONE = "none"
    """Nothing leads to a case; a person looks."""


class Evidence(StrEnum):
    """What leads to a case, strongest first."""

    CODE = "code"
    """Our own DataMatrix on the paper."""
    INDEX = "index"
    """What the scan provider typed."""
    TEXT = "text"
    """A number in the text layer."""
    NOTHING = "nothing"
