"""What was signed of a letter, signing by signing: read from the rows that are never changed, for the case file."""

from collections import defaultdict
from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.db.enclosures import SignedCompanion
from gateway.db.letters import Approval, Document, Letter, Recipient
from gateway.domain.filing.filing import DueFiling, FilingKind, RecipientFacts, Signing
from gateway.domain.letters.accessible import CompanionKind


def earlier_signings(session: Session, recipients: Sequence[Recipient]) -> tuple[Signing, ...]:
    """What was signed of a letter before it was healed, oldest first; nearly always nothing."""
    numbers = {recipient.id: recipient for recipient in recipients}
    query = select(Approval).where(col(Approval.recipient_id).in_(numbers))
    by_signing: dict[int, list[Approval]] = defaultdict(list)
    for approval in session.exec(query.order_by(col(Approval.id))).all():
        if approval.signing < numbers[approval.recipient_id].signing:
            by_signing[approval.signing].append(approval)
    return tuple(
        Signing(
            number,
            approvals[0].approved_at,
            tuple(
                RecipientFacts(numbers[approval.recipient_id].number, twin=_twin_title(session, approval))
                for approval in approvals
            ),
            len(_companions(session, approvals[0].recipient_id, number, CompanionKind.ENCLOSURE)),
        )
        for number, approvals in sorted(by_signing.items())
    )


def signed_document(session: Session, letter_id: int, due: DueFiling) -> Document | None:
    """The document that an entry brings along, as it was signed; most bring none."""
    recipient_id = _recipient_id(session, letter_id, due.recipient_no or 1)
    if due.kind is FilingKind.DOCUMENT:
        signed = select(Approval.document_sha256).where(
            Approval.recipient_id == recipient_id, Approval.signing == due.signing
        )
        return session.get_one(Document, session.exec(signed).one())
    if due.kind is FilingKind.TWIN:
        (twin,) = _companions(session, recipient_id, due.signing, CompanionKind.TWIN)
        return session.get_one(Document, twin.document_sha256)
    return None


def signed_enclosure(session: Session, letter_id: int, due: DueFiling) -> SignedCompanion:
    """The enclosure that an entry is about; it is the same for all recipients."""
    first = _recipient_id(session, letter_id, None)
    return _companions(session, first, due.signing, CompanionKind.ENCLOSURE)[(due.enclosure_no or 1) - 1]


def version_of(letter: Letter, document: Document | None) -> str:
    """The template version that a document was made of; of a healed letter, an earlier one had another."""
    made_of = document.versions.get("template") if document else None
    return str(made_of).rpartition("@")[2] if made_of else letter.template_version


def _recipient_id(session: Session, letter_id: int, number: int | None) -> int:
    query = select(Recipient.id).where(Recipient.letter_id == letter_id)
    if number is not None:
        query = query.where(Recipient.number == number)
    return session.exec(query.order_by(col(Recipient.number))).first() or 0


def _companions(
    session: Session, recipient_id: int, signing: int, kind: CompanionKind
) -> list[SignedCompanion]:
    query = select(SignedCompanion).where(
        SignedCompanion.recipient_id == recipient_id,
        SignedCompanion.signing == signing,
        SignedCompanion.kind == kind,
    )
    return list(session.exec(query.order_by(col(SignedCompanion.number))).all())


def _twin_title(session: Session, approval: Approval) -> str | None:
    twins = _companions(session, approval.recipient_id, approval.signing, CompanionKind.TWIN)
    return twins[0].title if twins else None
