"""The part of the composition root that makes the scan providers' sides of agreed sources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.errors import ConfigError
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.sftp_site import SftpSite
from gateway.inbound.upload_site import UploadSite
from gateway.inbound_settings import InboundSettings, ScanSourceSettings
from gateway.ports.scans import ScanSite
from gateway.sftp_line import SftpSettings

Folder = Callable[[str], Path]
"""The folder of a configured path, made where it is ours."""


def scan_sites(inbound: InboundSettings, folder: Folder) -> Mapping[str, ScanSite]:
    """The side of every scan provider, and under "" where deliveries by hand are answered."""
    by_hand: ScanSite = FolderSite(inbound.scan_source, answers=folder(inbound.receipts_dir))
    return {"": by_hand} | {name: _site(name, each, folder) for name, each in inbound.sources.items()}


def _site(name: str, source: ScanSourceSettings, folder: Folder) -> ScanSite:
    if source.transport == "sftp":
        return _by_sftp(name, source, folder)
    return UploadSite(name) if source.transport == "http" else _shared(name, source, folder)


def _by_sftp(name: str, source: ScanSourceSettings, folder: Folder) -> SftpSite:
    if not source.user or not source.host_keys:
        text = f"[inbound.sources.{name}] braucht user und host_keys; kein Schlüssel wird ungeprüft angenommen."
        raise ConfigError("config-invalid", text)
    line = SftpSettings(
        source.host,
        source.port,
        source.user,
        source.host_keys,
        folder(source.key_file) if source.key_file else None,
        source.passphrase.get_secret_value(),
        source.password.get_secret_value(),
        source.connect_timeout_s,
        source.read_timeout_s,
    )
    return SftpSite(
        name,
        line,
        inbox=source.inbox,
        answers=source.answers,
        reports=source.reports,
        unfinished_hours=source.unfinished_hours,
        max_bytes=source.max_bytes,
    )


def _shared(name: str, source: ScanSourceSettings, folder: Folder) -> FolderSite:
    root = folder(source.dir)
    answers, inbox, reports = (
        folder(f"{root}/{each}") for each in (source.answers, source.inbox, source.reports)
    )
    return FolderSite(
        name, answers=answers, inbox=inbox, reports=reports, unfinished_hours=source.unfinished_hours
    )
