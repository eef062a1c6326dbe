"""Requests to the E-POSTBUSINESS interface: JSON both ways, a bearer token, and its Error object.

What is certain about a request afterwards is decided in `http_wire`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.providers.http_wire import HttpWire


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

    def __init__(
        self, base_url: str, *, connect_timeout_s: float, read_timeout_s: float, connections: int
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = HttpWire(
            "epost",
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            connections=connections,
        )

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

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
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = self._http.exchange(
            method, self._base_url + path, headers=headers, payload=payload, params=params
        )
        return Answer(answer.status, self._http.decoded(answer))
