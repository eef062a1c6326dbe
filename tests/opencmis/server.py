"""A real CMIS server: Apache Chemistry OpenCMIS InMemory in a Jetty, on a free port of loopback.

`make test` copies what it needs into `.opencmis/`. The types are those of an authority that has set up its system:
its own document type with versions, a secondary type, and one for the log.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import requests

from tests.world import ROOT

JARS = ROOT / ".opencmis"
USER, PASSWORD, TOKEN = "gateway", "Geheimnis-ä-7", "token-4711-geheim"
COLLEAGUE = ("kollegin", "ihr-Kennwort")
DOCUMENT, LETTER, LOG = "D:akte:dokument", "P:akte:brief", "D:akte:verlauf"
ITEM, LOG_ITEM = "akte:kennzeichen", "akte:verlaufszeichen"
PROPERTIES = {
    "subject": "akte:betreff",
    "sha256": "akte:sha256",
    "pages": "akte:seiten",
    "address_lines": "akte:anschrift",
    "date_of_letter": "akte:datum",
    "posting_date": "akte:postausgang",
    "objection_deadline": "akte:frist",
    "provisional": "akte:vorlaeufig",
    "product": "akte:produkt",
}
_WAIT_S = 60


class CmisMissing(Exception):
    """Java or the server's files are not on this machine."""


class OpenCmis:
    """The running server, and what a test looks at behind the adapter's back."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/browser"
        self._repository = f"{self.url}/akten"
        self._session = requests.Session()
        self._session.headers["Authorization"] = basic(USER, PASSWORD)
        for definition in (_document_type(), _letter_type(), _log_type()):
            self.post({"cmisaction": "createType", "type": json.dumps(definition)}, below="")

    def post(
        self,
        form: Mapping[str, str],
        *,
        below: str = "/root",
        content: bytes | None = None,
        login: tuple[str, str] = (USER, PASSWORD),
    ) -> Any:
        """A request of our own."""
        files = None if content is None else {"content": ("x.pdf", content, "application/pdf")}
        answer = self._session.post(
            f"{self._repository}{below}",
            data={**form, "succinct": "true"},
            files=files,
            headers={"Authorization": basic(*login)},
            timeout=_WAIT_S,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    def children(self, path: str = "") -> list[dict[str, Any]]:
        """The objects in a folder, in the order in which they were made."""
        answer = self._session.get(
            f"{self._repository}/root{path}",
            params={"cmisselector": "children", "succinct": "true", "maxItems": "1000"},
            timeout=_WAIT_S,
        )
        if answer.status_code == 404:
            return []
        found = [each["object"]["succinctProperties"] for each in answer.json()["objects"]]
        return sorted(found, key=lambda each: int(each["cmis:objectId"]))

    def versions(self, object_id: str) -> list[dict[str, Any]]:
        """All versions of a document, oldest first."""
        answer = self._session.get(
            f"{self._repository}/root",
            params={"cmisselector": "versions", "objectId": object_id, "succinct": "true"},
            timeout=_WAIT_S,
        )
        found = [each["succinctProperties"] for each in answer.json()]
        return sorted(found, key=lambda each: int(each["cmis:objectId"]))

    def content(self, object_id: str) -> bytes:
        """The bytes of one version."""
        params = {"cmisselector": "content", "objectId": object_id}
        return self._session.get(f"{self._repository}/root", params=params, timeout=_WAIT_S).content

    def put_document(self, path: str, name: str, content: bytes, **properties: str) -> str:
        """A document that somebody else files; returns its id."""
        values = {"cmis:objectTypeId": DOCUMENT, "cmis:name": name, **properties}
        form = {"cmisaction": "createDocument", "versioningState": "major", **numbered(values)}
        made = self.post(form, below=f"/root{path}", content=content)
        return str(made["succinctProperties"]["cmis:objectId"])

    def replace_content(self, document: Mapping[str, Any], content: bytes) -> None:
        """What nobody should do: other bytes under the properties of the old ones."""
        working_copy = self.check_out(str(document["cmis:objectId"]), (USER, PASSWORD))
        kept = numbered({name: str(document[name]) for name in (ITEM, "akte:sha256")})
        self.post({"cmisaction": "checkIn", "objectId": working_copy, "major": "true", **kept}, content=content)

    def update(self, object_id: str, values: Mapping[str, str]) -> None:
        """Somebody edits properties by hand."""
        self.post({"cmisaction": "update", "objectId": object_id, **numbered(values)})

    def move(self, object_id: str, source: str, target: str) -> None:
        """Somebody puts an object into another folder."""
        ids = [self.object_at(path)["cmis:objectId"] for path in (source, target)]
        form = {"cmisaction": "move", "objectId": object_id, "sourceFolderId": ids[0], "targetFolderId": ids[1]}
        self.post(form)

    def object_at(self, path: str) -> Any:
        """An object by its path."""
        params = {"cmisselector": "object", "succinct": "true"}
        answer = self._session.get(f"{self._repository}/root{path}", params=params, timeout=_WAIT_S)
        return answer.json()["succinctProperties"]

    def check_out(self, object_id: str, login: tuple[str, str]) -> str:
        """Somebody takes a document to work on it; returns the id of the working copy."""
        made = self.post({"cmisaction": "checkOut", "objectId": object_id}, login=login)
        return str(made["succinctProperties"]["cmis:objectId"])

    def cancel_check_out(self, working_copy: str, login: tuple[str, str]) -> None:
        """And gives it back."""
        self.post({"cmisaction": "cancelCheckOut", "objectId": working_copy}, login=login)

    def put_folder(self, path: str, name: str) -> None:
        """A folder that somebody else makes."""
        values = {"cmis:objectTypeId": "cmis:folder", "cmis:name": name}
        self.post({"cmisaction": "createFolder", **numbered(values)}, below=f"/root{path}")

    def empty(self) -> None:
        """Delete everything."""
        for each in self.children():
            folder = each["cmis:baseTypeId"] == "cmis:folder"
            action = (
                {"cmisaction": "deleteTree", "continueOnFailure": "true"}
                if folder
                else {"cmisaction": "delete"}
            )
            self.post({**action, "objectId": each["cmis:objectId"], "allVersions": "true"})

    def close(self) -> None:
        """End the session."""
        self._session.close()


@contextmanager
def opencmis() -> Iterator[OpenCmis]:
    """A server for as long as the block lasts. Raises `CmisMissing`."""
    java = shutil.which("java")
    if java is None or not list(JARS.glob("chemistry-opencmis-server-inmemory-*.jar")):
        raise CmisMissing("OpenCMIS is not here: it needs Java 17 and Maven, then `make test` fetches it")
    here = ROOT / "tests" / "opencmis"
    command = [java, "-Xmx512m", "-cp", f"{here}:{JARS}/*", str(here / "Serve.java")]
    with subprocess.Popen(
        [*command, basic(USER, PASSWORD), basic(*COLLEAGUE), f"Bearer {TOKEN}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline().strip()
        if not port.isdecimal():
            raise RuntimeError(f"OpenCMIS did not start: {process.stderr.read()}")
        server = OpenCmis(int(port))
        try:
            yield server
        finally:
            server.close()
            process.stdin.close()
            process.terminate()


def basic(user: str, password: str) -> str:
    """The header of a login."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def numbered(values: Mapping[str, str]) -> dict[str, str]:
    """Properties as the browser binding takes them."""
    form = {}
    for number, (name, value) in enumerate(values.items()):
        form[f"propertyId[{number}]"], form[f"propertyValue[{number}]"] = name, value
    return form


