"""One HTTP request to the E-POSTBUSINESS interface, and what is certain about it afterwards.

Whether a letter may be handed over again hangs on one question: did anything of the request leave this machine?
It is not read out of exception classes (a TLS error may come before or in the middle of a request), but
observed: the connection notes the moment before it writes the first byte. Nothing written is `NotSent`;
anything else that ends without a readable answer is `OutcomeUnknown`.

Not here: logging in, pacing, what an answer means for a letter. Never: retries, redirects, proxies or
credentials out of the environment. No exception carries the request, so no address and no secret.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from gateway.errors import NotSent, OutcomeUnknown

HTTP_TOO_MANY = 429
HTTP_SERVER_ERROR = 500


class _Observed(threading.local):
    """Whether the request of this thread has begun to leave."""

    left = False


_observed = _Observed()


class _PlainConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _observed.left = True
        super().send(data)


class _TlsConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _observed.left = True
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _ObservingAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


@dataclass(frozen=True)
class Answer:
    """A complete, readable answer: HTTP status and decoded JSON."""

    status: int
    body: Any

    @property
    def error_code(self) -> str | None:
        """The code of an Error object (`E309`), or None if the body is none."""
        if not isinstance(self.body, dict):
            return None
        code = self.body.get("code")
        return code if isinstance(code, str) and code[:1] == "E" and code[1:].isdigit() else None


class Wire:
    """A session with the provider's host; safe to share between threads."""

    def __init__(self, base_url: str, *, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _ObservingAdapter(max_retries=0))

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        payload: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, one attempt. Raises `NotSent` or `OutcomeUnknown`; 4xx answers are returned."""
        response = self._attempt(method, path, token, payload, params)
        if response.status_code == HTTP_TOO_MANY:
            raise NotSent(
                "epost-too-fast",
                "Der Druckdienstleister nimmt gerade keine weiteren Anfragen an; es geht später weiter.",
                retry_after_s=_retry_after_s(response),
            )
        if response.status_code >= HTTP_SERVER_ERROR:
            raise OutcomeUnknown(
                "epost-server-error",
                f"Der Druckdienstleister meldet einen Serverfehler (HTTP {response.status_code}). "
                "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
            )
        return Answer(response.status_code, _decoded(response))

    def _attempt(
        self, method: str, path: str, token: str | None, payload: object, params: Mapping[str, str] | None
    ) -> requests.Response:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        _observed.left = False
        try:
            return self._session.request(
                method,
                self._base_url + path,
                headers=headers,
                json=payload,
                params=params,
                timeout=self._timeouts_s,
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError) as error:
            kind = type(error).__name__
        # Raised outside the handler: the library's exception holds the whole request, with letter and password.
        raise _fact_without_answer(kind, left=_observed.left)


def _fact_without_answer(kind: str, *, left: bool) -> NotSent | OutcomeUnknown:
    if left:
        return OutcomeUnknown(
            "epost-no-answer",
            f"Der Druckdienstleister hat nicht vollständig geantwortet ({kind}). "
            "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
        )
    return NotSent(
        "epost-unreachable",
        f"Der Druckdienstleister ist nicht erreichbar ({kind}). Es wurde nichts übertragen; "
        "bitte Netz, Adresse und Zertifikat prüfen.",
    )


def _retry_after_s(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def _decoded(response: requests.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        pass  # raised below: the decoder's exception holds the answer
    raise OutcomeUnknown(
        "epost-unreadable",
        f"Die Antwort des Druckdienstleisters ist nicht lesbar (HTTP {response.status_code}). "
        "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
    )
