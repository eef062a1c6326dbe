"""An account at Pingen: its settings, its access token, and requests in its name.

Everything here comes before or around a request and knows nothing of letters. Secrets are never shown: not in a
representation, not in an exception.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.endpoint import check_address, is_confidential
from gateway.domain.pieces.mailpiece import Service
from gateway.errors import ConfigError, NotSent, OutcomeUnknown
from gateway.providers.http_wire import HttpAnswer, HttpWire

HTTP_BAD_REQUEST = 400
HTTP_UNAUTHORISED = 401
SCOPE = "letter batch webhook organisation_read"
JSON_API = "application/vnd.api+json"

_SPARE_S = 60.0
"""A token is renewed this long before it runs out, so that none runs out on the way."""
LOGIN_PAUSE_S = 900.0
"""After refused credentials: a run of thousands of pieces must not become thousands of logins."""


@dataclass(frozen=True)
class PingenSettings:
    """An account at the interface. Raises `ConfigError` for what must not go on.

    `key_lifetime`: how long a repeat with our Idempotency-Key is trusted. The provider documents no number, so the
    default is short; afterwards a clerk decides. `webhook_secrets`: signing keys, the newest first; several while
    one is exchanged. `webhook_max_age`: older calls are not believed (the provider repeats for about 7 hours).
    `product_…`: which product is that registered mail; one without a product is not offered.
    `connections`: how many letters are handed over at once.
    `validation_wait`: how long staging waits for the provider to have checked a document.
    `cursor_file`: where the place reached in the event collections is kept; without it they are read from the start.
    """

    base_url: str
    identity_url: str
    organisation: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    delivery_product: str = "dpag_standard"
    product_einwurf: str = ""
    product_uebergabe: str = ""
    product_rueckschein: str = ""
    address_position: str = "left"
    key_lifetime: timedelta = timedelta(hours=1)
    webhook_max_age: timedelta = timedelta(hours=24)
    validation_wait: timedelta = timedelta(seconds=20)
    min_poll_interval: timedelta = timedelta(0)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    connections: int = 4
    page_limit: int = 100
    cursor_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse an account that cannot work, or would carry social data in the clear."""
        check_address("pingen", "base_url von Pingen", self.base_url)
        check_address("pingen", "identity_url von Pingen", self.identity_url)
        missing = [name for name in ("organisation", "client_id", "client_secret") if not getattr(self, name)]
        if missing:
            raise ConfigError("pingen-credentials-missing", f"Für Pingen fehlt: {', '.join(missing)}.")
        if self.address_position not in {"left", "right"}:
            raise ConfigError("pingen-address-position", "address_position von Pingen ist „left“ oder „right“.")

    def registered_products(self) -> Mapping[Service, str]:
        """The product of each kind of registered mail that is offered."""
        named = {
            Service.EINWURF: self.product_einwurf,
            Service.UEBERGABE: self.product_uebergabe,
            Service.RUECKSCHEIN: self.product_rueckschein,
        }
        return {service: product for service, product in named.items() if product}


@dataclass(frozen=True)
class Answer:
    """A complete, readable answer; `body` is a JSON:API document or, where none came, an empty mapping."""

    status: int
    body: Mapping[str, Any]

    @property
    def resource(self) -> Mapping[str, Any]:
        """The primary resource, empty if the document has none."""
        data = self.body.get("data")
        return data if isinstance(data, Mapping) else {}

    @property
    def error_code(self) -> str:
        """The first error's code, in the letters of our codes; 'http-404' where none is named."""
        errors = self.body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        code = first.get("code") if isinstance(first, Mapping) else None
        words = "".join(c if c.isascii() and c.isalnum() else " " for c in str(code or "")).lower().split()
        return "-".join(words)[:60] or f"http-{self.status}"

    @property
    def is_good(self) -> bool:
        """Done as asked."""
        return self.status < HTTP_BAD_REQUEST


