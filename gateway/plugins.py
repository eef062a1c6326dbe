"""Providers and case files from other packages, found through their entry points.

    [project.entry-points."hybrid_mail_gateway.providers"]
    acme = "acme_print:provider"

names a callable that takes the plug-in's own settings, as they stand in the configuration, and returns an
implementation of `gateway.ports.provider.Provider` (or `…casefiles` and `gateway.ports.casefile.CaseFile`).

Nothing is imported unless the configuration names it, and no plug-in can take the name of a built-in.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from gateway.errors import ConfigError
from gateway.ports.casefile import CaseFile
from gateway.ports.provider import Provider


class Group(StrEnum):
    """Entry point groups."""

    PROVIDERS = "hybrid_mail_gateway.providers"
    CASE_FILES = "hybrid_mail_gateway.casefiles"


_MEMBERS: Mapping[Group, Collection[str]] = {
    Group.PROVIDERS: (
        *("name", "capabilities", "profile"),
        *("check", "stage", "release", "find", "cancel", "poll", "parse_webhook", "close"),
    ),
    Group.CASE_FILES: ("name", "check", "file", "fetch"),
}


def provider_plugin(name: str, settings: Mapping[str, Any], *, built_in: Collection[str]) -> Provider:
    """The provider `name` of another package, made with its settings. Raises `ConfigError`."""
    return cast(Provider, _made(Group.PROVIDERS, name, settings, built_in))


def case_file_plugin(name: str, settings: Mapping[str, Any], *, built_in: Collection[str]) -> CaseFile:
    """The case-file system `name` of another package, made with its settings. Raises `ConfigError`."""
    return cast(CaseFile, _made(Group.CASE_FILES, name, settings, built_in))


def _made(group: Group, name: str, settings: Mapping[str, Any], built_in: Collection[str]) -> object:
    if name in built_in:
        raise ConfigError(
            "plugin-shadows-built-in",
            f"„{name}“ ist eingebaut und kann nicht durch ein Erweiterungspaket ersetzt werden. "
            "Bitte der Erweiterung in der Konfiguration einen anderen Namen geben.",
        )
    entry = _entry(group, name)
    try:
        factory = entry.load()
    except (ImportError, AttributeError):
        raise ConfigError(
            "plugin-broken", f"Das Erweiterungspaket „{name}“ lässt sich nicht laden ({entry.value})."
        ) from None
    made = factory(settings)
    missing = [member for member in _MEMBERS[group] if not hasattr(made, member)]
    if missing or made.name != name:
        lacks = f"Es fehlt: {', '.join(missing)}." if missing else "Es nennt sich selbst anders."
        raise ConfigError(
            "plugin-incomplete", f"Das Erweiterungspaket „{name}“ hält die Schnittstelle nicht ein. {lacks}"
        )
    return cast(object, made)


def _entry(group: Group, name: str) -> EntryPoint:
    found = list(entry_points(group=group.value, name=name))
    if not found:
        raise ConfigError(
            "plugin-not-installed",
            f"„{name}“ ist weder eingebaut noch als Erweiterung installiert ({group.value}). "
            "Bitte das Paket installieren oder den Namen in der Konfiguration prüfen.",
        )
    if len({entry.value for entry in found}) > 1:
        raise ConfigError(
            "plugin-ambiguous",
            f"Mehrere installierte Pakete bieten „{name}“ an ({group.value}). Bitte alle bis auf eines entfernen.",
        )
    return found[0]
