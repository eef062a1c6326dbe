"""One HTTP request to a print provider, and what is certain about it afterwards; shared by the HTTP adapters.

Whether a letter may be handed over again hangs on one question: did anything of the request leave this machine?
It is not read out of exception classes (a TLS error may come before or in the middle of a request), but
observed: the connection notes the moment before it writes the first byte. Nothing written is `NotSent`;
anything else that ends without a readable answer is `OutcomeUnknown`.

Not here: logging in, pacing, what an answer means for a letter. Never: retries, redirects, proxies or credentials
out of the environment. Codes begin with the provider's name. No exception carries the request, so no address and no
secret.
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
class HttpAnswer:
    """A complete answer: HTTP status, headers, and the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpWire:
    """A session with a provider's hosts; safe to share between threads. `name` begins the codes of errors.

    `connections` bounds how many are open to a host at once; who needs another one waits for one to be free.
    """

    def __init__(
        self, name: str, *, connect_timeout_s: float, read_timeout_s: float, connections: int = 1
    ) -> None:
        self._name = name
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(
                scheme, _ObservingAdapter(max_retries=0, pool_maxsize=connections, pool_block=True)
            )

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        payload: object = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One request, one attempt. Raises `NotSent` or `OutcomeUnknown`; 4xx answers but 429 are returned."""
        _observed.left = False
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers),
                json=payload,
                data=content if form is None else form,
                params=params,
                timeout=self._timeouts_s,
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError) as error:
            kind = type(error).__name__
        else:
            self._check(response)
            return HttpAnswer(response.status_code, response.headers, response.content)
        # Raised outside the handler: the library's exception holds the whole request, with letter and password.
        raise self._fact_without_answer(kind, left=_observed.left)

    def decoded(self, answer: HttpAnswer) -> Any:
        """The JSON of an answer, or `OutcomeUnknown`."""
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            pass  # raised below: the decoder's exception holds the answer
        raise OutcomeUnknown(
            f"{self._name}-unreadable",
            f"Die Antwort des Druckdienstleisters ist nicht lesbar (HTTP {answer.status}). "
            "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
        )

    def _check(self, response: requests.Response) -> None:
        if response.status_code == HTTP_TOO_MANY:
            raise NotSent(
                f"{self._name}-too-fast",
                "Der Druckdienstleister nimmt gerade keine weiteren Anfragen an; es geht später weiter.",
                retry_after_s=_retry_after_s(response),
            )
        if response.status_code >= HTTP_SERVER_ERROR:
            raise OutcomeUnknown(
                f"{self._name}-server-error",
                f"Der Druckdienstleister meldet einen Serverfehler (HTTP {response.status_code}). "
                "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
            )

    def _fact_without_answer(self, kind: str, *, left: bool) -> NotSent | OutcomeUnknown:
        if left:
            return OutcomeUnknown(
                f"{self._name}-no-answer",
                f"Der Druckdienstleister hat nicht vollständig geantwortet ({kind}). "
                "Ob die Anfrage ausgeführt wurde, ist offen und wird nachgefragt.",
            )
        return NotSent(
            f"{self._name}-unreachable",
            f"Der Druckdienstleister ist nicht erreichbar ({kind}). Es wurde nichts übertragen; "
            "bitte Netz, Adresse und Zertifikat prüfen.",
        )


def _retry_after_s(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None
