"""Plug-ins at the simulated provider: the hold basket (UploadManagement) and PremiumAdress.

Names of fields are accepted in any case, since the provider's own example writes them otherwise than its schema.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.testing.epost.clock import wire_time
from gateway.testing.epost.codes import Reject
from gateway.testing.house.clock import BERLIN, afternoon_after

CUT_HOUR = 14
CANCELLED = "E700"
DONE = {
    "CancelQueued": "Abruch der Sendung war erfolgreich.",
    "ReleaseQueued": "Freigabe der Sendung war erfolgreich.",
}
"""The provider does write "Abruch"."""
UNKNOWN = "Die LetterID ist ungültig/unbekannt."
NOT_QUEUED = "Die Sendung befindet sich nicht in der Warteschlange."
IN_PRODUCTION = "Die Sendung wurde bereits in die Produktion überführt."
FEEDBACK_AFTER_WORKING_DAYS = 4

_KNOWN = frozenset({"uploadmanagement", "premiumadress"})
_DUE = ("duedays", "duedate", "duedayofweek")


def check_plug_ins(letter: Mapping[str, Any]) -> None:
    """Raises `Reject` for a plug-in that is not offered or asked for wrongly."""
    for plug_in in letter.get("plugInList") or []:
        if not isinstance(plug_in, Mapping) or _named(plug_in) not in _KNOWN:
            raise Reject("E601")
    due = [name for name in _DUE if _model(letter, "uploadmanagement").get(name) is not None]
    if len(due) > 1:
        raise Reject("E621")
    if due == ["duedays"] and not 1 <= int(_model(letter, "uploadmanagement")["duedays"]) <= 31:
        raise Reject("E622")
    wanted = _model(letter, "premiumadress").get("productvariants")
    if wanted is not None and (str(wanted).lower() not in {"basis", "basic", "report"} or _is_special(letter)):
        raise Reject("E601")


def held_until(letter: Mapping[str, Any], accepted_at: datetime) -> datetime | None:
    """When a letter leaves the hold basket by itself, 14:00 in Berlin of its due day; None if it does not wait."""
    days = _model(letter, "uploadmanagement").get("duedays")
    if days is None:
        return None
    day = accepted_at.astimezone(BERLIN) + timedelta(days=int(days))
    return day.replace(hour=CUT_HOUR, minute=0, second=0, microsecond=0).astimezone(accepted_at.tzinfo)


def feedback(letter: Mapping[str, Any], fate: tuple[str, str], posted_at: datetime, now: datetime) -> list[Any]:
    """The feedback list of a letter whose delivery failed, once the carrier has told of it."""
    told_at = afternoon_after(posted_at, working_days=FEEDBACK_AFTER_WORKING_DAYS)
    if not _model(letter, "premiumadress") or not any(fate) or now < told_at:
        return []
    result = {
        "sdgS": fate[0],
        "adrMerk": fate[1],
        "kd_Na1": letter.get("addressLine1"),
        "kd_PLZ": letter.get("zipCode"),
        "kd_Ort": letter.get("city"),
        "e_Na1": letter.get("addressLine1"),
    }
    return [{"plugInName": "PremiumAdress", "plugInFeedback": result, "date": wire_time(told_at)}]


def _model(letter: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The settings of a plug-in, names in lower case; empty if it is not asked for."""
    for plug_in in letter.get("plugInList") or []:
        if _named(plug_in) == name:
            values = {str(key).lower(): value for key, value in plug_in.items()}.get("pluginmodel") or {}
            return {str(key).lower(): value for key, value in values.items()}
    return {}


def _named(plug_in: Mapping[str, Any]) -> str:
    return str({str(key).lower(): value for key, value in plug_in.items()}.get("pluginname", "")).lower()


def _is_special(letter: Mapping[str, Any]) -> bool:
    return bool(letter.get("registeredLetter") or letter.get("country"))
