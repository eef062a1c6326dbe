"""An in-house print room behind a local or mounted folder; see `print_house` for the protocol."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.sheets.layout import PrintProfile
from gateway.providers.folder_shelf import FolderShelves
from gateway.providers.print_house import HouseRules, PrintHouse
from gateway.providers.print_package import Packing

__all__ = ["FolderProvider"]


class FolderProvider(PrintHouse):
    """Implements `gateway.ports.provider.Provider`; `root` has staging, inbox and outbox in it."""

    def __init__(
        self,
        root: Path,
        packing: Packing,
        rules: HouseRules,
        profile: PrintProfile,
        *,
        name: str = "folder",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        shelves = FolderShelves(root, staging=rules.staging, inbox=rules.inbox)
        super().__init__(name, shelves, packing, rules, profile, now=now)
        self._root = root

    def __repr__(self) -> str:
        return f"FolderProvider({str(self._root)!r})"
