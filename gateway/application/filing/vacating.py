"""Vacating: what lay in a wrong file is taken out of it, so that no copy stays behind, and its log says only that.

The same for a scan that a later one replaced, see `superseding`; of that the log says what took its place.

    move (one commit)  →  the bytes are in our store  →  withdraw  →  proven gone  →  entry in the log of the old file

Found from rows and repeated until the case file confirms; a kill anywhere repeats the step, which is idempotent.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.filing import filing_rows as rows
from gateway.application.filing.filing_attempt import FilingReport, attempt, file_entry
from gateway.application.filing.recalling import bring_home
from gateway.application.filing.recalling_notes import bring_note_home
from gateway.application.reads.case_keys import case_ref, inbound_document_key
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import Filing, InboundDocument
from gateway.db.people import Case, Office
from gateway.db.placings import InboundMove
from gateway.domain.filing.filing import FilingKind, inbound_filing_key, withdrawal_filing_key
from gateway.domain.retry import wait_before
from gateway.errors import CaseFileError, NotFound
from gateway.ports.casefile import CaseRef, FilingEntry

_FIRST_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=1)
"""Shorter than for filing: as long as it fails, somebody's papers are in somebody else's file."""
TITLE = "Ein Posteingang wurde aus dieser Akte entnommen; er war falsch zugeordnet"
REPLACED = "Ein Scan wurde aus dieser Akte entnommen; ein neuer Scan desselben Papiers ist an seiner Stelle"


def moves_due(services: Services) -> list[int]:
    """Moves whose old file is not settled yet, and whose time it is."""
    now = services.clock.now()
    query = select(InboundMove.id).where(
        col(InboundMove.noted_at).is_(None),
        or_(col(InboundMove.next_attempt_at).is_(None), col(InboundMove.next_attempt_at) <= now),
    )
    with services.db.reading() as session:
        return [found for found in session.exec(query.order_by(col(InboundMove.id))) if found]


def vacate(services: Services, move_id: int, report: FilingReport) -> None:
    """Take one document out of its old file, and say so in its log. Raises `CaseFileUnavailable`."""
    with services.db.reading() as session:
        move = session.get_one(InboundMove, move_id)
        document = session.get_one(InboundDocument, move.inbound_id)
        old = _old_file(session, move)
        told = _told(session, move, document)
    if move.withdrawn_at is None:
        bring_home(services, document.sha256 or "")
        bring_note_home(services, document, move.from_case_id, move.number)
        if not _withdraw(services, move, document, old, report):
            return
    entry = FilingEntry(
        key=withdrawal_filing_key(document.source, document.document_id, move.number),
        case=old,
        kind=FilingKind.WITHDRAWAL.value,
        title=REPLACED if told else TITLE,
        occurred_at=move.moved_at,
        document_key=inbound_document_key(document.document_id, move.number),
        metadata={"file_number": old.file_number, "bg_number": old.bg_number, **told},
    )
    if file_entry(services, entry, rows.About(move.from_case_id), report):
        with services.db.transaction() as session:
            session.get_one(InboundMove, move_id).noted_at = services.clock.now()


def _withdraw(
    services: Services, move: InboundMove, document: InboundDocument, old: CaseRef, report: FilingReport
) -> bool:
    key = inbound_filing_key(document.source, document.document_id, move.number)
    document_key = inbound_document_key(document.document_id, move.number)
    _begin(services, row_id(move))

    copies = _copies(services, move, document)

    def ask() -> bool:
        for entry, name in {key: document_key, **copies}.items():
            services.casefile.withdraw(old, entry, name)
            _prove_gone(services, old, name)
        return True

    def refused(error: CaseFileError, again_at: datetime | None) -> None:
        with services.db.transaction() as session:
            row = session.get_one(InboundMove, row_id(move))
            row.error_code = error.code
            row.next_attempt_at = again_at or row.next_attempt_at

    if attempt(services, report, ask, refused) is None:
        return False
    report.withdrawn += 1
    with services.db.transaction() as session:
        row = session.get_one(InboundMove, row_id(move))
        row.withdrawn_at, row.error_code, row.next_attempt_at = services.clock.now(), None, None
        for entry in (key, *copies):
            _forget_filing(session, entry, services.clock.now())
        audit(session, services, SYSTEM, "inbound-withdrawn", f"inbound-{move.inbound_id}", filing=key)
    return True


def _copies(services: Services, move: InboundMove, document: InboundDocument) -> dict[str, str]:
    """Other entries of the old file with the same bytes, such as a proof of receipt: key → name of the document."""
    with services.db.reading() as session:
        query = select(Filing.key, Filing.document_key).where(
            Filing.case_id == move.from_case_id,
            Filing.sha256 == document.sha256,
            col(Filing.letter_id).is_not(None),
        )
        return {key: name for key, name in session.exec(query).all() if name}


def _begin(services: Services, move_id: int) -> None:
    """Count an attempt before it is made, so that a kill in it is followed by a wait, too."""
    with services.db.transaction() as session:
        row = session.get_one(InboundMove, move_id)
        row.attempts += 1
        spread = services.random_bits(8) / 256
        row.next_attempt_at = services.clock.now() + wait_before(
            row.attempts, first=_FIRST_RETRY, longest=_LONGEST_RETRY, spread=spread
        )


def _prove_gone(services: Services, old: CaseRef, document_key: str) -> None:
    """The case file says that it is done; it is asked for the document once more."""
    try:
        services.casefile.fetch(old, document_key)
    except NotFound:
        return
    raise CaseFileError(
        "withdrawal-not-complete",
        "Die Akte hat die Entnahme bestätigt, gibt das Dokument aber noch heraus. Es wird erneut versucht.",
    )


def _forget_filing(session: Session, key: str, at: datetime) -> None:
    """The entry is not in any file any more; nothing is to be fetched back or tried again."""
    row = session.exec(select(Filing).where(Filing.key == key)).first()
    if row is not None:
        row.withdrawn_at = at
        row.document_key = row.sha256 = row.error_code = row.next_attempt_at = row.failing_since = None


def _told(session: Session, move: InboundMove, document: InboundDocument) -> dict[str, object]:
    """Of a scan that was replaced within its file, what it was; of one that never belonged there, nothing."""
    new = session.get(InboundDocument, move.replaced_by_id) if move.replaced_by_id else None
    if new is None or new.case_id != move.from_case_id:
        return {}
    return {
        "item_id": document.document_id,
        "sha256": document.sha256 or "",
        "received_on": document.received_on.isoformat(),
        "replaced_by": new.document_id,
    }


def _old_file(session: Session, move: InboundMove) -> CaseRef:
    case = session.get_one(Case, move.from_case_id)
    return case_ref(case, session.get_one(Office, case.office_id))
