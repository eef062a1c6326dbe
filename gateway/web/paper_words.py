"""German words and colours for paper at the scan site; see `gateway.web.words`."""

from collections.abc import Mapping
from enum import StrEnum

from gateway.db.originals import OriginalEventKind
from gateway.domain.inbound.feedback import WORDS
from gateway.domain.inbound.rejected import Expectation
from gateway.domain.paper.original_reports import RecallAnswer
from gateway.domain.paper.originals import HOLD_WORDS, Block, OriginalState, Paper, PlanState
from gateway.web.words import Word

STATES: Mapping[StrEnum, Word] = {
    OriginalState.SCANNED: Word("Scan nicht übernommen", "warning"),
    OriginalState.DELIVERED: Word("Scan noch nicht in der Akte"),
    OriginalState.ASSIGNED: Word("in der Akte, Scan ungeprüft"),
    OriginalState.QA_OK: Word("in der Akte, Scan geprüft", "info"),
    OriginalState.QA_REJECTED: Word("Scan beanstandet", "danger"),
    OriginalState.RELEASABLE: Word("darf vernichtet werden", "info"),
    OriginalState.RELEASED: Word("zur Vernichtung freigegeben", "warning"),
    OriginalState.RECALLED: Word("zurückgefordert", "warning"),
    OriginalState.RETURNED: Word("im Haus", "success"),
    OriginalState.DESTROYED: Word("vernichtet"),
}

PAPERS: Mapping[StrEnum, str] = {
    Paper.KEPT: "bei der Scanstelle",
    Paper.RELEASED: "freigegeben, noch nicht vernichtet",
    Paper.RECALLED: "zurückgefordert",
    Paper.RETURNED: "im Haus",
    Paper.DESTROYED: "vernichtet",
}

BLOCKS: Mapping[StrEnum, str] = {
    Block.NOT_TAKEN: "Scan nicht übernommen",
    Block.IN_TRAY: "keinem Fall zugeordnet",
    Block.NOT_FILED: "von der E-Akte nicht bestätigt",
    Block.NOT_CHECKED: "Scan nicht geprüft",
    Block.RESCAN: "Scan beanstandet, neuer Scan steht aus",
    Block.RETURN: "Original ist zurückzugeben",
    Block.LITIGATION: "Rechtsstreit",
    Block.SEALED: "Bargeld oder „persönlich“",
    Block.OTHER: "von einer Person festgehalten",
    Block.CASE_LOCKED: "Löschsperre des Falls",
    Block.TERM_RUNNING: "Frist läuft",
    Block.NOT_THERE: "nicht mehr bei der Scanstelle",
}

HOLDS = HOLD_WORDS

PLANS: Mapping[StrEnum, Word] = {
    PlanState.OPEN: Word("Stichprobe"),
    PlanState.PASSED: Word("bestanden", "success"),
    PlanState.FULL: Word("Vollprüfung", "danger"),
}

EVENTS: Mapping[StrEnum, str] = {
    OriginalEventKind.CHECKED: "Scan geprüft",
    OriginalEventKind.HELD: "festgehalten",
    OriginalEventKind.LET_GO: "Grund aufgehoben",
    OriginalEventKind.RELEASED: "zur Vernichtung freigegeben",
    OriginalEventKind.RECALLED: "zurückgefordert",
    OriginalEventKind.SENT_BACK: "von der Scanstelle abgesandt",
    OriginalEventKind.NOT_SENT_BACK: "Scanstelle kann nicht zurückgeben",
    OriginalEventKind.RETURNED: "im Haus eingetroffen",
    OriginalEventKind.DESTROYED: "vernichtet",
}

ANSWERS: Mapping[StrEnum | None, str] = {
    None: "noch keine Antwort",
    RecallAnswer.SENT: "ist unterwegs",
    RecallAnswer.DESTROYED: "war schon vernichtet",
    RecallAnswer.NOT_FOUND: "nicht gefunden",
}

EXPECTATIONS: Mapping[StrEnum, Word] = {
    Expectation.OPEN: Word("wird erwartet", "warning"),
    Expectation.CAME_AGAIN: Word("neu geliefert", "success"),
    Expectation.HERE_BEFORE: Word("liegt schon vor"),
    Expectation.CLOSED: Word("abgeschlossen"),
}

_REJECTED: Mapping[str, str] = {
    "scan-missing": "fehlt in der Lieferung oder ist zu groß",
    "scan-hash-mismatch": "passt nicht zu seiner Prüfsumme",
    "scan-unreadable": "keine lesbare PDF-Datei",
    "scan-pages-differ": "andere Seitenzahl als angegeben",
    "scan-id-repeated": "unter dieser Nummer schon geliefert",
    "scan-content-repeated": "Byte für Byte schon geliefert",
    "signature-missing": "weder signiert noch gesiegelt",
    "signature-broken": "Signatur stimmt nicht",
    "signature-partial": "nach der Signatur geändert",
    "signature-expired": "Zertifikat der Signatur abgelaufen",
    "signature-untrusted": "Signatur ohne Vertrauen",
    "note-missing": "ohne Transfervermerk",
    "note-unreadable": "Transfervermerk nicht lesbar",
    **{finding.value: f"zurückgegeben: {text}" for finding, text in WORDS.items()},
}


def rejected(code: str) -> str:
    """Why a document was not taken; the code itself where there is no word for it."""
    return _REJECTED.get(code, code)
