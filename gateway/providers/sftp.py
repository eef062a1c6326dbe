"""A print centre behind SFTP as provider; see `print_house` for the protocol, `sftp_wire` for the wire."""

from collections.abc import Callable
from datetime import UTC, datetime

from gateway.domain.sheets.layout import PrintProfile
from gateway.providers.print_house import HouseRules, PrintHouse
from gateway.providers.print_package import Packing
from gateway.providers.sftp_wire import SftpShelves
from gateway.sftp_line import SftpSettings

__all__ = ["SftpProvider", "SftpSettings"]


class SftpProvider(PrintHouse):
    """Implements `gateway.ports.provider.Provider`; one instance an account."""

    def __init__(
        self,
        settings: SftpSettings,
        packing: Packing,
        rules: HouseRules,
        profile: PrintProfile,
        *,
        name: str = "sftp",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(name, SftpShelves(settings), packing, rules, profile, now=now)
        self._settings = settings

    def __repr__(self) -> str:
        return f"SftpProvider({self._settings!r})"
