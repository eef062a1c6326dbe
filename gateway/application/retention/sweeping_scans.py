"""Sweeping what scan sites delivered and no case file has: what is old enough, and what keeps it.

Nothing unfinished goes: a document that was rejected and is still waited for, a delivery that nobody decided about, and
a scan whose valid one is in no file yet, stay with all their bytes, whatever their age.
"""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.arrivals.rejected_scans import came_again, facts_of
from gateway.application.reads.scans import valid_scan
from gateway.application.retention.concluding import is_locked
from gateway.application.retention.departing import Leaving
from gateway.application.retention.sweeping import Found, before, departed, drop, judged
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer, ScanFeedback, ScanNote
from gateway.db.delivery import DeliveryProof
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.db.placings import InboundMove
from gateway.db.retention import ContentDeparture
from gateway.db.returns import CertificateNotice
from gateway.domain.inbound.rejected import settled_at
from gateway.domain.retention import Facts, RetentionRule


def given_back(services: Services, rule: RetentionRule) -> Found:
    """Scans that belong to no file: given back by a person, or replaced by a later one."""
    query = (
        select(InboundDocument.id)
        .join(ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id)
        .where(
            col(InboundDocument.state).in_((InboundState.REJECTED, InboundState.REPLACED)),
            col(InboundDocument.filed_at).is_(None),
            ScanDelivery.received_at < before(services, rule),
            col(InboundDocument.sha256).is_not(None),
            ~departed(InboundDocument.sha256),
        )
    )

    def judge(session: Session, inbound_id: int) -> Facts:
        scan = session.get_one(InboundDocument, inbound_id)
        valid = valid_scan(session, scan)
        if valid is not scan and valid.state not in NOT_TAKEN:
            ends = _replaced_at(session, scan, valid)
        else:
            ends = _settled_at(session, services, scan)
        return Facts(
            services.day_of(ends) if ends else None,
            locked=any(is_locked(session, each.case_id) for each in (scan, valid)),
            in_use=_is_needed(session, scan),
        )

    yield from judged(services, rule, query, InboundDocument.id, judge)


def drop_given_back(services: Services, rule: RetentionRule, name: str) -> int:
    """Its bytes; the row stays, with hash and history."""
    with services.db.reading() as session:
        scan = session.get_one(InboundDocument, int(name))
    return drop(services, Leaving(scan.sha256 or "", rule.kind, f"inbound-{name}", scan.case_id))


def foreign_certificates(services: Services, rule: RetentionRule) -> Found:
    """Certificates of service about no piece of ours, that a person put aside: no case file has them."""
    query = select(CertificateNotice.id).where(
        col(CertificateNotice.piece_id).is_(None),
        col(CertificateNotice.inbound_id).is_(None),
        col(CertificateNotice.settled_at) < before(services, rule),
        col(CertificateNotice.document_sha256).is_not(None),
        ~departed(CertificateNotice.document_sha256),
    )

    def judge(session: Session, notice_id: int) -> Facts:
        notice = session.get_one(CertificateNotice, notice_id)
        return Facts(
            services.day_of(notice.settled_at) if notice.settled_at else None,
            in_use=_is_ours(session, notice.document_sha256 or ""),
        )

    yield from judged(services, rule, query, CertificateNotice.id, judge)


def drop_foreign_certificate(services: Services, rule: RetentionRule, name: str) -> int:
    """Its picture; the row stays, with hash and decision."""
    with services.db.reading() as session:
        notice = session.get_one(CertificateNotice, int(name))
    return drop(services, Leaving(notice.document_sha256 or "", rule.kind, f"certificate-{name}"))


def _is_ours(session: Session, sha256: str) -> bool:
    """The same bytes prove something, or wait for a person."""
    uses = (
        select(DeliveryProof.id).where(DeliveryProof.document_sha256 == sha256),
        select(InboundDocument.id).where(InboundDocument.sha256 == sha256),
        select(CertificateNotice.id).where(
            CertificateNotice.document_sha256 == sha256,
            col(CertificateNotice.piece_id).is_not(None) | col(CertificateNotice.settled_at).is_(None),
        ),
    )
    return any(session.exec(use.limit(1)).first() is not None for use in uses)


def rejected_files(services: Services, rule: RetentionRule) -> Found:
    """Deliveries with files beside that were not taken."""
    query = select(ScanDelivery.id).where(ScanDelivery.received_at < before(services, rule))

    def judge(session: Session, delivery_id: int) -> Facts | None:
        delivery = session.get_one(ScanDelivery, delivery_id)
        if not _kept_files(services, delivery).is_dir():
            return None
        ends, cases = _made_good(session, services, delivery)
        return Facts(
            services.day_of(ends) if ends else None,
            locked=any(is_locked(session, case_id) for case_id in cases),
        )

    yield from judged(services, rule, query, ScanDelivery.id, judge)


def drop_rejected_files(services: Services, rule: RetentionRule, name: str) -> int:
    """Everything that was kept beside a delivery."""
    with services.db.reading() as session:
        delivery = session.get_one(ScanDelivery, int(name))
    folder = _kept_files(services, delivery)
    return _remove(services, folder, f"{delivery.source}/{delivery.delivery}", rule)


