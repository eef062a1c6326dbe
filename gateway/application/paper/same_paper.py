"""One paper, two numbers: a person says that a document is the new scan of one that was rejected; never guessed.

The scan site says it in its manifest (`replaces`); where it did not, the post room links the two. From then on the
newer row alone speaks for the paper: what is released, destroyed, counted and waited for. `parting` undoes mistakes.
"""

from sqlmodel import Session

from gateway.application.access.authorising import actor, audit
from gateway.application.arrivals.rejected_scans import facts_of
from gateway.application.arrivals.rescanning import settle_asked
from gateway.application.paper.paper_holds import put_holds_right
from gateway.application.reads.scans import TAKEN, find_inbound, valid_scan
from gateway.application.services import Services
from gateway.db.arrivals import RejectedClosing
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import NOT_TAKEN, InboundDocument
from gateway.domain.inbound.rejected import NotYet, why_not_close
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError

_REFUSED = {
    NotYet.NOTHING_AWAITED: (
        "nothing-awaited",
        "Auf dieses Dokument wird nicht (mehr) gewartet. Bitte die Seite neu laden.",
    ),
    NotYet.SITE_NOT_TOLD: (
        "site-not-told",
        "Die Scanstelle hat die Ablehnung noch nicht erhalten. Bitte warten, bis die Antwort übergeben ist.",
    ),
    NotYet.PAPER_NOT_SETTLED: (
        "paper-not-settled",
        "Das Papier liegt noch bei der Scanstelle. Bitte erst zurückfordern; abgeschlossen wird, wenn es im Haus ist.",
    ),
}


def link_paper(services: Services, login: str, rejected_id: int, new_id: int) -> None:
    """The document `new_id` is the new scan of the paper that `rejected_id` was of.

    Raises `NotFound`, `NotPermitted`, `InputError` ('paper-not-linkable'), `Conflict` ('paper-linked').
    """
    with services.db.transaction() as session:
        require_both(session, login)
        old, new = find_inbound(session, rejected_id), find_inbound(session, new_id)
        _refuse_nonsense(session, old, new)
        compare_and_set(session, InboundDocument, new_id, expect={"replaces_id": None}, replaces_id=rejected_id)
        settle_asked(session, services, rejected_id)
        put_holds_right(session, services)
        audit(session, services, login, "paper-linked", f"inbound-{rejected_id}", by=f"inbound-{new_id}")


def stop_waiting(services: Services, login: str, rejected_id: int, reason: str) -> None:
    """A rejected document will not come again: a person decides so, once the fate of its paper is known.

    Raises `NotFound`, `NotPermitted`, `InputError` ('reason-missing'), `Conflict` ('nothing-awaited', 'site-not-told',
    'paper-not-settled').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        require_both(session, login)
        document = find_inbound(session, rejected_id)
        facts = facts_of(session, services, document)
        if (refused := why_not_close(facts)) is not None or document.state not in NOT_TAKEN:
            raise Conflict(*_REFUSED[refused or NotYet.NOTHING_AWAITED])
        session.add(RejectedClosing(inbound_id=rejected_id, decided_by=login, decided_at=services.clock.now()))
        settle_asked(session, services, rejected_id)
        audit(
            session, services, login, "rejected-closed", f"inbound-{rejected_id}", reason=reason.strip()[:500]
        )


def require_both(session: Session, login: str) -> None:
    """What the post room may: assign, and receive. Raises `NotPermitted`."""
    who = actor(session, login)
    who.require(Action.ASSIGN_INBOUND)
    who.require(Action.RECEIVE_SCANS)


def _refuse_nonsense(session: Session, old: InboundDocument, new: InboundDocument) -> None:
    fits = old.state in NOT_TAKEN and new.state in TAKEN and old.source == new.source
    if not fits or row_id(new) in _earlier(session, old):
        text = (
            "Verknüpft wird ein abgelehntes Dokument mit einem angenommenen derselben Scanstelle. Es wurde nichts"
            " geändert; bitte die Nummer prüfen."
        )
        raise InputError("paper-not-linkable", text)
    if valid_scan(session, old) is not old:
        raise Conflict("paper-linked", "Das Dokument ist schon mit seinem neuen Scan verknüpft.")
    if new.replaces_id is not None:
        text = "Dieser Scan ist schon mit einem anderen früheren Dokument verknüpft. Es wurde nichts geändert."
        raise Conflict("paper-linked", text)


def _earlier(session: Session, document: InboundDocument) -> set[int]:
    """The document, and all in whose place it came."""
    found: set[int] = set()
    number: int | None = row_id(document)
    while number is not None and number not in found:
        found.add(number)
        number = find_inbound(session, number).replaces_id
    return found
