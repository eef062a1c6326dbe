"""Deutsche Post E-POSTBUSINESS as print-and-post provider (interface v2.6.1).

The interface has no idempotency key; its duplicate guard is LOOKUP. `custom1` is our key, and after an unknown
outcome the application waits for the settle time, then asks by it. Staging only proves that the piece can be
expressed; nothing leaves the house before `release`, which is one request with one letter (whether an array is
taken as a whole is not documented). Letters can be taken back only out of the hold basket, if it is used.

Not here: retrying.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from gateway.domain.findings import Finding, Severity
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.runs.tally import Held
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import AlreadyReleased, InputError, NotSent, OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import (
    Capabilities,
    Consignment,
    Found,
    PieceNumbers,
    PrintPiece,
    StatusReport,
    TrialAnswer,
)
from gateway.providers.epost_account import HTTP_OK, HTTP_UNAUTHORISED, Account, EpostSettings
from gateway.providers.epost_codes import ACCOUNT_CODES, DUPLICATE_CODES, refusal, text_for
from gateway.providers.epost_letter import REGISTERED_TEXTS, SERVICES, encoded, file_name, letter_from
from gateway.providers.epost_plugins import feedback_reports, order_queued, plug_ins
from gateway.providers.epost_status import (
    BERLIN,
    has_failed,
    held_from,
    is_suspected_duplicate,
    letter_id,
    numbers_in,
    reports_from,
)
from gateway.providers.epost_trial import trial_answer, trial_fields
from gateway.providers.epost_wire import Answer

__all__ = ["STATUS_CHUNK", "EpostProvider", "EpostSettings"]

HTTP_BAD_REQUEST = 400
HTTP_NOT_FOUND = 404

STATUS_CHUNK = 500
"""Letters asked for in one StatusQuery; the interface names no limit, the number is ours."""

FEEDBACK_SPAN = timedelta(days=30)
"""How far back feedback is asked for: it arrives 4 to 14 working days after the event."""

_DAY = timedelta(days=1)
_NAMED_LETTER = re.compile(r"LetterID\D{0,5}(\d{1,18})", re.ASCII)


class EpostProvider:
    """Implements `gateway.ports.provider.Provider`; one instance an account, safe to share between threads."""

    name = "epost"

    def __init__(
        self,
        settings: EpostSettings,
        profile: PrintProfile,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.profile = profile
        self.capabilities = Capabilities(
            guard=DuplicateGuard.LOOKUP,
            settle_time=settings.settle_time,
            key_lifetime=timedelta(0),
            services=SERVICES,
            can_cancel=settings.hold_days > 0,
            min_poll_interval=settings.min_poll_interval,
            has_hold_basket=settings.hold_days > 0,
            has_list=True,
            one_sided=frozenset(REGISTERED_TEXTS),
            inland_only=frozenset(REGISTERED_TEXTS),
            parallel=settings.connections,
        )
        self._settings = settings
        self._now = now
        self._account = Account(settings, sleep=sleep, monotonic=monotonic)

    def __repr__(self) -> str:
        return f"EpostProvider({self._settings!r})"

    def close(self) -> None:
        """Close idle connections."""
        self._account.close()

    def check(self) -> list[Finding]:
        """Whether the service is up and takes our credentials; changes nothing."""
        findings = [self._health(), self._credentials()]
        if self._settings.test_mode:
            text = "Testbetrieb: Sendungen werden geprüft, aber nicht gedruckt."
            findings.append(Finding("epost-test-mode", Severity.WARNING, text))
        return findings

    def stage(self, consignment: Consignment) -> str:
        """Prove that the piece can be expressed; nothing is transmitted. The handle is the key.

        Raises `Refused` with the rule that is broken, `IntegrityError` if the bytes are not the approved ones.
        """
        letter_from(consignment.only, self.profile)
        return consignment.key

    def release(self, handle: str, consignment: Consignment) -> str:
        """Hand over for printing: one request. Returns the provider's `letterID`.

        Raises `NotSent`, `Refused`, `AlreadyReleased` or `OutcomeUnknown`.
        """
        piece = consignment.only
        if handle != piece.key:
            raise Refused("epost-handle", "Die vorbereitete Übergabe gehört zu einer anderen Sendung.")
        letter = letter_from(piece, self.profile) | {"data": encoded(piece.pdf)}
        if self._settings.test_mode:
            letter |= trial_fields(self._settings)
        if plugged := plug_ins(piece, self._settings, abroad="country" in letter):
            letter["plugInList"] = plugged
        answer = self._account.request("POST", "/api/Letter", payload=[letter])
        if answer.status == HTTP_OK:
            return _accepted_reference(answer, file_name(piece.key))
        if answer.status not in {HTTP_BAD_REQUEST, HTTP_UNAUTHORISED} or answer.error_code is None:
            raise _unreadable()
        if answer.error_code in DUPLICATE_CODES:
            self._judge_duplicate(answer, answer.error_code, piece.key)
        raise refusal(answer.error_code)

    def find(self, key: str) -> Found | None:
        """What the provider holds under our key; None only if it says so itself.

        Entries that failed (99) do not print and are not counted. If there are only such, the piece was
        accepted and failed: it is found, so that its status shows. Raises `NotSent` or `OutcomeUnknown`: then
        nothing is known.
        """
        entries = self._entries_by_key(key)
        if not entries:
            return None
        alive = [number for number, entry in entries.items() if not has_failed(entry)]
        if alive:
            return Found(str(min(alive)), len(alive))
        return Found(str(max(entries)), 1)

    def cancel(self, provider_reference: str) -> None:
        """Take a letter out of the hold basket. `Refused` if it does not wait there, or no basket is used."""
        if not self.capabilities.can_cancel:
            raise Refused(
                "epost-cancel-not-offered",
                "Eine übergebene Sendung kann bei diesem Dienstleister nicht zurückgenommen werden; "
                "hold_days ist nicht eingerichtet.",
            )
        order_queued(self._account, "CancelQueued", _number(provider_reference))

    def release_from_hold(self, provider_reference: str) -> None:
        """Let a letter that waits in the hold basket go to print now, before its due date; errors as in `cancel`."""
        order_queued(self._account, "ReleaseQueued", _number(provider_reference))

    def numbers_in(self, raw: Mapping[str, object]) -> PieceNumbers:
        """Frankier-ID and number of registered mail in the payload of one statement."""
        return numbers_in(raw)

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """Current statements about the given letters, `STATUS_CHUNK` a request, paced; errors as in `find`.

        A letter that failed as a duplicate is looked up by its key: if another entry of ours lives on, that one
        is reported too and the failure stays UNKNOWN. A clerk would else hand over again what is being printed.
        """
        numbers = [_number(reference) for reference in provider_references]
        for start in range(0, len(numbers), STATUS_CHUNK):
            chunk = numbers[start : start + STATUS_CHUNK]
            for entry in self._entries("POST", "/api/Letter/StatusQuery", payload=chunk):
                yield from self._reports(entry)
        if self._settings.premium_address:
            yield from self._feedback()

    def holdings(self, day: date) -> Iterable[Held]:
        """All letters accepted then and on the days beside; one that cannot be read leaves the whole list unknown."""
        days = {"fromDate": (day - _DAY).isoformat(), "tillDate": (day + _DAY).isoformat()}
        for entry in self._entries("GET", "/api/Letter/Date", params=days):
            held = held_from(entry)
            if held is None:
                raise _unreadable()
            yield held

    def try_out(self, piece: PrintPiece) -> str:
        """A test letter through the account of the live ones; see `epost_trial`. Errors as in `release`."""
        letter = letter_from(piece, self.profile) | {"data": encoded(piece.pdf)} | trial_fields(self._settings)
        answer = self._account.request("POST", "/api/Letter", payload=[letter])
        if answer.status == HTTP_OK:
            return _accepted_reference(answer, file_name(piece.key))
        if answer.error_code is None:
            raise _unreadable()
        raise refusal(answer.error_code)

    def tried(self, key: str) -> TrialAnswer | None:
        """What came of a test letter; errors as in `find`."""
        return trial_answer(self._account, list(self._entries_by_key(key).values()))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:  # noqa: ARG002
        """Not offered: the interface only answers."""
        raise InputError("webhook-not-offered", "Dieser Dienstleister meldet sich nicht von selbst.")

    def _feedback(self) -> Iterator[StatusReport]:
        """What came back, whoever it is about: it arrives long after a letter was settled and asked about."""
        today = self._now().astimezone(BERLIN).date()
        params = {
            "fromDate": (today - FEEDBACK_SPAN).isoformat(),
            "tillDate": today.isoformat(),
        }
        for entry in self._entries("GET", "/api/Letter/PremiumAdressFeedback", params=params):
            yield from feedback_reports(entry, self._now)

    def _reports(self, entry: Mapping[str, object]) -> Iterator[StatusReport]:
        key = entry.get("custom1")
        twins: list[Mapping[str, object]] = []
        if is_suspected_duplicate(entry) and isinstance(key, str) and key:
            twins = [twin for twin in self._entries_by_key(key).values() if not has_failed(twin)]
        yield from reports_from(entry, self._now, superseded=bool(twins))
        yield from feedback_reports(entry, self._now)
        for twin in twins:
            yield from reports_from(twin, self._now)

    def _judge_duplicate(self, answer: Answer, code: str, key: str) -> NoReturn:
        """E309 or E324: done before, if a letter of the provider carries our key.

        Not found is no proof, since the lookup may lag behind: the file name holds our unique key, so E309
        without a finding stays unknown. E324 compares bytes and names the other letter; only if that one is not
        ours (identical letters may be legitimate) is this one certainly refused. Nothing else is believed.
        """
        stable, text = f"epost-{code.lower()}", text_for(code)
        try:
            found = self.find(key)
            is_stranger = found is None and self._names_other_letter(answer, key)
        except (NotSent, OutcomeUnknown):
            found, is_stranger = None, False
        if found:
            raise AlreadyReleased(stable, text, provider_reference=found.provider_reference)
        if is_stranger:
            raise Refused(stable, text)
        raise OutcomeUnknown(stable, f"{text} Ob es unsere Sendung ist, wird nachgefragt.")

    def _names_other_letter(self, answer: Answer, key: str) -> bool:
        named = _NAMED_LETTER.search(str(answer.body.get("description")))
        if named is None:
            return False
        entry = self._account.query("GET", f"/api/Letter/{named[1]}").body
        return isinstance(entry, dict) and letter_id(entry) == int(named[1]) and entry.get("custom1") != key

    def _entries_by_key(self, key: str) -> dict[int, Mapping[str, object]]:
        """All entries whose `custom1` is exactly ours, by number (the search may be laxer than that)."""
        entries = self._entries("GET", "/api/Letter/Custom1", params={"custom1": key})
        ours = [entry for entry in entries if entry.get("custom1") == key]
        numbered = {number: entry for entry in ours if (number := letter_id(entry)) is not None}
        if len(numbered) != len(ours):
            raise _unreadable()
        return numbered

    def _entries(
        self, method: str, path: str, *, payload: object = None, params: Mapping[str, str] | None = None
    ) -> list[Mapping[str, object]]:
        """A list of `LetterStatus`. Only 404 with E201 means "none": any other 404 may be a proxy's.

        Never `Refused`: that a question was declined says nothing about a letter.
        """
        answer = self._account.query(method, path, payload=payload, params=params)
        if answer.status == HTTP_NOT_FOUND and answer.error_code == "E201":
            return []
        if answer.error_code in ACCOUNT_CODES:
            raise refusal(answer.error_code)
        if answer.status != HTTP_OK or not isinstance(answer.body, list):
            raise _unreadable()
        if not all(isinstance(entry, dict) for entry in answer.body):
            raise _unreadable()
        return answer.body

    def _health(self) -> Finding:
        try:
            answer = self._account.health()
        except ProviderError as error:
            return Finding(error.code, Severity.ERROR, error.message)
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        return _HEALTH.get(str(code), _HEALTH_UNKNOWN)

    def _credentials(self) -> Finding:
        try:
            self._account.renew()
        except ProviderError as error:
            return Finding(error.code, Severity.ERROR, error.message)
        return Finding("epost-login-ok", Severity.INFO, "Die Anmeldung ist gelungen.")


_HEALTH = {
    "I501": Finding("epost-in-service", Severity.INFO, "Der Dienst ist in Betrieb."),
    "W501": Finding(
        "epost-maintenance", Severity.WARNING, "Der Dienst kündigt eine Wartung an; Sendungen können warten."
    ),
    "E501": Finding("epost-inactive", Severity.ERROR, "Der Dienst ist außer Betrieb; Sendungen warten."),
}
_HEALTH_UNKNOWN = Finding(
    "epost-health-unknown",
    Severity.WARNING,
    "Der Dienst gibt über seinen Zustand eine Auskunft, die das Gateway nicht kennt. Bitte nachfragen.",
)


def _accepted_reference(answer: Answer, expected_file: str) -> str:
    """The `letterID` out of the only shape that says "taken": one entry, for our file."""
    body = answer.body
    if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict):
        number = letter_id(body[0])
        if number is not None and body[0].get("fileName") == expected_file:
            return str(number)
    raise _unreadable()


def _unreadable() -> OutcomeUnknown:
    return OutcomeUnknown(
        "epost-unreadable",
        "Die Antwort des Druckdienstleisters hat eine unbekannte Form. "
        "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
    )


def _number(reference: str) -> int:
    if not (reference.isascii() and reference.isdigit()):
        raise Refused("epost-reference", "Die Kennung der Sendung ist keine LetterID dieses Dienstleisters.")
    return int(reference)
