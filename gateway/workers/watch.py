"""The watched folder: line-of-business software puts NAME.pdf there and then NAME.json, which says it is ready.

NAME.json names `case`, `title` and `author` (a login), and may say `decision`, `remedy_notice`, `recipient` and
`decision_date`. What was taken in goes to `done/`, what was refused to `refused/`, each with NAME.result.json that
says which letter it became or what was wrong. The same file for the same case is recognised by its hash, so a kill
in between, or a file that comes twice, makes no second letter.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gateway.application.letters.taking import bounded_bytes
from gateway.application.letters.uploading import Upload, import_letter, imported_before
from gateway.application.services import Services
from gateway.errors import DataInvalid, GatewayError, InputError

DONE, REFUSED = "done", "refused"
_TEXTS = frozenset({"case", "title", "author", "recipient", "decision_date"})
_FLAGS = frozenset({"decision", "remedy_notice"})
_NEEDED = ("case", "title", "author")


@dataclass
class WatchReport:
    """What one look into the folder did."""

    imported: int = 0
    repeated: int = 0
    refused: int = 0


def watch(services: Services) -> WatchReport:
    """Take in every pair that is ready, by name."""
    report = WatchReport()
    if services.uploads_dir is None:
        return report
    for sidecar in sorted(services.uploads_dir.glob("*.json")):
        pdf = sidecar.with_suffix(".pdf")
        for folder in (DONE, REFUSED):
            if not pdf.exists() and (sidecar.parent / folder / pdf.name).exists():
                sidecar.replace(sidecar.parent / folder / sidecar.name)  # we were killed between the two moves
                break
        if pdf.is_file() and not pdf.is_symlink():
            _take(services, pdf, sidecar, report)
    return report


def _take(services: Services, pdf: Path, sidecar: Path, report: WatchReport) -> None:
    try:
        said = _read(sidecar)
        upload = _upload(bounded_bytes(pdf), said)
        reference = imported_before(services, upload)
        report.repeated += 1 if reference else 0
        if reference is None:
            reference = import_letter(services, said["author"], upload)
            report.imported += 1
        _put_away(pdf, sidecar, DONE, {"letter": reference})
    except GatewayError as error:
        report.refused += 1
        _put_away(pdf, sidecar, REFUSED, {"code": error.code, "message": error.message})


def _read(sidecar: Path) -> dict[str, Any]:
    """Raises `DataInvalid` ('upload-data-invalid') with the name of the field, never its value."""
    try:
        said = json.loads(sidecar.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise _invalid("Die Begleitdatei ist kein JSON in UTF-8.") from None
    if not isinstance(said, dict):
        raise _invalid("Die Begleitdatei ist kein JSON-Objekt.")
    for name, value in said.items():
        kind = str if name in _TEXTS else bool
        if name not in _TEXTS | _FLAGS or not isinstance(value, kind):
            raise _invalid(f"Das Feld „{str(name)[:40]}“ ist unbekannt oder von falscher Art.")
    if missing := [name for name in _NEEDED if not said.get(name)]:
        raise _invalid(f"In der Begleitdatei fehlt: {', '.join(missing)}.")
    return said


def _upload(pdf: bytes, said: Mapping[str, Any]) -> Upload:
    try:
        day = date.fromisoformat(said["decision_date"]) if said.get("decision_date") else None
    except ValueError:
        raise _invalid("Das Feld „decision_date“ ist kein Datum JJJJ-MM-TT.") from None
    return Upload(
        pdf,
        said["case"],
        said["title"],
        decision=said.get("decision", False),
        remedy_notice=said.get("remedy_notice", True),
        recipient=said.get("recipient"),
        decision_date=day,
    )


def _put_away(pdf: Path, sidecar: Path, folder: str, result: Mapping[str, str]) -> None:
    """The result first, the sidecar last: as long as that is there, a kill only makes us look once more."""
    target = pdf.parent / folder
    target.mkdir(exist_ok=True, mode=0o700)
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    (target / f"{pdf.stem}.result.json").write_text(text, encoding="utf-8")
    pdf.replace(target / pdf.name)
    sidecar.replace(target / sidecar.name)


def _invalid(message: str) -> InputError:
    return DataInvalid("upload-data-invalid", f"{message} Bitte die Begleitdatei berichtigen und neu ablegen.")
