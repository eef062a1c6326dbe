"""A case file (*Akte*) in a document management system, by CMIS 1.1 (browser binding).

    /Akten/borken/JC-BOR-2026-00017/7K4M9QXZ-1.pdf                  a document, with the authority's properties
    /Akten/borken/JC-BOR-2026-00017/Verlauf/Ab-Vermerk ….txt        a note for every entry, see `cmis_note`

The document is written first, its properties second, the note last: only what has a note is filed, so after a kill or
a lost answer the same entry again completes it and makes nothing twice. What is there is found by our key, asked of
the index (it finds what was moved in the system, but may lag) and by its name in its folder (which never lags, and
is unique). Other bytes under a document key that is in use are a new version of it, where the type has versions;
nothing is ever overwritten, and deleted is only what is withdrawn: the document with all its versions, its note last.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.casefiles.cmis_account import CmisSettings
from gateway.casefiles.cmis_check import findings
from gateway.casefiles.cmis_note import (
    document_name,
    facts_of,
    note_name,
    note_text,
    path_part,
    read_note,
    read_transfer_note,
)
from gateway.casefiles.cmis_repository import CmisRepository, Found
from gateway.casefiles.cmis_types import ObjectType, in_form
from gateway.casefiles.cmis_wire import Missing, NameTaken
from gateway.domain.findings import Finding
from gateway.errors import CaseFileError, CaseFileUnavailable, IntegrityError, NotFound
from gateway.ports.casefile import CaseRef, FilingEntry

_SECONDARY = "cmis:secondaryObjectTypeIds"
_OF_THE_ENTRY = frozenset({"item_id", "title", "kind", "occurred_at", "sha256", "document_key", "pages"})
"""What a log entry says of itself or its piece; the properties of the document it is about stay as they are."""
_MOST_NAMES = 50
_TRIES = 3


@dataclass(frozen=True)
class _Place:
    """What is at a place: our objects, oldest first, and the first name that is free there."""

    ours: tuple[Found, ...]
    free: str

    @property
    def newest(self) -> Found | None:
        return self.ours[-1] if self.ours else None


class CmisCaseFile:
    """One repository; several processes may file at once."""

    name = "cmis"

    def __init__(self, settings: CmisSettings) -> None:
        self._settings = settings
        self._repository = CmisRepository(settings)

    def check(self) -> list[Finding]:
        """Reachability, repository, types, properties and rights, without side effects."""
        return findings(self._settings, CmisRepository(self._settings))

    def file(self, entry: FilingEntry) -> str:
        """File an entry; idempotent by its key. Returns the id of the document, or for a log entry of its note.

        Raises `CaseFileError` ('filing-key-conflict': same key, other content; 'cmis-…'), `CaseFileUnavailable`,
        and `IntegrityError` where the document is not what its hash says.
        """
        entry = _verified(entry)
        for _ in range(_TRIES - 1):
            try:
                return self._file(entry)
            except (NameTaken, Missing):
                # Somebody was quicker, or took away a folder that was there: what is there now is looked up anew.
                self._repository.forget_folders()
        return self._file(entry)

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        """The newest version of a document. Raises `NotFound`, `IntegrityError`, `CaseFileError`."""
        found = self._documents(case, document_key).newest
        if found is None:
            raise NotFound(
                "document-not-found", "Das Dokument ist nicht in der Akte. Bitte das Kennzeichen prüfen."
            )
        content = self._repository.content(found)
        filed = found.get(self._settings.properties.get("sha256", ""))
        if filed and hashlib.sha256(content).hexdigest() != filed:
            raise IntegrityError(
                "document-hash-mismatch",
                "Ein Dokument der Akte ist nicht das, was seine Prüfsumme sagt. Bitte nicht verwenden und die"
                " Administration des DMS verständigen.",
            )
        return content

    def transfer_note(self, case: CaseRef, key: str) -> bytes | None:
        """The transfer note that an entry brought: its note holds it. Raises `CaseFileError`."""
        found = self._notes(case, key).newest
        return read_transfer_note(self._repository.content(found)) if found is not None else None

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        """Delete a document with all its versions and then its note; idempotent. Raises as `file` does.

        The newest first: the names are looked for one after the other, and the first that is free ends the search.
        """
        for place in (self._documents(case, document_key), self._notes(case, key)):
            for found in reversed(place.ours):
                self._repository.delete(found)

    def _file(self, entry: FilingEntry) -> str:
        notes = self._notes(entry.case, entry.key)
        if notes.newest is not None:
            return self._as_before(entry, notes.newest)
        object_id = None
        if entry.document is not None:
            object_id = self._file_document(entry, entry.document)
        else:
            self._tell_document(entry)
        note = self._create_note(entry, notes.free, object_id)
        return object_id or str(note["cmis:objectId"])

    def _as_before(self, entry: FilingEntry, found: Found) -> str:
        note = read_note(self._repository.content(found))
        if note is None or note.key != entry.key or note.facts != facts_of(entry):
            raise CaseFileError(
                "filing-key-conflict",
                f"Unter dem Kennzeichen {entry.key} liegt bereits ein anderer Inhalt in der Akte. Nichts wurde"
                " geändert; bitte den Vorgang klären.",
            )
        return str(found["cmis:objectId"]) if note.object_id == "-" else note.object_id

    def _file_document(self, entry: FilingEntry, document: bytes) -> str:
        """The id of the version that has these bytes."""
        there = self._documents(entry.case, entry.document_key)
        for found in reversed(there.ours):
            if self._repository.content(found) == document:
                return str(found["cmis:objectId"])
        kind, values = self._document_type(), self._values(entry)
        stream = (f"{path_part(entry.document_key)}.pdf", document, "application/pdf")
        if there.newest is not None and kind.versionable:
            made = self._repository.new_version(there.newest, values, stream, entry.key)
        else:
            named = {"cmis:name": [there.free], **values}
            made = self._repository.create(self._case_folder(entry.case), kind, named, stream)
        return str(made["cmis:objectId"])

    def _tell_document(self, entry: FilingEntry) -> None:
        """What a log entry says, in the properties of the document it is about, if that is in the file."""
        kind = self._document_type()
        known = {name: value for name, value in _fields(entry).items() if name not in _OF_THE_ENTRY}
        told = {
            name: texts
            for name, texts in self._mapped(kind, self._settings.properties, known)
            if kind.properties[name].updatability == "readwrite"
        }
        found = self._documents(entry.case, entry.document_key).newest if told else None
        if found is not None:
            changed = {name: texts for name, texts in told.items() if _as_texts(found.get(name)) != texts}
            if changed:
                self._repository.update(found, changed)

    def _create_note(self, entry: FilingEntry, name: str, object_id: str | None) -> Found:
        kind = self._log_type()
        values = {
            "cmis:name": [name],
            self._settings.log_item_property: [_item(entry.case, entry.key)],
            **dict(self._mapped(kind, self._settings.log_properties, _fields(entry))),
        }
        if self._settings.log_secondary_types:
            values[_SECONDARY] = list(self._settings.log_secondary_types)
        content = ("eintrag.txt", note_text(entry, object_id), "text/plain; charset=UTF-8")
        return self._repository.create(self._log_folder(entry.case), kind, values, content)

    def _values(self, entry: FilingEntry) -> dict[str, list[str]]:
        kind = self._document_type()
        values = {name: [text] for name, text in self._settings.constants.items()}
        values |= dict(self._mapped(kind, self._settings.properties, _fields(entry)))
        values[self._settings.item_property] = [_item(entry.case, entry.document_key)]
        if self._settings.secondary_types:
            values[_SECONDARY] = list(self._settings.secondary_types)
        return values

    def _mapped(
        self, kind: ObjectType, properties: Mapping[str, str], known: Mapping[str, object]
    ) -> Iterator[tuple[str, list[str]]]:
        """What is known, as property ids and texts; what is empty is left out, so that nothing is ever erased."""
        for field, name in properties.items():
            definition = kind.properties.get(name)
            if definition is None:
                raise CaseFileUnavailable(
                    "cmis-property-unknown",
                    f"Der Typ {kind.id} hat im DMS keine Eigenschaft „{name}“. Bitte die Zuordnung von „{field}“ in"
                    " [case_file.cmis] berichtigen.",
                )
            if field in known and (texts := in_form(definition, known[field])):
                yield name, texts

    def _documents(self, case: CaseRef, document_key: str) -> _Place:
        names = (document_name(document_key, number) for number in range(1, _MOST_NAMES))
        key = (self._settings.item_property, _item(case, document_key))
        return self._place(self._case_folder(case), self._document_type(), key, names)

    def _notes(self, case: CaseRef, entry_key: str) -> _Place:
        names = (note_name(entry_key, number) for number in range(1, _MOST_NAMES))
        key = (self._settings.log_item_property, _item(case, entry_key))
        return self._place(self._log_folder(case), self._log_type(), key, names)

    def _place(self, folder: str, kind: ObjectType, key: tuple[str, str], names: Iterator[str]) -> _Place:
        """Look by our key in the index, and by one name after the other until one is free.

        A name that is taken by something without our key is somebody else's: it is left alone.
        """
        ours = {str(found["cmis:objectId"]): found for found in self._repository.by_property(kind, *key)}
        for name in names:
            found = self._repository.by_path(f"{folder}/{name}")
            if found is None:
                oldest_first = sorted(ours.values(), key=lambda each: each.get("cmis:creationDate") or 0)
                return _Place(tuple(oldest_first), name)
            if found.get(key[0]) == key[1]:
                ours[str(found["cmis:objectId"])] = found
        raise CaseFileError(
            "cmis-names-taken",
            "Im DMS sind in dieser Akte alle Namen vergeben, die das Objekt haben könnte. Bitte dort aufräumen.",
        )

    def _document_type(self) -> ObjectType:
        return self._repository.type(self._settings.document_type, self._settings.secondary_types)

    def _log_type(self) -> ObjectType:
        return self._repository.type(self._settings.log_type, self._settings.log_secondary_types)

    def _case_folder(self, case: CaseRef) -> str:
        return self._settings.folder.format(
            file_number=path_part(case.file_number),
            bg_number=path_part(case.bg_number),
            office=path_part(case.office),
        ).rstrip("/")

    def _log_folder(self, case: CaseRef) -> str:
        below = self._settings.log_folder.strip("/")
        return f"{self._case_folder(case)}/{below}" if below else self._case_folder(case)


def _verified(entry: FilingEntry) -> FilingEntry:
    """The entry with the hash of its document. Raises `IntegrityError`."""
    if entry.document is None:
        return entry
    sha256 = hashlib.sha256(entry.document).hexdigest()
    if entry.document_sha256 not in (None, sha256):
        raise IntegrityError(
            "document-hash-mismatch",
            "Das Dokument ist nicht das, was seine Prüfsumme sagt. Es wird nicht abgelegt; bitte aus der"
            " Datensicherung wiederherstellen.",
        )
    return replace(entry, document_sha256=sha256)


def _item(case: CaseRef, key: str) -> str:
    """Our key in the repository: unique over all cases."""
    return f"{case.file_number}#{key}"


def _fields(entry: FilingEntry) -> dict[str, object]:
    """Everything about an entry by canonical name."""
    return {
        "item_id": entry.key,
        **entry.metadata,
        "title": entry.title,
        "kind": entry.kind,
        "occurred_at": entry.occurred_at.isoformat(),
        "document_key": entry.document_key,
        "sha256": entry.document_sha256 or "",
        "file_number": entry.case.file_number,
        "bg_number": entry.case.bg_number,
        "office": entry.case.office,
    }


def _as_texts(value: object) -> list[str]:
    """A property as the repository gives it, in the texts of a form."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, list):
        return [text for part in value for text in _as_texts(part)]
    return [] if value is None else [str(value)]
