"""Misbehaviour on request.

    {"on": "POST /api/Letter", "kind": "drop-after-accept", "times": 1, "skip": 0}

`on` is a method and the beginning of a path, or `*`. Kinds ending in -before leave the request undone; the others
do it and spoil the answer:

    drop-before, drop-after-accept      the connection is closed without an answer
    cut-request:BYTES                   the connection is closed after so many bytes of the request's body
    cut-answer                          the connection is closed in the middle of the answer
    5xx-before, 5xx-after-accept        HTTP 502 with a page of HTML
    nonsense                            HTTP 200 with something that is no JSON
    slow:SECONDS                        the answer comes late
    429, 429:SECONDS                    too many requests, with Retry-After
    reject:CODE                         HTTP 400 with that Error object; Pingen: that HTTP status
    fail-later:CODE                     accepted, then 99 with that code (E318 only after the print centre had it)
    expired-token                       HTTP 401 with E101
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

_KIND = re.compile(
    r"drop-before|drop-after-accept|cut-request:\d+|cut-answer|5xx-before|5xx-after-accept|nonsense|expired-token"
    r"|slow:\d+(\.\d+)?|429(:\d+)?|reject:[EWI]?\d{3}|fail-later:(E\d{3}|[a-z_]+)"
)


@dataclass
class Fault:
    """One misbehaviour: on the next `times` matching requests, after letting `skip` pass."""

    on: str
    kind: str
    times: int = 1
    skip: int = 0

    def __post_init__(self) -> None:
        """Refuse a misbehaviour that does not exist: a test that asks for it would prove nothing."""
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"unknown kind of fault: {self.kind}")

    @property
    def name(self) -> str:
        """The kind without its argument."""
        return self.kind.partition(":")[0]

    @property
    def argument(self) -> str:
        """What stands after the colon."""
        return self.kind.partition(":")[2]

    def matches(self, method: str, path: str) -> bool:
        """Whether the request is meant."""
        wanted_method, _, wanted_path = self.on.partition(" ")
        return self.on == "*" or (wanted_method == method and path.startswith(wanted_path))


def fault_from(values: Mapping[str, object]) -> Fault:
    """A fault from JSON; raises `ValueError`."""
    unknown = values.keys() - {"on", "kind", "times", "skip"}
    if unknown:
        raise ValueError(f"unknown field of a fault: {sorted(unknown)[0]}")
    return Fault(
        on=str(values.get("on", "*")),
        kind=str(values.get("kind")),
        times=int(str(values.get("times", 1))),
        skip=int(str(values.get("skip", 0))),
    )


class Faults:
    """The misbehaviour that is still to come; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        """Forget what was planned and plan this."""
        with self._lock:
            self._faults = list(faults)

    def next_for(self, method: str, path: str, *, during: str = "answer") -> Fault | None:
        """The misbehaviour for this request, used up once; `during` "request": one that comes while it is read."""
        with self._lock:
            for fault in self._faults:
                is_early = fault.name == "cut-request"
                if fault.times < 1 or is_early != (during == "request") or not fault.matches(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                return fault
        return None
