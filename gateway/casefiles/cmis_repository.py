"""A CMIS 1.1 repository behind its browser binding: what the case file asks of it, one method a service.

Objects are what the repository says of them: property id → value, in the succinct form. The addresses that a
repository names for itself are taken below the host that we were told: what it is called inside, behind its own
proxies, is not for us, and our credentials go nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.casefiles.cmis_account import CmisSettings
from gateway.casefiles.cmis_types import ObjectType, Values, object_type
from gateway.casefiles.cmis_wire import Changed, CmisWire, Missing, NameTaken
from gateway.errors import CaseFileError, CaseFileUnavailable

Found = Mapping[str, Any]
"""An object by its property ids."""

_TRIES = 3


class CmisRepository:
    """One repository; what it says of itself and of its types is asked once."""

    def __init__(self, settings: CmisSettings) -> None:
        self._settings = settings
        self._wire = CmisWire(settings)
        self._info: Mapping[str, Any] | None = None
        self._types: dict[str, ObjectType] = {}
        self._folders: dict[str, str] = {}
        self._making = RLock()

    def info(self) -> Mapping[str, Any]:
        """Name, root folder and capabilities. Raises `CaseFileUnavailable` ('cmis-repository-unknown')."""
        if self._info is None:
            try:
                self._info = self._chosen(self._wire.get(self._settings.url))
            except CaseFileUnavailable:
                raise
            except CaseFileError:
                raise _no_repository([]) from None
        return self._info

    def type(self, name: str, secondary: Sequence[str] = ()) -> ObjectType:
        """A type together with secondary types. Raises `CaseFileUnavailable` ('cmis-type-unknown')."""
        key = " ".join((name, *secondary))
        if key not in self._types:
            self._types[key] = object_type(
                self._definition(name), [self._definition(each) for each in secondary]
            )
        return self._types[key]

    def by_path(self, path: str) -> Found | None:
        """What lies at a path below the root folder; None if nothing does."""
        return self._object(self._root(path), {})

    def by_id(self, object_id: str) -> Found | None:
        """An object by its id."""
        return self._object(self._root(), {"objectId": object_id})

    def by_property(self, kind: ObjectType, name: str, value: str) -> Iterator[Found]:
        """Objects whose property has a value, by the index, which may lag: each is looked at again by its id."""
        definition = kind.properties.get(name)
        if definition is None or not (definition.queryable and kind.queryable):
            return
        literal = value.replace("\\", "\\\\").replace("'", "\\'")
        statement = f"SELECT cmis:objectId FROM {kind.query_name} WHERE {definition.query_name} = '{literal}'"  # noqa: S608 - CMIS QL has no parameters; both names come from the repository
        answer = self._wire.post(
            self._repository(), [("cmisaction", "query"), ("statement", statement), ("succinct", "true")]
        )
        for hit in _list_of(answer, "results"):
            found = self.by_id(str(_properties(hit).get("cmis:objectId")))
            if found is not None and found.get(name) == value and not found.get("cmis:isPrivateWorkingCopy"):
                yield found

    def folder(self, path: str) -> str:
        """The id of a folder, made with all above it where missing; two at once make one.

        One at a time, since a system may look for the name and then write: it would have two, and one of them unseen.
        """
        with self._making:
            if path not in self._folders:
                self._folders[path] = self._made(path)
            return self._folders[path]

    def forget_folders(self) -> None:
        """A folder that was there is gone."""
        self._folders.clear()

    def create(self, folder: str, kind: ObjectType, values: Values, content: tuple[str, bytes, str]) -> Found:
        """A document with its content, in one call. Raises `NameTaken`, `Missing` where the folder is gone."""
        form = [
            ("cmisaction", "createDocument"),
            ("objectId", self.folder(folder)),
            ("succinct", "true"),
            ("versioningState", "major" if kind.versionable else "none"),
            *_form({"cmis:objectTypeId": [kind.id], **values}),
        ]
        return _properties(self._wire.post(self._root(), form, content))

    def new_version(self, document: Found, values: Values, content: tuple[str, bytes, str], why: str) -> Found:
        """Check out and in again; one that we had checked out before a lost answer is checked in."""
        working_copy = self._checked_out(document)
        form = [
            ("cmisaction", "checkIn"),
            ("objectId", working_copy),
            ("major", "true"),
            ("checkinComment", why),
            ("succinct", "true"),
            *_form(values),
        ]
        try:
            return _properties(self._wire.post(self._root(), form, content))
        except CaseFileUnavailable:
            raise
        except CaseFileError:
            # Refused: nobody shall find the document locked because of us.
            self._wire.post(self._root(), [("cmisaction", "cancelCheckOut"), ("objectId", working_copy)])
            raise

    def update(self, document: Found, values: Values) -> Found:
        """Properties by compare-and-set on the change token; read anew and tried again if it was changed since."""
        for _ in range(_TRIES - 1):
            try:
                return self._update(document, values)
            except Changed:
                document = self.by_id(str(document["cmis:objectId"])) or document
        return self._update(document, values)

    def delete(self, document: Found) -> None:
        """A document with all its versions; one that is not there any more is deleted."""
        form = [
            ("cmisaction", "delete"),
            ("objectId", str(document["cmis:objectId"])),
            ("allVersions", "true"),
        ]
        with suppress(Missing):
            self._wire.post(self._root(), form)

    def content(self, document: Found) -> bytes:
        """The bytes of a document; none where it has no content."""
        try:
            return self._wire.content(
                self._root(), objectId=str(document["cmis:objectId"]), cmisselector="content"
            )
        except CaseFileUnavailable:
            raise
        except CaseFileError:
            if document.get("cmis:contentStreamLength"):
                raise
            return b""

    def allowed(self, path: str) -> Mapping[str, bool]:
        """What we may do with the object at a path."""
        answer = self._wire.get(self._root(path), cmisselector="object", includeAllowableActions="true")
        actions = answer.get("allowableActions") if isinstance(answer, dict) else None
        return actions if isinstance(actions, dict) else {}

    def _update(self, document: Found, values: Values) -> Found:
        form = [("cmisaction", "update"), ("objectId", str(document["cmis:objectId"]))]
        if document.get("cmis:changeToken"):
            form.append(("changeToken", str(document["cmis:changeToken"])))
        return _properties(self._wire.post(self._root(), [*form, ("succinct", "true"), *_form(values)]))

    def _checked_out(self, document: Found) -> str:
        if document.get("cmis:isVersionSeriesCheckedOut"):
            if document.get("cmis:versionSeriesCheckedOutBy") == self._settings.user:
                return str(document["cmis:versionSeriesCheckedOutId"])
            raise Changed(
                "cmis-document-locked",
                "Das Dokument ist im DMS von jemand anderem ausgecheckt. Bitte dort einchecken.",
            )
        form = [("cmisaction", "checkOut"), ("objectId", str(document["cmis:objectId"])), ("succinct", "true")]
        return str(_properties(self._wire.post(self._root(), form))["cmis:objectId"])

    def _made(self, path: str) -> str:
        found = self.by_path(path)
        if found is None:
            above, _, name = path.rpartition("/")
            found = self._create_folder(self.folder(above) if above else self._root_id(), path, name)
        if found.get("cmis:baseTypeId") != "cmis:folder":
            raise CaseFileError(
                "cmis-folder-blocked",
                "Wo im DMS der Ordner der Akte liegen soll, liegt etwas anderes. Bitte im DMS umbenennen.",
            )
        return str(found["cmis:objectId"])

    def _create_folder(self, above: str, path: str, name: str) -> Found:
        values = {"cmis:objectTypeId": [self._settings.folder_type], "cmis:name": [name]}
        form = [("cmisaction", "createFolder"), ("objectId", above), ("succinct", "true"), *_form(values)]
        try:
            return _properties(self._wire.post(self._root(), form))
        except NameTaken:
            if (found := self.by_path(path)) is not None:
                return found
            raise

    def _object(self, url: str, by: Mapping[str, str]) -> Found | None:
        try:
            return _properties(self._wire.get(url, cmisselector="object", succinct="true", **by))
        except Missing:
            return None

    def _definition(self, name: str) -> Mapping[str, Any]:
        try:
            found = self._wire.get(self._repository(), cmisselector="typeDefinition", typeId=name)
        except CaseFileUnavailable:
            raise
        except CaseFileError:  # unknown types are objectNotFound or invalidArgument, as the product likes
            found = None
        if not isinstance(found, dict):
            raise CaseFileUnavailable(
                "cmis-type-unknown",
                f"Das DMS kennt den Typ „{name}“ nicht. Bitte die Typen in [case_file.cmis] berichtigen.",
            )
        return found

    def _chosen(self, answer: Any) -> Mapping[str, Any]:
        known = (
            {name: info for name, info in answer.items() if isinstance(info, dict)}
            if isinstance(answer, dict)
            else {}
        )
        wanted = self._settings.repository or (next(iter(known)) if len(known) == 1 else "")
        if (
            wanted not in known
            or not {"repositoryUrl", "rootFolderUrl", "rootFolderId"} <= known[wanted].keys()
        ):
            raise _no_repository(sorted(known))
        return known[wanted]

    def _repository(self) -> str:
        return self._through_our_door(str(self.info()["repositoryUrl"]))

    def _root(self, path: str = "") -> str:
        return self._through_our_door(str(self.info()["rootFolderUrl"])) + quote(path)

    def _root_id(self) -> str:
        return str(self.info()["rootFolderId"])

    def _through_our_door(self, url: str) -> str:
        ours = urlsplit(self._settings.url)
        return f"{ours.scheme}://{ours.netloc}{urlsplit(url).path.rstrip('/')}"


def _no_repository(known: Sequence[str]) -> CaseFileUnavailable:
    there = f" Dort gibt es: {', '.join(known)}." if known else ""
    return CaseFileUnavailable(
        "cmis-repository-unknown",
        f"Unter der Adresse ist das Repository nicht zu finden.{there} Bitte url und repository in"
        " [case_file.cmis] prüfen.",
    )


def _form(values: Values) -> list[tuple[str, str]]:
    """Properties as the browser binding takes them (5.4.4.3.8): numbered, and several values numbered again."""
    form = []
    for number, (name, texts) in enumerate(values.items()):
        form.append((f"propertyId[{number}]", name))
        if len(texts) == 1:
            form.append((f"propertyValue[{number}]", texts[0]))
        else:
            form += [(f"propertyValue[{number}][{place}]", text) for place, text in enumerate(texts)]
    return form


def _properties(answer: Any) -> Found:
    found = answer.get("succinctProperties") if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise CaseFileUnavailable(
            "cmis-unreadable", "Das DMS beschreibt ein Objekt nicht so, wie CMIS 1.1 es vorsieht."
        )
    return found


def _list_of(answer: Any, name: str) -> list[Any]:
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, list) else []
