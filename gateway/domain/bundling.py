"""Bundling (*Bündelung*): which letters of one night travel in one envelope, and why the others do not.

Letters go together when they are for the same person, by that person's identity and never by a name, at the same
frozen address, and no rule forbids it. Each rule has a stable code and a German reason; the first one that applies
is kept with the letter. Letters are placed one after the other in the order in which they were approved, so that a
run that was interrupted goes on as if it had not been, and a forecast comes to the same result as the run.

Who may not be mixed up: sixty people once got their namesakes' post, because letters were bundled by surname.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from gateway.domain.layout import PrintProfile
from gateway.domain.mailpiece import Service
from gateway.domain.postage import Postage, PostageTable, postage
from gateway.errors import InputError

_LOOKED_AT = 20
"""Of how many envelopes of a person the nearest miss is looked for; only the reason shown depends on it."""
_ROOM_FOR_CODES = Decimal("0.9")
"""Share of a provider's largest file that documents may fill: sheet codes and PDF/A-1b make the print copy larger."""


@dataclass(frozen=True)
class Candidate:
    """One recipient's copy of a letter that goes tonight: all that decides about its envelope.

    `key` is unique (the recipient's row), `person` the identity of the person. `role` is empty for a person's own
    letters; a representative's differs from case to case. `area` is the legal area that the template names, None
    where none is known. `sheets` and `size_bytes` are of the document with all that travels with it.
    """

    key: int
    letter: int
    person: int
    address_lines: tuple[str, ...]
    country: str
    office: int
    role: str
    provider: str
    service: Service
    area: str | None
    allowed: bool
    duplex: bool
    sheets: int
    size_bytes: int


@dataclass(frozen=True)
class Limits:
    """What an envelope may hold: the profiles of the providers by name, and the prices of the day."""

    profiles: Mapping[str, PrintProfile]
    table: PostageTable
    day: date

    def profile(self, of: Candidate) -> PrintProfile:
        """The profile of the provider that takes a letter."""
        return self.profiles[of.provider]

    def postage(self, sheets: int, like: Candidate) -> Postage | None:
        """What so many sheets cost; None where the price table ends. Raises `InputError` if they are too many."""
        try:
            return postage(sheets, Decimal(0), like.service, like.country, on=self.day, table=self.table)
        except InputError as error:
            if error.code != "postage-date-not-covered":
                raise
            return None


@dataclass(frozen=True)
class Veto:
    """Why two letters do not go together: a stable code, and a German sentence that is true of both of them."""

    code: str
    reason: str


@dataclass(frozen=True)
class _PairRule:
    veto: Veto
    forbids: Callable[[Candidate, Candidate], bool]


@dataclass(frozen=True)
class _RoomRule:
    veto: Veto
    forbids: Callable[[Sequence[Candidate], Candidate, Limits], bool]


def _other_person(one: Candidate, other: Candidate) -> bool:
    return one.person != other.person


def _other_office(one: Candidate, other: Candidate) -> bool:
    """Another sender, another letterhead, another account at the provider."""
    return one.office != other.office


def _other_role(one: Candidate, other: Candidate) -> bool:
    """What someone gets as guardian or lawyer is kept apart from their own post, and from that of other cases."""
    return one.role != other.role


def _other_address(one: Candidate, other: Candidate) -> bool:
    return (one.address_lines, one.country) != (other.address_lines, other.country)


def _formal_service(one: Candidate, other: Candidate) -> bool:
    """A certificate of service names what was served (§ 182 ZPO), and is one for one document."""
    return Service.PZU in {one.service, other.service}


def _registered(one: Candidate, other: Candidate) -> bool:
    """The evidence of a registered letter is to be about that one letter (LZG NRW § 4)."""
    return bool({one.service, other.service} & {Service.EINWURF, Service.UEBERGABE, Service.RUECKSCHEIN})


def _other_service(one: Candidate, other: Candidate) -> bool:
    return one.service is not other.service


def _opted_out(one: Candidate, other: Candidate) -> bool:
    return not (one.allowed and other.allowed)


def _area_unknown(one: Candidate, other: Candidate) -> bool:
    return one.area is None or other.area is None


def _other_area(one: Candidate, other: Candidate) -> bool:
    return one.area != other.area


def _same_letter(one: Candidate, other: Candidate) -> bool:
    return one.letter == other.letter


def _other_provider(one: Candidate, other: Candidate) -> bool:
    return one.provider != other.provider


def _other_print(one: Candidate, other: Candidate) -> bool:
    return one.duplex != other.duplex


def _sheets(members: Sequence[Candidate], more: Candidate) -> int:
    return sum(member.sheets for member in members) + more.sheets


def _too_many_sheets(members: Sequence[Candidate], more: Candidate, limits: Limits) -> bool:
    return _sheets(members, more) > limits.profile(more).max_sheets


