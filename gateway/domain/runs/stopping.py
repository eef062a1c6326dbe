"""Stops (*Notbremse*): what a stop may cover. Whether something is covered is asked before every release."""

from enum import StrEnum


class StopScope(StrEnum):
    """What a stop names."""

    LETTER = "letter"
    TEMPLATE = "template"
    """`name` stops all versions, `name@version` one."""
    OFFICE = "office"
    RUN = "run"
    """A run by its day and number, as in `2026-11-16-1`."""
    PROVIDER = "provider"
