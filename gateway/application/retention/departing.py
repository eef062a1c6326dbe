"""Departing: the bytes of documents leave the gateway, each proven in the case file before, and in the trail after.

    fetch back and compare  →  intent (one commit)  →  delete the bytes  →  proof in the trail (one commit)

A kill anywhere leaves either the bytes, or an intent that the next pass completes (`finish`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.filing.recalling import case_of
from gateway.application.reads.case_keys import enclosure_document_key, letter_document_key, twin_document_key
from gateway.application.retention.concluding import facts_of
from gateway.application.services import Services
from gateway.db.enclosures import LetterEnclosure, SignedCompanion
from gateway.db.files import Filing
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.retention import ContentDeparture, LetterRetention
from gateway.domain.filing.filing import filing_key
from gateway.domain.letters.accessible import CompanionKind
from gateway.domain.retention import Kind, RetentionRule, what_keeps
from gateway.errors import CaseFileError, IntegrityError


@dataclass(frozen=True)
class Leaving:
    """A document that may go. With a `filing` it goes only after the case file gave back the same bytes."""

    sha256: str
    kind: Kind
    subject: str
    case_id: int | None = None
    document_key: str | None = None
    filing: str | None = None


def documents_of(session: Session, letter: Letter) -> list[Leaving]:
    """Every document of a letter, of all its signings, each once; what was never signed is a draft."""
    found: dict[str, Leaving] = {}
    copies = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()
    for copy in sorted(copies, key=lambda each: each.number):
        for each in (*_signed(session, letter, copy), *_companions(session, letter, copy)):
            found.setdefault(each.sha256, each)
    enclosed = session.exec(
        select(LetterEnclosure.document_sha256).where(LetterEnclosure.letter_id == letter.id)
    ).all()
    drafts = [*enclosed, *(one for copy in copies for one in (copy.document_sha256, copy.twin_sha256) if one)]
    for sha256 in drafts:
        found.setdefault(sha256, Leaving(sha256, Kind.DRAFT, letter.reference))
    return list(found.values())


def needed_elsewhere(session: Session, sha256: str, letter_id: int | None) -> bool:
    """Whether another letter that still has its content refers to the same bytes."""
    whole = ~select(LetterRetention.letter_id).where(col(LetterRetention.letter_id) == Letter.id).exists()
    copy = select(Letter.id).join(Recipient, col(Recipient.letter_id) == Letter.id)
    uses = (
        copy.where(or_(col(Recipient.document_sha256) == sha256, col(Recipient.twin_sha256) == sha256)),
        copy.join(Approval, col(Approval.recipient_id) == Recipient.id).where(
            Approval.document_sha256 == sha256
        ),
        copy.join(SignedCompanion, col(SignedCompanion.recipient_id) == Recipient.id).where(
            SignedCompanion.document_sha256 == sha256
        ),
        select(Letter.id)
        .join(LetterEnclosure, col(LetterEnclosure.letter_id) == Letter.id)
        .where(LetterEnclosure.document_sha256 == sha256),
    )
    return any(session.exec(use.where(whole, Letter.id != letter_id).limit(1)).first() for use in uses)


def prove(services: Services, documents: Iterable[Leaving]) -> dict[str, str]:
    """The case file's own names of what it has, after it gave each document back unchanged: hash → name.

    Raises `CaseFileError` ('filing-not-confirmed', or as the case file says), `NotFound`, `IntegrityError`.
    """
    confirmed = {}
    for each in documents:
        if each.filing is None or each.case_id is None or each.document_key is None:
            continue
        with services.db.reading() as session:
            filing = session.exec(select(Filing).where(Filing.key == each.filing)).one_or_none()
            case = case_of(session, each.case_id)
        if filing is None or filing.filed_at is None or not filing.external_id:
            raise CaseFileError("filing-not-confirmed", "Die Akte hat ein Dokument noch nicht bestätigt.")
        if hashlib.sha256(services.casefile.fetch(case, each.document_key)).hexdigest() != each.sha256:
            raise IntegrityError(
                "case-file-document-differs",
                "Das Dokument in der Akte ist nicht das freigegebene. Es wurde nichts gelöscht; bitte die "
                "Administration verständigen.",
            )
        confirmed[each.sha256] = filing.external_id
    return confirmed


def intend(
    session: Session, documents: Iterable[Leaving], confirmed: dict[str, str], services: Services
) -> None:
    """Write down what will be deleted, in the caller's transaction."""
    for each in documents:
        session.merge(
            ContentDeparture(
                document_sha256=each.sha256,
                kind=each.kind,
                subject=each.subject,
                case_id=each.case_id,
                document_key=each.document_key,
                confirmed_as=confirmed.get(each.sha256),
                decided_at=services.clock.now(),
                left_at=None,
            )
        )


