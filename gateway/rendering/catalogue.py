"""The catalogue of letter templates: what `letter_templates/NAME/` says, its version, and the check of letter data.

A template is a folder with `letter.html.j2`, `meta.toml` and `sample.json`; `_shared/` holds layout, style, text
modules and parts: `parts = ["award"]` in a meta file takes over the fields and proofs of `_shared/award.toml`.
Nothing is rendered here.
"""

import json
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jsonschema
from jsonschema import Draft202012Validator

from gateway.domain.letters.enclosures import EnclosureRule
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.deadlines import Remedy
from gateway.domain.templates.calculation import ColumnsProof, Flaw, MonthsProof, Proof, SumProof, flaws
from gateway.errors import DataInvalid, NotFound, RenderError
from gateway.ports.renderer import TemplateMeta
from gateway.rendering import bundle
from gateway.rendering.fonts import default_fonts_dir
from gateway.rendering.meta_rules import read_request, read_timing

SHARED = bundle.SHARED
LETTER = "letter.html.j2"
META = "meta.toml"
SAMPLE = "sample.json"

_META_KEYS = frozenset(
    [
        "title",
        "legal_basis",
        "is_decision",
        "needs_remedy_notice",
        "four_eyes",
        "service",
        "provisional",
        "schema",
    ]
)
_OPTIONAL_KEYS = frozenset(
    ["timing", "proofs", "parts", "enclosures", "remedy", "legal_area", "bundling", "request"]
)
_PROOF_KINDS: Mapping[str, type[SumProof] | type[ColumnsProof] | type[MonthsProof]] = {
    "sum": SumProof,
    "columns": ColumnsProof,
    "months": MonthsProof,
}
_RULES = {
    "required": "es fehlt",
    "type": "die Angabe hat die falsche Art",
    "format": "die Schreibweise stimmt nicht",
    "pattern": "die Schreibweise stimmt nicht",
    "enum": "der Wert gehört nicht zur Auswahl",
    "const": "der Wert gehört nicht zur Auswahl",
    "minLength": "die Angabe ist leer oder zu kurz",
    "maxLength": "die Angabe ist zu lang",
    "minItems": "es fehlen Einträge",
    "maxItems": "es sind zu viele Einträge",
    "additionalProperties": "ein Feld ist nicht vorgesehen",
}


def default_templates_dir() -> Path:
    """`letter_templates` of this repository."""
    return Path(__file__).resolve().parents[2] / "letter_templates"


def _is_iban(value: object) -> bool:
    """ISO 13616 check digits; anything but text is left to the `type` rule."""
    if not isinstance(value, str):
        return True
    if not (15 <= len(value) <= 34 and value.isascii() and value.isalnum() and value == value.upper()):
        return False
    return int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1


FORMATS = jsonschema.FormatChecker(formats=("date",))
"""Formats that a schema may ask for: `date` (YYYY-MM-DD) and `iban` (no blanks, right check digits)."""
FORMATS.checks("iban")(_is_iban)


