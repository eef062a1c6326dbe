"""What the provider does with a request: from method, path and JSON:API to an answer, without a socket.

Open points of the description, decided here: an Idempotency-Key is remembered for `Options.key_lifetime_s`; a repeat
with another body is answered like the first; a letter that is not valid cannot be sent off (422, `letter_state`).
"""

import hashlib
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Fault
from gateway.testing.pingen.documents import Reject, attributes_of, collection, event_resource, letter_resource
from gateway.testing.pingen.hook_routes import answer_about_hooks
from gateway.testing.pingen.hooks import Hooks
from gateway.testing.pingen.ledger import Ledger, Letter
from gateway.testing.pingen.life import CATEGORIES, Event, Facts, events_until, may_cancel
from gateway.testing.pingen.paper import inspect
from gateway.testing.pingen.parties import is_registered, meta_data_fits, names_both

CREDENTIALS = {
    "organisation": "b5a1f0c2-1111-4222-8333-944445555666",
    "client_id": "TRAINING",
    "client_secret": "training-secret",
}
"""What the shipped configuration logs in with; nothing real hides behind it."""

TOKEN_LIFETIME_S = 43_200
MAX_FILE_BYTES = 20_000_000
_JSON_API = {"Content-Type": "application/vnd.api+json"}
_LETTERS = re.compile(r"/organisations/([^/]+)(?:/deliveries)?/letters(?:/(.*))?")
_HOOKS = re.compile(r"/organisations/([^/]+)/webhooks(?:/(.*))?")
_UPLOAD = "/_files/"
_LETTER_FIELDS = {
    *("file_original_name", "file_url", "file_url_signature", "address_position", "auto_send"),
    *("delivery_product", "print_mode", "print_spectrum", "sender_address", "meta_data"),
}
_PRODUCTS = re.compile(r"fast|cheap|bulk|premium|registered|(dpag|postag|postnl)_[a-z_]+")


@dataclass
class Options:
    """How this provider behaves where the description leaves it open.

    `key_lifetime_s`: simulated seconds until an Idempotency-Key is forgotten. `validation_s`: simulated seconds until
    a document is checked. `lookup_lag_s`: simulated seconds until letters and events show in collections.
    `event_kind`: the name of the type of an event, which the provider once changed unannounced. `next_fate`: what
    becomes of letters that are sent off from now on (see `life.Facts`). `ignores_sort`: letters are listed oldest
    first, whatever order was asked for.
    """

    key_lifetime_s: float = 86_400.0
    validation_s: float = 0.0
    lookup_lag_s: float = 0.0
    event_kind: str = "deliverables_events"
    next_fate: str = ""
    ignores_sort: bool = False


