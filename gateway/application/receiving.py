"""Receiving: a scan delivery is proven, its documents find their cases, and the scan provider gets its receipt.

Certain matches are filed; everything else waits on the desk for a person. A document in the wrong citizen's file
is worse than one that waits.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

from sqlmodel import Session, col, select

from gateway.application.authorising import actor, audit
from gateway.application.drafting import find_case
from gateway.application.rendering import remember_document
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Case, Office
from gateway.domain.inbound import Confidence, Match, match, normalise_file_number
from gateway.domain.permission import Action
from gateway.domain.references import decode_reply_code, decode_sheet_code
from gateway.errors import Conflict, DocumentInvalid, NotFound
from gateway.ports.scans import Delivery, ScannedDocument


@dataclass(frozen=True)
class InboundReport:
    """What became of a delivery."""

    delivery: str
    already_known: bool
    receipt: Path
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class InboundLine:
    """An inbound document in a list. `proposal` is the file number of the likeliest case, for a person to decide."""

    id: int
    document_id: str
    delivery: str
    document_class: str
    received_on: date
    pages: int
    state: InboundState
    file_number: str | None
    proposal: str | None
    reason: str
    sha256: str | None


@dataclass(frozen=True)
class _Taken:
    document: ScannedDocument
    sha256: str
    size_bytes: int
    match: Match[str]


def import_delivery(
    services: Services, folder: Path, *, source: str, login: str | None = None
) -> InboundReport:
    """Take in a delivery folder, whole or not at all; taking it in again changes nothing.

    Raises `InputError` (delivery-not-ready), `DocumentInvalid` (a refused delivery, its receipt is written),
    `Conflict` (delivery-differs: the same delivery came before with another manifest).
    """
    if login is not None:
        with services.db.reading() as session:
            actor(session, login).require(Action.RECEIVE_SCANS)
    try:
        delivery = services.scans.read(folder)
    except DocumentInvalid as error:
        services.scans.refuse(services.receipts_dir, folder, source, error, services.clock.now())
        raise
    known = _known(services, delivery)
    if not known:
        taken = [_take(services, delivery, document) for document in delivery.documents]
        _write(services, delivery, taken, login or "operator")
    return _acknowledge(services, delivery, already_known=known)


def inbound_list(
    services: Services, login: str | None, *, state: InboundState | None = None
) -> list[InboundLine]:
    """Inbound documents that the user may see, newest first: those of their cases, and for the post room all.

    `login` None is the operator at the command line.
    """
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        query = select(InboundDocument, ScanDelivery).join(
            ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id
        )
        if state is not None:
            query = query.where(InboundDocument.state == state)
        lines = []
        for document, delivery in session.exec(query.order_by(col(InboundDocument.id).desc())).all():
            case = session.get(Case, document.case_id) if document.case_id else None
            office = session.get_one(Office, case.office_id).key if case else None
            action = Action.READ if office else Action.RECEIVE_SCANS
            if who is None or who.may(action, office):
                lines.append(_line(session, document, delivery, case))
        return lines


def assign(services: Services, login: str, inbound_id: int, case: str) -> None:
    """A person says to which case a document on the desk belongs; it is filed there next."""
    with services.db.transaction() as session:
        who = actor(session, login)
        found, office = find_case(session, case)
        who.require(Action.ASSIGN_INBOUND, office.key)
        document = session.get(InboundDocument, inbound_id)
        if document is None:
            raise NotFound("inbound-unknown", f"Den Posteingang {inbound_id} gibt es nicht.")
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"state": InboundState.DESK},
            state=InboundState.ASSIGNED,
            case_id=row_id(found),
            assigned_by=who.login,
        )
        audit(session, services, who.login, "inbound-assigned", f"inbound-{inbound_id}", case=found.reference)


def _known(services: Services, delivery: Delivery) -> bool:
    manifest = delivery.manifest
    with services.db.reading() as session:
        known = session.exec(
            select(ScanDelivery).where(
                ScanDelivery.source == manifest.source, ScanDelivery.delivery == manifest.delivery
            )
        ).one_or_none()
    if known is not None and known.manifest_sha256 != manifest.sha256:
        raise Conflict(
            "delivery-differs",
            f"Die Scanlieferung {manifest.delivery} wurde schon mit anderem Inhalt übernommen. "
            "Es wurde nichts geändert; bitte mit der Scanstelle klären.",
        )
    return known is not None


def _take(services: Services, delivery: Delivery, document: ScannedDocument) -> _Taken:
    content = services.scans.content(delivery, document)
    codes = services.scans.codes(content)
    with services.db.reading() as session:
        pieces = _letters_of_pieces(session, codes)
        found = match(
            codes,
            document.file_number,
            services.scans.text(content),
            letters=_cases_of_letters(session, codes, list(chain.from_iterable(pieces.values()))),
            pieces=pieces,
            known_file_numbers=_file_numbers(session),
        )
    return _Taken(document, services.blobs.put(content), len(content), found)


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


def _write(services: Services, delivery: Delivery, taken: Sequence[_Taken], who: str) -> None:
    manifest = delivery.manifest
    with services.db.transaction() as session:
        row = ScanDelivery(
            source=manifest.source,
            delivery=manifest.delivery,
            sequence=manifest.sequence,
            manifest_sha256=manifest.sha256,
            documents=len(manifest.documents),
            pages=sum(document.pages for document in manifest.documents),
            received_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        for one in taken:
            _remember_scan(session, services, one)
            session.add(_matched(session, row_id(row), manifest.source, one))
        for rejected in delivery.rejected:
            session.add(
                _inbound(
                    row_id(row),
                    manifest.source,
                    rejected.document,
                    state=InboundState.QUARANTINE,
                    finding_code=rejected.finding.code,
                    match_reason=rejected.finding.message,
                )
            )
        audit(session, services, who, "delivery-received", f"{manifest.source}/{manifest.delivery}")


def _matched(session: Session, delivery_id: int, source: str, taken: _Taken) -> InboundDocument:
    certain = taken.match.confidence is Confidence.CERTAIN
    case_id = row_id(find_case(session, taken.match.case)[0]) if taken.match.case else None
    letter = session.exec(select(Letter.id).where(Letter.reference == taken.match.letter)).first()
    return _inbound(
        delivery_id,
        source,
        taken.document,
        state=InboundState.ASSIGNED if certain else InboundState.DESK,
        sha256=taken.sha256,
        case_id=case_id if certain else None,
        proposed_case_id=case_id,
        letter_id=letter if certain else None,
        match_reason=taken.match.reason,
        assigned_by="system" if certain else None,
    )


def _inbound(delivery_id: int, source: str, document: ScannedDocument, **values: object) -> InboundDocument:
    return InboundDocument.model_validate(
        {
            "delivery_id": delivery_id,
            "source": source,
            "document_id": document.document_id,
            "pages": document.pages,
            "document_class": document.document_class,
            "received_on": document.received_on,
            "scanned_at": document.scanned_at,
            "box": document.box,
            **values,
        }
    )


def _remember_scan(session: Session, services: Services, taken: _Taken) -> None:
    remember_document(
        session,
        services,
        taken.sha256,
        pages=taken.document.pages,
        size_bytes=taken.size_bytes,
        versions={"kind": "scan"},
    )


def _acknowledge(services: Services, delivery: Delivery, *, already_known: bool) -> InboundReport:
    receipt = services.scans.acknowledge(services.receipts_dir, delivery, services.clock.now())
    with services.db.transaction() as session:
        row = session.exec(
            select(ScanDelivery).where(
                ScanDelivery.source == delivery.manifest.source,
                ScanDelivery.delivery == delivery.manifest.delivery,
            )
        ).one()
        row.receipt_written_at = row.receipt_written_at or services.clock.now()
        states = session.exec(select(InboundDocument.state).where(InboundDocument.delivery_id == row.id)).all()
    counts = Counter(InboundState(state).value for state in states)
    return InboundReport(delivery.manifest.delivery, already_known, receipt, dict(counts))


def _line(
    session: Session, document: InboundDocument, delivery: ScanDelivery, case: Case | None
) -> InboundLine:
    proposal = session.get(Case, document.proposed_case_id) if document.proposed_case_id else None
    return InboundLine(
        id=row_id(document),
        document_id=document.document_id,
        delivery=delivery.delivery,
        document_class=document.document_class,
        received_on=document.received_on,
        pages=document.pages,
        state=document.state,
        file_number=case.file_number if case else None,
        proposal=proposal.file_number if proposal else None,
        reason=document.match_reason,
        sha256=document.sha256,
    )
