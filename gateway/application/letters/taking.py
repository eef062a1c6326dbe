"""Taking a finished PDF in: size, harm and safe repairs, all in a worker process; nothing is stored here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.application.services import Services
from gateway.domain.findings import Finding
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.errors import DocumentInvalid, RenderError

_LIMITS_MET = frozenset({"render-timeout", "render-memory", "render-worker-died"})


@dataclass(frozen=True)
class Taken:
    """A PDF that may come in, repaired, with a finding for each repair."""

    pdf: bytes
    pages: int
    repairs: Sequence[Finding]


def bounded_bytes(file: Path) -> bytes:
    """A file, and of one that is too large no more than is needed to see that."""
    with file.open("rb") as content:
        return content.read(MAX_UPLOAD_BYTES + 1)


def take_in(services: Services, pdf: bytes) -> Taken:
    """Raises `DocumentInvalid` with a code for each reason: see `Renderer.repair`.

    A file on which a worker runs out of time or memory was made to do so, or may as well have been.
    """
    if len(pdf) > MAX_UPLOAD_BYTES:
        raise DocumentInvalid(
            "pdf-too-large",
            f"Die Datei ist größer als {MAX_UPLOAD_BYTES // 1_000_000} MB. Bitte Bilder verkleinern oder aufteilen.",
        )
    try:
        repaired = services.renderer.repair(pdf)
    except RenderError as error:
        if error.code not in _LIMITS_MET:
            raise
        raise DocumentInvalid(
            "pdf-too-complex",
            "Das PDF ließ sich nicht in vertretbarer Zeit und mit vertretbarem Speicher prüfen. "
            "Bitte einfacher neu erzeugen.",
        ) from None
    return Taken(repaired.pdf, repaired.pages, repaired.findings)
