"""Bundling (*Bündelung*): which letters of one night travel in one envelope, and why the others do not.

Letters go together when they are for the same person, by that person's identity and never by a name, at the same
frozen address, and no rule forbids it. Each rule has a stable code and a German reason; the first one that applies
is kept with the letter. Letters are placed one after the other in the order in which they were approved, so that a
run that was interrupted goes on as if it had not been, and a forecast comes to the same result as the run.

Who may not be mixed up: sixty people once got their namesakes' post, because letters were bundled by surname.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.domain.pieces.bundling_rules import (
    ALREADY_ASSEMBLED,
    VETOES,
    Candidate,
    Limits,
    Veto,
    veto_among,
    veto_of_room,
)

_LOOKED_AT = 20
"""Of how many envelopes of a person the nearest miss is looked for; only the reason shown depends on it."""
_RANK = {code: rank for rank, code in enumerate(VETOES)}


@dataclass
class Envelope:
    """The letters of one envelope, in the order in which they came. Nothing joins a `closed` one."""

    members: list[Candidate]
    closed: bool = False

    @property
    def sheets(self) -> int:
        """Sheets of the whole piece."""
        return sum(member.sheets for member in self.members)


@dataclass(frozen=True)
class Placement:
    """Where a letter goes. Alone, though there is another for the same person tonight: why, and beside which one."""

    envelope: Envelope
    veto: Veto | None = None
    beside: Candidate | None = None

    @property
    def joined(self) -> bool:
        """Whether it went to letters that were there already."""
        return len(self.envelope.members) > 1


@dataclass
class Envelopes:
    """All envelopes of a night. Without `bundling` every letter gets one of its own, and no reason is looked for."""

    limits: Limits
    bundling: bool = True
    _of_person: dict[int, list[Envelope]] = field(default_factory=lambda: defaultdict(list))
    _alike: dict[tuple[object, ...], list[Envelope]] = field(default_factory=lambda: defaultdict(list))
    """Those whose letters may have all in common; a lawyer gets hundreds a night that have not."""

    def __iter__(self) -> Iterator[Envelope]:
        """Every envelope, person by person."""
        return (envelope for envelopes in self._of_person.values() for envelope in envelopes)

    def add(self, envelope: Envelope) -> None:
        """An envelope that exists already."""
        self._of_person[envelope.members[0].person].append(envelope)
        self._alike[_in_common(envelope.members[0])].append(envelope)

    def place(self, candidate: Candidate) -> Placement:
        """Put a letter into the first envelope that may take it, else into a new one with the reason."""
        if not self.bundling:
            return self._alone(candidate, ())
        alike = self._alike[_in_common(candidate)]
        for envelope in alike:
            if veto_against(candidate, envelope, self.limits) is None:
                envelope.members.append(candidate)
                return Placement(envelope)
        near = [*alike[:_LOOKED_AT], *self._of_person[candidate.person][:_LOOKED_AT]]
        missed = ((veto_against(candidate, each, self.limits), each.members[0]) for each in near)
        return self._alone(candidate, [(veto, member) for veto, member in missed if veto is not None])

    def alone(self, candidate: Candidate, veto: Veto, beside: Candidate) -> Placement:
        """Give a letter an envelope of its own after all, for a reason that only the caller knows."""
        return self._alone(candidate, [(veto, beside)])

    def _alone(self, candidate: Candidate, missed: Iterable[tuple[Veto, Candidate]]) -> Placement:
        """The reason shown is the nearest miss: the letter that has most in common with this one."""
        envelope = Envelope([candidate])
        self.add(envelope)
        veto, beside = max(missed, key=lambda miss: _RANK[miss[0].code], default=(None, None))
        return Placement(envelope, veto, beside)


def _in_common(candidate: Candidate) -> tuple[object, ...]:
    """What letters of one envelope must have in common; the rules say so, this only finds it quickly."""
    return (
        candidate.person,
        candidate.office,
        candidate.role,
        candidate.address_lines,
        candidate.country,
        candidate.provider,
        candidate.service,
        candidate.area,
        candidate.duplex,
    )


def veto_against(candidate: Candidate, envelope: Envelope, limits: Limits) -> Veto | None:
    """The first rule that keeps a letter out of an envelope, or None if it may go in."""
    veto = veto_among(envelope.members, candidate)
    if veto is None and envelope.closed:
        return ALREADY_ASSEMBLED
    return veto or veto_of_room(envelope.members, candidate, limits)
