"""Transfer notes as a scan centre writes them, in the DRV's XML form; beside a PDF, or attached to it (PDF/A-3).

Knows nothing of what reads them. Every part can be left out or said wrongly, as scan centres do.
"""

import io
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import pikepdf
from PIL import ImageCms

FILE_NAME = "transfervermerk.xml"
_DATED = "D:20261120140000+01'00'"


@dataclass(frozen=True)
class NoteSpec:
    """What a note says; None leaves a part out."""

    document_id: str | None
    sha256: str | None
    pages: int | None
    creator: str | None = "Scanoperateurin 0417"
    organisation: str = "Scan West GmbH"
    system: str | None = "Kodak i5850S, Capture 12.3"
    procedure: str | None = "RESISCAN hoch"
    captured_at: str | None = "2026-11-20T14:00:00+01:00"
    quality: str | None = "ohne Befund"
    matches: str | None = "ja"
    anomaly: str | None = "false"
    namespace: str = ""


def transfer_note(spec: NoteSpec) -> bytes:
    """The XML of a note."""
    step = _step(
        "Scannen", spec.captured_at, spec.creator, spec.system, _attribute("Heftklammer", "nein", spec.anomaly)
    )
    quality = (
        ""
        if spec.quality is None
        else _step(
            "Qualitätssicherung",
            spec.captured_at,
            "Prüferin 0212",
            None,
            _attribute("Qualität", spec.quality, None),
        )
    )
    procedure = (
        f"<Verfahren><Bezeichnung>{escape(spec.procedure)}</Bezeichnung></Verfahren>" if spec.procedure else ""
    )
    attributes = "".join(
        _attribute(name, value, None)
        for name, value in (
            ("Dokument-ID", spec.document_id),
            ("SHA-256", spec.sha256),
            ("Übereinstimmung mit dem Papier", spec.matches),
        )
        if value is not None
    )
    pages = "" if spec.pages is None else f"<Seiten>{spec.pages}</Seiten>"
    space = f" xmlns={quoteattr(spec.namespace)}" if spec.namespace else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Transfervermerk{space}>'
        f"<Auftragnehmer><Name>{escape(spec.organisation)}</Name><Ort>Münster</Ort></Auftragnehmer>"
        f'<Stapel name="S-7">{procedure}<PositionDesDokuments>Abbild 5 bis 9 von 201</PositionDesDokuments>'
        f"<Prozessschritte>{step}{quality}</Prozessschritte></Stapel>"
        f"<Dokument>{pages}<AttributListe>{attributes}</AttributListe></Dokument></Transfervermerk>\n"
    ).encode()


def attach(pdf: bytes, note: bytes) -> bytes:
    """The PDF with the note in it as an associated file: PDF/A-3b, as far as its pages allow that."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        attached = pikepdf.AttachedFileSpec(
            document,
            note,
            filename=FILE_NAME,
            mime_type="text/xml",
            creation_date=_DATED,
            mod_date=_DATED,
            description="Transfervermerk nach BSI TR-03138",
        )
        attached.obj.AFRelationship = pikepdf.Name.Supplement
        document.attachments[FILE_NAME] = attached
        document.Root.AF = pikepdf.Array([attached.obj])
        _claim_archival(document)
        document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _claim_archival(document: pikepdf.Pdf) -> None:
    """What makes pages of pictures PDF/A-3: the statement, and what its colours mean (ISO 19005-3, 6.2.3, 6.6)."""
    if "/Info" in document.trailer:
        del document.trailer["/Info"]
    with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as said:
        said["pdfaid:part"], said["pdfaid:conformance"] = "3", "B"
    profile = document.make_stream(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), N=3)
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name.GTS_PDFA1,
        OutputConditionIdentifier="sRGB IEC61966-2.1",
        DestOutputProfile=profile,
    )
    document.Root.OutputIntents = pikepdf.Array([document.make_indirect(intent)])


def _step(name: str, moment: str | None, person: str | None, system: str | None, attribute: str) -> str:
    at = "" if moment is None else f" zeitpunkt={quoteattr(moment)}"
    who = "" if person is None else f"<Durchfuehrung>{escape(person)}</Durchfuehrung>"
    by = "" if system is None else f"<ITSystem>{escape(system)}</ITSystem>"
    inner = f"{who}{by}<AttributListe>{attribute}</AttributListe>"
    return f"<Prozessschritt name={quoteattr(name)}{at}>{inner}</Prozessschritt>"


def _attribute(name: str, value: str, anomaly: str | None) -> str:
    mark = "" if anomaly is None else f" auffaelligkeit={quoteattr(anomaly)}"
    return f"<Attribut name={quoteattr(name)}{mark}>{escape(value)}</Attribut>"
