"""The rules of bundling: one small function each, with a stable code and a German reason that is true of both letters.

What a letter's envelope is decided by is in `Candidate`, and nothing else is: no name, no text. The envelopes
themselves are filled in `gateway.domain.pieces.bundling`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import Postage, PostageTable, postage
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import InputError

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


def veto_among(members: Sequence[Candidate], candidate: Candidate) -> Veto | None:
    """The first rule about two letters that keeps a letter from these."""
    for rule in _PAIR_RULES:
        if any(rule.forbids(member, candidate) for member in members):
            return rule.veto
    return None


def veto_of_room(members: Sequence[Candidate], candidate: Candidate, limits: Limits) -> Veto | None:
    """The first rule about all letters together that keeps a letter out."""
    for room in _ROOM_RULES:
        if room.forbids(members, candidate, limits):
            return room.veto
    return None
