"""Routing (*Leitweg*): which provider takes a piece. Rules of the configuration, the first that fits decides.

Only facts that are known before approval may decide, since a letter is checked against the profile of the provider
that will print it. A provider's daily capacity is a limit of the run: what is over waits for the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.domain.mailpiece import Service


@dataclass(frozen=True)
class Route:
    """One rule; what is None fits everything. `abroad` is about the country of the address."""

    provider: str
    office: str | None = None
    service: Service | None = None
    template: str | None = None
    abroad: bool | None = None

    def fits(self, office: str, service: Service, template: str, country: str) -> bool:
        """Whether the rule is about such a piece."""
        return (
            self.office in {None, office}
            and self.service in {None, service}
            and self.template in {None, template}
            and self.abroad in {None, country != "DE"}
        )


@dataclass(frozen=True)
class Routing:
    """All rules, who takes what no rule names, and how many pieces a day each provider takes at most."""

    otherwise: str
    routes: Sequence[Route] = ()
    daily_capacity: Mapping[str, int] = field(default_factory=dict)

    def provider_for(self, office: str, service: Service, template: str, country: str) -> str:
        """The provider of a piece: the first rule that fits, else the general one."""
        fitting = (route.provider for route in self.routes if route.fits(office, service, template, country))
        return next(fitting, self.otherwise)

    def left_today(self, provider: str, taken: int) -> int | None:
        """How many more pieces a provider takes on a day on which it got `taken`; None is no limit."""
        capacity = self.daily_capacity.get(provider)
        return None if capacity is None else max(0, capacity - taken)
