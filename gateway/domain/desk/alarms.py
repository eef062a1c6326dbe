"""Alarms of the house: problems with a provider, not of one letter; on the desk until a person settles them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AlarmKind(StrEnum):
    """Why something is on the desk."""

    TALLY_DIFFERS = "tally-differs"
    """The provider's list says something else than our rows."""
    TALLY_MISSING = "tally-missing"
    """A day that is due was not compared with the provider's list."""
    CANARY = "canary"
    """A test letter was answered in another way than before, or not at all."""
    PAPER_GONE = "paper-gone"
    """The scan site destroyed paper that it should have kept."""
    PAPER = "paper"
    """Paper is not destroyed in time, or a report of the scan site does not hold."""
    SCAN_GAP = "scan-gap"
    """A number of a scan delivery is missing; closes when it comes."""
    SCANS_LATE = "scans-late"
    """A source that should have delivered did not."""
    SCAN_OUTAGE = "scan-outage"
    """Looking at a scan provider's site has failed for an hour; closes when a look goes through."""
    SCAN_QUARANTINE = "scan-quarantine"
    """A scan delivery was refused as a whole and waits for a decision."""
    SCAN_ANSWER = "scan-answer"
    """Answers could not be handed over to a scan provider for a day."""
    SCAN_NOT_REDELIVERED = "scan-not-redelivered"
    """Rejected documents did not come again in time; comes back after each further term."""
    RECORD_CONTRADICTED = "record-contradicted"
    """After a record of posting another day was reported or listed; closes with the record that corrects it."""


class AlarmAction(StrEnum):
    """What a person may do about it."""

    SETTLE = "settle"
    """It was cleared up; the reason says how."""
    COMPARE = "compare"
    """Ask the provider for its list now."""
    ACCEPT = "accept"
    """The provider answers like this from now on."""


_SETTLE = "Es ändert nichts an den Schreiben; die Klärung bleibt mit Namen und Grund vermerkt."
_COMPARE = "Fragt nur die Liste des Druckdienstleisters ab; es wird nichts übergeben."
_ACCEPT = "Die Antwort gilt von jetzt an als bekannt; jede weitere Änderung meldet sich wieder."


@dataclass(frozen=True)
class AlarmFacts:
    """What decides about the actions."""

    kind: AlarmKind
    may_become_known: bool = False
    """Of a canary: that nothing is wrong with the answer but that it is new."""


def alarm_actions(facts: AlarmFacts) -> Mapping[AlarmAction, str]:
    """The actions that are safe, each with the reason why, in German."""
    if facts.kind is AlarmKind.TALLY_MISSING:
        return {AlarmAction.COMPARE: _COMPARE, AlarmAction.SETTLE: _SETTLE}
    if facts.kind is AlarmKind.TALLY_DIFFERS:
        return {AlarmAction.SETTLE: _SETTLE, AlarmAction.COMPARE: _COMPARE}
    if facts.may_become_known:
        return {AlarmAction.ACCEPT: _ACCEPT, AlarmAction.SETTLE: _SETTLE}
    return {AlarmAction.SETTLE: _SETTLE}
