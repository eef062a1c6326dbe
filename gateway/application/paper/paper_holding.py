"""Holding paper, and comparing scans: what people say about an original. Each needs a name, a hold a reason too."""

from sqlalchemy import update
from sqlmodel import Session

from gateway.application.access.authorising import actor, audit
from gateway.application.arrivals.rescanning import ask_again
from gateway.application.paper.paper_events import note
from gateway.application.paper.paper_facts import PaperRow, paper, require_paper
from gateway.application.paper.paper_holds import add_hold, lift_hold
from gateway.application.paper.paper_returning import recall_within
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.originals import Original, OriginalEventKind, OriginalHold
from gateway.domain.paper.originals import HOLD_WORDS, Hold, Paper, Quality
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError, NotFound


def hold(services: Services, login: str, inbound_id: int, kind: Hold, reason: str) -> None:
    """Keep the paper until the hold is lifted. For a lawsuit, paper that is released already is recalled with it.

    Raises `NotFound`, `NotPermitted`, `InputError` ('reason-missing'), `Conflict` ('original-held',
    'original-released': it must be recalled instead, 'original-gone').
    """
    reason = _given(reason)
    with services.db.transaction() as session:
        who = actor(session, login)
        row = paper(session, services, inbound_id)
        require_paper(who, row, _action(kind))
        if kind is Hold.LITIGATION and row.facts.paper is Paper.RELEASED:
            recall_within(session, services, inbound_id, f"{HOLD_WORDS[kind]}: {reason}", login)
        else:
            _must_be_kept(row)
        if kind in row.facts.holds:
            raise Conflict("original-held", "Das Original ist aus diesem Grund schon festgehalten.")
        add_hold(session, services, inbound_id, kind, reason, login)
        audit(
            session, services, login, "original-held", f"inbound-{inbound_id}", reason=reason, kind=kind.value
        )


def let_go(services: Services, login: str, hold_id: int, reason: str) -> int:
    """Lift a hold; the inbound document's id. Raises `NotFound` ('hold-unknown'), `NotPermitted`, `InputError`."""
    reason = _given(reason)
    with services.db.transaction() as session:
        who = actor(session, login)
        found = session.get(OriginalHold, hold_id)
        if found is None or found.lifted_at is not None:
            raise NotFound("hold-unknown", "Dieser Grund besteht nicht mehr. Bitte neu laden.")
        inbound_id = found.inbound_id
        require_paper(who, paper(session, services, inbound_id), _action(found.kind))
        lift_hold(session, services, found, reason, login)
    return inbound_id


def compare(services: Services, login: str, inbound_id: int, found: Quality, reason: str = "") -> None:
    """A person compared the scan with what it must show. A later finding replaces an earlier one, with a reason.

    Of a bad scan the scan site is told, as of every finding (TR-03138 A.NB.3): it is to scan the paper again.

    Raises `NotFound`, `NotPermitted`, `InputError` ('reason-missing'), `Conflict` ('original-gone').
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        row = paper(session, services, inbound_id)
        require_paper(who, row)
        if row.facts.delivered_on is None:
            raise Conflict("scan-not-taken", "Dieser Scan wurde nicht übernommen; es gibt nichts zu prüfen.")
        if row.facts.quality is found:
            return
        if found is Quality.REJECTED or row.facts.quality is not None:
            reason = _given(reason)
        _set_quality(session, services, row, found, login)
        said = ": ".join(filter(None, ["gut" if found is Quality.OK else "beanstandet", reason]))
        note(session, services, inbound_id, OriginalEventKind.CHECKED, login, said)
        if found is Quality.REJECTED and row.facts.paper in _AT_THE_SITE:
            ask_again(session, services, who, inbound_id)
        audit(
            session,
            services,
            login,
            "scan-compared",
            f"inbound-{inbound_id}",
            reason=reason,
            found=found.value,
        )


_AT_THE_SITE = frozenset({Paper.KEPT, Paper.RELEASED})
"""Where there is paper to scan again, and nobody waits for it here."""


def _set_quality(session: Session, services: Services, row: PaperRow, found: Quality, login: str) -> None:
    papers = table_of(Original)
    statement = update(papers).where(
        papers.c.inbound_id == row.inbound_id, papers.c.quality.is_not_distinct_from(row.facts.quality)
    )
    values = {"quality": found, "quality_by": login, "quality_at": services.clock.now()}
    if session.connection().execute(statement.values(**values)).rowcount != 1:
        raise Conflict("state-changed", "Inzwischen hat jemand anders geprüft. Bitte neu laden.")


def _action(kind: Hold) -> Action:
    """A lawsuit is the office's matter, and so is the end of it."""
    return Action.LOCK_DELETION if kind is Hold.LITIGATION else Action.ASSIGN_INBOUND


def _must_be_kept(row: PaperRow) -> None:
    if row.facts.paper is Paper.RELEASED:
        raise Conflict(
            "original-released",
            "Das Original ist schon zur Vernichtung freigegeben. Bitte zurückfordern, solange es nicht vernichtet ist.",
        )
    if row.facts.paper is not Paper.KEPT:
        raise Conflict("original-gone", "Das Original liegt nicht mehr bei der Scanstelle.")


def _given(reason: str) -> str:
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    return reason.strip()[:500]
