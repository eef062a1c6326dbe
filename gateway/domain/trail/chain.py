"""The audit chain: every entry of the audit trail gets a number without gaps and a hash that rests on the one before.

What is hashed is who, what, when, on what, and references; of a reason that a person typed only a salted hash. So a
reason, the one free text of the trail, can be deleted later and the chain still proves everything else.
No secret is in the hash: whoever can rewrite the whole database could make a new chain. That is why the newest hash
is written down outside of it every day (`Anchor`); what was changed before an anchor then shows.
An entry that departs by its rule of retention leaves its hash in its seal (`domain.trail.departure`).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

GENESIS = "0" * 64
"""Stands before the first seal."""

LATE = timedelta(days=1)
"""An entry that is so much older than one sealed before it was put in later."""


@dataclass(frozen=True)
class ChainEntry:
    """An audit entry as it is stored; `at` is timezone-aware."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class ChainSeal:
    """The seal of one entry. Without a reason there is no salt and no hash of one."""

    number: int
    entry_id: int
    sealed_at: datetime
    sha256: str
    reason_salt: str | None = None
    reason_sha256: str | None = None
    entry_sha256: str | None = None
    """Kept when the entry departs, so that the chain can be walked without it."""
    departure: int | None = None
    """With which departure the entry went, or is about to (`domain.trail.departure`)."""


@dataclass(frozen=True)
class Anchor:
    """What the head of the chain was, written down outside of the database."""

    at: datetime
    number: int
    sha256: str
    departure: str | None = None
    """Sum of a departure that is proven up to here, written down before its entries are deleted."""


@dataclass(frozen=True)
class ChainFault:
    """What is wrong at a place of the chain; `code` is stable, see `FAULTS`."""

    code: str
    number: int | None = None
    entry_id: int | None = None


FAULTS: Mapping[str, str] = {
    "seal-gap": "In der Nummernfolge der Siegel fehlt etwas: Siegel wurden gelöscht oder eingefügt.",
    "seal-broken": "Eintrag oder Siegel wurden verändert oder umgestellt: Die Prüfsumme passt nicht.",
    "seal-order": "Ein Siegel ist älter als das davor.",
    "entry-missing": "Ein versiegelter Eintrag wurde gelöscht.",
    "departure-unproven": "Einträge fehlen, und kein Eintrag weist ihre Löschung nach der Aufbewahrungsregel nach.",
    "departure-differs": "Gelöscht ist etwas anderes, als der Nachweis der Löschung nennt.",
    "departure-too-young": "Ein Nachweis nennt Einträge, deren Aufbewahrungsfrist nicht durch einen Anker belegt ist.",
    "departure-by-one": "Eine Löschung von Einträgen haben nicht zwei Personen bestätigt.",
    "departure-forged": "Ein Nachweis über gelöschte Einträge steht nicht in der Ankerdatei, oder es gibt ihn doppelt.",
    "entry-backdated": "Ein Eintrag trägt eine Zeit weit vor Einträgen, die vor ihm versiegelt wurden.",
    "entry-unsealed": "Einträge sind seit Langem nicht versiegelt. Läuft der Zeitplan (`gateway scheduler`)?",
    "reason-changed": "Die Begründung eines Eintrags wurde verändert.",
    "reason-missing": "Die Begründung eines Eintrags fehlt, ohne dass eine Löschung nachgewiesen ist.",
    "anchor-differs": "Die Kette wurde nach dem Anker neu geschrieben: Das Siegel ist ein anderes als damals.",
    "anchor-unreadable": "Eine Zeile der Ankerdatei ist nicht lesbar.",
    "anchors-missing": "Es gibt keinen Anker, obwohl die Kette älter als zwei Tage ist.",
    "tail-missing": "Das Ende der Kette fehlt: Ein Anker nennt eine höhere Nummer, als es Siegel gibt.",
}
"""What each code means, for people."""