def _too_large(members: Sequence[Candidate], more: Candidate, limits: Limits) -> bool:
    size = sum(member.size_bytes for member in members) + more.size_bytes
    return size > limits.profile(more).max_bytes * _ROOM_FOR_CODES


def _larger_envelope(members: Sequence[Candidate], more: Candidate, limits: Limits) -> bool:
    """The address of each was proven in the window of the envelope that it needs alone, and only there."""
    profile = limits.profile(more)
    wanted = profile.envelope_for(_sheets(members, more))
    return any(profile.envelope_for(each.sheets) != wanted for each in (*members, more))


def _too_heavy(members: Sequence[Candidate], more: Candidate, limits: Limits) -> bool:
    try:
        limits.postage(_sheets(members, more), more)
    except InputError:
        return True
    return False


def _dearer(members: Sequence[Candidate], more: Candidate, limits: Limits) -> bool:
    """Together in a dearer product than apart, as it can happen abroad."""
    together = limits.postage(_sheets(members, more), more)
    before = limits.postage(sum(member.sheets for member in members), more)
    alone = limits.postage(more.sheets, more)
    if together is None or before is None or alone is None:
        return False
    return together.price_eur > before.price_eur + alone.price_eur


_PAIR_RULES = (
    _PairRule(Veto("other-person", "Die Schreiben sind an verschiedene Personen."), _other_person),
    _PairRule(
        Veto("other-office", "Die Schreiben haben verschiedene Dienststellen als Absender."), _other_office
    ),
    _PairRule(
        Veto(
            "other-role",
            "Die Person erhält die Schreiben in verschiedenen Rollen (für sich selbst oder für andere Vertretene).",
        ),
        _other_role,
    ),
    _PairRule(Veto("other-address", "Die Schreiben tragen verschiedene Anschriften."), _other_address),
    _PairRule(Veto("formal-service", "Eine förmliche Zustellung (PZU) geht immer einzeln."), _formal_service),
    _PairRule(
        Veto(
            "registered-mail",
            "Ein Einschreiben geht einzeln, damit sein Nachweis für genau ein Schreiben gilt.",
        ),
        _registered,
    ),
    _PairRule(Veto("other-service", "Die Schreiben haben verschiedene Versandarten."), _other_service),
    _PairRule(
        Veto("other-provider", "Die Schreiben gehen an verschiedene Druckdienstleister."), _other_provider
    ),
    _PairRule(
        Veto("template-opt-out", "Eine der Vorlagen ist von der Bündelung ausgenommen (meta.toml)."), _opted_out
    ),
    _PairRule(
        Veto(
            "legal-area-unknown",
            "Zu einem der Schreiben ist kein Rechtsgebiet bekannt (Vorlage ohne Angabe oder fertiges PDF).",
        ),
        _area_unknown,
    ),
    _PairRule(Veto("other-legal-area", "Die Schreiben gehören zu verschiedenen Rechtsgebieten."), _other_area),
    _PairRule(Veto("same-letter", "Zwei Ausfertigungen desselben Schreibens gehen getrennt."), _same_letter),
    _PairRule(
        Veto("other-print", "Die Schreiben werden verschieden gedruckt (ein- oder beidseitig)."), _other_print
    ),
)
_ROOM_RULES = (
    _RoomRule(
        Veto(
            "too-many-sheets", "Zusammen hätten die Schreiben mehr Blatt, als der Druckdienstleister annimmt."
        ),
        _too_many_sheets,
    ),
    _RoomRule(
        Veto("too-large-together", "Zusammen wäre die Druckdatei größer, als der Druckdienstleister annimmt."),
        _too_large,
    ),
    _RoomRule(
        Veto(
            "larger-envelope",
            "Zusammen bräuchten die Schreiben einen anderen Umschlag, für den die Anschrift nicht geprüft ist.",
        ),
        _larger_envelope,
    ),
    _RoomRule(Veto("too-heavy", "Zusammen passen die Schreiben in keinen Brief."), _too_heavy),
    _RoomRule(Veto("dearer-together", "Zusammen wäre das Porto höher als einzeln."), _dearer),
)
ALREADY_ASSEMBLED = Veto(
    "already-assembled",
    "Die andere Sendung dieses Laufs war schon zusammengestellt, als dieses Schreiben hinzukam.",
)
VETOES = {
    veto.code: veto for veto in (*(rule.veto for rule in (*_PAIR_RULES, *_ROOM_RULES)), ALREADY_ASSEMBLED)
}
"""Every reason by its code, the most fundamental first."""
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
    for rule in _PAIR_RULES:
        if any(rule.forbids(member, candidate) for member in envelope.members):
            return rule.veto
    if envelope.closed:
        return ALREADY_ASSEMBLED
    for room in _ROOM_RULES:
        if room.forbids(envelope.members, candidate, limits):
            return room.veto
    return None
