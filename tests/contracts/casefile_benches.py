"""The case files that the contract is held against: a folder, and a real CMIS server behind a proxy that spoils."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.casefiles.cmis import CmisCaseFile
from gateway.casefiles.cmis_account import CmisSettings
from gateway.casefiles.cmis_note import document_name, path_part, read_note
from gateway.casefiles.folder import FolderCaseFile, folder_name
from gateway.ports.casefile import CaseFile, CaseRef
from gateway.testing.casefile_bench import CaseFileBench, Fault, FiledDocument, Lack
from gateway.testing.house.exchange import Request
from gateway.testing.house.proxy import Proxy
from tests.opencmis.server import (
    DOCUMENT,
    ITEM,
    LETTER,
    LOG,
    LOG_ITEM,
    PASSWORD,
    PROPERTIES,
    TOKEN,
    USER,
    OpenCmis,
)

NOBODY = "http://127.0.0.1:9/browser"
"""The discard port: nobody listens."""
FOREIGN = b"%PDF somebody else's"
_NOTHING_FOUND = b'{"results": [], "hasMoreItems": false, "numItems": 0}'
_KINDS = {
    Fault.LOST_REQUEST: "drop-before",
    Fault.LOST_ANSWER: "drop-after-accept",
    Fault.CUT_ANSWER: "cut-answer",
    Fault.ERROR_AFTER: "5xx-after-accept",
    Fault.NONSENSE: "nonsense",
}


class FolderBench(CaseFileBench):
    """A folder; everything is local, so nothing is lost on the way."""

    lacks: Mapping[Lack, str] = {
        Lack.REQUESTS: "a folder answers no requests",
        Lack.INDEX: "the folder's index is part of what is filed",
        Lack.FOREIGN: "nobody but the gateway writes there; what the index does not know was left by a kill",
        Lack.LOGIN: "the operating system logs in",
    }
    tells = frozenset(PROPERTIES)

    def __init__(self, root: Path, make: Callable[[Path], CaseFile] = FolderCaseFile) -> None:
        self._root, self._make = root, make
        self.case_file = self.fresh()

    def fresh(self) -> CaseFile:
        return self._make(self._root)

    def unreachable(self) -> CaseFile:
        return self._make(self._root / "not-mounted")

    def documents(self, case: CaseRef) -> Sequence[FiledDocument]:
        index = self._index(case)
        found = {}
        for key in dict.fromkeys(entry["document_key"] for entry in index if entry["file"]):
            about = [entry for entry in index if entry["document_key"] == key]
            files = dict.fromkeys(entry["file"] for entry in about if entry["file"])
            told: dict[str, object] = {}
            for entry in about:
                told |= {**entry["metadata"], **({"sha256": entry["sha256"]} if entry["file"] else {})}
            folder = self._root / folder_name(case)
            found[key] = FiledDocument(
                key,
                tuple((folder / file).read_bytes() for file in files),
                {name: value for name, value in told.items() if name in self.tells},
            )
        return list(found.values())

    def entries(self, case: CaseRef) -> Sequence[str]:
        return [str(entry["key"]) for entry in self._index(case)]

    def copies(self, case: CaseRef, content: bytes) -> int:
        files = (file for file in (self._root / folder_name(case)).rglob("*") if file.is_file())
        return sum(content in file.read_bytes() for file in files)

    def damage(self, case: CaseRef, document_key: str) -> None:
        (file,) = (self._root / folder_name(case)).glob("documents/*.pdf")
        file.write_bytes(b"%PDF changed")

    def _index(self, case: CaseRef) -> list[dict[str, Any]]:
        file = self._root / folder_name(case) / "index.json"
        if not file.exists():
            return []
        entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["entries"]
        return entries


def name_of(request: Request) -> str:
    """What a request asks of a CMIS server: `write/createDocument`, `read/query`, `read/object`."""
    found = re.search(
        rb'name="cmisaction"\r\n(?:[^\r\n]+\r\n)*\r\n(\w+)|cmisaction=(\w+)', request.body[:20_000]
    )
    if found is None:
        return f"read/{request.query.get('cmisselector', 'service')}"
    action = (found[1] or found[2]).decode()
    return f"{'read' if action == 'query' else 'write'}/{action}"


class CmisBench(CaseFileBench):
    """An authority's own types, a login with a password."""

    secrets = (PASSWORD, TOKEN)
    tells = frozenset(PROPERTIES) - {"product"}

    def __init__(
        self, server: OpenCmis, proxy: Proxy, make: Callable[[CmisSettings], CaseFile] = CmisCaseFile
    ) -> None:
        self._server, self._proxy, self._make = server, proxy, make
        self._before, self._patience_s = 0, 10.0
        self.case_file = self.fresh()

    def settings(self, **changes: Any) -> CmisSettings:
        """The configuration of this authority."""
        return CmisSettings(**(self._known() | self._place() | changes))

    def fresh(self) -> CaseFile:
        return self._make(self.settings())

    def unreachable(self) -> CaseFile:
        return self._make(self.settings(url=NOBODY))

    def refuse_login(self) -> CaseFile:
        return self._make(self.settings(password=f"{PASSWORD}-falsch"))

    def documents(self, case: CaseRef) -> Sequence[FiledDocument]:
        item = self.settings().item_property
        prefix = f"{case.file_number}#"
        found: dict[str, FiledDocument] = {}
        for each in self._server.children(folder_of(case)):
            if str(each.get(item) or "").startswith(prefix) and each["cmis:baseTypeId"] == "cmis:document":
                key = str(each[item]).removeprefix(prefix)
                versions = tuple(self._server.content(one["cmis:objectId"]) for one in self._versions(each))
                earlier = found[key].versions if key in found else ()
                found[key] = FiledDocument(key, (*earlier, *versions), self._told(each))
        return list(found.values())

    def entries(self, case: CaseRef) -> Sequence[str]:
        notes = self._server.children(f"{folder_of(case)}/Verlauf")
        read = [read_note(self._server.content(each["cmis:objectId"])) for each in notes]
        return [note.key for note in read if note is not None]

    def copies(self, case: CaseRef, content: bytes) -> int:
        there = (
            each for each in self._server.children(folder_of(case)) if each["cmis:baseTypeId"] != "cmis:folder"
        )
        versions = (one["cmis:objectId"] for each in there for one in self._versions(each))
        return sum(self._server.content(each) == content for each in versions)

    def put_foreign(self, case: CaseRef, document_key: str) -> None:
        path = ""
        for part in folder_of(case).strip("/").split("/"):
            self._server.put_folder(path, part)
            path = f"{path}/{part}"
        self._server.put_document(path, document_name(document_key), FOREIGN)

    def foreign_is_untouched(self, case: CaseRef, document_key: str) -> bool:
        there = {each["cmis:name"]: each for each in self._server.children(folder_of(case))}
        foreign = there[document_name(document_key)]
        return (
            self._server.content(foreign["cmis:objectId"]) == FOREIGN and foreign["cmis:versionLabel"] == "1.0"
        )

    def damage(self, case: CaseRef, document_key: str) -> None:
        for each in self._server.children(folder_of(case)):
            if each["cmis:name"] == document_name(document_key):
                self._server.replace_content(each, b"%PDF changed")

    def spoil(self, fault: Fault, *, skip: int = 0) -> None:
        self._before = self._proxy.spoiled
        self._proxy.plan_fault("POST write/", _KINDS[fault], skip=skip)

    def spoiled(self) -> bool:
        return self._proxy.spoiled > self._before

    def mend(self) -> None:
        self._proxy.faults.replace([])

    def slow(self) -> None:
        self._patience_s = 1.0
        self._proxy.plan_fault("*", "slow:30", times=1000)

    def lag(self) -> None:
        self._proxy.always["POST read/query"] = _NOTHING_FOUND

    def _known(self) -> dict[str, Any]:
        return {
            **{"user": USER, "password": PASSWORD, "document_type": DOCUMENT, "log_type": LOG},
            **{"secondary_types": (LETTER,), "item_property": ITEM, "log_item_property": LOG_ITEM},
            "properties": PROPERTIES,
            "log_properties": {"title": "akte:titel", "occurred_at": "akte:zeitpunkt"},
            "constants": {"akte:vertraulichkeit": "003"},
        }

    def _place(self) -> dict[str, Any]:
        return {"url": self._proxy.url, "connect_timeout_s": 2.0, "read_timeout_s": self._patience_s}

    def _versions(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self._server.versions(str(document["cmis:objectId"]))

    def _told(self, document: Mapping[str, Any]) -> dict[str, object]:
        known = {field: document.get(name) for field, name in PROPERTIES.items() if field in self.tells}
        return {field: _canonical(value) for field, value in known.items() if value is not None}


class PlainCmisBench(CmisBench):
    """The configuration as shipped: no types of its own, no versions, no search; a bearer token."""

    lacks: Mapping[Lack, str] = {
        Lack.PROPERTIES: "without types of its own the system keeps no metadata",
        Lack.DAMAGE: "without a property for the hash the gateway's own record proves the bytes",
        Lack.LOGIN: "shown with a password",
    }
    tells = frozenset()

    def _known(self) -> dict[str, Any]:
        return {"token": TOKEN}

    def _versions(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [dict(document)]


def folder_of(case: CaseRef) -> str:
    """Where the file of a case lies."""
    return f"/Akten/{case.office}/{path_part(case.file_number)}"


@contextmanager
def cmis_proxy(server: OpenCmis) -> Iterator[Proxy]:
    """A way to the server that can be spoilt; the server is empty afterwards."""
    try:
        with Proxy(server.url, name_of) as proxy:
            yield proxy
    finally:
        server.empty()


def _canonical(value: object) -> object:
    """A property in our terms: days as YYYY-MM-DD, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value > 10**11:
        return datetime.fromtimestamp(value / 1000, UTC).date().isoformat()
    return value