def nfc(value: object) -> object:
    """The same data with every text in Unicode form C: decomposed umlauts print as boxes elsewhere."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {nfc(key): nfc(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [nfc(item) for item in value]
    return value


@dataclass(frozen=True)
class Template:
    """A template as it lies on disk: its meta data and the proofs its figures must pass."""

    meta: TemplateMeta
    proofs: Sequence[Proof]

    def check(self, data: Mapping[str, object]) -> dict[str, object]:
        """The data in form C with the schema's defaults, if it keeps the schema and adds up.

        Raises `DataInvalid` naming the field or the sum, never a value: `data-invalid`, `sum-wrong`,
        `columns-unequal`, `months-incomplete`.
        """
        normal = cast("dict[str, object]", _with_defaults(self.meta.schema, nfc(data)))
        validator = Draft202012Validator(dict(self.meta.schema), format_checker=FORMATS)
        first = min(validator.iter_errors(normal), key=lambda error: list(map(str, error.path)), default=None)
        if first is not None:
            raise _schema_fault(first, self.meta.schema)
        for flaw in flaws(normal, self.proofs):
            raise _proof_fault(flaw)
        return normal


class Catalogue:
    """All templates of one folder, read once; a changed folder needs a new catalogue.

    The folder is either the authors' or that of one kept version. A template that cannot be used is an error when it
    is asked for, and does not keep the others from being used.
    """

    def __init__(self, templates_dir: Path | None = None, fonts_dir: Path | None = None) -> None:
        """Read `templates_dir`."""
        self.folder = templates_dir or default_templates_dir()
        self._fonts_dir = fonts_dir or default_fonts_dir()
        self._templates: dict[str, Template] = {}
        self._faults: dict[str, RenderError] = {}
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith(("_", ".")):
                self._read(folder)

    def _read(self, folder: Path) -> None:
        try:
            version = bundle.version_of(self.archive_of(folder.name))
            self._templates[folder.name] = _read_template(folder, version)
        except RenderError as error:
            self._faults[folder.name] = error

    def files_of(self, name: str) -> dict[str, bytes]:
        """Every file a template is made of, as it lies in the folder now."""
        return bundle.contents(self.folder, name, self._fonts_dir)

    def archive_of(self, name: str) -> bytes:
        """The same as one archive."""
        return bundle.pack(self.files_of(name))

    def names(self) -> Sequence[str]:
        """All templates, also those that cannot be used."""
        return sorted([*self._templates, *self._faults])

    def all(self) -> Sequence[Template]:
        """Every template that can be used, by name."""
        return tuple(self._templates.values())

    def get(self, name: str) -> Template:
        """One template. Raises `NotFound`, or `RenderError` saying why it cannot be used."""
        if name in self._faults:
            raise RenderError(self._faults[name].code, self._faults[name].message)
        if name not in self._templates:
            known = ", ".join(self._templates)
            raise NotFound("template-unknown", f"Diese Vorlage gibt es nicht. Vorhanden sind: {known}.")
        return self._templates[name]

    def get_version(self, name: str, version: str) -> Template:
        """One template, if it still is what it was when the letter was written. Raises `RenderError` if not."""
        template = self.get(name)
        if template.meta.version != version:
            raise RenderError(
                "template-changed",
                f"Die Version {version} der Vorlage {name} liegt nicht vor, der Vorlagenordner hat eine andere. "
                "Bitte den Entwurf öffnen, prüfen und neu speichern.",
            )
        return template

    def enclosure(self, name: str, version: str, file: str) -> bytes:
        """A file that this version of a template names as enclosure. Raises `RenderError`, `NotFound`."""
        template = self.get_version(name, version)
        if file not in {rule.file for rule in template.meta.enclosures}:
            raise _unusable(name, "eine Anlage ist nicht vorgesehen")
        return (self.folder / name / file).read_bytes()


def _read_template(folder: Path, version: str) -> Template:
    try:
        meta = _with_parts(tomllib.loads((folder / META).read_text("utf-8")), folder.parent / SHARED)
        sample = json.loads((folder / SAMPLE).read_text("utf-8"))
        (folder / LETTER).read_bytes()
    except FileNotFoundError as error:
        raise _unusable(folder.name, f"{Path(error.filename).name} fehlt") from None
    except ValueError as error:  # TOML, JSON, or bytes that are no UTF-8
        raise _unusable(folder.name, str(error)) from None
    except (AttributeError, LookupError, TypeError) as error:
        raise _unusable(folder.name, f"{META} oder ein Teil davon hat eine falsche Form") from error
    if wrong := (meta.keys() - _OPTIONAL_KEYS) ^ _META_KEYS:
        raise _unusable(folder.name, f"Angaben fehlen oder sind unbekannt: {', '.join(sorted(wrong))}")
    try:
        meta["schema"] = _inlined(meta["schema"], meta["schema"].get("$defs", {}))
        Draft202012Validator.check_schema(meta["schema"])
        proofs = tuple(_read_proof(entry) for entry in meta.pop("proofs", ()))
        service = Service(meta.pop("service"))
        meta["remedy"] = Remedy(meta.get("remedy", Remedy.WIDERSPRUCH))
        meta["timing"] = tuple(read_timing(entry, meta["schema"]) for entry in meta.get("timing", ()))
        meta["request"] = read_request(meta.get("request"), meta["schema"])
        enclosures = tuple(_read_enclosure(folder, entry) for entry in meta.pop("enclosures", ()))
    except (jsonschema.SchemaError, KeyError, TypeError, ValueError) as error:
        raise _unusable(folder.name, f"{META} ist nicht gültig ({type(error).__name__})") from error
    return Template(
        TemplateMeta(
            name=folder.name, version=version, service=service, sample=sample, enclosures=enclosures, **meta
        ),
        proofs,
    )


def _with_parts(meta: dict[str, Any], shared: Path) -> dict[str, Any]:
    """The meta data with the parts it names: a template's own fields stand first and win over those of a part."""
    schema = meta.setdefault("schema", {}) if "parts" in meta else {}
    for name in meta.pop("parts", ()):
        part = tomllib.loads((shared / f"{name}.toml").read_text("utf-8"))
        meta["proofs"] = [*meta.get("proofs", ()), *part.get("proofs", ())]
        for key in ("properties", "$defs"):
            own = schema.get(key, {})
            others = {field: value for field, value in part["schema"].get(key, {}).items() if field not in own}
            schema[key] = {**own, **others}
        schema["required"] = [*schema.get("required", ()), *part["schema"].get("required", ())]
    return meta


