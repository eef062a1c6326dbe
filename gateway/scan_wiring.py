"""The part of the composition root that makes the scan providers' sides of agreed sources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.inbound.folder_site import FolderSite
from gateway.inbound_settings import InboundSettings, ScanSourceSettings
from gateway.ports.scans import ScanSite

Folder = Callable[[str], Path]
"""The folder of a configured path, made where it is ours."""


def scan_sites(inbound: InboundSettings, folder: Folder) -> Mapping[str, ScanSite]:
    """The side of every scan provider, and under "" where deliveries by hand are answered."""
    by_hand = FolderSite(inbound.scan_source, answers=folder(inbound.receipts_dir))
    return {"": by_hand} | {name: _shared(name, each, folder) for name, each in inbound.sources.items()}


def _shared(name: str, source: ScanSourceSettings, folder: Folder) -> FolderSite:
    root = folder(source.dir)
    answers, inbox, reports = (
        folder(f"{root}/{each}") for each in (source.answers, source.inbox, source.reports)
    )
    return FolderSite(
        name, answers=answers, inbox=inbox, reports=reports, unfinished_hours=source.unfinished_hours
    )
