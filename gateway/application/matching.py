"""Matching: what leads a scanned document to a case, looked up among our letters and cases.

The rule is `gateway.domain.inbound`; here are the rows it is judged by, and what it makes of a document.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from sqlmodel import Session, col, select

from gateway.application.drafting import find_case
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Case
from gateway.domain.inbound import Confidence, Match, match, normalise_file_number
from gateway.domain.references import decode_reply_code, decode_sheet_code


def find_match(services: Services, content: bytes, index_file_number: str | None) -> Match[str]:
    """Read the codes and the text of a document and find its case, by reference."""
    codes = services.scans.codes(content)
    with services.db.reading() as session:
        pieces = _letters_of_pieces(session, codes)
        return match(
            codes,
            index_file_number,
            services.scans.text(content),
            letters=_cases_of_letters(session, codes, list(chain.from_iterable(pieces.values()))),
            pieces=pieces,
            known_file_numbers=_file_numbers(session),
        )


def add_matched(session: Session, scanned: Mapping[str, object], found: Match[str]) -> None:
    """Add a proven document, whose columns of the scan are `scanned`, where its match puts it."""
    certain = found.confidence is Confidence.CERTAIN
    case_id = row_id(find_case(session, found.case)[0]) if found.case else None
    letter = session.exec(select(Letter.id).where(Letter.reference == found.letter)).first()
    placed = {
        "state": InboundState.ASSIGNED if certain else InboundState.DESK,
        "case_id": case_id if certain else None,
        "proposed_case_id": case_id,
        "letter_id": letter if certain else None,
        "match_reason": found.reason,
        "assigned_by": "system" if certain else None,
    }
    session.add(InboundDocument.model_validate({**scanned, **placed}))


def _letters_of_pieces(session: Session, codes: Sequence[str]) -> dict[str, list[str]]:
    """The letters of every piece, in the order in which they lie in the envelope."""
    references = {sheet.piece for code in codes if (sheet := decode_sheet_code(code))}
    rows = session.exec(
        select(MailPiece.reference, Letter.reference)
        .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(col(MailPiece.reference).in_(references))
        .order_by(col(Recipient.id))
    ).all()
    found: dict[str, list[str]] = defaultdict(list)
    for piece, letter in rows:
        found[piece].append(letter)
    return dict(found)


def _cases_of_letters(session: Session, codes: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    references = {letter for code in codes if (letter := decode_reply_code(code))}
    references |= set(others)
    rows = session.exec(
        select(Letter.reference, Case.reference)
        .join(Case, col(Case.id) == Letter.case_id)
        .where(col(Letter.reference).in_(references))
    ).all()
    return dict(rows)


def _file_numbers(session: Session) -> dict[str, str]:
    rows = session.exec(select(Case.file_number, Case.reference)).all()
    return {normalise_file_number(file_number): reference for file_number, reference in rows}
