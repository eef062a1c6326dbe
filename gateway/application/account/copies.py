"""Copies as the account sees them: one row of facts for each recipient's copy, read in one query for all that is asked.

The rows are read in bulk; what they mean is decided by the rules of the domain (`standing`, `links`), and nowhere else.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, String, case, cast, func, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.columns import columns, in_chunks
from gateway.db.files import Filing
from gateway.db.letters import Approval, Document, Letter, Recipient
from gateway.db.mail import Batch, Consignment, MailPiece, Posting, StatusEvent, Submission
from gateway.domain.account.links import CopyFacts, first_break
from gateway.domain.account.standing import Standing, standing_of_copy
from gateway.domain.references import for_people

IS_APPROVED = col(Letter.approved_at).is_not(None) | col(Approval.id).is_not(None)
"""What the account is about; a query for it joins the approval that counts from outside."""


@dataclass(frozen=True)
class Copy:
    """One approved copy: its name (`7K4M-9QXZ/1`), where it stands, and what its rows lack, as a code."""

    id: int
    name: str
    office_id: int
    standing: Standing
    broken: str | None
    chain: str
    """The hashes that were signed, printed, certified, handed over and filed, in one line."""


def copies(session: Session, *conditions: ColumnElement[bool]) -> Iterator[Copy]:
    """All approved copies that meet the conditions (on `Letter`, `Recipient`, `Batch`), in the order of their rows."""
    query = _facts().where(IS_APPROVED, *conditions).order_by(col(Recipient.id))
    with session.execute(
        query.execution_options(yield_per=1000)
    ) as rows:  # closed, also if nobody reads to the end
        for row in rows:
            yield _copy(row)


def copies_of(session: Session, ids: Collection[int]) -> Iterator[Copy]:
    """The approved ones among the copies that `ids` name."""
    for some in in_chunks(sorted(ids)):
        yield from copies(session, col(Recipient.id).in_(some))


def counting_approval() -> ColumnElement[bool]:
    """The approval of the signing that counts."""
    return (col(Approval.recipient_id) == Recipient.id) & (col(Approval.signing) == Recipient.signing)


def document_filing_key() -> ColumnElement[str]:
    """The key under which the document of the signing that counts is filed (`domain.filing.filing`)."""
    signing = cast(col(Recipient.signing), String)
    anew = case((col(Recipient.signing) > 1, literal(":signing-") + signing), else_=literal(""))
    number = cast(col(Recipient.number), String)
    return literal("document:") + col(Letter.reference) + literal(":") + number + anew


def _facts() -> Any:
    printed = aliased(Document)
    of_events = columns(func.count()).where(col(StatusEvent.submission_id) == Submission.id)
    of_letter = columns(func.count()).where(
        col(Filing.letter_id) == Letter.id, col(Filing.filed_at).is_not(None)
    )
    own = aliased(Filing)
    return (
        columns(
            Recipient.id,
            Recipient.number,
            Letter.reference,
            Letter.office_id,
            Letter.state,
            Letter.held_at,
            Letter.filing_due,
            Letter.filings,
            col(Approval.document_sha256).label("signed"),
            col(Recipient.document_sha256).label("document"),
            col(Document.sha256).label("document_row"),
            col(MailPiece.id).label("piece"),
            MailPiece.fault_code,
            MailPiece.print_sha256,
            col(printed.sha256).label("print_row"),
            col(Submission.state).label("submission"),
            Submission.status,
            Submission.consignment_id,
            col(Consignment.id).label("consignment"),
            Submission.handed_sha256,
            Submission.events,
            Submission.posted_on,
            case((col(RunCertificate.id).is_not(None), PieceCertificate.print_sha256)).label("certified"),
            col(Posting.piece_id).label("posting"),
            case((col(own.filed_at).is_not(None), own.sha256)).label("filed"),
            of_events.scalar_subquery().label("events_found"),
            of_letter.scalar_subquery().label("filings_found"),
        )
        .select_from(Recipient)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .outerjoin(Approval, counting_approval())
        .outerjoin(Document, col(Document.sha256) == Approval.document_sha256)
        .outerjoin(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .outerjoin(Batch, col(Batch.id) == MailPiece.batch_id)
        .outerjoin(printed, printed.sha256 == MailPiece.print_sha256)
        .outerjoin(Submission, (col(Submission.piece_id) == MailPiece.id) & col(Submission.voided_at).is_(None))
        .outerjoin(Consignment, col(Consignment.id) == Submission.consignment_id)
        .outerjoin(
            PieceCertificate, (col(PieceCertificate.piece_id) == MailPiece.id) & col(PieceCertificate.clean)
        )
        .outerjoin(RunCertificate, col(RunCertificate.id) == PieceCertificate.certificate_id)
        .outerjoin(Posting, col(Posting.piece_id) == MailPiece.id)
        .outerjoin(own, own.key == document_filing_key())
    )


def _copy(row: Row[Any]) -> Copy:
    broken = first_break(
        CopyFacts(
            letter=row.state,
            signed=row.signed,
            document=row.document,
            document_known=row.document_row is not None,
            has_piece=row.piece is not None,
            piece_faulty=row.fault_code is not None,
            print_copy=row.print_sha256,
            print_known=row.print_sha256 is None or row.print_row is not None,
            submission=row.submission,
            has_consignment=row.consignment is not None,
            handed=row.handed_sha256,
            certified=row.certified,
            events_kept=row.events or 0,
            events_found=row.events_found,
            posting_due=row.posted_on is not None,
            has_posting=row.posting is not None,
            filing_due=row.filing_due,
            filed=row.filed,
            filings_kept=row.filings,
            filings_found=row.filings_found,
        )
    )
    return Copy(
        id=row.id,
        name=f"{for_people(row.reference)}/{row.number}",
        office_id=row.office_id,
        standing=standing_of_copy(
            row.state,
            held=row.held_at is not None,
            has_piece=row.piece is not None,
            fault=row.fault_code,
            submission=row.submission,
            status=row.status,
        ),
        broken=broken.value if broken else None,
        chain=" ".join(
            each or "-" for each in (row.signed, row.print_sha256, row.certified, row.handed_sha256, row.filed)
        ),
    )