class Service:
    """The interface, on a ledger and a clock; safe to share between threads."""

    def __init__(
        self,
        ledger: Ledger,
        now: Callable[[], datetime],
        options: Options,
        credentials: Mapping[str, str],
        base_url: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._credentials = credentials
        self._base_url = base_url
        self.options = options
        self._tokens: dict[str, datetime] = {}
        self._in_progress: set[str] = set()
        self._lock = threading.Lock()
        self.hooks: Hooks | None = None

    def answer(self, request: Request, fail_later: str = "") -> Reply:
        """The answer to a request; `fail_later` is the fate of a letter that is sent off now."""
        try:
            return self._route(request, fail_later)
        except Reject as reject:
            return self._declined(reject)

    def instead(self, fault: Fault) -> Reply | Page | None:
        """What a fault answers instead of doing the work."""
        if fault.name == "429":
            reply = self._declined(Reject(429, "too_many_requests", "Too Many Requests"))
            waiting = {"Retry-After": fault.argument} if fault.argument else {}
            return replace(reply, headers={**reply.headers, **waiting})
        if fault.name == "reject":
            return self._declined(Reject(int(fault.argument), "rejected_on_request", "Rejected"))
        if fault.name == "expired-token":
            return self._declined(Reject(401, "unauthenticated", "Unauthenticated"))
        return None

    def _declined(self, reject: Reject) -> Reply:
        return Reply(reject.status, reject.document, self._headers())

    def _headers(self) -> dict[str, str]:
        return {
            **_JSON_API,
            "X-Request-Id": str(uuid.uuid4()),
            "x-ratelimit-limit": "600",
            "x-ratelimit-remaining": "599",
        }

    def _route(self, request: Request, fail_later: str) -> Reply:
        if (request.method, request.path) == ("POST", "/auth/access-tokens"):
            return self._login(request)
        if request.path.startswith(_UPLOAD):
            return self._take_file(request)
        self._check_token(request)
        if (request.method, request.path) == ("GET", "/file-upload"):
            return self._upload_place()
        hook = _HOOKS.fullmatch(request.path)
        if hook and self.hooks and hook[1] == self._credentials["organisation"]:
            return replace(answer_about_hooks(self.hooks, request, hook[2] or ""), headers=self._headers())
        found = _LETTERS.fullmatch(request.path)
        if found is None or found[1] != self._credentials["organisation"]:
            raise Reject(404, "not_found", "Not Found")
        if request.method == "GET":
            return self._look(found[2] or "", request.query)
        return self._once(request, lambda: self._change(request, found[2] or "", fail_later))

    def _login(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        wanted = {name: self._credentials[name] for name in ("client_id", "client_secret")}
        if form.get("grant_type") != "client_credentials" or not form.get("scope"):
            raise Reject(400, "invalid_request", "Invalid request")
        if any(form.get(name) != value for name, value in wanted.items()):
            raise Reject(401, "invalid_client", "Client authentication failed")
        token = secrets.token_hex(24)
        with self._lock:
            self._tokens[token] = self._now() + timedelta(seconds=TOKEN_LIFETIME_S)
        answer = {"token_type": "Bearer", "expires_in": TOKEN_LIFETIME_S, "access_token": token}
        return Reply(200, answer, {"Content-Type": "application/json"})

    def _check_token(self, request: Request) -> None:
        scheme, _, token = (request.authorization or "").partition(" ")
        with self._lock:
            expires = self._tokens.get(token)
        if scheme != "Bearer" or expires is None or expires <= self._now():
            raise Reject(401, "unauthenticated", "Unauthenticated")

    def _upload_place(self) -> Reply:
        file_id, signature = uuid.uuid4().hex, "$2y$10$" + secrets.token_hex(20)
        self._ledger.add_file(file_id, signature)
        attributes = {
            "url": f"{self._base_url()}{_UPLOAD}{file_id}",
            "url_signature": signature,
            "expires_at": self._now().isoformat(),
        }
        return self._resource(200, {"id": file_id, "type": "file_uploads", "attributes": attributes})

    def _take_file(self, request: Request) -> Reply:
        """As at an object store: the address is the permission, and a second one is an error."""
        file_id = request.path.removeprefix(_UPLOAD)
        if request.authorization is not None:
            raise Reject(400, "InvalidArgument", "Only one auth mechanism allowed")
        if request.method != "PUT" or self._ledger.signature_of(file_id) is None:
            raise Reject(403, "AccessDenied", "Access Denied")
        self._ledger.path(file_id).write_bytes(request.body)
        return Reply(200, {})

    def _once(self, request: Request, work: Callable[[], Reply]) -> Reply:
        """A change with a remembered key is not done again, but answered again; 409 while it is being done."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            return work()
        if len(key) > 64:
            raise Reject(422, "idempotency_key_invalid", "Idempotency-Key too long")
        name = f"{request.method} {request.path} {key}"
        with self._lock:
            if name in self._in_progress:
                raise Reject(409, "idempotency_conflict", "A request with this key is in progress")
            self._in_progress.add(name)
        try:
            known = self._ledger.remembered(name)
            if known and (self._now() - known[2]).total_seconds() < self.options.key_lifetime_s:
                return Reply(known[0], known[1], {**self._headers(), "Idempotent-Replayed": "true"})
            reply = work()
            self._ledger.remember_key(name, reply.status, reply.body, self._now())
            return reply
        finally:
            with self._lock:
                self._in_progress.discard(name)

    def _change(self, request: Request, path: str, fail_later: str) -> Reply:
        letter_id, _, action = path.partition("/")
        if request.method == "POST" and not path:
            return self._create(attributes_of(request))
        letter = self._letter(letter_id)
        if (request.method, action) == ("PATCH", "send"):
            return self._send(letter, attributes_of(request), fail_later)
        if (request.method, action) == ("PATCH", "cancel"):
            return self._cancel(letter)
        if (request.method, action) == ("DELETE", ""):
            return self._delete(letter)
        raise Reject(404, "not_found", "Not Found")

    def _create(self, attributes: Mapping[str, Any]) -> Reply:
        _check_attributes(attributes)
        file_id = str(attributes["file_url"]).rpartition("/")[2]
        signature = self._ledger.signature_of(file_id)
        if signature is None or signature != attributes.get("file_url_signature"):
            raise Reject(422, "file_url_signature_invalid", "Invalid signature", "/data/attributes/file_url")
        pdf = self._ledger.path(file_id).read_bytes() if self._ledger.path(file_id).exists() else None
        pages, flaw = inspect(pdf) if pdf is not None else (0, "file_not_found")
        if not flaw and is_registered(attributes) and not names_both(attributes):
            flaw = "meta_data_failed_requirements"
        now, letter_id = self._now(), str(uuid.uuid4())
        if pdf is not None:
            self._ledger.path(file_id).rename(self._ledger.path(letter_id))
        validated_at = now + timedelta(seconds=self.options.validation_s)
        facts = Facts(letter_id, now, validated_at, flaw=flaw)
        digest = hashlib.sha256(pdf or b"").hexdigest()
        name = str(attributes["file_original_name"])
        self._ledger.add(Letter(0, letter_id, name, digest, pages, attributes, facts, "", None))
        if attributes.get("auto_send"):
            self._ledger.change(letter_id, replace(facts, submitted_at=validated_at), attributes)
        return self._shown(201, self._letter(letter_id))

    def _send(self, letter: Letter, attributes: Mapping[str, Any], fail_later: str) -> Reply:
        if letter.status != "valid":
            raise Reject(422, "letter_state", f"The letter can not be sent in state {letter.status}")
        for name in ("delivery_product", "print_mode", "print_spectrum"):
            if not attributes.get(name):
                raise Reject(422, "required", f"{name} is required", f"/data/attributes/{name}")
        changed = {**letter.attributes, **attributes}
        if is_registered(changed) and not names_both(changed):
            raise Reject(422, "meta_data_required", "meta_data is required", "/data/attributes/meta_data")
        facts = replace(letter.facts, submitted_at=self._now(), fate=fail_later or self.options.next_fate)
        self._ledger.change(letter.letter_id, replace(facts, is_registered=is_registered(changed)), changed)
        return self._shown(200, self._letter(letter.letter_id))

    def _cancel(self, letter: Letter) -> Reply:
        if not may_cancel(letter.facts, self._now()):
            raise Reject(422, "letter_state", "The letter can not be cancelled any more")
        self._ledger.change(
            letter.letter_id, replace(letter.facts, cancelled_at=self._now()), letter.attributes
        )
        return self._shown(202, self._letter(letter.letter_id))

    def _delete(self, letter: Letter) -> Reply:
        if letter.facts.submitted_at is not None:
            raise Reject(422, "letter_state", "The letter can not be deleted any more")
        self._ledger.remove(letter.letter_id)
        return Reply(200, {}, self._headers())

    def _look(self, path: str, query: Mapping[str, str]) -> Reply:
        parts = path.split("/") if path else []
        if not parts:
            letters = [
                letter for letter in self._ledger.letters(self._now()) if self._shows(letter.facts.created_at)
            ]
            if query.get("sort", "").startswith("-") and not self.options.ignores_sort:
                letters.reverse()
            resources = [self._resource_of(letter) for letter in letters]
            return Reply(200, collection(resources, query), self._headers())
        if parts[0] == "events" and len(parts) == 2 and parts[1] in CATEGORIES:
            return self._events([event for event in self.events() if event.category == parts[1]], query)
        letter = self._letter(parts[0])
        if len(parts) == 1:
            return self._shown(200, letter)
        if parts[1:] == ["events"]:
            return self._events(events_until(letter.facts, self._now()), query)
        raise Reject(404, "not_found", "Not Found")

    def events(self) -> list[Event]:
        """All events of the organisation that show by now, oldest first."""
        now = self._now()
        found = [event for letter in self._ledger.letters(now) for event in events_until(letter.facts, now)]
        return sorted((event for event in found if self._shows(event.at)), key=lambda event: event.at)

    def _events(self, events: list[Event], query: Mapping[str, str]) -> Reply:
        resources = [event_resource(event, self.options.event_kind) for event in events]
        if query.get("sort", "-created_at").startswith("-"):
            resources.reverse()
        return Reply(200, collection(resources, query), self._headers())

    def _shows(self, since: datetime) -> bool:
        return (self._now() - since).total_seconds() >= self.options.lookup_lag_s

    def _letter(self, letter_id: str) -> Letter:
        letter = self._ledger.letter(letter_id, self._now())
        if letter is None:
            raise Reject(404, "not_found", "Not Found")
        return letter

    def _resource_of(self, letter: Letter) -> dict[str, object]:
        return letter_resource(letter, self._now(), self._credentials["organisation"])

    def _shown(self, status: int, letter: Letter) -> Reply:
        return self._resource(status, self._resource_of(letter))

    def _resource(self, status: int, resource: Mapping[str, object]) -> Reply:
        return Reply(status, {"data": resource}, self._headers())


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    for name in sorted(attributes.keys() - _LETTER_FIELDS):
        raise Reject(422, "unknown_attribute", f"{name} is unknown", f"/data/attributes/{name}")
    rules: Mapping[str, Callable[[Any], bool]] = {
        "file_original_name": lambda value: isinstance(value, str) and 5 <= len(value) <= 255,
        "file_url": lambda value: isinstance(value, str) and len(value) <= 1000,
        "address_position": lambda value: value in {"left", "right"},
        "auto_send": lambda value: isinstance(value, bool),
        "delivery_product": lambda value: value is None or bool(_PRODUCTS.fullmatch(str(value))),
        "print_mode": lambda value: value in {None, "simplex", "duplex"},
        "meta_data": lambda value: value is None or meta_data_fits(value),
        "print_spectrum": lambda value: value in {None, "grayscale", "color"},
    }
    for name, holds in rules.items():
        if not holds(attributes.get(name)):
            raise Reject(422, "invalid", f"{name} is invalid", f"/data/attributes/{name}")