def finish(services: Services, subject: str | None = None) -> int:
    """Delete the bytes of everything intended (of one subject, if given), then prove it in the trail. Repeatable."""
    query = select(ContentDeparture).where(col(ContentDeparture.left_at).is_(None))
    if subject is not None:
        query = query.where(ContentDeparture.subject == subject)
    with services.db.reading() as session:
        going = session.exec(query.order_by(col(ContentDeparture.subject))).all()
    for each in going:
        services.blobs.delete(each.document_sha256)
    for name in dict.fromkeys(each.subject for each in going):
        _tell(services, name, [each for each in going if each.subject == name])
    return len(going)


def _tell(services: Services, subject: str, gone: Sequence[ContentDeparture]) -> None:
    with services.db.transaction() as session:
        for each in gone:
            session.get_one(ContentDeparture, each.document_sha256).left_at = services.clock.now()
        documents = [
            {"sha256": each.document_sha256, "rule": each.kind.value, "confirmed_as": each.confirmed_as}
            for each in gone
        ]
        audit(session, services, SYSTEM, "content-deleted", subject, documents=documents)


def _signed(session: Session, letter: Letter, copy: Recipient) -> Iterator[Leaving]:
    for approval in session.exec(select(Approval).where(Approval.recipient_id == copy.id)).all():
        yield _filed(
            session,
            letter,
            approval.document_sha256,
            filing_key("document", letter.reference, copy.number, *_anew(approval.signing)),
            letter_document_key(letter.reference, copy.number, approval.signing),
            superseded=approval.signing < copy.signing,
        )


def _companions(session: Session, letter: Letter, copy: Recipient) -> Iterator[Leaving]:
    rows = session.exec(
        select(SignedCompanion)
        .where(SignedCompanion.recipient_id == copy.id)
        .order_by(col(SignedCompanion.signing), col(SignedCompanion.number))
    ).all()
    for row in rows:
        before = [one for one in rows if one.signing == row.signing and one.kind is CompanionKind.ENCLOSURE]
        if row.kind is CompanionKind.TWIN:
            key = filing_key("twin", letter.reference, copy.number, *_anew(row.signing))
            name = twin_document_key(letter.reference, copy.number, row.signing)
        else:
            place = before.index(row) + 1
            key = filing_key("enclosure", letter.reference, place, *_anew(row.signing))
            name = enclosure_document_key(letter.reference, place, row.signing)
        yield _filed(session, letter, row.document_sha256, key, name, superseded=row.signing < copy.signing)


def _filed(
    session: Session, letter: Letter, sha256: str, filing: str, document_key: str, *, superseded: bool
) -> Leaving:
    """What a newer signing took the place of before it was filed is a draft: nobody got it, no file has it."""
    if superseded:
        confirmed = select(Filing.id).where(Filing.key == filing, col(Filing.filed_at).is_not(None))
        if session.exec(confirmed).first() is None:
            return Leaving(sha256, Kind.DRAFT, letter.reference)
    return Leaving(sha256, Kind.DOCUMENT, letter.reference, letter.case_id, document_key, filing)


def _anew(signing: int) -> list[str]:
    return [f"signing-{signing}"] if signing > 1 else []


def leave(services: Services, rule: RetentionRule, letter_id: int) -> int:
    """All content of a finished letter, but for what another letter still needs; returns how many documents went.

    Raises what `prove` raises; nothing was deleted then.
    """
    with services.db.reading() as session:
        documents = _free(session, session.get_one(Letter, letter_id))
    confirmed = prove(services, documents)
    with services.db.transaction() as session:
        letter = session.get_one(Letter, letter_id)
        if what_keeps(rule, facts_of(session, services, letter), services.today()) is not None:
            return 0  # somebody locked or held it in the meantime
        intend(session, [each for each in _free(session, letter) if each in documents], confirmed, services)
        session.add(LetterRetention(letter_id=letter_id, content_left_at=services.clock.now()))
    return finish(services, letter.reference)


def _free(session: Session, letter: Letter) -> list[Leaving]:
    found = documents_of(session, letter)
    return [each for each in found if not needed_elsewhere(session, each.sha256, letter.id)]