def reason_hash(salt: str, reason: str) -> str:
    """Hash of a reason; the salt keeps a short one from being guessed once it is deleted."""
    return hashlib.sha256(f"{salt}:{reason}".encode()).hexdigest()


def entry_hash(number: int, sealed_at: datetime, entry: ChainEntry, reason_sha256: str | None) -> str:
    """Hash of an entry in its place: canonical JSON (sorted keys, no blanks, UTF-8, moments in UTC) under SHA-256."""
    content = entry_content(number, sealed_at, entry, reason_sha256)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def entry_content(
    number: int | None, sealed_at: datetime, entry: ChainEntry, reason_sha256: str | None
) -> dict[str, object]:
    """What of an entry is hashed."""
    return {
        "action": entry.action,
        "actor": entry.actor,
        "at": _moment(entry.at),
        "details": entry.details,
        "entry": entry.id,
        "number": number,
        "reason_sha256": reason_sha256,
        "sealed_at": _moment(sealed_at),
        "subject": entry.subject,
    }


def link_hash(previous: str, entry_sha256: str) -> str:
    """Hash of a seal. Of an entry it takes the hash only: so the chain can be shown without what others did."""
    return hashlib.sha256(f"{previous}:{entry_sha256}".encode()).hexdigest()


def sealed(previous: ChainSeal | None, entry: ChainEntry, at: datetime, salt: str | None) -> ChainSeal:
    """The seal that follows `previous`; `salt` is asked for where the entry has a reason."""
    number = previous.number + 1 if previous else 1
    at = max(at, previous.sealed_at) if previous else at
    hashed = reason_hash(salt, entry.reason) if salt and entry.reason else None
    sha256 = link_hash(previous.sha256 if previous else GENESIS, entry_hash(number, at, entry, hashed))
    return ChainSeal(number, entry.id, at, sha256, salt if hashed else None, hashed)


class ChainCheck:
    """Walks along a chain, seal by seal, and keeps nothing but the last one."""

    def __init__(self) -> None:
        self.last: ChainSeal | None = None
        self._newest: datetime | None = None

    def step(self, seal: ChainSeal, entry: ChainEntry | None) -> Iterator[ChainFault]:
        """What is wrong with the next seal and its entry, None if that is gone; goes on behind it in any case."""
        previous, self.last = self.last, seal
        for code in self._codes(previous, seal, entry):
            yield ChainFault(code, seal.number, seal.entry_id)
        if entry is not None:
            self._newest = max(self._newest, entry.at) if self._newest else entry.at

    def _codes(self, previous: ChainSeal | None, seal: ChainSeal, entry: ChainEntry | None) -> Iterator[str]:
        if seal.number != (previous.number + 1 if previous else 1):
            yield "seal-gap"
        if previous and seal.sealed_at < previous.sealed_at:
            yield "seal-order"
        before = previous.sha256 if previous else GENESIS
        if entry is None:
            if seal.departure is None or seal.entry_sha256 is None:
                yield "entry-missing"
            elif link_hash(before, seal.entry_sha256) != seal.sha256:
                yield "seal-broken"
            return
        hashed = entry_hash(seal.number, seal.sealed_at, entry, seal.reason_sha256)
        if link_hash(before, hashed) != seal.sha256 or seal.entry_sha256 not in {None, hashed}:
            yield "seal-broken"
        if self._newest and entry.at < self._newest - LATE:
            yield "entry-backdated"
        yield from _reason_codes(seal, entry)


def is_emptied(seal: ChainSeal, entry: ChainEntry) -> bool:
    """Whether there was a reason that is gone, with its salt: that needs a proof of its deletion."""
    return bool(seal.reason_sha256) and not entry.reason and seal.reason_salt is None


def _reason_codes(seal: ChainSeal, entry: ChainEntry) -> Iterator[str]:
    if is_emptied(seal, entry):
        return
    if seal.reason_sha256 and not entry.reason:
        yield "reason-missing"
    elif entry.reason and reason_hash(seal.reason_salt or "", entry.reason) != seal.reason_sha256:
        yield "reason-changed"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
