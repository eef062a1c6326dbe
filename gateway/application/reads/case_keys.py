"""How the case file names a case and the documents in it: stable for ever, so that they are found again."""

from gateway.db.people import Case, Office
from gateway.ports.casefile import CaseRef


def case_ref(case: Case, office: Office) -> CaseRef:
    """A case as the case file names it."""
    return CaseRef(case.file_number, case.bg_number, office.key)


def letter_document_key(reference: str, number: int, signing: int = 1) -> str:
    """Under which key the case file keeps the document of one recipient; each signing has its own."""
    return f"{reference}-{number}{_anew(signing)}"


def twin_document_key(reference: str, number: int, signing: int = 1) -> str:
    """Under which key the case file keeps the accessible copy of one recipient's document."""
    return f"{letter_document_key(reference, number, signing)}-abschrift"


def enclosure_document_key(reference: str, number: int, signing: int = 1) -> str:
    """Under which key the case file keeps an enclosure that was signed with a letter."""
    return f"{reference}-anlage-{number}{_anew(signing)}"


def proof_document_key(reference: str, number: int, piece: str, proof: int) -> str:
    """Under which key the case file keeps the scanned receipt of one recipient's piece."""
    return f"{reference}-{number}-zugangsnachweis-{piece}-{proof}"


def basis_document_key(reference: str, number: int, piece: str, record: int) -> str:
    """Under which key the case file keeps the document that a record of posting rests on."""
    return f"{reference}-{number}-ab-vermerk-beleg-{piece}-{record}"


def _anew(signing: int) -> str:
    return f"-fassung-{signing}" if signing > 1 else ""


def inbound_document_key(document_id: str, placing: int = 1) -> str:
    """Under which key the case file keeps a scan; each time that it is put into a file, it has its own."""
    return f"inbound-{document_id}" if placing == 1 else f"inbound-{document_id}-{placing}"
