"""By hand (*von Hand*): the provider that is a person in the house, with a printer and no wire.

It is a provider so that a letter that must leave now goes the way of all others: the same piece, print copy, proofs and
certificate, one live submission, one account. What it can do is said truthfully: it answers nothing, lists nothing and
takes nothing back. Its release is no request but a person who takes the print copy, and what became of it is a
person's statement; both are written down by `gateway.application.by_hand`, never by the sweep that hands over
(`Unit.PERSON`). Nothing here prints.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from gateway.domain.findings import Finding
from gateway.domain.runs.by_hand import BY_HAND, SERVICES
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import InputError, Refused
from gateway.ports.provider import Capabilities, Consignment, Found, StatusReport, Unit


class ByHandProvider:
    """Implements `gateway.ports.provider.Provider`."""

    name = BY_HAND
    capabilities = Capabilities(
        guard=DuplicateGuard.NONE,
        settle_time=timedelta(0),
        key_lifetime=timedelta(0),
        services=SERVICES,
        can_cancel=False,
        min_poll_interval=timedelta(0),
        unit=Unit.PERSON,
    )

    def __init__(self, profile: PrintProfile) -> None:
        self.profile = profile
        """Of whoever takes the letters in general: an office printer can print what any print house can."""

    def check(self) -> list[Finding]:
        """There is nothing that could be away."""
        return []

    def stage(self, consignment: Consignment) -> str:  # noqa: ARG002
        """Refused: a person takes each piece."""
        raise _no_wire()

    def release(self, handle: str, consignment: Consignment) -> str:  # noqa: ARG002
        """Refused: a person takes each piece."""
        raise _no_wire()

    def find(self, key: str) -> Found | None:
        """Nobody can be asked; whoever took a piece was written down."""

    def cancel(self, provider_reference: str) -> None:  # noqa: ARG002
        """Refused: what a person has is taken back by that person."""
        raise _no_wire()

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:  # noqa: ARG002
        """Nobody reports by himself."""
        return ()

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:  # noqa: ARG002
        """Nobody calls."""
        raise InputError("webhook-not-offered", "Von Hand Versandtes meldet sich nicht von selbst.")

    def close(self) -> None:
        """Nothing is open."""


def _no_wire() -> Refused:
    return Refused(
        "by-hand-needs-a-person",
        "Was von Hand das Haus verlässt, druckt, übergibt und nimmt eine Person zurück.",
    )
