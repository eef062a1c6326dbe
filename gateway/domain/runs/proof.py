"""What a run's certificates prove, as people read it: what was checked, how, with what result. No personal data.

The documents themselves (`run-certificate/1`, made by `application.certifying`) are what counts; this is their reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

CLEAN = "clean"

_CHECKS = {
    "sides": (
        "Seiten",
        "Beim Zusammenstellen: jede Seite gleicht der des freigegebenen Dokuments, aufgefüllte Rückseiten sind leer.",
    ),
    "sheet-codes": (
        "Blattcodes",
        "Beim Zusammenstellen: DataMatrix jeder Vorderseite aus dem fertigen Druckbild gelesen, lückenlos n von m.",
    ),
    "address-window": (
        "Anschriftfenster",
        "Vor der Freigabe und beim Zusammenstellen: die Anschrift ist in jeder Lage im Umschlag ganz zu sehen.",
    ),
    "foreign-text": (
        "Fremder Text",
        "Text jeder Seite der gespeicherten Druckkopie nach allen Nummern der anderen Fälle des Laufs durchsucht.",
    ),
}
_RESULTS = {CLEAN: "einwandfrei", "foreign-text": "Nummer eines anderen Falls"}


@dataclass(frozen=True)
class ProvenPiece:
    """One piece, by its reference, and the hash of the bytes that were checked."""

    reference: str
    print_sha256: str
    pages: int
    sheets: int
    pages_without_text: int
    result: str

    @property
    def result_text(self) -> str:
        """The result in German; a code that is not known here stays a code."""
        return _RESULTS.get(self.result, self.result)


@dataclass(frozen=True)
class ProvenCheck:
    """A check, how it is made, and how many pieces did not pass."""

    title: str
    how: str
    failed: int


@dataclass(frozen=True)
class Certificate:
    """One certificate: its hash stands for everything in it."""

    number: int
    sha256: str
    made_at: datetime
    looked_for: int
    not_checkable: int
    pieces: Sequence[ProvenPiece]

    @property
    def faulty(self) -> int:
        """Pieces that were not handed over."""
        return sum(piece.result != CLEAN for piece in self.pieces)


@dataclass(frozen=True)
class RunProof:
    """All certificates of a run, in their order, with the tools and profiles they name."""

    day: date
    number: int
    certificates: Sequence[Certificate]
    checks: Sequence[ProvenCheck]
    tools: Mapping[str, str]
    profiles: Mapping[str, str]

    @property
    def pieces(self) -> int:
        """Pieces that were checked."""
        return sum(len(certificate.pieces) for certificate in self.certificates)

    @property
    def faulty(self) -> int:
        """Pieces that did not pass and were not handed over."""
        return sum(certificate.faulty for certificate in self.certificates)

    @property
    def sheets(self) -> int:
        """Sheets of all pieces."""
        return sum(piece.sheets for certificate in self.certificates for piece in certificate.pieces)

    @property
    def pages_without_text(self) -> int:
        """Pages on which no text could be searched: blank backs, and pictures of text."""
        return sum(piece.pages_without_text for one in self.certificates for piece in one.pieces)


def proven_check(code: str, how: str, certificates: Sequence[Certificate]) -> ProvenCheck:
    """A check in German; one that is not known here keeps the words of the certificate."""
    title, german = _CHECKS.get(code, (code, how))
    failed = sum(piece.result == code for one in certificates for piece in one.pieces)
    return ProvenCheck(title, german, failed)
