"""Rescanning: what people find wrong with a scan goes back to the scan provider, and the new scan takes its place.

TR-03138 A.NB.3: the results of the completeness check by those who work on the case are given to the scan site. The
old scan is marked as replaced: where it was filed it stays until the new one is in a file, see `superseding`.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.arrivals.answering_scans import put_answer
from gateway.application.reads.scans import find_inbound, new_to_us, valid_scan
from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer, ScanFeedback
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.db.people import Case, Office
from gateway.domain.inbound.feedback import ScanFinding, wants_rescan
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError
from gateway.ports.scans import AnswerFile

SCHEMA = "scan-feedback/1"


@dataclass(frozen=True)
class FeedbackLine:
    """What was reported about a document, whether the scan provider has it, and since when nothing more is asked."""

    finding: ScanFinding
    page: int | None
    reported_by: str
    reported_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


def report_finding(
    services: Services,
    login: str,
    inbound_id: int,
    finding: ScanFinding,
    *,
    page: int | None = None,
    reject: bool = False,
) -> None:
    """Tell the scan provider what is wrong with a scan. `reject`: it is given back, and belongs to no case.

    `page` from 1, where it is about one. Raises `InputError` page-unknown, `Conflict` (feedback-open,
    inbound-not-in-tray), `NotPermitted`.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        document = find_inbound(session, inbound_id)
        _require(session, who, document)
        _refuse_nonsense(session, document, finding, page)
        _tell(session, services, who, document, finding, page, reject=reject)


def ask_again(session: Session, services: Services, who: Actor, inbound_id: int) -> None:
    """Have a scan made again that a check found bad, in the caller's transaction, who asked for permission.

    Where the scan site was asked for another scan already, it is not asked twice.
    """
    wanted = [finding for finding in ScanFinding if wants_rescan(finding)]
    asked = select(ScanFeedback.id).where(
        ScanFeedback.inbound_id == inbound_id,
        col(ScanFeedback.settled_at).is_(None),
        col(ScanFeedback.finding).in_(wanted),
    )
    if session.exec(asked).first() is None:
        _tell(session, services, who, find_inbound(session, inbound_id), ScanFinding.RESCAN, None, reject=False)


def _tell(
    session: Session,
    services: Services,
    who: Actor,
    document: InboundDocument,
    finding: ScanFinding,
    page: int | None,
    *,
    reject: bool,
) -> None:
    inbound_id = row_id(document)
    answer = _answer(session, services, document, finding, page, reject=reject)
    now = services.clock.now()
    session.add(
        ScanFeedback(
            inbound_id=inbound_id,
            finding=finding,
            page=page,
            reported_by=who.login,
            reported_at=now,
            answer_id=row_id(answer),
            settled_at=None if wants_rescan(finding) else now,
        )
    )
    if reject:
        _reject(session, inbound_id, finding)
    action = "inbound-rejected" if reject else "scan-feedback-given"
    audit(session, services, who.login, action, f"inbound-{inbound_id}", finding=finding.value)


def feedback_of(services: Services, inbound_id: int) -> list[FeedbackLine]:
    """What was reported about a document, newest first; for those who were let in to it."""
    with services.db.reading() as session:
        query = (
            select(ScanFeedback, ScanAnswer.sent_at)
            .join(ScanAnswer, col(ScanAnswer.id) == ScanFeedback.answer_id)
            .where(ScanFeedback.inbound_id == inbound_id)
            .order_by(col(ScanFeedback.id).desc())
        )
        return [
            FeedbackLine(row.finding, row.page, row.reported_by, row.reported_at, sent, row.settled_at)
            for row, sent in session.exec(query).all()
        ]


def replace_earlier(session: Session, services: Services, new: InboundDocument, document_id: str) -> bool:
    """A rescan came: the earlier scan of the paper is marked, what was open about it is settled. False: none known.

    The manifest may name any earlier number of the paper: what the new one replaces is the newest scan of it. Where
    that was filed, the new one is proposed for the same case; a person or its own evidence puts it there.
    """
    earlier = _newest_named(session, new, document_id)
    if earlier is None:
        return False
    new.replaces_id = row_id(earlier)
    if new.state is InboundState.DESK and new.proposed_case_id is None:
        new.proposed_case_id = earlier.case_id
    if earlier.state not in NOT_TAKEN:
        earlier.state = InboundState.REPLACED
    settle_asked(session, services, row_id(earlier))
    audit(
        session,
        services,
        "system",
        "inbound-replaced",
        f"inbound-{row_id(earlier)}",
        by=f"inbound-{row_id(new)}",
    )
    return True


