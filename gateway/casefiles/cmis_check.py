"""Whether a CMIS repository can take what the configuration sends there; asks only, changes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.casefiles.cmis_account import CmisSettings
from gateway.casefiles.cmis_repository import CmisRepository
from gateway.casefiles.cmis_types import ObjectType
from gateway.domain.findings import Finding, Severity
from gateway.errors import CaseFileError

_TEXTS = frozenset({"string", "id", "html", "uri"})
_SETTABLE = frozenset({"oncreate", "readwrite", "whencheckedout"})
_LATER = frozenset({"posting_date", "provisional", "confirmed_by", "deemed_notified_on", "objection_deadline"})
"""Fields that become known after the document was filed."""


def findings(settings: CmisSettings, repository: CmisRepository) -> list[Finding]:
    """Everything at fault at once, as far as it can be asked."""
    try:
        repository.info()
    except CaseFileError as error:
        return [Finding(error.code, Severity.ERROR, error.message)]
    return [
        *_document_type(settings, repository),
        *_log_type(settings, repository),
        *_folder(settings, repository),
    ]


def _document_type(settings: CmisSettings, repository: CmisRepository) -> Iterator[Finding]:
    try:
        kind = repository.type(settings.document_type, settings.secondary_types)
    except CaseFileError as error:
        yield Finding(error.code, Severity.ERROR, error.message)
        return
    yield from _of_type(kind, settings.item_property, settings.properties)
    yield from _unknown(kind, [("constants", name) for name in settings.constants])
    yield from _required(kind, [*settings.properties.values(), *settings.constants, settings.item_property])
    if not kind.versionable:
        yield _warn(
            "cmis-type-not-versionable",
            f"Der Typ {kind.id} hat keine Versionen; eine neue Fassung wird ein zweites Dokument daneben.",
        )
    if "sha256" not in settings.properties:
        yield _warn(
            "cmis-hash-not-mapped",
            "Ohne Zuordnung von sha256 kann das DMS selbst nicht nachweisen, dass ein Dokument unverändert ist.",
        )
    for field in sorted(_LATER & settings.properties.keys()):
        definition = kind.properties.get(settings.properties[field])
        if definition is not None and definition.updatability != "readwrite":
            yield _warn(
                "cmis-property-not-updatable",
                f"Die Eigenschaft „{definition.id}“ lässt sich nach der Ablage nicht mehr ändern; {field} steht dann"
                " nur im Verlauf.",
            )


def _log_type(settings: CmisSettings, repository: CmisRepository) -> Iterator[Finding]:
    try:
        kind = repository.type(settings.log_type, settings.log_secondary_types)
    except CaseFileError as error:
        yield Finding(error.code, Severity.ERROR, error.message)
        return
    yield from _of_type(kind, settings.log_item_property, settings.log_properties)
    yield from _required(kind, [*settings.log_properties.values(), settings.log_item_property])


def _of_type(kind: ObjectType, item: str, properties: Mapping[str, str]) -> Iterator[Finding]:
    if kind.base != "cmis:document" or not kind.creatable:
        yield _error(
            "cmis-type-unsuitable",
            f"Vom Typ {kind.id} lassen sich keine Dokumente anlegen; bitte einen anderen nennen.",
        )
    yield from _unknown(kind, [("item_property", item), *properties.items()])
    definition = kind.properties.get(item)
    if definition is not None and (definition.kind not in _TEXTS or definition.updatability not in _SETTABLE):
        yield _error(
            "cmis-item-property",
            f"Die Eigenschaft „{item}“ nimmt unser Kennzeichen nicht auf; sie muss Text sein.",
        )
    elif definition is not None and not (definition.queryable and kind.queryable):
        yield _warn(
            "cmis-item-not-queryable",
            f"Nach „{item}“ kann das DMS beim Typ {kind.id} nicht suchen: Was dort verschoben wird, findet das"
            " Gateway nicht wieder.",
        )


def _unknown(kind: ObjectType, mapped: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    for field, name in mapped:
        definition = kind.properties.get(name)
        if definition is None:
            yield _error(
                "cmis-property-unknown",
                f"Der Typ {kind.id} hat keine Eigenschaft „{name}“ (zugeordnet: {field}).",
            )
        elif definition.updatability not in _SETTABLE:
            yield _error(
                "cmis-property-read-only",
                f"Die Eigenschaft „{name}“ (zugeordnet: {field}) ist im DMS schreibgeschützt.",
            )


def _required(kind: ObjectType, given: Sequence[str]) -> Iterator[Finding]:
    for definition in kind.properties.values():
        ours = definition.id in given or definition.id in {"cmis:name", "cmis:objectTypeId"}
        if definition.required and definition.updatability in _SETTABLE and not ours:
            yield _error(
                "cmis-property-required",
                f"Der Typ {kind.id} verlangt „{definition.id}“. Bitte ein Feld oder eine Konstante zuordnen.",
            )


def _folder(settings: CmisSettings, repository: CmisRepository) -> Iterator[Finding]:
    """Rights at the deepest folder above the cases that is there already."""
    fixed = settings.folder.split("{", 1)[0].rpartition("/")[0]
    try:
        repository.type(settings.folder_type)
        while fixed and repository.by_path(fixed) is None:
            fixed = fixed.rpartition("/")[0]
        may_create = repository.allowed(fixed).get("canCreateFolder", True)
    except CaseFileError as error:
        yield Finding(error.code, Severity.ERROR, error.message)
        return
    if not may_create:
        yield _error(
            "cmis-permission",
            f"Unter „{fixed or '/'}“ darf das Dienstkonto keine Ordner anlegen. Bitte die Rechte prüfen.",
        )


def _error(code: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, message)


def _warn(code: str, message: str) -> Finding:
    return Finding(code, Severity.WARNING, message)
