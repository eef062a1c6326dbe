"""Living: which names of the audit trail belong to something that is not finished, not emptied by its rules, or locked.

An entry of the trail names what it is about in its subject and in its details. What lives keeps its entries: the
posting file of a letter needs them. Only reads, and asks about many names at once.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, tuple_
from sqlmodel import Session, col, or_, select

from gateway.application.clearing.clearing import troubles_of
from gateway.application.clearing.gathering import gather
from gateway.application.reads.leftovers import has_more_than_hashes, has_paper_words
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery
from gateway.db.columns import columns
from gateway.db.desk import Stop
from gateway.db.engine import row_id
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission, WithdrawnCopy
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.originals import Original, ReleaseList
from gateway.db.people import Case, CaseMember, Person
from gateway.db.postings import ExceptionState, PostingException, PostingExceptionPiece
from gateway.db.retention import ContentDeparture, DeletionLock, LetterRetention
from gateway.db.returns import AddressSuspension, CertificateNotice, ReturnNotice
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import MailingState
from gateway.domain.paper.originals import Paper

_SLICE = 5000
"""Names in one statement."""
_LONGEST = 200
_NUMBERED = re.compile(r"^(inbound-|notice-|certificate-|mailing:|)([0-9]{1,18})$")
_RUN = re.compile(r"^run-([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{1,9})$")
_VERSION = re.compile(r"^([^@]+)@([0-9a-f]{16,64})$")
_OVER = (MailingState.DONE, MailingState.STOPPED, MailingState.DISCARDED)


def names_in(subject: str, details: object) -> Iterator[str]:
    """Everything that an entry may name: its subject, and every text in its details that may be a reference."""
    for text in (subject, *_texts(details)):
        if len(text) <= _LONGEST and text.isprintable():
            yield text


def _texts(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and key == "inbound":
        yield f"inbound-{value}"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, key)


def living(session: Session, services: Services, names: Collection[str], before: datetime) -> set[str]:
    """Those of the names that keep the entries about them; what was emptied by its rules before that moment is not."""
    found: set[str] = set()
    asked = sorted(names)
    for start in range(0, len(asked), _SLICE):
        some = asked[start : start + _SLICE]
        found |= _of_letters(session, services, some, before)
        for look in (_runs, _exceptions, _cases, _persons, _arrivals, _notices, _mailings, _others):
            found.update(look(session, some, before))
    return found


def _whole(before: datetime) -> ColumnElement[bool]:
    """A letter that still has content, words of providers or addresses, or lost its documents later; held or locked."""
    left = select(LetterRetention.letter_id).where(
        col(LetterRetention.letter_id) == Letter.id,
        col(LetterRetention.content_left_at) < before,
        col(LetterRetention.payloads_left_at).is_not(None),
        col(LetterRetention.personal_left_at).is_not(None),
    )
    held = col(Letter.held_at).is_not(None) & (col(Letter.state) != LetterState.CANCELLED)
    return or_(~left.exists(), held, _locked(Letter.case_id))


def _locked(case_id: Any) -> ColumnElement[bool]:
    lock = select(DeletionLock.id).where(
        col(DeletionLock.case_id) == case_id, col(DeletionLock.lifted_at).is_(None)
    )
    return lock.exists()


def _of_letters(session: Session, services: Services, names: Sequence[str], before: datetime) -> set[str]:
    """Letters, and the pieces and hand-overs that carry them; those on the desk live, too."""
    queries = [columns(Letter.reference, Letter.id, _whole(before)).where(col(Letter.reference).in_(names))]
    for carried in _carried(before):
        handed = carried.join(Submission, col(Submission.piece_id) == MailPiece.id)
        queries.append(carried.where(col(MailPiece.reference).in_(names)))
        queries.append(
            handed.with_only_columns(Submission.key, Letter.id, _whole(before)).where(
                col(Submission.key).in_(names)
            )
        )
    rows = [tuple(row) for query in queries for row in session.connection().execute(query)]
    whole = {letter for _, letter, is_whole in rows if is_whole}
    whole |= _troubled(session, services, {letter for _, letter, _ in rows} - whole)
    return {name for name, letter, _ in rows if letter in whole}


def _carried(before: datetime) -> Iterator[Any]:
    """The letters in a piece, and those that lay in it when it was withdrawn."""
    pieces = columns(MailPiece.reference, Letter.id, _whole(before)).select_from(MailPiece)
    lying = pieces.join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
    lay = pieces.join(WithdrawnCopy, col(WithdrawnCopy.piece_id) == MailPiece.id).join(
        Recipient, col(Recipient.id) == WithdrawnCopy.recipient_id
    )
    for copies in (lying, lay):
        yield copies.join(Letter, col(Letter.id) == Recipient.letter_id)


def _troubled(session: Session, services: Services, letters: set[int]) -> set[int]:
    known = gather(session, sorted(letters))
    found = session.exec(select(Letter).where(col(Letter.id).in_(sorted(letters)))).all()
    return {row_id(letter) for letter in found if troubles_of(session, services, letter, known)}


def _runs(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    wanted = [(date.fromisoformat(m[1]), int(m[2])) for m in map(_RUN.match, names) if m]
    letters = (
        select(Recipient.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .where(Batch.run_id == Run.id, _whole(before))
    )
    lives = or_(col(Run.finished_at).is_(None), letters.exists())
    query = columns(Run.day, Run.number).where(tuple_(col(Run.day), col(Run.number)).in_(wanted), lives)
    for day, number in session.connection().execute(query) if wanted else ():
        yield f"run-{day}-{number}"


def _exceptions(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """Exceptions to a posting are named by their bare number."""
    pieces = (
        select(PostingExceptionPiece.piece_id)
        .join(Recipient, col(Recipient.mail_piece_id) == PostingExceptionPiece.piece_id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(PostingExceptionPiece.exception_id == PostingException.id, _whole(before))
    )
    lives = or_(col(PostingException.state) == ExceptionState.PROPOSED, pieces.exists())
    yield from _by_number(session, names, "", PostingException.id, lives)


def _cases(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """A case lives while it is locked, or something in it lives; its row stays for ever, as the letters' do."""
    letters = select(Letter.id).where(Letter.case_id == Case.id, _whole(before))
    scans = select(InboundDocument.id).where(InboundDocument.case_id == Case.id, _here(before))
    lives = or_(_locked(Case.id), letters.exists(), scans.exists())
    yield from session.exec(select(Case.reference).where(col(Case.reference).in_(names), lives)).all()


