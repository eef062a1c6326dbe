"""Addresses of other systems: nothing that carries social data (§ 67 SGB X) may go over the network in the clear."""

from urllib.parse import urlsplit

from gateway.errors import ConfigError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def check_address(name: str, shown: str, url: str) -> None:
    """Raises `ConfigError` for an address that would carry social data in the clear, or holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{name}-base-url", f"{shown} ist keine Adresse mit https://.")
    if parts.username or parts.password:
        raise ConfigError(f"{name}-base-url", f"{shown} darf keine Zugangsdaten enthalten.")
    if not is_confidential(url):
        raise ConfigError(
            f"{name}-plain-http", f"{shown} muss mit https:// beginnen (http:// nur auf diesem Rechner)."
        )


def is_confidential(url: str) -> bool:
    """Whether nobody on the way can read along: TLS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
