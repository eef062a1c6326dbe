"""Parting: a scan is not the new scan of another paper after all; what followed from the mistake is undone.

A person linked two papers, or the scan site named a wrong number. The true rescan then took the place of a wrong scan.
So what came later is linked anew by what its manifest said, a scan that was marked as replaced for nothing stands again
(and is filed again, if it had left its file), what had been asked of the scan site is asked for again, and what held
the one paper holds the other no more.
"""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import audit
from gateway.application.arrivals.rescanning import replace_named
from gateway.application.paper.paper_holds import put_holds_right
from gateway.application.paper.same_paper import require_both
from gateway.application.reads.scans import find_inbound
from gateway.application.services import Services
from gateway.db.arrivals import RejectedClosing, ScanFeedback
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.placings import InboundMove, InboundProposal
from gateway.domain.inbound.feedback import wants_rescan
from gateway.errors import Conflict, InputError


def part_paper(services: Services, login: str, earlier_id: int, reason: str) -> None:
    """What is linked as its new scan is of another paper: for `earlier_id` speaks what else is known of its paper.

    Raises `NotFound`, `NotPermitted`, `InputError` ('reason-missing'), `Conflict` ('paper-not-linked', 'scan-gone').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        require_both(session, login)
        earlier = find_inbound(session, earlier_id)
        others = _linked(session, earlier)
        if not others:
            raise Conflict("paper-not-linked", "Dieses Dokument ist mit keinem neuen Scan verknüpft.")
        before = {row_id(each): each.state for each in (earlier, *_later(session, earlier))}
        for other in others:
            _unlink(session, other)
        _link_anew(session, services, earlier, [row_id(other) for other in others])
        by = [f"inbound-{row_id(other)}" for other in others]
        audit(
            session,
            services,
            login,
            "paper-parted",
            f"inbound-{earlier_id}",
            reason=reason.strip()[:500],
            by=", ".join(by),
        )
        for number, state in before.items():
            document = find_inbound(session, number)
            if state is InboundState.REPLACED and document.state is not InboundState.REPLACED:
                _stands_again(session, services, login, document)
            if not _linked(session, document):
                _ask_again(session, document)
        put_holds_right(session, services)


def _link_anew(session: Session, services: Services, earlier: InboundDocument, parted: list[int]) -> None:
    """All that came later, by what its manifest named; what a person linked further down stays."""
    rows = [earlier, *(find_inbound(session, number) for number in parted)]
    later = {row_id(each): each for row in rows for each in _later(session, row)}
    named = [later[number] for number in sorted(later) if later[number].replaces_named and number not in parted]
    for each in named:
        _unlink(session, each)
    for each in (*rows, *later.values()):
        if each.state is InboundState.REPLACED and not _linked(session, each):
            each.state = InboundState.ASSIGNED if each.case_id else InboundState.DESK
    session.flush()
    for each in named:
        replace_named(session, services, each)


def _unlink(session: Session, new: InboundDocument) -> None:
    """The case of the earlier scan is proposed no more, unless the scan itself points there."""
    earlier = find_inbound(session, new.replaces_id or 0)
    own = select(InboundProposal.id).where(
        InboundProposal.inbound_id == new.id, InboundProposal.case_id == earlier.case_id
    )
    if new.proposed_case_id == earlier.case_id and session.exec(own).first() is None:
        new.proposed_case_id = None
    new.replaces_id = None
    session.flush()


def _stands_again(session: Session, services: Services, login: str, document: InboundDocument) -> None:
    """It is filed again, if it had left its file. Raises `Conflict` scan-gone."""
    query = select(InboundMove).where(
        InboundMove.inbound_id == document.id, col(InboundMove.replaced_by_id).is_not(None)
    )
    for move in session.exec(query.where(col(InboundMove.undone_at).is_(None))).all():
        move.undone_at = services.clock.now()
    if document.filed_at is None and not services.blobs.has(document.sha256 or ""):
        raise Conflict(
            "scan-gone",
            f"Der Posteingang {document.id} ist nach seiner Regel schon gelöscht und kann nicht wieder gelten. Es wurde"
            " nichts geändert; bitte bei der Scanstelle einen neuen Scan anfordern.",
        )
    audit(session, services, login, "inbound-restored", f"inbound-{document.id}")


def _ask_again(session: Session, document: InboundDocument) -> None:
    """What the scan site was asked for about it, and a wrong scan seemed to answer, is open again."""
    closed = session.get(RejectedClosing, row_id(document))
    if closed is not None or document.state is InboundState.QUARANTINE:
        return
    query = select(ScanFeedback).where(ScanFeedback.inbound_id == document.id)
    newest = {row.finding: row for row in session.exec(query.order_by(col(ScanFeedback.id))).all()}
    for finding, row in newest.items():
        if wants_rescan(finding):
            row.settled_at = None


def _linked(session: Session, earlier: InboundDocument) -> list[InboundDocument]:
    query = select(InboundDocument).where(InboundDocument.replaces_id == earlier.id)
    return list(session.exec(query.order_by(col(InboundDocument.id))).all())


def _later(session: Session, earlier: InboundDocument) -> list[InboundDocument]:
    """All that stands in its place, or in the place of that, and so on."""
    return [each for new in _linked(session, earlier) for each in (new, *_later(session, new))]
