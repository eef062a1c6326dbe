"""The chain of evidence of one recipient's copy: approved = filed = printed = handed over = posted, by hash.

Each link has a code that stays; what is broken first is named. The account asks this of every copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.submission import SubmissionState


class Break(StrEnum):
    """What the rows of a copy lack, or where two of them name different bytes."""

    APPROVAL_MISSING = "approval-missing"
    SIGNED_DIFFERS = "signed-document-differs"
    DOCUMENT_ROW_MISSING = "document-row-missing"
    PIECE_MISSING = "piece-missing"
    SUBMISSION_MISSING = "submission-missing"
    CONSIGNMENT_MISSING = "consignment-missing"
    CERTIFICATE_MISSING = "certificate-missing"
    PRINT_DIFFERS = "print-copy-differs"
    HANDED_DIFFERS = "handed-over-differs"
    EVENT_MISSING = "status-event-missing"
    POSTING_MISSING = "posting-missing"
    FILING_MISSING = "filing-missing"
    FILED_DIFFERS = "filed-document-differs"


MEANING = {
    Break.APPROVAL_MISSING: "Die Freigabe ist nicht mehr vorhanden.",
    Break.SIGNED_DIFFERS: "Freigegeben wurde ein anderes Dokument als das, was jetzt am Schreiben steht.",
    Break.DOCUMENT_ROW_MISSING: "Zu einem Dokument fehlt der Eintrag im Dokumentenverzeichnis.",
    Break.PIECE_MISSING: "Das Schreiben ist in einem Tageslauf, aber seine Sendung fehlt.",
    Break.SUBMISSION_MISSING: "Zur Sendung fehlt die Übergabe an den Druckdienstleister.",
    Break.CONSIGNMENT_MISSING: "Zur Übergabe fehlt die Lieferung, mit der sie ging.",
    Break.CERTIFICATE_MISSING: "Zum übergebenen Druckexemplar fehlt das Laufzertifikat.",
    Break.PRINT_DIFFERS: "Das Druckexemplar ist nicht das, was im Laufzertifikat geprüft wurde.",
    Break.HANDED_DIFFERS: "Übergeben wurde ein anderes Druckexemplar als das der Sendung.",
    Break.EVENT_MISSING: "Eine Statusmeldung des Druckdienstleisters ist nicht mehr vorhanden.",
    Break.POSTING_MISSING: "Die Aufgabe zur Post wurde gemeldet, ihr Nachweis fehlt.",
    Break.FILING_MISSING: "Ein Eintrag in der Akte wurde bestätigt und ist hier nicht mehr vorhanden.",
    Break.FILED_DIFFERS: "In der Akte liegt ein anderes Dokument, als freigegeben wurde.",
}
"""What people read."""

_IN_A_CONSIGNMENT = frozenset(
    {
        SubmissionState.STAGED,
        SubmissionState.RELEASING,
        SubmissionState.RELEASED,
        SubmissionState.IN_DOUBT,
    }
)


@dataclass(frozen=True)
class CopyFacts:
    """What the rows say about one approved copy; a hash is None where there is no row for it."""

    letter: LetterState
    signed: str | None
    """Hash in the approval that counts."""
    document: str | None
    """Hash of the document that stands at the copy."""
    document_known: bool = True
    has_piece: bool = False
    piece_faulty: bool = False
    print_copy: str | None = None
    print_known: bool = True
    submission: SubmissionState | None = None
    has_consignment: bool = True
    handed: str | None = None
    """Hash of what was prepared for the hand-over; None of what was handed over before that was kept."""
    certified: str | None = None
    """Hash in the clean certificate of the piece, whose run certificate exists."""
    events_kept: int = 0
    events_found: int = 0
    posting_due: bool = False
    """A provider named a day of posting."""
    has_posting: bool = False
    filing_due: bool = True
    """Something is still to be filed, so that nothing can be missed yet."""
    filed: str | None = None
    filings_kept: int = 0
    filings_found: int = 0


def first_break(facts: CopyFacts) -> Break | None:
    """The first link that does not hold, from approval to case file; None if all hold."""
    return next((code for code, is_broken in _LINKS if is_broken(facts)), None)


def _submission_missing(facts: CopyFacts) -> bool:
    return facts.has_piece and not facts.piece_faulty and facts.submission is None


def _consignment_missing(facts: CopyFacts) -> bool:
    return facts.submission in _IN_A_CONSIGNMENT and not facts.has_consignment


def _certificate_missing(facts: CopyFacts) -> bool:
    return facts.submission is SubmissionState.RELEASED and facts.certified is None


def _filing_missing(facts: CopyFacts) -> bool:
    return facts.filings_kept != facts.filings_found or (facts.filed is None and not facts.filing_due)


_LINKS: tuple[tuple[Break, Callable[[CopyFacts], bool]], ...] = (
    (Break.APPROVAL_MISSING, lambda facts: facts.signed is None),
    (Break.SIGNED_DIFFERS, lambda facts: facts.signed != facts.document),
    (Break.DOCUMENT_ROW_MISSING, lambda facts: not facts.document_known or not facts.print_known),
    (Break.PIECE_MISSING, lambda facts: not facts.has_piece and facts.letter is LetterState.BATCHED),
    (Break.SUBMISSION_MISSING, _submission_missing),
    (Break.CONSIGNMENT_MISSING, _consignment_missing),
    (Break.CERTIFICATE_MISSING, _certificate_missing),
    (Break.PRINT_DIFFERS, lambda facts: facts.certified not in {None, facts.print_copy}),
    (Break.HANDED_DIFFERS, lambda facts: facts.handed not in {None, facts.print_copy}),
    (Break.EVENT_MISSING, lambda facts: facts.events_kept != facts.events_found),
    (Break.POSTING_MISSING, lambda facts: facts.posting_due and not facts.has_posting),
    (Break.FILING_MISSING, _filing_missing),
    (Break.FILED_DIFFERS, lambda facts: facts.filed not in {None, facts.signed}),
)
