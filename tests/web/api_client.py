"""Another system: a token, and a new key and a new connection for every request."""

import itertools
from dataclasses import dataclass
from typing import Any

import requests

from gateway.application.access.tokens import add_token
from gateway.domain.scopes import Scope
from tests.web.site import Site

_COUNT = itertools.count(1)


@dataclass
class System:
    """Another system that uses the API."""

    url: str
    token: str

    def get(self, path: str, **query: Any) -> requests.Response:
        """Ask."""
        return requests.get(self.url + path, params=query, headers=self._headers(), timeout=30)

    def post(self, path: str, body: object = None, *, key: str | None = None) -> requests.Response:
        """Send JSON."""
        headers = {**self._headers(), "Idempotency-Key": key or new_key()}
        return requests.post(self.url + path, json={} if body is None else body, headers=headers, timeout=30)

    def upload(
        self, path: str, pdf: bytes, fields: dict[str, str] | None = None, *, key: str | None = None
    ) -> requests.Response:
        """Send a PDF with fields."""
        headers = {**self._headers(), "Idempotency-Key": key or new_key()}
        files = {"pdf": ("schreiben.pdf", pdf, "application/pdf")}
        return requests.post(self.url + path, files=files, data=fields, headers=headers, timeout=30)

    def deliver(self, packed: bytes, *, key: str | None = None, **headers: str) -> requests.Response:
        """Send a scan delivery as ZIP."""
        kind = {"Content-Type": "application/zip", "Idempotency-Key": key or new_key()}
        url = f"{self.url}/scan-deliveries"
        return requests.post(url, data=packed, headers={**self._headers(), **kind, **headers}, timeout=30)

    def report(self, name: str, content: bytes, *, key: str | None = None, **headers: str) -> requests.Response:
        """Send a report about paper."""
        types = {".xml": "application/xml", ".csv": "text/csv"}
        kind = {"Content-Type": types.get(name[-4:], "application/json"), "Idempotency-Key": key or new_key()}
        url = f"{self.url}/scan-reports/{name}"
        return requests.post(url, data=content, headers={**self._headers(), **kind, **headers}, timeout=60)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def new_key() -> str:
    """A key that was never used."""
    return f"request-{next(_COUNT):06}"


def system(site: Site, login: str = "anna", *scopes: Scope, days: int = 30) -> System:
    """A system that acts as `login`, with all scopes unless some are named."""
    name = f"system-{next(_COUNT)}"
    token = add_token(site.world.services, name, login=login, scopes=scopes or list(Scope), days=days)
    return System(f"{site.url}/api/v1", token)


def problem_of(answer: requests.Response) -> tuple[int, str]:
    """Status and code, after a look at the rest of the problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].endswith(body["code"])
    assert body["detail"]
    return answer.status_code, body["code"]
