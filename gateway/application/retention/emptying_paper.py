"""Emptying what people wrote about paper: why it was held, let go or recalled, and what was wrong with its scan.

In the caller's transaction. That it happened, when and by whom stays, with the kind of the hold and the name of the
recall. It goes only after the paper is destroyed or back in the house: until then somebody may have to know why.
"""

from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from gateway.application.reads.leftovers import BAD, BETWEEN, GOOD, is_worded
from gateway.application.reads.scans import valid_scan
from gateway.application.retention.emptying_rows import blank, empty_reasons
from gateway.db.columns import table_of
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.originals import Original, OriginalEvent, OriginalEventKind, OriginalHold, OriginalRecall
from gateway.db.people import AuditEntry
from gateway.domain.inbound.rejected import TAKEN_BEFORE
from gateway.domain.paper.originals import Paper

PAPER_ACTIONS = ("original-held", "original-let-go", "original-recalled", "scan-compared")
"""What people do with a reason about paper, as the trail calls it."""
_OVER = (Paper.DESTROYED, Paper.RETURNED)


def empty_paper(session: Session, inbound_id: int) -> int:
    """The typed words about the paper of one arrival; how many reasons of the trail."""
    for model, column in (
        (OriginalHold, OriginalHold.reason),
        (OriginalHold, OriginalHold.lift_reason),
        (OriginalRecall, OriginalRecall.reason),
    ):
        blank(session, model, column, col(model.inbound_id) == inbound_id)
    worded = select(OriginalEvent).where(OriginalEvent.inbound_id == inbound_id, is_worded())
    events = table_of(OriginalEvent)
    for event in session.exec(worded).all():
        kept = update(events).where(events.c.id == event.id).values(note=_name_only(event))
        session.connection().execute(kept)
    return empty_reasons(session, f"inbound-{inbound_id}", col(AuditEntry.action).in_(PAPER_ACTIONS))


def paper_over(session: Session, document: InboundDocument) -> bool:
    """Whether nothing more will happen to the paper of an arrival, whichever of its numbers speaks for it now."""
    if document.finding_code in TAKEN_BEFORE:
        return True  # it never spoke for the paper
    paper = session.get(Original, row_id(valid_scan(session, document)))
    return paper is None or paper.paper in _OVER


def last_of_paper(session: Session, document: InboundDocument) -> datetime | None:
    """When something last happened to the paper, or was said about it: each makes a line in its life."""
    numbers = {row_id(document), row_id(valid_scan(session, document))}
    query = select(func.max(OriginalEvent.at)).where(col(OriginalEvent.inbound_id).in_(numbers))
    return session.exec(query).one()


def _name_only(event: OriginalEvent) -> str:
    """As the guard of the table lets it become."""
    if event.kind is OriginalEventKind.CHECKED:
        return GOOD if event.note.startswith(GOOD) else BAD
    return event.note.partition(BETWEEN)[0]
