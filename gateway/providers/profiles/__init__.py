"""Each print provider's zones, limits and rules as versioned data: `NAME.toml` beside this file.

A changed rule of a provider is a changed file with a new version, never a changed program.
"""

import tomllib
from importlib.resources import files
from typing import Any

from gateway.domain.findings import Box
from gateway.domain.layout import A4_HEIGHT_MM, A4_WIDTH_MM, PrintProfile
from gateway.errors import ConfigError, NotFound

ZONES = (
    "printable",
    "return_line",
    "franking_band",
    "recipient",
    "window_leak",
    "sheet_code",
    "return_code",
)


def profile_names() -> list[str]:
    """All profiles, sorted."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in files(__package__).iterdir()
        if entry.name.endswith(".toml")
    )


def load_profile(name: str) -> PrintProfile:
    """The profile `name`. Raises `NotFound` ('profile-unknown'), `ConfigError` ('profile-invalid')."""
    if name not in profile_names():
        known = ", ".join(profile_names())
        raise NotFound("profile-unknown", f"Das Druckprofil „{name}“ gibt es nicht. Vorhanden sind: {known}.")
    return parse_profile(name, files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def parse_profile(name: str, text: str) -> PrintProfile:
    """A profile from the text of its file, validated. Raises `ConfigError` ('profile-invalid')."""
    try:
        profile = _profile(name, tomllib.loads(text))
    except KeyError as error:
        raise _invalid(name, f"die Angabe {error} fehlt") from None
    except (TypeError, ValueError) as error:
        raise _invalid(name, str(error)) from None
    _validate(profile)
    return profile


def _profile(name: str, data: dict[str, Any]) -> PrintProfile:
    limits, zones = data["limits"], data["zones_mm"]
    if unknown := (set(data) - {"version", "limits", "zones_mm"}) | (set(zones) - set(ZONES)):
        raise ValueError(f"unbekannte Angabe {', '.join(sorted(unknown))}")
    return PrintProfile(
        name=name,
        version=str(data["version"]),
        max_sheets=int(limits["max_sheets"]),
        max_bytes=int(limits["max_bytes"]),
        **{zone: _box(zone, zones[zone]) for zone in ZONES},
    )


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
    if profile.window_leak.overlaps(profile.sheet_code):
        raise _invalid(profile.name, "der Blattcode könnte im Fenster erscheinen")


def _invalid(name: str, reason: str) -> ConfigError:
    return ConfigError("profile-invalid", f"Das Druckprofil „{name}“ ist nicht brauchbar: {reason}.")
