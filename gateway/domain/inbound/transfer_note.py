"""The transfer note (*Transfervermerk*) of a scan, held field by field against BSI TR-03138, A.NB.4.

A.NB.4 asks for each scan product: a) who made it, never the organisation alone; b) the technical and organisational
environment; c) anomalies; d) when it was captured; e) the result of quality assurance; f) the statement that it
matches the paper. It is linked to the scan product, and its form is that of the DRV (*Transfervermerk für
Scanprodukte*, 1.0).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from gateway.domain.findings import Finding, Severity


@dataclass(frozen=True)
class TransferNote:
    """What a note says; empty where it says nothing. Texts are the provider's own.

    `anomalies` None: nothing was said about them, not even that there were none. `document_id` and `sha256` bind the
    note to its document, `pages` says how many it is about.
    """

    creator: str = ""
    organisation: str = ""
    environment: tuple[str, ...] = ()
    procedure: str = ""
    anomalies: tuple[str, ...] | None = None
    captured_at: datetime | None = None
    quality: str = ""
    matches_paper: bool | None = None
    document_id: str = ""
    sha256: str = ""
    pages: int | None = None

    def as_json(self) -> dict[str, object]:
        """Plain values to keep."""
        said = asdict(self) | {"environment": list(self.environment)}
        said["anomalies"] = None if self.anomalies is None else list(self.anomalies)
        said["captured_at"] = self.captured_at.isoformat() if self.captured_at else None
        return said


def check_note(
    note: TransferNote, *, document_id: str, sha256: str, pages: int, attached: bool
) -> list[Finding]:
    """What the note lacks or says wrongly about the document that it came with.

    An attached note is bound by lying in the document itself and cannot name its hash.
    """
    return [
        Finding(
            code, Severity.ERROR, f"Der Transfervermerk zum Dokument {document_id} {what} (TR-03138, A.NB.4)."
        )
        for code, applies, what in _judged(note, document_id, sha256, pages, attached)
        if applies
    ]


def _judged(
    note: TransferNote, document_id: str, sha256: str, pages: int, attached: bool
) -> Iterable[tuple[str, bool, str]]:
    creator, organisation = note.creator.strip().casefold(), note.organisation.strip().casefold()
    yield "note-creator-missing", not creator, "nennt nicht, wer das Scanprodukt erstellt hat"
    yield (
        "note-creator-organisation-only",
        bool(creator) and creator == organisation,
        "nennt als Ersteller nur die Organisation",
    )
    environment = not note.environment or not note.procedure
    yield (
        "note-environment-missing",
        environment,
        "beschreibt die technische und organisatorische Umgebung nicht",
    )
    yield "note-anomalies-missing", note.anomalies is None, "sagt nicht, ob es Auffälligkeiten gab"
    yield "note-time-missing", note.captured_at is None, "nennt den Zeitpunkt der Erfassung nicht"
    yield "note-quality-missing", not note.quality.strip(), "nennt kein Ergebnis der Qualitätssicherung"
    yield (
        "note-match-missing",
        note.matches_paper is None,
        "enthält keine Aussage zur Übereinstimmung mit dem Papier",
    )
    yield "note-match-denied", note.matches_paper is False, "verneint die Übereinstimmung mit dem Papier"
    yield (
        "note-pages-differ",
        note.pages not in (None, pages),
        f"spricht von einer anderen Seitenzahl als {pages}",
    )
    bound = attached or bool(note.sha256) or bool(note.document_id)
    yield "note-not-bound", not bound, "ist mit dem Dokument nicht verbunden"
    wrong = note.sha256 not in ("", sha256) and not attached
    yield (
        "note-of-other-document",
        wrong or note.document_id not in ("", document_id),
        "gehört zu einem anderen Dokument",
    )
