"""What the provider does with a request: from method, path and JSON to an answer, without a socket.

Open points of the description, decided here: an array of letters is taken whole or not at all; whether a rule is
answered at once (HTTP 400) or later (status 99) is `late_codes`.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from gateway.testing.epost import basket, tokens
from gateway.testing.epost.clock import AT_PRINT_CENTRE_AFTER, Plan, plan_for
from gateway.testing.epost.codes import Reject, error_object
from gateway.testing.epost.door import check_letter, countries
from gateway.testing.epost.ledger import FAILED, Ledger, NewLetter, Piece
from gateway.testing.epost.paper import check_paper
from gateway.testing.epost.statuses import accepted_on, letter_status
from gateway.testing.house.clock import BERLIN
from gateway.testing.house.exchange import Reply, Request
from gateway.testing.house.faults import Fault

CREDENTIALS = {
    "vendorID": "TRAINING",
    "ekp": "1234567890",
    "secret": "training-secret",
    "password": "training-password",
}
"""What the shipped configuration logs in with; nothing real hides behind it."""

FAILSAFE_WINDOW = timedelta(hours=1)

_LETTER_PATH = re.compile(r"/api/Letter/(\d{1,18})", re.ASCII)


@dataclass
class Options:
    """How this provider behaves where the description leaves it open.

    `poll_interval_s`: real seconds between status queries (E322). `lookup_lag_s`: simulated seconds until a new
    letter shows in searches. `late_codes`: rules of the paper whose breach is reported as status 99, not as HTTP 400.
    `shown_status`: a statusID shown for a letter instead of its own, by letterID. `remarks`: warnings and notes that
    every letter shows from now on. `franking_after_s`: simulated seconds from status 4 until a letter shows its
    frankierID. `printable`: what the provider makes of a test letter's PDF before it prints.
    """

    poll_interval_s: float = 5.0
    lookup_lag_s: float = 0.0
    late_codes: frozenset[str] = field(default_factory=frozenset)
    shown_status: dict[int, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    franking_after_s: float = 0.0
    printable: Callable[[bytes], bytes] = bytes


class Service:
    """The interface, on a ledger and a clock; safe to share between threads."""

    def __init__(
        self,
        ledger: Ledger,
        now: Callable[[], datetime],
        options: Options,
        credentials: Mapping[str, str],
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._credentials = credentials
        self.options = options
        self._queries = _Interval()
        self._health_checks = _Interval()
        self._key = ledger.fact("token key") or tokens.new_key()
        ledger.remember("token key", self._key)

    def answer(self, request: Request, fail_later: str = "") -> Reply:
        """The answer to a request; `fail_later` is a code with which letters taken now will end at 99."""
        try:
            return self._route(request, fail_later)
        except Reject as reject:
            return self.declined(reject)

    def declined(self, reject: Reject) -> Reply:
        """An Error object as answer."""
        return Reply(reject.status, error_object(reject.code, self._now(), reject.detail))

    def instead(self, fault: Fault) -> Reply | None:
        """What a fault answers instead of doing the work."""
        if fault.name == "429":
            headers = {"Retry-After": fault.argument} if fault.argument else {}
            return replace(self.declined(Reject("E322", 429)), headers=headers)
        if fault.name == "reject":
            return self.declined(Reject(fault.argument))
        return self.declined(Reject("E101", 401)) if fault.name == "expired-token" else None

    def _route(self, request: Request, fail_later: str) -> Reply:
        if request.path == "/countries.json":
            return Reply(200, countries())
        if request.path.startswith("/api/Login"):
            return self._login(request)
        tokens.check(self._key, request.authorization, self._now())
        if (request.method, request.path) == ("POST", "/api/Letter"):
            return self._take(_json(request), fail_later)
        action = request.path.removeprefix("/api/Letter/")
        if action in basket.DONE and request.method == "POST":
            return Reply(200, [self._order(action, number) for number in _numbers(_json(request))])
        if (request.method, action) == ("GET", "TestResult"):
            return self._test_result(request)
        return self._status(request)

    def _login(self, request: Request) -> Reply:
        route = (request.method, request.path)
        if route == ("GET", "/api/Login/HealthCheck"):
            self._health_checks.enter(self.options.poll_interval_s)
            return Reply(200, error_object("I501", self._now()))
        if route == ("POST", "/api/Login"):
            given = _json(request)
            if not isinstance(given, dict):
                raise Reject("E313")
            tokens.check_credentials(given, self._credentials)
            token = tokens.issue(self._key, self._credentials["ekp"], self._now(), given.get("tokenDuration"))
            return Reply(200, {"token": token})
        raise Reject("E900", 404)

    def _take(self, letters: object, fail_later: str) -> Reply:
        """Check every letter, then take all of them or none."""
        if not isinstance(letters, list) or not letters:
            raise Reject("E313", detail="Array erwartet")
        checked = [self._checked(letter, fail_later) for letter in letters]
        idents: list[dict[str, object]] = []
        with self._ledger.transaction():
            for letter in checked:
                if self._ledger.knows_file(letter.file_name):
                    raise Reject("E309", detail=letter.file_name)
                self._ledger_add(self._against_failsafe(letter), idents)
        return Reply(200, idents)

    def _ledger_add(self, letter: NewLetter, idents: list[dict[str, object]]) -> None:
        letter_id = self._ledger.next_id()
        self._ledger.add(letter, letter_id, self._plan(letter, letter_id))
        idents.append({"fileName": letter.file_name, "letterID": letter_id})

    def _plan(self, letter: NewLetter, letter_id: int) -> Plan:
        now = self._now()
        return plan_for(now, letter_id, basket.held_until(letter.fields, now))

    def _order(self, action: str, number: int) -> dict[str, object]:
        """Take a letter out of the hold basket, or let it go to print now."""
        with self._ledger.transaction():
            failed = self._why_not(number)
            if failed:
                return {"letterID": number, "successful": False, "message": failed}
            if action == "CancelQueued":
                self._ledger.cancel(number)
            else:
                self._ledger.replan(number, plan_for(self._now(), number))
        return {"letterID": number, "successful": True, "message": basket.DONE[action]}

    def _why_not(self, number: int) -> str:
        now = self._now()
        pieces = self._ledger.pieces(now, "letter_id = ?", (number,))
        if not pieces:
            return basket.UNKNOWN
        if pieces[0].status == FAILED or basket.held_until(pieces[0].fields, now) is None:
            return basket.NOT_QUEUED
        waits = now < pieces[0].plan.at_print_centre_at - AT_PRINT_CENTRE_AFTER
        return "" if waits else basket.IN_PRODUCTION

    def _checked(self, letter: object, fail_later: str) -> NewLetter:
        if not isinstance(letter, dict):
            raise Reject("E313", detail="Letter erwartet")
        pdf = check_letter(letter)
        pages, failure = 0, fail_later
        try:
            pages = check_paper(pdf, letter)
        except Reject as reject:
            if reject.code not in self.options.late_codes:
                raise
            failure = reject.code
        return NewLetter(
            file_name=letter["fileName"],
            custom1=letter.get("custom1") or "",
            sha256=hashlib.sha256(pdf).hexdigest(),
            pages=pages,
            fields={name: value for name, value in letter.items() if name != "data"},
            pdf=pdf,
            failure=failure,
        )

    def _against_failsafe(self, letter: NewLetter) -> NewLetter:
        """E324: the same bytes within the hour, both flagged, the first one not failed."""
        if not letter.fields.get("activateDuplicateFailsafe"):
            return letter
        now = self._now()
        for other in self._ledger.pieces(now, "sha256 = ?", (letter.sha256,)):
            recent = now - other.plan.accepted_at < FAILSAFE_WINDOW
            if recent and other.status != FAILED and other.fields.get("activateDuplicateFailsafe"):
                return self._repeated(letter, other.letter_id)
        return letter

    def _repeated(self, letter: NewLetter, first: int) -> NewLetter:
        detail = f"via LetterID {{{first}}}"
        if "E324" not in self.options.late_codes:
            raise Reject("E324", detail=detail)
        return replace(letter, failure="E324", failure_text=detail)

    def _status(self, request: Request) -> Reply:
        self._queries.enter(self.options.poll_interval_s)
        now = self._now()
        visible = [piece for piece in self._find(request, now) if self._shows(piece, request.path, now)]
        if request.query.get("onlyIssues", "").lower() == "true":
            visible = [piece for piece in visible if piece.status == FAILED]
        if not visible:
            raise Reject("E201", 404)
        statuses = [self._shown(piece, now) for piece in visible]
        return Reply(200, statuses[0] if _LETTER_PATH.fullmatch(request.path) else statuses)

    def _test_result(self, request: Request) -> Reply:
        """The processed document of a test letter."""
        number = int(request.query.get("letterID", "0"))
        for piece in self._ledger.pieces(self._now(), "letter_id = ?", (number,)):
            if piece.is_test and piece.status != FAILED:
                data = self.options.printable(self._ledger.pdf_path(number).read_bytes())
                encoded = base64.b64encode(data).decode("ascii")
                return Reply(200, {"letterID": number, "fileName": piece.file_name, "data": encoded})
        raise Reject("E201", 404)

    def _shown(self, piece: Piece, now: datetime) -> dict[str, object]:
        status = letter_status(piece, now) | {"plugInFeedbackList": self._feedback(piece, now)}
        if piece.status != FAILED:
            status["errorList"] = [error_object(code, now) for code in self.options.remarks]
        if (now - piece.plan.posted_at).total_seconds() < self.options.franking_after_s:
            status.pop("frankierID", None)
        shown = self.options.shown_status.get(piece.letter_id)
        return status if shown is None else status | {"statusID": shown, "statusDetails": "Neu"}

    def _feedback(self, piece: Piece, now: datetime) -> list[object]:
        fate, _, mark = (self._ledger.fact(f"fate {piece.letter_id}") or "/").partition("/")
        return basket.feedback(piece.fields, (fate, mark), piece.plan.posted_at, now)

    def _shows(self, piece: Piece, path: str, now: datetime) -> bool:
        """Searches may lag behind; asking by the provider's own number never does."""
        by_number = path == "/api/Letter/StatusQuery" or _LETTER_PATH.fullmatch(path)
        return bool(by_number) or (now - piece.plan.accepted_at).total_seconds() >= self.options.lookup_lag_s

    def _find(self, request: Request, now: datetime) -> Sequence[Piece]:
        one = _LETTER_PATH.fullmatch(request.path)
        query = request.query
        if request.method == "POST" and request.path == "/api/Letter/StatusQuery":
            wanted = json.dumps(_numbers(_json(request)))
            return self._ledger.pieces(now, "letter_id IN (SELECT value FROM json_each(?))", (wanted,))
        if request.method != "GET":
            raise Reject("E900", 404)
        if one:
            return self._ledger.pieces(now, "letter_id = ?", (int(one[1]),))
        if request.path == "/api/Letter/Custom1":
            return self._ledger.pieces(now, "custom1 = ?", (query.get("custom1", ""),))
        fits = self._listing(request.path, query, now)
        return [piece for piece in self._ledger.pieces(now) if fits(piece)]

    def _listing(self, path: str, query: Mapping[str, str], now: datetime) -> Callable[[Piece], bool]:
        """Which letters are in a list."""
        if path == "/api/Letter/Batch":
            return lambda piece: str(piece.fields.get("batchID", 0)) == query.get("batchId")
        if path == "/api/Letter/Open":
            return lambda piece: piece.status <= 3 and not piece.is_test
        if path not in {"/api/Letter/Date", "/api/Letter/PremiumAdressFeedback"}:
            raise Reject("E900", 404)
        first, last = _day(query.get("fromDate")), _day(query.get("tillDate"))
        if path == "/api/Letter/Date":
            return lambda piece: first <= accepted_on(piece) <= last
        in_time = first <= now.astimezone(BERLIN).date() <= last
        return lambda piece: in_time and bool(self._feedback(piece, now))


class _Interval:
    """Two visits closer together than allowed: the second is turned away and does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_s: float | None = None

    def enter(self, interval_s: float) -> None:
        with self._lock:
            now_s = time.monotonic()
            if self._last_s is not None and now_s - self._last_s < interval_s:
                raise Reject("E322", 429)
            self._last_s = now_s


def _json(request: Request) -> object:
    try:
        return json.loads(request.body)
    except ValueError:
        raise Reject("E313", detail="JSON") from None


def _numbers(body: object) -> list[int]:
    if not isinstance(body, list) or not all(isinstance(number, int) for number in body):
        raise Reject("E313", detail="Array von LetterID erwartet")
    return body


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        raise Reject("E313", detail="Datum") from None