def quarantined_deliveries(services: Services, rule: RetentionRule) -> Found:
    """Deliveries that were refused as a whole, and whose files are here."""
    query = select(QuarantinedDelivery.id).where(QuarantinedDelivery.arrived_at < before(services, rule))

    def judge(session: Session, quarantine_id: int) -> Facts | None:
        row = session.get_one(QuarantinedDelivery, quarantine_id)
        if not Path(row.folder).is_dir():
            return None
        return Facts(services.day_of(row.decided_at) if row.decided_at else None)

    yield from judged(services, rule, query, QuarantinedDelivery.id, judge)


def drop_quarantined(services: Services, rule: RetentionRule, name: str) -> int:
    """All its files."""
    with services.db.reading() as session:
        row = session.get_one(QuarantinedDelivery, int(name))
    return _remove(services, Path(row.folder), f"{row.source}/{row.name}", rule)


def transfer_notes(services: Services, rule: RetentionRule) -> Found:
    """Notes whose scan has left."""
    gone = select(ContentDeparture.left_at).join(
        InboundDocument, col(InboundDocument.sha256) == ContentDeparture.document_sha256
    )
    query = select(ScanNote.id).where(
        col(ScanNote.emptied_at).is_(None),
        gone.where(
            InboundDocument.id == ScanNote.inbound_id, col(ContentDeparture.left_at) < before(services, rule)
        ).exists(),
    )

    def judge(session: Session, note_id: int) -> Facts:
        note = session.get_one(ScanNote, note_id)
        left = session.exec(gone.where(InboundDocument.id == note.inbound_id)).first()
        document = session.get_one(InboundDocument, note.inbound_id)
        return Facts(services.day_of(left) if left else None, locked=is_locked(session, document.case_id))

    yield from judged(services, rule, query, ScanNote.id, judge)


def empty_note(services: Services, _rule: RetentionRule, name: str) -> int:
    """What it says and who said it; its hash and its findings stay."""
    with services.db.transaction() as session:
        note = session.get_one(ScanNote, int(name))
        document = session.get_one(InboundDocument, note.inbound_id)
        if session.get(ContentDeparture, document.sha256 or "") is None:
            return 0  # moved since it was judged: the note is needed beside its scan
        note.content, note.said, note.emptied_at = None, {}, services.clock.now()
        subject = f"inbound-{note.inbound_id}"
        audit(session, services, SYSTEM, "transfer-note-deleted", subject, sha256=note.sha256)
    return 1


def _replaced_at(session: Session, scan: InboundDocument, valid: InboundDocument) -> datetime | None:
    """When the valid scan was in a file and this one in none; None before that."""
    waiting = select(InboundMove.id).where(
        InboundMove.inbound_id == scan.id, col(InboundMove.withdrawn_at).is_(None)
    )
    if valid.state is not InboundState.ASSIGNED or session.exec(waiting).first() is not None:
        return None
    return valid.filed_at


def _settled_at(session: Session, services: Services, scan: InboundDocument) -> datetime | None:
    """When the scan site knew, and nothing more was asked of it, or a person stopped waiting; None before that."""
    facts = facts_of(session, services, scan)
    if facts.closed_at is not None:
        return settled_at(facts)
    asked = select(ScanFeedback.settled_at).where(ScanFeedback.inbound_id == scan.id)
    return _latest([facts.told_at, *session.exec(asked).all()])


def _is_needed(session: Session, scan: InboundDocument) -> bool:
    """The same bytes came again and are worked on."""
    other = select(InboundDocument.id).where(
        InboundDocument.sha256 == scan.sha256,
        InboundDocument.id != scan.id,
        col(InboundDocument.state).in_((InboundState.ASSIGNED, InboundState.DESK)),
    )
    return session.exec(other.limit(1)).first() is not None


def _made_good(
    session: Session, services: Services, delivery: ScanDelivery
) -> tuple[datetime | None, Sequence[int | None]]:
    """When the receipt had been handed over and nothing was open about what it rejected; and the cases it came to."""
    receipt = select(ScanAnswer.sent_at).where(
        ScanAnswer.source == delivery.source, ScanAnswer.name == f"{delivery.delivery}.receipt.json"
    )
    rejected = session.exec(
        select(InboundDocument).where(
            InboundDocument.delivery_id == delivery.id, InboundDocument.state == InboundState.QUARANTINE
        )
    ).all()
    moments: list[datetime | None] = [session.exec(receipt).first()]
    moments += [settled_at(facts_of(session, services, document)) for document in rejected]
    return _latest(moments), [came_again(session, document)[1] for document in rejected]


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """The last of them; None if one has not come, or there is none."""
    known = [each for each in moments if each is not None]
    return max(known) if known and len(known) == len(moments) else None


def _kept_files(services: Services, delivery: ScanDelivery) -> Path:
    return services.quarantine_dir / delivery.source / delivery.delivery


def _remove(services: Services, folder: Path, subject: str, rule: RetentionRule) -> int:
    """The proof first: a kill after it leaves files, which the next pass removes, with a proof of its own."""
    files = sorted(path.name for path in folder.iterdir())
    with services.db.transaction() as session:
        audit(session, services, SYSTEM, "kept-scans-deleted", subject, rule=rule.kind.value, files=len(files))
    shutil.rmtree(folder)
    return len(files)
