"""Each print provider's zones, limits and rules as versioned data: `NAME.toml` beside this file.

A changed rule of a provider is a new file `NAME.DATE.toml` that is valid from that day, never a changed program;
the version that holds on a day is the newest that is valid by then.
"""

import tomllib
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.findings import Box
from gateway.domain.sheets.envelope import ENVELOPES
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, EnvelopeUse, PrintProfile
from gateway.errors import ConfigError, NotFound

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("printable", "return_line", "franking_band", "recipient", "sheet_code", "return_code")
_PDF_A = {"1b": "1b", "as-archived": None}
_SHAPE = {
    "": {"version", "valid_from", "limits", "document", "window", "zones_mm", "envelopes"},
    "limits": {"max_sheets", "max_bytes"},
    "document": {"pdf_a", "transparency", "min_image_dpi", "max_image_dpi"},
    "window": {"address_safety_mm", "leak_safety_mm"},
    "zones_mm": set(ZONES),
}
"""All keys a profile has; each must be there, and no other."""


def profile_names() -> list[str]:
    """All profiles, sorted."""
    return sorted({name.split(".")[0] for name in _file_names()})


def load_profile(name: str, on: date | None = None) -> PrintProfile:
    """The profile `name` as it is valid on a day, by default today.

    Raises `NotFound` ('profile-unknown', 'profile-not-valid-yet'), `ConfigError` ('profile-invalid').
    """
    if name not in profile_names():
        known = ", ".join(profile_names())
        raise NotFound("profile-unknown", f"Das Druckprofil „{name}“ gibt es nicht. Vorhanden sind: {known}.")
    day = on or datetime.now(UTC).astimezone(BERLIN).date()
    valid = [profile for profile in _versions(name) if profile.valid_from <= day]
    if not valid:
        raise NotFound(
            "profile-not-valid-yet",
            f"Das Druckprofil „{name}“ gilt am {day:%d.%m.%Y} noch nicht. Bitte Datum prüfen.",
        )
    return max(valid, key=lambda profile: profile.valid_from)


def parse_profile(name: str, text: str) -> PrintProfile:
    """A profile from the text of its file, validated. Raises `ConfigError` ('profile-invalid')."""
    try:
        profile = _profile(name, tomllib.loads(text))
    except KeyError as error:
        raise _invalid(name, f"die Angabe {error} fehlt oder ist unbekannt") from None
    except (TypeError, ValueError) as error:
        raise _invalid(name, str(error)) from None
    _validate(profile)
    return profile


def _file_names() -> list[str]:
    return [entry.name for entry in files(__package__).iterdir() if entry.name.endswith(".toml")]


@cache
def _versions(name: str) -> tuple[PrintProfile, ...]:
    names = [file for file in _file_names() if file.split(".")[0] == name]
    return tuple(parse_profile(name, files(__package__).joinpath(file).read_text("utf-8")) for file in names)


def _profile(name: str, data: dict[str, Any]) -> PrintProfile:
    _check_shape(data)
    limits, document, window, zones = data["limits"], data["document"], data["window"], data["zones_mm"]
    return PrintProfile(
        name=name,
        version=str(data["version"]),
        max_sheets=int(limits["max_sheets"]),
        max_bytes=int(limits["max_bytes"]),
        valid_from=date.fromisoformat(str(data["valid_from"])),
        envelopes=tuple(
            EnvelopeUse(ENVELOPES[each["name"]], int(each["max_sheets"])) for each in data["envelopes"]
        ),
        address_safety_mm=float(window["address_safety_mm"]),
        leak_safety_mm=float(window["leak_safety_mm"]),
        pdf_a=_PDF_A[document["pdf_a"]],
        allows_transparency={"allowed": True, "forbidden": False}[document["transparency"]],
        min_image_dpi=float(document["min_image_dpi"]),
        max_image_dpi=float(document["max_image_dpi"]),
        **{zone: _box(zone, zones[zone]) for zone in ZONES},
    )


def _check_shape(data: dict[str, Any]) -> None:
    for part, keys in _SHAPE.items():
        found = set(data[part] if part else data)
        if missing := keys - found:
            raise KeyError(min(missing))
        if unknown := found - keys:
            raise ValueError(f"unbekannte Angabe {', '.join(sorted(unknown))}")


def _box(zone: str, edges: list[float]) -> Box:
    x0, y0, x1, y1 = (float(edge) for edge in edges)
    if not (0 <= x0 < x1 <= A4_WIDTH_MM and 0 <= y0 < y1 <= A4_HEIGHT_MM):
        raise ValueError(f"die Zone {zone} ist kein Rechteck [links, oben, rechts, unten] auf A4")
    return Box(x0, y0, x1, y1)


def _validate(profile: PrintProfile) -> None:
    """What must hold between the zones, or every letter would be refused or none."""
    if not (0 < profile.max_sheets <= 9999 and profile.max_bytes > 0):
        raise _invalid(profile.name, "die Grenzen müssen größer als 0 sein (höchstens 9999 Blatt)")
    for zone in ("return_line", "recipient", "sheet_code", "return_code"):
        if not profile.printable.contains(getattr(profile, zone)):
            raise _invalid(profile.name, f"die Zone {zone} liegt nicht im bedruckbaren Bereich")
    for zone in ("return_line", "recipient", "return_code", "sheet_code"):
        if profile.franking_band.overlaps(getattr(profile, zone)):
            raise _invalid(profile.name, f"die Zone {zone} liegt im Frankierband")
    if not profile.return_line.contains(profile.return_code):
        raise _invalid(profile.name, "die Zone return_code liegt nicht in der Absenderzeile")
    _validate_envelopes(profile)


def _validate_envelopes(profile: PrintProfile) -> None:
    most = [use.max_sheets for use in profile.envelopes]
    if most != sorted(set(most)) or not most or most[0] < 1 or most[-1] < profile.max_sheets:
        raise _invalid(profile.name, "die Umschläge steigen nicht nach Blattzahl bis zur Grenze an")
    if profile.leak_area.overlaps(profile.sheet_code):
        raise _invalid(profile.name, "der Blattcode könnte im Fenster erscheinen")
    for use in profile.envelopes:
        if not profile.always_visible(use.max_sheets).overlaps(profile.recipient):
            raise _invalid(
                profile.name, f"der Umschlag {use.envelope.name} zeigt vom Anschriftfeld nichts sicher"
            )


def _invalid(name: str, reason: str) -> ConfigError:
    return ConfigError("profile-invalid", f"Das Druckprofil „{name}“ ist nicht brauchbar: {reason}.")
