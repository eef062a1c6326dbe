"""Bundling, from the rows: what decides about a copy's envelope, who travels with whom, and why others do not.

Decides nothing itself (`gateway.domain.pieces.bundling`) and writes nothing; planning and forecast use it alike.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session, col, select

from gateway.application.runs.assembling import signed_documents
from gateway.application.runs.directing import kind_of
from gateway.application.services import Services
from gateway.db.bundling import NotBundled
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Submission
from gateway.db.people import Case, CaseMember, Office
from gateway.domain.pieces.bundling import Envelope, Envelopes
from gateway.domain.pieces.bundling_rules import VETOES, Candidate, Limits, Veto
from gateway.domain.pieces.mailpiece import sheets_for
from gateway.domain.pieces.routing import Evening
from gateway.domain.runs.submission import SubmissionState


@dataclass(frozen=True)
class Neighbour:
    """Another letter to the same person, as somebody sees it who may read it."""

    reference: str
    title: str
    file_number: str


@dataclass(frozen=True)
class Neighbours:
    """Of one recipient's copy: what is in the same envelope, and what travels apart the same night, with the reason."""

    together: Sequence[Neighbour] = ()
    apart: Sequence[tuple[Neighbour, Veto]] = ()


def limits_for(services: Services, day: date) -> Limits:
    """What an envelope of tonight may hold."""
    profiles = {name: provider.profile for name, provider in services.providers.items()}
    return Limits(profiles, services.postage, day)


def candidates(
    session: Session, services: Services, copies: Sequence[tuple[Letter, Recipient]], evening: Evening
) -> list[Candidate]:
    """What decides about the envelopes of these copies, in their order; their documents must be signed."""
    signed = signed_documents(session, [row_id(recipient) for _, recipient in copies])
    own = _own_people(session, {letter.case_id for letter, _ in copies})
    templates = {meta.name: meta for meta in services.renderer.templates()}
    found = []
    for letter, recipient in copies:
        documents = signed[row_id(recipient)]
        meta = templates.get(letter.template)
        provider = evening.provider_for(kind_of(session, letter, recipient))
        duplex = services.prints_duplex(provider, letter.service)
        found.append(
            Candidate(
                key=row_id(recipient),
                letter=row_id(letter),
                person=recipient.person_id,
                address_lines=tuple(recipient.address_lines),
                country=recipient.country,
                office=letter.office_id,
                role=_role(letter, recipient, own),
                provider=provider,
                service=letter.service,
                area=meta.legal_area if meta else None,
                allowed=meta.bundling if meta else True,
                duplex=duplex,
                sheets=sum(sheets_for(document.pages, duplex=duplex) for document in documents),
                size_bytes=sum(document.size_bytes for document in documents),
            )
        )
    return found


def copies_of(session: Session, letter_ids: Sequence[int]) -> list[tuple[Letter, Recipient]]:
    """The copies of letters, in the order in which letters are taken: as they were approved."""
    query = (
        select(Letter, Recipient)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(col(Letter.id).in_(letter_ids))
        .order_by(col(Letter.approved_at), col(Letter.id), col(Recipient.number))
    )
    return list(session.exec(query).all())


def planned_envelopes(
    session: Session, services: Services, run_id: int, persons: Iterable[int], evening: Evening
) -> list[tuple[int, Envelope]]:
    """The pieces that a run already has for these persons, as (piece, envelope); what is assembled is closed."""
    query = (
        select(MailPiece, Submission, Letter, Recipient)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .join(Submission, (col(Submission.piece_id) == MailPiece.id) & col(Submission.voided_at).is_(None))
        .where(Batch.run_id == run_id, col(Recipient.person_id).in_(set(persons)))
        .order_by(col(MailPiece.id), col(Recipient.id))
    )
    rows = session.exec(query).all()
    members = candidates(session, services, [(letter, recipient) for _, _, letter, recipient in rows], evening)
    envelopes: dict[int, Envelope] = {}
    for (piece, submission, *_), member in zip(rows, members, strict=True):
        begun = submission.state is not SubmissionState.PLANNED
        closed = begun or piece.print_sha256 is not None or piece.fault_code is not None
        envelope = envelopes.setdefault(row_id(piece), Envelope([], closed))
        envelope.members.append(replace(member, duplex=piece.duplex, provider=submission.provider))
    return list(envelopes.items())


def add_planned(envelopes: Envelopes, planned: Sequence[tuple[int, Envelope]]) -> dict[int, int]:
    """Let letters join what is planned; returns the piece of every copy in it."""
    pieces: dict[int, int] = {}
    for piece_id, envelope in planned:
        envelopes.add(envelope)
        pieces |= {member.key: piece_id for member in envelope.members}
    return pieces


def neighbours_by_number(
    session: Session, letter: Letter, may_read: Callable[[str], bool]
) -> dict[int, Neighbours]:
    """The neighbours of each recipient's copy of a letter, by the recipient's number; `may_read` asks for an office."""
    recipients = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()
    return {recipient.number: neighbours(session, recipient, may_read) for recipient in recipients}


def neighbours(session: Session, recipient: Recipient, may_read: Callable[[str], bool]) -> Neighbours:
    """Of letters in offices that the asker may not read, nothing is said: not even that they exist."""
    together = select(Recipient).where(
        col(Recipient.mail_piece_id) == recipient.mail_piece_id, col(Recipient.id) != recipient.id
    )
    noted = select(NotBundled).where(
        (col(NotBundled.recipient_id) == recipient.id) | (col(NotBundled.beside_id) == recipient.id)
    )
    apart = []
    for note in session.exec(noted.order_by(col(NotBundled.recipient_id))).all():
        other = note.beside_id if note.recipient_id == recipient.id else note.recipient_id
        seen = _seen(session, session.get_one(Recipient, other), may_read)
        apart += [(seen, VETOES[note.code])] if seen and note.code in VETOES else []
    if recipient.mail_piece_id is None:
        return Neighbours((), apart)
    found = session.exec(together.order_by(col(Recipient.id))).all()
    return Neighbours([seen for each in found if (seen := _seen(session, each, may_read))], apart)


def _seen(session: Session, recipient: Recipient, may_read: Callable[[str], bool]) -> Neighbour | None:
    letter = session.get_one(Letter, recipient.letter_id)
    if not may_read(session.get_one(Office, letter.office_id).key):
        return None
    return Neighbour(letter.reference, letter.title, session.get_one(Case, letter.case_id).file_number)


def _own_people(session: Session, case_ids: set[int]) -> set[tuple[int, int]]:
    """(case, person) of everybody whose own case it is; others stand in for them (§ 13 SGB X)."""
    members = select(col(CaseMember.case_id), col(CaseMember.person_id)).where(
        col(CaseMember.case_id).in_(case_ids)
    )
    return set(session.exec(members).all())


def _role(letter: Letter, recipient: Recipient, own: set[tuple[int, int]]) -> str:
    """Empty for a person's own letter; else of the one case, so that no two of them are alike."""
    if recipient.copy_for is None and (letter.case_id, recipient.person_id) in own:
        return ""
    return f"{recipient.copy_for or 'for others'} in case {letter.case_id}"
