"""Matching: what leads a scanned document to a case, looked up among our letters and cases, and remembered.

The rule is `gateway.domain.inbound.inbound`; here are the rows it is judged by, and what it makes of a document.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sqlmodel import Session, col, select

from gateway.application.reads.finding import find_case
from gateway.application.reads.looking import window_on_top
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Case, CaseMember, CaseNumber, Person
from gateway.db.placings import InboundMatch, InboundProposal
from gateway.domain.inbound.file_numbers import file_numbers_in, names_in, normalise_file_number
from gateway.domain.inbound.inbound import Known, Match, Seen, match
from gateway.domain.inbound.match_strength import Confidence
from gateway.domain.references import decode_reply_code, decode_sheet_code, read_reference
from gateway.ports.scans import ScannedDocument

_AT_ONCE = 1_000
"""Numbers of one look-up."""


def find_match(services: Services, content: bytes, document: ScannedDocument) -> Match[str]:
    """Read the codes and the text of a document and find its case, by reference."""
    codes = services.scans.codes(content)
    window = window_on_top(services, content, codes, document.document_class)
    seen = Seen(
        [*((1, reference) for reference in window), *codes],
        document.file_number,
        services.scans.text(content),
        document.document_class,
        document.pages,
        bool(window),
    )
    with services.db.reading() as session:
        return match(seen, _known(session, seen))


def add_matched(session: Session, scanned: Mapping[str, object], found: Match[str]) -> None:
    """Add a proven document, whose columns of the scan are `scanned`, where its match puts it; remember why."""
    certain = found.confidence is Confidence.CERTAIN
    case_id = row_id(find_case(session, found.case)[0]) if found.case else None
    placed = {
        "state": InboundState.ASSIGNED if certain else InboundState.DESK,
        "case_id": case_id if certain else None,
        "proposed_case_id": case_id,
        "letter_id": _letter_id(session, found.letter) if certain else None,
        "match_reason": found.reason,
        "assigned_by": "system" if certain else None,
    }
    row = InboundDocument.model_validate({**scanned, **placed})
    session.add(row)
    session.flush()
    _remember(session, row_id(row), found)


def _remember(session: Session, inbound_id: int, found: Match[str]) -> None:
    session.add(
        InboundMatch(
            inbound_id=inbound_id,
            confidence=found.confidence,
            evidence=found.evidence,
            returned=found.returned,
            perhaps=found.perhaps,
        )
    )
    for place, proposal in enumerate(found.proposals, start=1):
        session.add(
            InboundProposal(
                inbound_id=inbound_id,
                place=place,
                case_id=row_id(find_case(session, proposal.case)[0]),
                letter_id=_letter_id(session, proposal.letter),
                evidence=proposal.evidence,
                reason=proposal.reason,
            )
        )


def _letter_id(session: Session, reference: str | None) -> int | None:
    return session.exec(select(Letter.id).where(Letter.reference == reference)).first() if reference else None


def _known(session: Session, seen: Seen) -> Known[str]:
    pieces = _letters_of_pieces(session, seen.codes)
    numbers = known_numbers(session, seen)
    return Known(
        letters=_cases_of_letters(session, seen.codes, list(chain.from_iterable(pieces.values()))),
        pieces=pieces,
        numbers=numbers,
        named=_named(session, seen.text, set(chain.from_iterable(numbers.values()))),
    )


def _letters_of_pieces(session: Session, codes: Sequence[tuple[int, str]]) -> dict[str, list[str]]:
    """The letters of every piece, in the order in which they lie in the envelope."""
    sheets = {sheet.piece for _, code in codes if (sheet := decode_sheet_code(code))}
    references = sheets | {piece for _, code in codes if (piece := read_reference(code))}
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


def _cases_of_letters(
    session: Session, codes: Sequence[tuple[int, str]], others: Sequence[str]
) -> dict[str, str]:
    references = {letter for _, code in codes if (letter := decode_reply_code(code))}
    references |= set(others)
    rows = session.exec(
        select(Letter.reference, Case.reference)
        .join(Case, col(Case.id) == Letter.case_id)
        .where(col(Letter.reference).in_(references))
    ).all()
    return dict(rows)


def known_numbers(session: Session, seen: Seen) -> dict[str, list[str]]:
    """File numbers and BG numbers that the document names, with their cases; a number may be of several.

    Each is looked up by an index: what that costs depends on the document, never on how many cases there are.
    """
    named = sorted({*file_numbers_in(seen.text), normalise_file_number(seen.index_file_number or "")} - {""})
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(named), _AT_ONCE):
        rows = session.exec(
            select(CaseNumber.number, Case.reference)
            .join(Case, col(Case.id) == CaseNumber.case_id)
            .where(col(CaseNumber.number).in_(named[start : start + _AT_ONCE]))
            .order_by(col(CaseNumber.case_id))
        )
        for number, case in rows:
            found[number].append(case)
    return dict(found)


def _named(session: Session, text: str, cases: Iterable[str]) -> set[str]:
    """The cases of whose people one is named in the text."""
    return {case for case in cases if names_in(text, _names(session, case))}


def _names(session: Session, case: str) -> list[tuple[str, str]]:
    found, _ = find_case(session, case)
    members = select(CaseMember.person_id).where(CaseMember.case_id == found.id)
    people = session.exec(
        select(Person).where(col(Person.id).in_(members) | (col(Person.id) == found.addressee_id))
    ).all()
    return [(person.given_name, person.family_name) for person in people if person.given_name]
