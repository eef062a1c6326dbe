"""One HTTP request to a CMIS repository, and what its answer means for a filing.

Every request has a time limit for connecting and for reading; none is repeated here, none is redirected, none takes
proxies or credentials out of the environment. No exception carries the request or the server's words: they may hold
the secret, or a person.

    CaseFileUnavailable   the system is away, refuses the login or is set up wrongly: no entry can be filed now
    CaseFileError         this entry was refused; others may pass
    Missing · NameTaken · Changed      facts that the adapter goes on from (CMIS 1.1, 2.2.1.4)
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests
from urllib3.exceptions import HTTPError, MaxRetryError

from gateway.casefiles.cmis_account import CmisSettings
from gateway.errors import CaseFileError, CaseFileUnavailable

Form = Sequence[tuple[str, str]]


class Missing(CaseFileError):
    """There is no such object (`objectNotFound`)."""


class NameTaken(CaseFileError):
    """The folder already has something of this name (`nameConstraintViolation`)."""


class Changed(CaseFileError):
    """Somebody else was quicker (`updateConflict`, `versioning`)."""


_MAPPING = "Bitte die Zuordnung in [case_file.cmis] mit `gateway casefiles check` prüfen."
_REFUSALS: Mapping[str, tuple[type[CaseFileError], str, str]] = {
    "objectNotFound": (Missing, "cmis-object-missing", "Im DMS fehlt ein Ordner oder Objekt der Akte."),
    "nameConstraintViolation": (NameTaken, "cmis-name-taken", "Im DMS ist der Name in diesem Ordner vergeben."),
    "updateConflict": (
        Changed,
        "cmis-document-locked",
        "Das Dokument wird im DMS gerade bearbeitet oder ist ausgecheckt. Bitte dort einchecken.",
    ),
    "versioning": (
        Changed,
        "cmis-document-locked",
        "Das Dokument wird im DMS gerade bearbeitet oder ist ausgecheckt. Bitte dort einchecken.",
    ),
    "permissionDenied": (
        CaseFileError,
        "cmis-permission",
        "Dem Dienstkonto fehlen im DMS Rechte an dieser Akte. Bitte die Rechte im DMS ergänzen.",
    ),
    "constraint": (
        CaseFileError,
        "cmis-constraint",
        f"Das DMS nimmt das Objekt so nicht an: Eine Regel seines Typs ist verletzt, etwa ein Pflichtfeld. {_MAPPING}",
    ),
    "invalidArgument": (
        CaseFileError,
        "cmis-argument",
        f"Das DMS weist Eigenschaften oder Typ zurück. {_MAPPING}",
    ),
    "notSupported": (
        CaseFileError,
        "cmis-not-supported",
        "Das DMS unterstützt den Aufruf nicht. Bitte Typen und Ordner in [case_file.cmis] prüfen.",
    ),
    "streamNotSupported": (
        CaseFileError,
        "cmis-content-not-allowed",
        "Der Dokumenttyp des DMS nimmt keinen Inhalt auf. Bitte einen anderen Typ in [case_file.cmis] nennen.",
    ),
    "filterNotValid": (CaseFileError, "cmis-argument", "Das DMS weist die Abfrage zurück."),
    "contentAlreadyExists": (Changed, "cmis-document-locked", "Das Dokument hat im DMS bereits einen Inhalt."),
    "storage": (
        CaseFileUnavailable,
        "cmis-storage-full",
        "Der Speicher des DMS ist voll oder gestört. Bitte die Administration des DMS verständigen.",
    ),
}
_STATUSES: Mapping[int, str] = {
    400: "invalidArgument",
    403: "permissionDenied",
    404: "objectNotFound",
    405: "notSupported",
    409: "constraint",
    507: "storage",
}
"""What a status means where the answer does not name the exception (5.2.10)."""


class CmisWire:
    """A session with a repository; safe to share between threads."""

    def __init__(self, settings: CmisSettings) -> None:
        self._timeouts_s = (settings.connect_timeout_s, settings.read_timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False
        if settings.token:
            self._session.headers["Authorization"] = f"Bearer {settings.token}"
        elif settings.user:
            login = base64.b64encode(f"{settings.user}:{settings.password}".encode()).decode()
            self._session.headers["Authorization"] = f"Basic {login}"

    def get(self, url: str, **params: str) -> Any:
        """The JSON of a GET."""
        return _decoded(self._request("GET", url, params=params))

    def content(self, url: str, **params: str) -> bytes:
        """The bytes of a content stream."""
        return self._request("GET", url, params=params).content

    def post(self, url: str, form: Form, content: tuple[str, bytes, str] | None = None) -> Any:
        """The JSON of a POST; `content` is name, bytes and media type of a content stream.

        Each part of a multipart form says that it is UTF-8: servers read it as ISO 8859-1 otherwise.
        """
        if content is None:
            return _decoded(self._request("POST", url, data=[*form, ("_charset_", "UTF-8")]))
        parts: list[tuple[str, tuple[str | None, bytes, str]]] = [("_charset_", (None, b"UTF-8", "text/plain"))]
        parts += [(name, (None, value.encode(), "text/plain; charset=UTF-8")) for name, value in form]
        return _decoded(self._request("POST", url, files=[*parts, ("content", content)]))

    def _request(self, method: str, url: str, **what: Any) -> requests.Response:
        try:
            answer = self._session.request(method, url, timeout=self._timeouts_s, allow_redirects=False, **what)
        except (requests.RequestException, HTTPError) as error:
            connected = not any(isinstance(cause, MaxRetryError) for cause in error.args)
            kind, reached = type(error).__name__, connected or isinstance(error, requests.ReadTimeout)
        else:
            _refuse(answer)
            return answer
        # Raised outside the handler: the library's exception holds the whole request, with document and password.
        raise _away(kind, reached=reached)


def _away(kind: str, *, reached: bool) -> CaseFileUnavailable:
    if reached:
        return CaseFileUnavailable(
            "cmis-no-answer",
            f"Das DMS hat nicht rechtzeitig oder nicht vollständig geantwortet ({kind}). Es wird nachgesehen, ob es"
            " abgelegt hat, und erneut versucht.",
        )
    return CaseFileUnavailable(
        "cmis-unreachable",
        f"Das DMS ist nicht erreichbar ({kind}). Bitte Netz, Adresse und Zertifikat prüfen; es wird erneut"
        " versucht.",
    )


def _refuse(answer: requests.Response) -> None:
    """Raise what an answer says, if it is no success."""
    status = answer.status_code
    if status < 300:
        return
    if status == 401:
        raise CaseFileUnavailable(
            "cmis-login-refused",
            "Das DMS lehnt die Anmeldung ab. Bitte Benutzer und Kennwort oder Token in [case_file.cmis] prüfen.",
        )
    if status < 400:
        raise CaseFileUnavailable(
            "cmis-redirected",
            "Das DMS verweist auf eine andere Adresse. Bitte die endgültige Adresse als url in [case_file.cmis]"
            " eintragen.",
        )
    if status in {429, 502, 503, 504}:
        raise CaseFileUnavailable(
            "cmis-unavailable",
            f"Das DMS nimmt gerade nichts an (HTTP {status}); es wird erneut versucht.",
        )
    kind, code, message = _REFUSALS.get(_exception(answer), _RUNTIME)
    raise kind(code, message)


_RUNTIME = (
    CaseFileError,
    "cmis-server-error",
    "Das DMS meldet einen internen Fehler; es wird erneut versucht. Bitte sonst das Protokoll des DMS prüfen.",
)


def _exception(answer: requests.Response) -> str:
    """The name of the CMIS exception: as the body says, else as the status implies."""
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        body = None
    named = str(body.get("exception")) if isinstance(body, dict) else ""
    return named if named in _REFUSALS else _STATUSES.get(answer.status_code, "")


def _decoded(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content) if answer.content else {}
    except (ValueError, RecursionError):
        pass  # raised below: the decoder's exception holds the answer
    raise CaseFileUnavailable(
        "cmis-unreadable",
        "Die Antwort des DMS ist kein JSON der CMIS-Schnittstelle. Bitte die Adresse (Browser Binding) prüfen.",
    )
