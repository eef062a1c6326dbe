"""Misbehaviour of a scan centre on request, by the words of a fault script.

{"kind": "wrong-index:JC-BOR-2026-00018"}

Of the next delivery: everything in `mistakes`, and

gap                     a sequence number is left out
late                    it is held back until `hand-in` (a later one overtakes it)
ready-early             the marker is there before the PDFs, and the rest never comes
unreadable-scan         its first scan cannot be read by anybody
old                     it was made two days before it comes
id-again                its first document has an id that was delivered and accepted before
bytes-again             its first document is one that was delivered before, with another id
name-again              it has the name of one that was accepted, and other content

Of paper, until `honest` ends it:

destroy-unreleased      paper that was never released is shredded, and certified
no-certificate          nothing is certified
wrong-level:P-3         the level of the destruction
wrong-quantity          the certificate counts one too many
certificate-twice       the newest certificate comes again under another number
nonsense-report         a report that nobody can read
destroy-recalled        recalled paper is not sent back, and destroyed with the rest
lose-recalled           recalled paper is not found
no-answer               recalls are not answered
asleep, awake           answers are not read
hand-in                 what was held back is delivered
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.testing.scan_centre.centre import OF_CENTRE, ScanCentre, Script
from gateway.testing.scan_centre.ledger import Place
from gateway.testing.scan_centre.mistakes import MISTAKES, NOTE_MISTAKES, SEAL_MISTAKES, WHOLE
from gateway.testing.scan_centre.packing import ZIP_MISTAKES

OF_DELIVERY = frozenset({*MISTAKES, *WHOLE, *NOTE_MISTAKES, *SEAL_MISTAKES, *ZIP_MISTAKES, *OF_CENTRE})
_NONSENSE = b'{"schema": "destruction-certificate/1", "certificate'


def apply_fault(centre: ScanCentre, told: Mapping[str, Any]) -> None:
    """Misbehave; raises `ValueError` for a kind that nobody knows."""
    kind = str(told.get("kind"))
    name, _, argument = kind.partition(":")
    if name in OF_DELIVERY:
        centre.script.next_delivery.append(kind)
    elif name in _OF_PAPER:
        _OF_PAPER[name](centre, argument)
    else:
        raise ValueError(f"unknown kind of fault: {kind}")


def _destroy_unreleased(centre: ScanCentre, _: str) -> None:
    kept = [each for each in centre.ledger if each.place is Place.BOX and each.ids and not each.released_by]
    if kept:
        centre.destroy(kept[:1])


def _level(centre: ScanCentre, argument: str) -> None:
    centre.script.level = argument or "P-3"


def _one_too_many(centre: ScanCentre, _: str) -> None:
    centre.script.quantity_off = 1


def _twice(centre: ScanCentre, _: str) -> None:
    newest = sorted((centre.root / "reports").glob("VN-*"))[-1:]
    for file in newest:
        number = f"{file.stem}-D"
        centre.report(f"{number}{file.suffix}", file.read_bytes().replace(file.stem.encode(), number.encode()))


def _asleep(centre: ScanCentre, *, is_asleep: bool) -> None:
    centre.script.asleep = is_asleep


def _flag(name: str) -> Callable[[ScanCentre, str], None]:
    return lambda centre, _: setattr(centre.script, name, True)


def _honest(centre: ScanCentre, _: str) -> None:
    centre.script = Script()


_OF_PAPER: Mapping[str, Callable[[ScanCentre, str], object]] = {
    "destroy-unreleased": _destroy_unreleased,
    "no-certificate": lambda centre, _: centre.script.withhold.add("certificate"),
    "wrong-level": _level,
    "wrong-quantity": _one_too_many,
    "certificate-twice": _twice,
    "nonsense-report": lambda centre, _: centre.report("nonsense.json", _NONSENSE),
    "destroy-recalled": _flag("destroys_recalled"),
    "lose-recalled": _flag("loses_recalled"),
    "no-answer": lambda centre, _: centre.script.withhold.add("recall-answer"),
    "asleep": lambda centre, _: _asleep(centre, is_asleep=True),
    "awake": lambda centre, _: _asleep(centre, is_asleep=False),
    "hand-in": lambda centre, _: centre.hand_in_late(),
    "honest": _honest,
}
