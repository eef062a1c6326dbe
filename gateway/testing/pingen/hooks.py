"""Webhooks that the simulated provider sends by itself: to whoever registered, again and again until one was taken.

Seven attempts over some seven hours of simulated time, then a call is dropped for good; what was answered with 2xx is
done. On demand calls come twice, in the wrong order, or never.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import requests

from gateway.testing.pingen.ledger import Ledger
from gateway.testing.pingen.life import CATEGORIES, Event

ATTEMPTS_AFTER = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 20, 60, 180, 420))
"""From the event on. The provider tells seven attempts in about seven hours, not how they lie."""
_PAUSES = (*(later - earlier for earlier, later in pairwise(ATTEMPTS_AFTER)),)
_LOOK_EVERY_S = 0.05
_TIMEOUT_S = 10

Signed = Callable[[Event, str], tuple[dict[str, str], bytes]]
"""Headers and body of the call about an event, signed with a key."""


@dataclass
class Misbehaviour:
    """What goes wrong with calls.

    `repeats`: how often each is made again after it was taken. `reverse`: the newest first. `lose`: so many of the next
    ones are never made.
    """

    repeats: int = 0
    reverse: bool = False
    lose: int = 0


@dataclass(frozen=True)
class Hook:
    """A registration."""

    hook_id: str
    category: str
    url: str
    key: str
    since: datetime


@dataclass(frozen=True)
class Attempt:
    """A line of the request log; `status` is the HTTP status, 0 where nobody answered."""

    hook_id: str
    event_id: str
    number: int
    status: int
    at: datetime


class Hooks:
    """Registrations, and the calls that are due; a thread of its own makes them while it runs."""

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime], events: Callable[[], Sequence[Event]], signed: Signed
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._events = events
        self._signed = signed
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="webhooks")
        self.misbehaviour = Misbehaviour()

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is due then comes after the next start."""
        self._stop.set()
        self._thread.join(timeout=_TIMEOUT_S + 1)

    def register(self, category: str, url: str, key: str) -> Hook:
        """Call `url` about the events of a category from now on. Raises `ValueError` for what does not exist."""
        if category not in CATEGORIES or not url.startswith(("http://", "https://")) or not key:
            raise ValueError("event_category, url or signing_key")
        hook = Hook(str(uuid.uuid4()), category, url, key, self._now())
        self._ledger.add_hook(hook.hook_id, category, url, key, hook.since)
        return hook

    def remove(self, hook_id: str) -> bool:
        """Call no more; False if there was no such registration."""
        return self._ledger.remove_hook(hook_id)

    def registered(self) -> list[Hook]:
        """All registrations."""
        return [Hook(**row) for row in self._ledger.hooks()]

    def log(self) -> list[Attempt]:
        """Every call so far."""
        return [Attempt(**row) for row in self._ledger.attempts()]

    def send_due(self) -> int:
        """Make every call that is due; returns how many were made."""
        hooks = self.registered()
        if not hooks:
            return 0
        with self._lock:
            due = [(hook, event) for hook in hooks for event in self._events() if self._is_due(hook, event)]
            due.sort(key=lambda each: each[1].at, reverse=self.misbehaviour.reverse)
            for hook, event in due:
                self._attempt(hook, event)
            return len(due)

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self.send_due()

    def _is_due(self, hook: Hook, event: Event) -> bool:
        if event.category != hook.category or event.at < hook.since:
            return False
        made = self._ledger.attempts(hook.hook_id, event.event_id)
        taken = sum(200 <= each["status"] < 300 for each in made)
        if taken:
            return bool(taken <= self.misbehaviour.repeats)
        if len(made) >= len(ATTEMPTS_AFTER):
            return False
        return not made or bool(self._now() >= made[-1]["at"] + _PAUSES[len(made) - 1])

    def _attempt(self, hook: Hook, event: Event) -> None:
        number = len(self._ledger.attempts(hook.hook_id, event.event_id)) + 1
        if self.misbehaviour.lose:
            self.misbehaviour.lose -= 1
            for lost in range(number, len(ATTEMPTS_AFTER) + 1):
                self._ledger.add_attempt(hook.hook_id, event.event_id, lost, 0, self._now())
            return
        self._ledger.add_attempt(hook.hook_id, event.event_id, number, self._call(hook, event), self._now())

    def _call(self, hook: Hook, event: Event) -> int:
        headers, body = self._signed(event, hook.key)
        try:
            answer: Any = requests.post(
                hook.url, data=body, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException:
            return 0
        return int(answer.status_code)