def replace_named(session: Session, services: Services, new: InboundDocument) -> None:
    """Link a document once more by what its manifest said, see `parting`."""
    named = new.replaces_named or ""
    if new.state in NOT_TAKEN:
        link_rejected(session, new, named)
    else:
        replace_earlier(session, services, new, named)
    session.flush()


def settle_asked(session: Session, services: Services, inbound_id: int) -> None:
    """Nothing more is asked of the scan site about a document, in the caller's transaction."""
    still_open = select(ScanFeedback).where(
        ScanFeedback.inbound_id == inbound_id, col(ScanFeedback.settled_at).is_(None)
    )
    for row in session.exec(still_open).all():
        row.settled_at = services.clock.now()
    session.flush()


def link_rejected(session: Session, rejected: InboundDocument, document_id: str) -> None:
    """A new scan of a paper was rejected again: the two rows are of one paper all the same."""
    earlier = _newest_named(session, rejected, document_id)
    rejected.replaces_id = row_id(earlier) if earlier else None


def _newest_named(session: Session, new: InboundDocument, document_id: str) -> InboundDocument | None:
    """The newest scan of the paper that a manifest names by one of its numbers; None if there is none."""
    query = select(InboundDocument).where(
        InboundDocument.source == new.source,
        InboundDocument.document_id == document_id,
        InboundDocument.id != new.id,
        new_to_us(InboundDocument),
    )
    refused_last = (col(InboundDocument.state) == InboundState.QUARANTINE, col(InboundDocument.id).desc())
    named = session.exec(query.order_by(*refused_last)).first()
    newest = valid_scan(session, named) if named is not None else None
    return named if newest is new else newest


def _require(session: Session, who: Actor, document: InboundDocument) -> None:
    case = session.get(Case, document.case_id) if document.case_id else None
    who.require(Action.ASSIGN_INBOUND, session.get_one(Office, case.office_id).key if case else None)
    if case is None:
        who.require(Action.RECEIVE_SCANS)


def _refuse_nonsense(
    session: Session, document: InboundDocument, finding: ScanFinding, page: int | None
) -> None:
    if document.state not in (InboundState.ASSIGNED, InboundState.DESK):
        raise Conflict("inbound-not-here", "Dieser Posteingang wurde nicht angenommen oder ist schon ersetzt.")
    if page is not None and not 1 <= page <= document.pages:
        raise InputError("page-unknown", f"Das Dokument hat {document.pages} Seiten. Bitte eine davon angeben.")
    query = select(ScanFeedback.id).where(
        ScanFeedback.inbound_id == document.id,
        ScanFeedback.finding == finding,
        col(ScanFeedback.settled_at).is_(None),
    )
    if session.exec(query).first() is not None:
        raise Conflict(
            "feedback-open", "Das wurde der Scanstelle schon gemeldet; der neue Scan steht noch aus."
        )


def _reject(session: Session, inbound_id: int, finding: ScanFinding) -> None:
    try:
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"state": InboundState.DESK},
            state=InboundState.REJECTED,
            finding_code=finding.value,
        )
    except Conflict:
        raise Conflict(
            "inbound-not-in-tray",
            "Zurückgegeben wird nur, was keinem Fall zugeordnet ist. Sonst bitte einen Rescan verlangen.",
        ) from None


def _answer(
    session: Session,
    services: Services,
    document: InboundDocument,
    finding: ScanFinding,
    page: int | None,
    *,
    reject: bool,
) -> ScanAnswer:
    """What the scan provider gets: which paper, where it lies, what is wrong; nothing about who says so."""
    delivery = session.get_one(ScanDelivery, document.delivery_id)
    told = select(func.count()).select_from(ScanFeedback).where(ScanFeedback.inbound_id == document.id)
    number = session.exec(told).one() + 1
    content = {
        "schema": SCHEMA,
        "source": document.source,
        "delivery": delivery.delivery,
        "document_id": document.document_id,
        "box": document.box,
        "batch": document.batch,
        "finding": finding.value,
        "page": page,
        "result": "rejected" if reject else "rescan-wanted" if wants_rescan(finding) else "index-wrong",
        "reported_at": services.clock.now().isoformat(),
    }
    file = AnswerFile(
        f"{delivery.delivery}.{document.document_id}.feedback-{number}.json",
        (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode(),
    )
    return put_answer(session, services, document.source, "feedback", file)
