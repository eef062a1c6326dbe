"""An account at the E-POSTBUSINESS interface: its settings, its token and its pace.

Everything here comes before or around a request and knows nothing of letters. Secrets are never shown: not in a
representation, not in an exception.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.domain.endpoint import check_address
from gateway.errors import ConfigError, NotSent, OutcomeUnknown
from gateway.providers.epost_codes import text_for
from gateway.providers.epost_wire import Answer, Wire

HTTP_OK = 200
HTTP_UNAUTHORISED = 401

MAX_HOLD_DAYS = 31
LOGIN_PAUSE_S = 900.0
"""After refused credentials: a run of thousands of pieces must not become thousands of logins (E004)."""


@dataclass(frozen=True)
class EpostSettings:
    """An account at the interface. Raises `ConfigError` for what must not go on: it fails closed.

    `test_mode`: letters are checked but not printed, and the processed PDF is mailed to `test_email`.
    `settle_time`: after an unknown outcome, how long until a lookup by our key is conclusive.
    `hold_days`: letters wait so long in the provider's hold basket (plug-in UploadManagement), 0 for not at all.
    `premium_address`: '', 'basis' or 'report': whether the provider tells of undeliverable letters (PremiumAdress).
    `min_poll_interval`: between two status queries; the interface asks for 5 s (E322).
    `connections`: how many letters are handed over at once.
    """

    base_url: str
    vendor_id: str
    ekp: str
    secret: str = field(repr=False)
    password: str = field(repr=False)
    test_mode: bool = False
    test_email: str = ""
    settle_time: timedelta = timedelta(minutes=15)
    hold_days: int = 0
    premium_address: str = ""
    min_poll_interval: timedelta = timedelta(seconds=5)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    connections: int = 4
    vendor_sub_id: str = ""

    def __post_init__(self) -> None:
        """Refuse an account that would print by mistake, or carry social data in the clear."""
        check_address("epost", "base_url von E-POST", self.base_url)
        missing = [name for name in ("vendor_id", "ekp", "secret", "password") if not getattr(self, name)]
        if missing:
            raise ConfigError("epost-credentials-missing", f"Für E-POST fehlt: {', '.join(missing)}.")
        if self.test_mode and "@" not in self.test_email:
            raise ConfigError(
                "epost-test-email-missing",
                "Im Testbetrieb von E-POST braucht es test_email; es wird nichts übergeben.",
            )
        if not 0 <= self.hold_days <= MAX_HOLD_DAYS:
            raise ConfigError("epost-hold-days", "hold_days von E-POST liegt zwischen 0 und 31 (E622).")
        if self.premium_address not in {"", "basis", "report"}:
            raise ConfigError(
                "epost-premium-address", "premium_address von E-POST ist leer, „basis“ oder „report“."
            )


class Account:
    """Requests in the name of one account; safe to share between threads."""

    def __init__(
        self,
        settings: EpostSettings,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._wire = Wire(
            settings.base_url,
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
            connections=settings.connections,
        )
        self._login = _Login(self._wire, settings, monotonic)
        self._pace = _Pace(settings.min_poll_interval.total_seconds(), sleep, monotonic)

    def close(self) -> None:
        """Close idle connections."""
        self._wire.close()

    def renew(self) -> None:
        """Log in now, whatever is cached or was refused before: somebody is checking the configuration."""
        self._login.renew()

    def health(self) -> Answer:
        """The service's own word on its state; needs no token."""
        with self._pace.turn():
            return self._wire.call("GET", "/api/Login/HealthCheck")

    def query(
        self, method: str, path: str, *, payload: object = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """A status query, kept apart from the one before. Has no effect, so it may always be repeated."""
        with self._pace.turn():
            return self.request(method, path, payload=payload, params=params, before_again=self._pace.wait)

    def request(
        self,
        method: str,
        path: str,
        *,
        payload: object = None,
        params: Mapping[str, str] | None = None,
        before_again: Callable[[], None] = lambda: None,
    ) -> Answer:
        """One request with a token; once more if the token had expired.

        That repetition is safe even for a hand-over: 401 with E101 is the provider's statement that it refused
        the request at the door, so nothing was taken. No other answer leads to a second request.
        """
        token = self._login.token()
        answer = self._wire.call(method, path, token=token, payload=payload, params=params)
        if answer.status != HTTP_UNAUTHORISED or answer.error_code != "E101":
            return answer
        self._login.forget(token)
        token = self._login.token()
        before_again()
        return self._wire.call(method, path, token=token, payload=payload, params=params)


class _Login:
    """The token of an account: fetched when first needed, kept until it is refused.

    Every failure is `NotSent`: logging in comes before any letter, so none has left.
    """

    def __init__(self, wire: Wire, settings: EpostSettings, monotonic: Callable[[], float]) -> None:
        self._wire = wire
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: str | None = None
        self._barred_until_s: float | None = None
        self._barred_code = ""

    def token(self) -> str:
        """The current token, logging in if there is none."""
        with self._lock:
            if self._token is None:
                self._respect_pause()
                self._token = self._fetch()
            return self._token

    def forget(self, token: str) -> None:
        """The provider refused this token; one that another thread fetched meanwhile stays."""
        with self._lock:
            if self._token == token:
                self._token = None

    def renew(self) -> None:
        """Log in, in spite of a token or a pause."""
        with self._lock:
            self._token = self._fetch()

    def _respect_pause(self) -> None:
        if self._barred_until_s is None:
            return
        remaining_s = self._barred_until_s - self._monotonic()
        if remaining_s > 0:
            raise _refused_login(self._barred_code, remaining_s)

    def _fetch(self) -> str:
        try:
            answer = self._wire.call("POST", "/api/Login", payload=self._credentials())
        except OutcomeUnknown as error:
            code = error.code
        else:
            return self._token_from(answer)
        raise NotSent(
            code, "Die Anmeldung beim Druckdienstleister wurde nicht beantwortet; die Sendungen warten."
        )

    def _token_from(self, answer: Answer) -> str:
        token = answer.body.get("token") if isinstance(answer.body, dict) else None
        if answer.status == HTTP_OK and isinstance(token, str) and _fits_in_header(token):
            self._barred_until_s = None
            return token
        if answer.error_code is None:
            raise NotSent(
                "epost-login-unreadable",
                "Die Antwort auf die Anmeldung ist nicht lesbar; die Sendungen warten.",
            )
        self._barred_code = answer.error_code
        self._barred_until_s = self._monotonic() + LOGIN_PAUSE_S
        raise _refused_login(answer.error_code, LOGIN_PAUSE_S)

    def _credentials(self) -> dict[str, str]:
        account = self._settings
        credentials = {
            "vendorID": account.vendor_id,
            "ekp": account.ekp,
            "secret": account.secret,
            "password": account.password,
        }
        return credentials | ({"vendorSubID": account.vendor_sub_id} if account.vendor_sub_id else {})


class _Pace:
    """Keeps status queries apart. A turn ends with the answer: no delay on the way brings two closer."""

    def __init__(
        self, interval_s: float, sleep: Callable[[float], None], monotonic: Callable[[], float]
    ) -> None:
        self._interval_s = interval_s
        self._sleep = sleep
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last_s: float | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a query is allowed, and hold others back until it is answered."""
        with self._lock:
            if self._last_s is not None:
                self._sleep_until(self._last_s + self._interval_s)
            try:
                yield
            finally:
                self._last_s = self._monotonic()

    def wait(self) -> None:
        """Within a turn: a full interval, before a repetition."""
        self._sleep(self._interval_s)

    def _sleep_until(self, moment_s: float) -> None:
        remaining_s = moment_s - self._monotonic()
        if remaining_s > 0:
            self._sleep(remaining_s)


def _fits_in_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable()


def _refused_login(code: str, pause_s: float) -> NotSent:
    return NotSent(f"epost-{code.lower()}", f"{text_for(code)} Die Sendungen warten.", retry_after_s=pause_s)