def _document_type() -> dict[str, Any]:
    known = {
        "akte:betreff": ("string", False),
        "akte:sha256": ("string", False),
        "akte:seiten": ("integer", False),
        "akte:anschrift": ("string", True),
        "akte:datum": ("datetime", False),
        "akte:postausgang": ("datetime", False),
        "akte:frist": ("datetime", False),
        "akte:vorlaeufig": ("boolean", False),
        "akte:vertraulichkeit": ("string", False),
    }
    return _type(DOCUMENT, "cmis:document", {ITEM: ("string", False), **known}) | {
        "versionable": True,
        **_CONTENT,
    }


def _letter_type() -> dict[str, Any]:
    made = _type(LETTER, "cmis:secondary", {"akte:produkt": ("string", False)})
    return {**made, "creatable": False, "fileable": False}


def _log_type() -> dict[str, Any]:
    known = {
        LOG_ITEM: ("string", False),
        "akte:titel": ("string", False),
        "akte:zeitpunkt": ("datetime", False),
    }
    return _type(LOG, "cmis:document", known) | {"versionable": False, **_CONTENT}


_CONTENT = {"contentStreamAllowed": "allowed"}


def _type(name: str, base: str, properties: Mapping[str, tuple[str, bool]]) -> dict[str, Any]:
    short = name.partition(":")[2]
    return {
        **dict.fromkeys(("id",), name),
        **{"localName": short, "localNamespace": "akte", "queryName": short, "displayName": short},
        **{"description": short, "baseId": base, "parentId": base, "creatable": True, "fileable": True},
        **{"queryable": True, "controllablePolicy": False, "controllableACL": True, "fulltextIndexed": False},
        "includedInSupertypeQuery": True,
        "typeMutability": {"create": True, "update": True, "delete": True},
        "propertyDefinitions": {each: _property(each, *kind) for each, kind in properties.items()},
    }


def _property(name: str, kind: str, many: bool) -> dict[str, Any]:
    return {
        **{"id": name, "localName": name, "queryName": name, "displayName": name, "propertyType": kind},
        **{"cardinality": "multi" if many else "single", "updatability": "readwrite", "inherited": False},
        **{"required": False, "queryable": True, "orderable": True, "openChoice": False},
    }


def names(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the objects of a folder are called."""
    return [str(each["cmis:name"]) for each in objects]
