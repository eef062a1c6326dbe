"""Misbehaviour of a print centre on request, by the words of a fault script.

{"kind": "disk-full:20000"}

refuse, refuse:TIMES          the next connections are closed at once
cut:BYTES                     the next connection breaks once the sender has sent so many bytes
drop-after-accept             the next release is done; the line breaks before its answer
slow:SECONDS                  every answer comes late; slow:0 ends it
disk-full, disk-full:BYTES    no file grows beyond so many bytes; disk-empty ends it
host-key-change               the server shows another key from now on
no-posix-rename               the server cannot rename in one step from now on
asleep, awake                 nothing is taken out of the inbox
reject:REASON                 the next delivery is rejected as a whole
reject-piece:KEY:REASON       that piece is rejected
withhold:KIND                 files of that kind (ack, started, production, posting, list) are not written
list-signature:FLAW           posting lists from now on: missing, foreign, other-bytes, expired; sound ends it
repeat                        everything that was said is said again, late and in another order
nonsense                      a file that nobody can read lies in the outbox
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.testing.print_centre.centre import PrintCentre
from gateway.testing.print_centre.simulator import SftpPrintCentre

_NONSENSE = b'{"kind": "posting", "pieces": [{"key'


def apply_fault(centre: PrintCentre, told: Mapping[str, Any]) -> None:
    """Misbehave; raises `ValueError` for a kind that this centre does not know."""
    name, _, argument = str(told.get("kind")).partition(":")
    of_line = _OF_SERVER.get(name) if isinstance(centre, SftpPrintCentre) else None
    if of_line and isinstance(centre, SftpPrintCentre):
        of_line(centre, argument)
    elif name in _OF_CENTRE:
        _OF_CENTRE[name](centre, argument)
    else:
        raise ValueError(f"unknown kind of fault: {told.get('kind')}")


def _slow(centre: SftpPrintCentre, argument: str) -> None:
    centre.line.delay_s = float(argument)


def _asleep(centre: PrintCentre, *, is_asleep: bool) -> None:
    centre.script.asleep = is_asleep


def _reject(centre: PrintCentre, argument: str) -> None:
    centre.script.reject_next = argument or "manifest-unreadable"


def _reject_piece(centre: PrintCentre, argument: str) -> None:
    key, _, reason = argument.partition(":")
    centre.script.reject_keys[key] = reason or "code-unreadable"


_OF_SERVER: Mapping[str, Callable[[SftpPrintCentre, str], None]] = {
    "refuse": lambda centre, times: centre.line.refuse(int(times or 1)),
    "cut": lambda centre, sent: centre.line.cut_after(int(sent)),
    "drop-after-accept": lambda centre, _: centre.lose_answer_to_release(),
    "slow": _slow,
    "disk-full": lambda centre, size: centre.fill_disk(int(size or 0)),
    "disk-empty": lambda centre, _: centre.empty_disk(),
    "host-key-change": lambda centre, _: centre.change_host_key(),
    "no-posix-rename": lambda centre, _: centre.forbid_posix_rename(),
}
_OF_CENTRE: Mapping[str, Callable[[PrintCentre, str], object]] = {
    "asleep": lambda centre, _: _asleep(centre, is_asleep=True),
    "awake": lambda centre, _: _asleep(centre, is_asleep=False),
    "reject": _reject,
    "reject-piece": _reject_piece,
    "withhold": lambda centre, kind: centre.script.withhold.add(kind),
    "list-signature": lambda centre, flaw: setattr(centre.script, "list_signature", flaw or "missing"),
    "repeat": lambda centre, _: centre.repeat_everything(),
    "nonsense": lambda centre, _: centre.drop("nonsense.json", _NONSENSE),
}