def _inlined(schema: object, defs: Mapping[str, object]) -> object:
    """The schema without `$ref` and `$defs`: a form can be made from it without resolving anything."""
    if isinstance(schema, list):
        return [_inlined(item, defs) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shared = defs[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else {}
    whole = {**cast("dict[str, object]", shared), **schema}
    return {key: _inlined(value, defs) for key, value in whole.items() if key not in ("$ref", "$defs")}


def _with_defaults(schema: Mapping[str, object], data: object) -> object:
    """The data with the `default` of every property that is absent."""
    if isinstance(data, list):
        items = schema.get("items")
        return [_with_defaults(items, item) for item in data] if isinstance(items, Mapping) else data
    if not isinstance(data, dict):
        return data
    known = _properties(schema)
    absent = {key: value["default"] for key, value in known.items() if key not in data and "default" in value}
    return {key: _with_defaults(known.get(key, {}), value) for key, value in (data | absent).items()}


def _read_proof(entry: dict[str, object]) -> Proof:
    values = {key: value for key, value in entry.items() if key != "kind"}
    return _PROOF_KINDS[str(entry["kind"])](**values)  # type: ignore[arg-type]


def _read_enclosure(folder: Path, entry: dict[str, object]) -> EnclosureRule:
    """`[[enclosures]]` of a meta file: `file` in the template's own folder, `title`, and from when to when."""
    rule = EnclosureRule(template=folder.name, **entry)  # type: ignore[arg-type]
    if Path(rule.file).name != rule.file or not (folder / rule.file).is_file():
        raise ValueError("an enclosure lies in the folder of its template")
    return rule


def _unusable(name: str, reason: str) -> RenderError:
    return RenderError("template-unusable", f"Die Vorlage {name} kann nicht verwendet werden: {reason}.")


def _schema_fault(error: jsonschema.ValidationError, schema: Mapping[str, object]) -> DataInvalid:
    path = list(error.absolute_path)
    if error.validator == "required" and isinstance(error.instance, dict):
        required = cast("list[str]", error.validator_value)
        path.append(next(key for key in required if key not in error.instance))
    rule = _RULES.get(str(error.validator), "eine Vorgabe ist verletzt")
    where = ".".join(map(str, path)) or "Daten"
    return DataInvalid(
        "data-invalid", f"Feld „{field_title(schema, path)}“ ({where}): {rule}. Bitte berichtigen."
    )


def field_title(schema: Mapping[str, object], path: Sequence[str | int]) -> str:
    """The German title of the field at `path`, for messages; the last known title on the way if it has none."""
    title, here = "Daten", schema
    for step in path:
        branch = here.get("items") if isinstance(step, int) else _properties(here).get(step)
        if not isinstance(branch, Mapping):
            break
        here = branch
        title = str(here.get("title", title))
    return title


def _properties(schema: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", schema.get("properties", {}))


def _proof_fault(flaw: Flaw) -> DataInvalid:
    match flaw.proof:
        case SumProof(title=title):
            place = f" (Stelle {', '.join(map(str, flaw.places))})" if flaw.places else ""
            return DataInvalid(
                "sum-wrong",
                f"Die Summe „{title}“{place} geht nicht auf. Bitte die Beträge im Fachverfahren prüfen.",
            )
        case ColumnsProof(title=title):
            return DataInvalid(
                "columns-unequal",
                f"„{title}“: Die Zahl der Spalten passt nicht zur Zahl der Personen. Bitte prüfen.",
            )
        case MonthsProof(title=title):
            return DataInvalid(
                "months-incomplete",
                f"„{title}“: Die Berechnungen decken den Zeitraum nicht lückenlos und überschneidungsfrei ab.",
            )


def texts(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in letter data with its path, for checks that must name a field."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from texts(item, (*path, position))