def _persons(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """A person lives while an address is suspended, a letter to them lives, or their case is locked."""
    suspended = select(AddressSuspension.id).where(
        AddressSuspension.person_id == Person.id, col(AddressSuspension.lifted_at).is_(None)
    )
    letters = (
        select(Recipient.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(Recipient.person_id == Person.id, _whole(before))
    )
    member = (
        select(CaseMember.case_id)
        .where(CaseMember.case_id == Case.id, CaseMember.person_id == Person.id)
        .correlate(Case, Person)  # else this person is any person: it is two levels out
    )
    cases = select(Case.id).where(or_(col(Case.addressee_id) == Person.id, member.exists()), _locked(Case.id))
    lives = or_(suspended.exists(), letters.exists(), cases.exists())
    yield from session.exec(select(Person.reference).where(col(Person.reference).in_(names), lives)).all()


def _here(before: datetime) -> ColumnElement[bool]:
    """A scan that nobody decided about, whose content or paper is still here, or whose rows hold more than hashes."""
    left = select(ContentDeparture.document_sha256).where(
        col(ContentDeparture.document_sha256) == InboundDocument.sha256,
        col(ContentDeparture.left_at) < before,
    )
    paper = select(Original.inbound_id).where(
        Original.inbound_id == InboundDocument.id,
        col(Original.paper).not_in((Paper.DESTROYED, Paper.RETURNED)),
        col(InboundDocument.state).not_in(NOT_TAKEN),
    )
    return or_(
        col(InboundDocument.state) == InboundState.DESK,
        col(InboundDocument.sha256).is_not(None) & ~left.exists(),
        has_more_than_hashes(InboundDocument.id),
        has_paper_words(InboundDocument.id),
        paper.exists(),
        _locked(InboundDocument.case_id),
    )


def _arrivals(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """Scans by number; deliveries by source and name while one of their scans is here, or a decision is due."""
    yield from _by_number(session, names, "inbound-", InboundDocument.id, _here(before))
    pairs = [tuple(name.split("/", 1)) for name in names if "/" in name]
    if not pairs:
        return
    scans = select(InboundDocument.id).where(InboundDocument.delivery_id == ScanDelivery.id, _here(before))
    taken = select(ScanDelivery.source, ScanDelivery.delivery).where(
        tuple_(col(ScanDelivery.source), col(ScanDelivery.delivery)).in_(pairs), scans.exists()
    )
    refused = select(QuarantinedDelivery.source, QuarantinedDelivery.name).where(
        tuple_(col(QuarantinedDelivery.source), col(QuarantinedDelivery.name)).in_(pairs),
        col(QuarantinedDelivery.decision).is_(None),
    )
    for query in (taken, refused):
        yield from ("/".join(row) for row in session.exec(query).all())


def _notices(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """What told of a return or a receipt: until it is settled, and as long as its scan, or the letter it is about."""
    piece = (
        select(Recipient.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(Recipient.mail_piece_id == CertificateNotice.piece_id, _whole(before))
    )
    for prefix, model, done in (
        ("notice-", ReturnNotice, col(ReturnNotice.returned_id)),
        ("certificate-", CertificateNotice, col(CertificateNotice.proof_id)),
    ):
        scan = select(InboundDocument.id).where(InboundDocument.id == model.inbound_id, _here(before))
        waits = done.is_(None) & col(model.settled_at).is_(None)
        lives = or_(waits, scan.exists(), piece.exists() if model is CertificateNotice else false())
        yield from _by_number(session, names, prefix, model.id, lives)


def _mailings(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    letters = (
        select(MailingRow.id)
        .join(Letter, col(Letter.id) == MailingRow.letter_id)
        .where(MailingRow.mailing_id == Mailing.id, _whole(before))
    )
    lives = or_(col(Mailing.state).not_in(_OVER), letters.exists())
    yield from _by_number(session, names, "mailing:", Mailing.id, lives)


def _others(session: Session, names: Sequence[str], before: datetime) -> Iterator[str]:
    """Template versions of which a letter lives, stops that hold, lists with paper that is not gone."""
    versions = [(m[1], m[2]) for m in map(_VERSION.match, names) if m]
    if versions:
        written = (
            select(Letter.template, Letter.template_version)
            .where(tuple_(col(Letter.template), col(Letter.template_version)).in_(versions), _whole(before))
            .distinct()
        )
        yield from ("@".join(row) for row in session.exec(written).all())
    asked = frozenset(names)
    for scope, value in session.exec(select(Stop.scope, Stop.value).where(col(Stop.lifted_at).is_(None))).all():
        yield from asked & {f"{scope}:{value}"}
    paper = select(Original.inbound_id).where(
        Original.list_id == ReleaseList.id, col(Original.paper) == Paper.RELEASED
    )
    yield from session.exec(
        select(ReleaseList.name).where(col(ReleaseList.name).in_(names), paper.exists())
    ).all()


def _by_number(
    session: Session, names: Iterable[str], prefix: str, column: Any, lives: ColumnElement[bool]
) -> Iterator[str]:
    wanted = [int(m[2]) for m in map(_NUMBERED.match, names) if m and m[1] == prefix]
    query: Callable[..., Any] = select(column).where
    for number in session.exec(query(col(column).in_(wanted), lives)).all() if wanted else ():
        yield f"{prefix}{number}"