class PingenAccount:
    """Requests in the name of one organisation; safe to share between threads."""

    def __init__(self, settings: PingenSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._http = HttpWire(
            "pingen",
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
            connections=settings.connections,
        )
        self._login = _Login(self._http, settings, monotonic)
        self._base = f"{settings.base_url.rstrip('/')}"
        self._organisation = f"{self._base}/organisations/{settings.organisation}/deliveries/letters"

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def letters(
        self,
        method: str,
        path: str = "",
        *,
        key: str = "",
        attributes: Mapping[str, object] | None = None,
        letter_id: str = "",
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request to the letters of the organisation; a change carries `key` as its Idempotency-Key.

        Raises `NotSent` or `OutcomeUnknown`; answers 4xx but 401 and 429 are returned.
        """
        payload = None
        if attributes is not None:
            resource: dict[str, object] = {"type": "letters", "attributes": dict(attributes)}
            payload = {"data": resource | ({"id": letter_id} if letter_id else {})}
        return self._request(method, self._organisation + path, key=key, payload=payload, params=params)

    def upload_place(self) -> Answer:
        """Where a file may be put."""
        return self._request("GET", f"{self._base}/file-upload")

    def upload(self, url: str, content: bytes) -> bool:
        """Put a file where the provider said, without our token: the address itself is the permission."""
        if not is_confidential(url):
            raise NotSent(
                "pingen-upload-address",
                "Der Druckdienstleister nennt zum Hochladen eine unverschlüsselte Adresse; es wurde nichts übertragen.",
            )
        headers = {"Content-Type": "application/pdf"}
        return self._http.exchange("PUT", url, headers=headers, content=content).status < HTTP_BAD_REQUEST

    def renew(self) -> None:
        """Log in now, whatever is cached or was refused before: somebody is checking the configuration."""
        self._login.renew()

    def _request(
        self,
        method: str,
        url: str,
        *,
        key: str = "",
        payload: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request with a token; once more if the token was refused at the door (401), so nothing was done."""
        token = self._login.token()
        answer = self._once(method, url, token, key, payload, params)
        if answer.status == HTTP_UNAUTHORISED:
            self._login.forget(token)
            answer = self._once(method, url, self._login.token(), key, payload, params)
        if answer.status == HTTP_UNAUTHORISED:
            raise NotSent(
                "pingen-unauthorised",
                "Die Anmeldung beim Druckdienstleister gilt nicht; die Sendungen warten. Bitte client_id und "
                "client_secret prüfen.",
            )
        content = self._http.decoded(answer) if answer.content else {}
        if not isinstance(content, Mapping):
            raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
        return Answer(answer.status, content)

    def _once(
        self,
        method: str,
        url: str,
        token: str,
        key: str,
        payload: object,
        params: Mapping[str, str] | None,
    ) -> HttpAnswer:
        headers = {"Accept": JSON_API, "Authorization": f"Bearer {token}"}
        if payload is not None:
            headers["Content-Type"] = JSON_API
        if key:
            headers["Idempotency-Key"] = key
        return self._http.exchange(method, url, headers=headers, payload=payload, params=params)


UNREADABLE = (
    "Die Antwort des Druckdienstleisters hat eine unbekannte Form. "
    "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt."
)


class _Login:
    """The token of an account: fetched when first needed, kept until shortly before it runs out or is refused.

    Every failure is `NotSent`: logging in comes before any letter, so none has left.
    """

    def __init__(self, http: HttpWire, settings: PingenSettings, monotonic: Callable[[], float]) -> None:
        self._http = http
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._good_until_s = 0.0
        self._barred_until_s = 0.0

    def token(self) -> str:
        """The current token, logging in if there is none that still runs."""
        with self._lock:
            if not self._token or self._monotonic() >= self._good_until_s:
                self._respect_pause()
                self._fetch()
            return self._token

    def forget(self, token: str) -> None:
        """The provider refused this token; one that another thread fetched meanwhile stays."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def renew(self) -> None:
        """Log in, in spite of a token or a pause."""
        with self._lock:
            self._fetch()

    def _respect_pause(self) -> None:
        remaining_s = self._barred_until_s - self._monotonic()
        if remaining_s > 0:
            raise _refused_login(remaining_s)

    def _fetch(self) -> None:
        try:
            answer = self._http.exchange(
                "POST",
                f"{self._settings.identity_url.rstrip('/')}/auth/access-tokens",
                headers={"Accept": "application/json"},
                form={
                    "grant_type": "client_credentials",
                    "client_id": self._settings.client_id,
                    "client_secret": self._settings.client_secret,
                    "scope": SCOPE,
                },
            )
            if answer.status in {HTTP_BAD_REQUEST, HTTP_UNAUTHORISED}:
                self._token = ""
                self._barred_until_s = self._monotonic() + LOGIN_PAUSE_S
                raise _refused_login(LOGIN_PAUSE_S)
            body = self._http.decoded(answer)
        except OutcomeUnknown as error:
            code = error.code
        else:
            self._keep(body)
            return
        raise NotSent(
            code, "Die Anmeldung beim Druckdienstleister wurde nicht beantwortet; die Sendungen warten."
        )

    def _keep(self, body: object) -> None:
        token = body.get("access_token") if isinstance(body, Mapping) else None
        lifetime = body.get("expires_in") if isinstance(body, Mapping) else None
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            raise NotSent(
                "pingen-login-unreadable",
                "Die Antwort auf die Anmeldung ist nicht lesbar; die Sendungen warten.",
            )
        self._token = token
        lifetime_s = float(lifetime) if isinstance(lifetime, (int, float)) else 0.0
        self._good_until_s = self._monotonic() + max(lifetime_s - _SPARE_S, 1.0)
        self._barred_until_s = 0.0


def _refused_login(pause_s: float) -> NotSent:
    return NotSent(
        "pingen-login-refused",
        "Die Zugangsdaten werden nicht angenommen; die Sendungen warten. Bitte client_id und client_secret prüfen.",
        retry_after_s=pause_s,
    )
