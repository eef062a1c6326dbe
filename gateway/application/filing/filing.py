"""Filing: every letter and every inbound document logged into its case file, in order, never lost, never twice.

What must be in the file is computed from the rows (`domain.filing.filing`); a row in `filing` remembers attempts and
success. `Letter.filing_due` only says where to look. A case file that is away holds nothing else up.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from gateway.application.filing import filing_rows as rows
from gateway.application.filing.filing_attempt import FilingReport, file_entry
from gateway.application.filing.filing_dates import proof_metadata
from gateway.application.filing.filing_inbound import file_inbound, inbound_due
from gateway.application.filing.filing_metadata import with_metadata
from gateway.application.filing.filing_posting import posting_metadata
from gateway.application.filing.outages import may_try
from gateway.application.filing.superseding import supersede, superseded_due
from gateway.application.filing.vacating import moves_due, vacate
from gateway.application.letters.signed import earlier_signings, signed_document, signed_enclosure, version_of
from gateway.application.posting.posting_basis import own_bases
from gateway.application.reads.case_keys import (
    basis_document_key,
    case_ref,
    enclosure_document_key,
    letter_document_key,
    proof_document_key,
    twin_document_key,
)
from gateway.application.reads.companions import signed_companions
from gateway.application.reads.history import handed_over_at, proof_views
from gateway.application.reads.misplaced import is_misplaced
from gateway.application.reads.posted import returned_at
from gateway.application.reads.records import records_of
from gateway.application.reads.returned import replacements, return_decided
from gateway.application.reads.showing import RecipientView, view_of
from gateway.application.reads.submissions import live_submission
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Document, Letter, Recipient
from gateway.db.mail import MailPiece, Posting
from gateway.db.people import Case, Office
from gateway.domain.filing.filing import (
    DueFiling,
    FilingKind,
    LetterFacts,
    ProofFacts,
    RecipientFacts,
    RecordFacts,
    SupplementFacts,
    due_filings,
)
from gateway.domain.letters.accessible import CompanionKind
from gateway.domain.runs.by_hand import BY_HAND
from gateway.errors import CaseFileUnavailable, IntegrityError, NotFound
from gateway.ports.casefile import CaseRef, FilingEntry

_CHUNK = 200


def file_due(services: Services) -> FilingReport:
    """File whatever is due and not filed; what fails is tried again later, visibly. Two at once: one does it all."""
    report = FilingReport()
    with services.locks.try_lock("filing") as held:
        if held and may_try(services):
            try:
                _file_all(services, report)
            except CaseFileUnavailable:
                report.away = True
    return report


def _file_all(services: Services, report: FilingReport) -> None:
    """What failed before comes last: one letter that the case file chokes on must not hold the others up."""
    failed, later = rows.failed_before(services), []
    after = 0
    while letters := _letters_due(services, after):
        for letter_id, reference in letters:
            if reference in failed:
                later.append((failed[reference], letter_id))
            else:
                _try(_file_letter, services, letter_id, report)
        after = letters[-1][0]
    for document_id in inbound_due(services):
        _try(file_inbound, services, document_id, report)
    for document_id in superseded_due(services):
        _try(supersede, services, document_id, report)
    for move_id in moves_due(services):
        _try(vacate, services, move_id, report)
    for _attempts, letter_id in sorted(later):
        _try(_file_letter, services, letter_id, report)


def _try(
    file: Callable[[Services, int, FilingReport], None], services: Services, item: int, report: FilingReport
) -> None:
    """Bytes that are damaged or gone keep their own letter out of the file, and no other; the account names it."""
    try:
        file(services, item, report)
    except (IntegrityError, NotFound):
        report.failed += 1


def _letters_due(services: Services, after: int) -> list[tuple[int, str]]:
    with services.db.reading() as session:
        query = select(Letter.id, Letter.reference).where(col(Letter.filing_due), col(Letter.id) > after)
        return [
            (found or 0, name) for found, name in session.exec(query.order_by(col(Letter.id)).limit(_CHUNK))
        ]


def _file_letter(services: Services, letter_id: int, report: FilingReport) -> None:
    with services.db.reading() as session:
        seen = _facts_of(session, letter_id)
        entries = list(_entries(session, services, letter_id, seen))
    # In order, and only as far as the case file confirms: its log reads like the life of the letter.
    if all(file_entry(services, entry, about, report) for entry, about in entries):
        _clear(services, letter_id, seen)


def _clear(services: Services, letter_id: int, seen: LetterFacts) -> None:
    """Everything is filed; unless a new fact came in the meantime, nothing is due any more."""
    with services.db.transaction() as session:
        if _facts_of(session, letter_id) == seen:
            session.get_one(Letter, letter_id).filing_due = False


def _facts_of(session: Session, letter_id: int) -> LetterFacts:
    letter = session.get_one(Letter, letter_id)
    query = select(Recipient).where(Recipient.letter_id == letter_id).order_by(col(Recipient.number))
    recipients = session.exec(query).all()
    return LetterFacts(
        reference=letter.reference,
        state=letter.state,
        approved_at=letter.approved_at,
        cancelled_at=letter.cancelled_at,
        signing=max((recipient.signing for recipient in recipients), default=1),
        earlier=earlier_signings(session, recipients),
        recipients=tuple(_recipient_facts(session, recipient) for recipient in recipients),
        enclosures=len(signed_companions(session, row_id(recipients[0]), CompanionKind.ENCLOSURE))
        if recipients
        else 0,
    )


def _recipient_facts(session: Session, recipient: Recipient) -> RecipientFacts:
    piece = session.get(MailPiece, recipient.mail_piece_id) if recipient.mail_piece_id else None
    submission = live_submission(session, recipient.mail_piece_id)
    posting = session.get(Posting, recipient.mail_piece_id) if recipient.mail_piece_id else None
    twins = signed_companions(session, row_id(recipient), CompanionKind.TWIN)
    records = records_of(session, recipient.mail_piece_id)
    bases = own_bases(session, recipient.mail_piece_id) if records else {}
    return RecipientFacts(
        no=recipient.number,
        twin=twins[0].title if twins else None,
        piece=piece.reference if piece else None,
        handed_over_at=handed_over_at(session, submission),
        by_hand=submission is not None and submission.provider == BY_HAND,
        posting_reported_on=posting.reported_on if posting and not posting.exception_id else None,
        records=tuple(
            RecordFacts(record.number, record.posted_on, record.confirmed_at, record.number in bases)
            for record in records
        ),
        supplements=tuple(
            SupplementFacts(added.number, added.noted_at, added.said)
            for record in records
            for added in record.supplements
        ),
        returned_at=returned_at(session, submission),
        return_decided=return_decided(session, recipient.mail_piece_id),
        replaced=replacements(session, recipient.mail_piece_id, recipient.letter_id),
        proofs=tuple(
            ProofFacts(proof.number, proof.recorded_at, proof.said)
            for proof in (proof_views(session, row_id(piece)) if piece else ())
        ),
    )


def _entries(
    session: Session, services: Services, letter_id: int, facts: LetterFacts
) -> Iterator[tuple[FilingEntry, rows.About]]:
    letter = session.get_one(Letter, letter_id)
    case = session.get_one(Case, letter.case_id)
    office = session.get_one(Office, letter.office_id)
    view = view_of(session, services, letter, office)
    by_number = {recipient.number: recipient for recipient in view.recipients}
    for due in due_filings(facts):
        if due.kind is FilingKind.ENCLOSURE and not rows.is_filed(session, due.key):
            entry = _enclosure_entry(session, services, letter, case, office, due)
        elif not rows.is_filed(session, due.key):
            recipient = by_number.get(due.recipient_no or 1)
            document = signed_document(session, letter_id, due)
            entry = _entry(session, services, letter, case, office, due, recipient, document)
        else:
            continue
        about = rows.about_copy(session, row_id(case), letter_id, due.recipient_no)
        yield with_metadata(session, letter, case, office, entry, due.signing), about


def _entry(
    session: Session,
    services: Services,
    letter: Letter,
    case: Case,
    office: Office,
    due: DueFiling,
    recipient: RecipientView | None,
    document: Document | None,
) -> FilingEntry:
    sha256 = document.sha256 if document else None
    number = recipient.number if recipient else 1
    name = twin_document_key if due.kind is FilingKind.TWIN else letter_document_key
    key = name(letter.reference, number, due.signing)
    if recipient and due.proof_no:
        sha256 = recipient.proofs[due.proof_no - 1].document_sha256
        sha256 = None if is_misplaced(session, sha256, recipient.piece or "") else sha256
        key = proof_document_key(letter.reference, number, recipient.piece or "", due.proof_no)
    if recipient and due.basis and due.record_no:
        piece = session.exec(select(MailPiece).where(MailPiece.reference == recipient.piece)).one()
        sha256 = own_bases(session, row_id(piece))[due.record_no].document_sha256
        key = basis_document_key(letter.reference, number, piece.reference, due.record_no)
    return FilingEntry(
        key=due.key,
        case=case_ref(case, office),
        kind=due.kind.value,
        title=f"{letter.title}: {due.title}",
        occurred_at=_moment(services, due.occurred),
        document_key=key,
        document=services.blobs.get(sha256) if sha256 else None,
        document_sha256=sha256,
        metadata=_metadata(letter, case, due, recipient, document)
        | posting_metadata(session, services, letter, due, recipient),
    )


def _enclosure_entry(
    session: Session,
    services: Services,
    letter: Letter,
    case: Case,
    office: Office,
    due: DueFiling,
) -> FilingEntry:
    signed = signed_enclosure(session, row_id(letter), due)
    return FilingEntry(
        key=due.key,
        case=CaseRef(case.file_number, case.bg_number, office.key),
        kind=due.kind.value,
        title=f"{letter.title}: {due.title} ({signed.title})",
        occurred_at=_moment(services, due.occurred),
        document_key=enclosure_document_key(letter.reference, due.enclosure_no or 1, due.signing),
        document=services.blobs.get(signed.document_sha256),
        document_sha256=signed.document_sha256,
        metadata=_metadata(letter, case, due, None, None) | {"subject": signed.title},
    )


def _metadata(
    letter: Letter, case: Case, due: DueFiling, recipient: RecipientView | None, document: Document | None
) -> dict[str, object]:
    """Section 7.5 of the facts, each entry with what was known when it happened: a repeat says the same."""
    metadata: dict[str, object] = {
        "item_id": due.key,
        "file_number": case.file_number,
        "bg_number": case.bg_number,
        "letter": letter.reference,
        "document_type": letter.template,
        "date_of_letter": letter.decision_date.isoformat(),
    }
    if recipient is None:
        return metadata
    if due.kind in {FilingKind.DOCUMENT, FilingKind.TWIN}:
        return metadata | {
            "subject": letter.title,
            "template_version": f"{letter.template}@{version_of(letter, document)}",
            "recipient": recipient.number,
            "address_lines": list(recipient.address_lines),
        }
    metadata |= {
        "piece": recipient.piece or "",
        "product": recipient.product or "",
        "batch": recipient.run_day.isoformat() if recipient.run_day else "",
        "provider": recipient.provider or "",
        "provider_reference": recipient.provider_reference or "",
        "print_sha256": recipient.print_sha256 or "",
    }
    if due.proof_no:
        return metadata | proof_metadata(recipient, due.proof_no)
    return metadata


def _moment(services: Services, occurred: datetime | date) -> datetime:
    if isinstance(occurred, datetime):
        return occurred
    return datetime.combine(occurred, time(0), services.schedule.zone)
