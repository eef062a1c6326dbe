"""Sweeping: what is old enough to be looked at, of every kind, and what keeps it. Reads in chunks, by id.

The queries only narrow down; `domain.retention` decides. Dropping a single document is here, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from gateway.application.reads.case_keys import inbound_document_key
from gateway.application.reads.scans import placing_of
from gateway.application.retention.concluding import facts_of, is_locked, was_signed
from gateway.application.retention.departing import Leaving, finish, intend, prove
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Document, Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.mailings import Mailing
from gateway.db.retention import ContentDeparture, LetterRetention
from gateway.db.tokens import ApiAnswer
from gateway.domain.filing.filing import inbound_filing_key
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import REPLACEABLE
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.retention import Facts, Keep, Kind, RetentionRule, together, what_keeps

_CHUNK = 200
_ORPHANS: Mapping[Kind, frozenset[str | None]] = {
    Kind.DRAFT: frozenset({None, "enclosure", FINISHED_PDF}),
    Kind.UPLOAD: frozenset({"upload"}),
}
"""Which documents may be orphans: those that a template made have no kind. All others never go by this way."""
Found = Iterator[tuple[str, Keep | None]]


def letters(services: Services, rule: RetentionRule) -> Found:
    """Approved letters that still have their content."""
    yield from _letters(services, rule, signed=True)


def drafts(services: Services, rule: RetentionRule) -> Found:
    """Letters that were cancelled without ever being approved."""
    yield from _letters(services, rule, signed=False)


def _letters(services: Services, rule: RetentionRule, *, signed: bool) -> Found:
    old = func.coalesce(Letter.approved_at, Letter.created_at) < before(services, rule)
    query = select(Letter.id).where(
        old,
        col(Letter.state).in_((LetterState.BATCHED, LetterState.CANCELLED)),
        ~select(LetterRetention.letter_id).where(col(LetterRetention.letter_id) == Letter.id).exists(),
    )

    def judge(session: Session, letter_id: int) -> Facts | None:
        letter = session.get_one(Letter, letter_id)
        return facts_of(session, services, letter) if was_signed(session, letter) is signed else None

    yield from judged(services, rule, query, Letter.id, judge)


def print_copies(services: Services, rule: RetentionRule) -> Found:
    """Pieces whose print copy is here."""
    query = (
        select(MailPiece.id)
        .join(Document, col(Document.sha256) == MailPiece.print_sha256)
        .where(Document.created_at < before(services, rule), ~departed(MailPiece.print_sha256))
    )

    def judge(session: Session, piece_id: int) -> Facts:
        carried = select(Recipient.letter_id).where(Recipient.mail_piece_id == piece_id)
        found = session.exec(select(Letter).where(col(Letter.id).in_(carried))).all()
        return together([facts_of(session, services, letter) for letter in found])

    yield from judged(services, rule, query, MailPiece.id, judge)


def drop_print_copy(services: Services, rule: RetentionRule, name: str) -> int:
    """The print copy of a piece."""
    with services.db.reading() as session:
        piece = session.get_one(MailPiece, int(name))
    return drop(services, Leaving(piece.print_sha256 or "", rule.kind, piece.reference))


def orphans(services: Services, rule: RetentionRule) -> Found:
    """Documents to which no row refers: renderings that a newer one replaced, and files as they were handed in."""
    sha256 = table_of(Document).c.sha256
    unused = (~select(column).where(column == sha256).exists() for column in _columns_that_refer())
    query = (
        select(Document)
        .where(Document.created_at < before(services, rule), ~departed(Document.sha256), *unused)
        .order_by(col(Document.sha256))
        .limit(_CHUNK)
    )
    kinds, after = _ORPHANS[rule.kind], ""
    while True:
        with services.db.reading() as session:
            rows = session.exec(query.where(col(Document.sha256) > after)).all()
        if not rows:
            return
        after = rows[-1].sha256
        for row in rows:
            if row.versions.get("kind") in kinds:
                yield row.sha256, what_keeps(rule, Facts(services.day_of(row.created_at)), services.today())


def _columns_that_refer() -> list[Any]:
    """Every column of any table that names a document, so that a new table needs no word here."""
    sha256 = table_of(Document).c.sha256
    return [
        column
        for table in SQLModel.metadata.sorted_tables
        if table is not table_of(ContentDeparture)
        for column in table.columns
        if any(key.column is sha256 for key in column.foreign_keys)
    ]


def drop_document(services: Services, rule: RetentionRule, name: str) -> int:
    """A document to which nothing refers."""
    return drop(services, Leaving(name, rule.kind, f"document:{name[:16]}"))


def scans(services: Services, rule: RetentionRule) -> Found:
    """Scans that are filed and still here."""
    query = select(InboundDocument.id).where(
        col(InboundDocument.state).in_((InboundState.ASSIGNED, InboundState.REPLACED)),
        col(InboundDocument.filed_at) < before(services, rule),
        col(InboundDocument.sha256).is_not(None),
        ~departed(InboundDocument.sha256),
    )

    def judge(session: Session, inbound_id: int) -> Facts:
        scan = session.get_one(InboundDocument, inbound_id)
        twice = select(InboundDocument.id).where(
            InboundDocument.sha256 == scan.sha256,
            InboundDocument.id != scan.id,
            col(InboundDocument.filed_at).is_(None),
        )
        return Facts(
            services.day_of(scan.filed_at) if scan.filed_at else None,
            locked=is_locked(session, scan.case_id),
            filed=True,
            in_use=session.exec(twice.limit(1)).first() is not None,
        )

    yield from judged(services, rule, query, InboundDocument.id, judge)


def drop_scan(services: Services, rule: RetentionRule, name: str) -> int:
    """A scan, after the case file gave it back."""
    with services.db.reading() as session:
        scan = session.get_one(InboundDocument, int(name))
        placing = placing_of(session, int(name))
    leaving = Leaving(
        scan.sha256 or "",
        rule.kind,
        f"inbound-{name}",
        scan.case_id,
        inbound_document_key(scan.document_id, placing),
        inbound_filing_key(scan.source, scan.document_id, placing),
    )
    return drop(services, leaving)


def mailings(services: Services, rule: RetentionRule) -> Found:
    """Tables that were checked, and nobody decided."""
    query = select(Mailing.id).where(
        col(Mailing.state).in_(REPLACEABLE), Mailing.created_at < before(services, rule)
    )
    yield from _aged(services, rule, query, Mailing.id)


def answers(services: Services, rule: RetentionRule) -> Found:
    """Idempotency keys."""
    query = select(ApiAnswer.id).where(ApiAnswer.made_at < before(services, rule))
    yield from _aged(services, rule, query, ApiAnswer.id)


def drop(services: Services, leaving: Leaving) -> int:
    """A single document, proven in the case file before if it is to be there. Raises what `prove` raises."""
    confirmed = prove(services, [leaving])
    with services.db.transaction() as session:
        if not is_locked(session, leaving.case_id):
            intend(session, [leaving], confirmed, services)
    return finish(services, leaving.subject)


def _aged(services: Services, rule: RetentionRule, query: Any, column: Any) -> Found:
    """What only its age decides about; the query has seen to that."""
    ended = rule.cut_off(services.today())
    yield from judged(services, rule, query, column, lambda _session, _id: Facts(ended))


def judged(
    services: Services,
    rule: RetentionRule,
    query: Any,
    column: Any,
    judge: Callable[[Session, int], Facts | None],
) -> Found:
    """The ids of a query in chunks, and what keeps each; `judge` None: there is nothing to delete."""
    after = 0
    while True:
        with services.db.reading() as session:
            ids: Sequence[int] = session.exec(
                query.where(col(column) > after).order_by(col(column)).limit(_CHUNK)
            ).all()
            facts = [(each, judge(session, each)) for each in ids]
        if not ids:
            return
        after = ids[-1]
        yield from (
            (str(each), what_keeps(rule, known, services.today())) for each, known in facts if known is not None
        )


def departed(column: Any) -> Any:
    """The bytes named there have left, or are about to."""
    return (
        select(ContentDeparture.document_sha256)
        .where(col(ContentDeparture.document_sha256) == col(column))
        .exists()
    )


def before(services: Services, rule: RetentionRule) -> datetime:
    """Until the end of the last day that is old enough."""
    day: date = rule.cut_off(services.today()) + timedelta(days=1)
    return datetime.combine(day, time(0), services.schedule.zone)
