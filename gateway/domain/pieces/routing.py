"""Routing (*Leitweg*): which provider takes a piece. Rules of the configuration, the first that fits decides.

A rule may go by the volume of the evening: how many copies of letters it is about that the run takes. That is not known
when a letter is checked, so a letter is checked against the profiles of all providers that `takers` names, and the
volume chooses only among them. A provider's daily capacity is a limit of the run: what is over waits for the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.domain.pieces.mailpiece import Service


class Kind(NamedTuple):
    """What routes know of a copy: key of the office, service, name of the template, country of the address."""

    office: str
    service: Service
    template: str
    country: str


Volumes = Mapping[Kind, int]
"""How many copies of each kind a run takes."""


@dataclass(frozen=True)
class Route:
    """One rule; what is None fits everything. `abroad` is about the country of the address.

    `min_letters` and `max_letters` (both included) are about how many copies of letters a run takes that fit the rest
    of the rule; a letter to two recipients counts twice, whatever shares an envelope later.
    """

    provider: str
    office: str | None = None
    service: Service | None = None
    template: str | None = None
    abroad: bool | None = None
    min_letters: int | None = None
    max_letters: int | None = None

    @property
    def by_volume(self) -> bool:
        """Whether the evening decides, and not the letter alone."""
        return self.min_letters is not None or self.max_letters is not None

    def fits(self, kind: Kind) -> bool:
        """Whether the rule is about such a copy; of the volume `fits_volume` tells."""
        return (
            self.office in {None, kind.office}
            and self.service in {None, kind.service}
            and self.template in {None, kind.template}
            and self.abroad in {None, kind.country != "DE"}
        )

    def fits_volume(self, volumes: Volumes) -> bool:
        """Whether the run takes as many of them as the rule asks for."""
        count = sum(copies for kind, copies in volumes.items() if self.fits(kind))
        least = self.min_letters is None or count >= self.min_letters
        return least and (self.max_letters is None or count <= self.max_letters)


@dataclass(frozen=True)
class Routing:
    """All rules, who takes what no rule names, and how many pieces a day each provider takes at most."""

    otherwise: str
    routes: Sequence[Route] = ()
    daily_capacity: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_volume(self) -> bool:
        """Whether volumes must be counted at all."""
        return any(route.by_volume for route in self.routes)

    def takers(self, kind: Kind) -> list[str]:
        """Every provider that may get such a copy on some evening, in the order of the rules."""
        found = []
        for route in self.routes:
            if route.fits(kind):
                found.append(route.provider)
                if not route.by_volume:
                    break
        else:
            found.append(self.otherwise)
        return list(dict.fromkeys(found))

    def on(self, volumes: Volumes) -> "Evening":
        """The rules as they are on an evening of these volumes."""
        valid = [route for route in self.routes if not route.by_volume or route.fits_volume(volumes)]
        return Evening(self, tuple(valid))

    def left_today(self, provider: str, taken: int) -> int | None:
        """How many more pieces a provider takes on a day on which it got `taken`; None is no limit."""
        capacity = self.daily_capacity.get(provider)
        return None if capacity is None else max(0, capacity - taken)


@dataclass(frozen=True)
class Evening:
    """The routing of one run: the rules that its volume lets in."""

    routing: Routing
    routes: Sequence[Route]

    def provider_for(self, kind: Kind) -> str:
        """The provider of a copy: the first rule that fits, else the general one."""
        return next((route.provider for route in self.routes if route.fits(kind)), self.routing.otherwise)
