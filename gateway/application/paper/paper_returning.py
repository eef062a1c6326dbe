"""Recalling paper: until it is destroyed it can be had back; the scan site answers, a person says that it arrived."""

import json

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.paper.paper_answers import queue_answer
from gateway.application.paper.paper_events import note
from gateway.application.paper.paper_facts import paper, require_paper
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.db.originals import Original, OriginalEventKind, OriginalRecall
from gateway.domain.paper.originals import Paper
from gateway.errors import Conflict, InputError, NotFound


def recall(services: Services, login: str, inbound_id: int, reason: str) -> str:
    """Demand the paper back; the name of the recall. It is no longer released from then on.

    Raises `NotFound`, `NotPermitted`, `InputError` ('reason-missing'), `Conflict` ('original-gone').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        require_paper(actor(session, login), paper(session, services, inbound_id))
        name = recall_within(session, services, inbound_id, reason.strip()[:500], login)
        audit(session, services, login, "original-recalled", f"inbound-{inbound_id}", reason=reason.strip())
    return name


def recall_within(session: Session, services: Services, inbound_id: int, reason: str, who: str) -> str:
    """The same in the caller's transaction, without asking for permission."""
    table = table_of(Original)
    wanted = update(table).where(
        table.c.inbound_id == inbound_id, table.c.paper.in_((Paper.KEPT, Paper.RELEASED))
    )
    if session.connection().execute(wanted.values(paper=Paper.RECALLED)).rowcount != 1:
        raise Conflict(
            "original-gone",
            "Das Original ist schon zurückgefordert, zurückgekommen oder vernichtet. Es wurde nichts geändert.",
        )
    session.expire_all()
    document = session.get_one(InboundDocument, inbound_id)
    delivery = session.get_one(ScanDelivery, document.delivery_id)
    earlier = session.exec(select(OriginalRecall.id).where(OriginalRecall.inbound_id == inbound_id)).all()
    name = f"recall-{inbound_id}-{len(earlier) + 1}"
    session.add(
        OriginalRecall(
            name=name,
            source=document.source,
            inbound_id=inbound_id,
            reason=reason,
            asked_by=who,
            asked_at=services.clock.now(),
        )
    )
    said = {
        "schema": "original-recall/1",
        "source": document.source,
        "recall": name,
        "document_id": document.document_id,
        "delivery": delivery.delivery,
        "box": document.box,
    }
    queue_answer(
        session, services, document.source, f"{name}.json", (json.dumps(said, indent=1) + "\n").encode()
    )
    note(session, services, inbound_id, OriginalEventKind.RECALLED, who, f"{name}: {reason}")
    return name


def arrived(services: Services, login: str, inbound_id: int) -> None:
    """The paper is back in the house. Raises `NotFound`, `NotPermitted`, `Conflict` ('original-not-recalled')."""
    with services.db.transaction() as session:
        require_paper(actor(session, login), paper(session, services, inbound_id))
        open_recall = session.exec(
            select(OriginalRecall)
            .where(OriginalRecall.inbound_id == inbound_id, col(OriginalRecall.arrived_at).is_(None))
            .order_by(col(OriginalRecall.id).desc())
            .limit(1)
        ).first()
        table = table_of(Original)
        there = update(table).where(table.c.inbound_id == inbound_id, table.c.paper == Paper.RECALLED)
        if open_recall is None or not session.connection().execute(there.values(paper=Paper.RETURNED)).rowcount:
            raise Conflict(
                "original-not-recalled", "Dieses Original ist nicht zurückgefordert. Bitte die Seite neu laden."
            )
        compare_and_set(
            session,
            OriginalRecall,
            row_id(open_recall),
            expect={"arrived_at": None},
            arrived_at=services.clock.now(),
            arrived_by=login,
        )
        note(session, services, inbound_id, OriginalEventKind.RETURNED, login)
        audit(session, services, login, "original-returned", f"inbound-{inbound_id}")


def find_recall(session: Session, source: str, name: str) -> OriginalRecall:
    """A recall by its name. Raises `NotFound` ('recall-unknown')."""
    found = session.exec(
        select(OriginalRecall).where(OriginalRecall.source == source, OriginalRecall.name == name)
    ).one_or_none()
    if found is None:
        raise NotFound("recall-unknown", "Diese Rückforderung gibt es nicht.")
    return found
