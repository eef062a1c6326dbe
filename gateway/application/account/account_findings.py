"""What others found, brought to the copies it concerns: the tally with the provider, and the sweep of stored bytes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col

from gateway.application.account.copies import counting_approval
from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.columns import columns, in_chunks
from gateway.db.enclosures import SignedCompanion
from gateway.db.files import Filing
from gateway.db.letters import Approval, Recipient
from gateway.db.mail import MailPiece, Submission
from gateway.db.sweeps import SweepFinding
from gateway.db.tallies import ProviderTally, TallyFinding
from gateway.domain.account.sweep import Place, Role, code_of


def faults_found(session: Session) -> dict[int, str]:
    """The code of what was found about a copy, by its id; of several, what the provider says comes first."""
    found: dict[int, str] = dict(_of_tally(session))
    for copy_id, code in _of_sweep(session):
        found.setdefault(copy_id, code)
    return found


def _of_tally(session: Session) -> Iterator[tuple[int, str]]:
    """The newest difference of each live submission."""
    query = (
        columns(Recipient.id, TallyFinding.difference)
        .join(Submission, col(Submission.piece_id) == Recipient.mail_piece_id)
        .join(TallyFinding, col(TallyFinding.key) == Submission.key)
        .join(ProviderTally, col(ProviderTally.id) == TallyFinding.tally_id)
        .where(col(Submission.voided_at).is_(None), ProviderTally.provider == Submission.provider)
        .order_by(col(ProviderTally.day))
    )
    for copy_id, difference in session.execute(query):
        yield copy_id, difference.value


def _of_sweep(session: Session) -> Iterator[tuple[int, str]]:
    found: dict[Place, dict[str, str]] = defaultdict(dict)
    for place, subject, fault in session.execute(
        columns(SweepFinding.place, SweepFinding.subject, SweepFinding.fault)
    ):
        found[place][subject] = fault
    yield from _of_documents(session, found[Place.STORE])
    yield from _of_filings(session, found[Place.CASE_FILE])
    for copy_id, code in found[Place.ROWS].items():
        yield int(copy_id), code


def _of_documents(session: Session, faults: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """What each damaged document is to whom; a certificate concerns every piece that it proves."""
    for some in in_chunks(sorted(faults)):
        for role, query in _users_of(some):
            for copy_id, sha256 in session.execute(query):
                yield copy_id, code_of(role, faults[sha256])


def _users_of(hashes: Sequence[str]) -> Iterator[tuple[Role, Any]]:
    signed = columns(Recipient.id, Approval.document_sha256).join(Approval, counting_approval())
    yield Role.APPROVED, signed.where(col(Approval.document_sha256).in_(hashes))
    companions = columns(Recipient.id, SignedCompanion.document_sha256).join(
        SignedCompanion,
        (col(SignedCompanion.recipient_id) == Recipient.id) & (SignedCompanion.signing == Recipient.signing),
    )
    yield Role.APPROVED, companions.where(col(SignedCompanion.document_sha256).in_(hashes))
    printed = columns(Recipient.id, MailPiece.print_sha256).join(
        MailPiece, col(MailPiece.id) == Recipient.mail_piece_id
    )
    yield Role.PRINT_COPY, printed.where(col(MailPiece.print_sha256).in_(hashes))
    proven = (
        columns(Recipient.id, RunCertificate.sha256)
        .join(PieceCertificate, col(PieceCertificate.piece_id) == Recipient.mail_piece_id)
        .join(RunCertificate, col(RunCertificate.id) == PieceCertificate.certificate_id)
    )
    yield Role.CERTIFICATE, proven.where(col(RunCertificate.sha256).in_(hashes))


def _of_filings(session: Session, faults: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """An entry about a whole letter, such as an enclosure, concerns all its copies."""
    for some in in_chunks(sorted(faults)):
        of_copy = columns(Filing.recipient_id, Filing.key).where(col(Filing.recipient_id).is_not(None))
        of_letter = (
            columns(Recipient.id, Filing.key)
            .join(Filing, col(Filing.letter_id) == Recipient.letter_id)
            .where(col(Filing.recipient_id).is_(None))
        )
        for query in (of_copy, of_letter):
            for copy_id, key in session.execute(query.where(col(Filing.key).in_(some))):
                yield copy_id, faults[key]
