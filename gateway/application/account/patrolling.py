"""Patrolling (*Rundgang*): what is stored is read again and proven, a bounded part at a time, the longest unseen first.

Three places: the bytes in the document store against their hash; what the case file gives back against what was filed;
and the rows of every copy against one another. What is found stands in the rows until it is healed, and the account
names its letters. A pass that is killed has lost nothing but its last part.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, delete

from gateway.application.account.copies import copies
from gateway.application.reads.case_keys import case_ref
from gateway.application.runs.settling import folded
from gateway.application.services import Services
from gateway.db.certificates import RunCertificate
from gateway.db.columns import columns, in_chunks
from gateway.db.files import Filing
from gateway.db.letters import Document, Recipient
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import Case, Office
from gateway.db.retention import ContentDeparture
from gateway.db.sweeps import SweepFinding, SweepRound
from gateway.domain.account.sweep import DAMAGED, FILED_DIFFERS, FILED_MISSING, MISSING, STATUS_DIFFERS, Place
from gateway.errors import CaseFileError, IntegrityError, NotFound
from gateway.ports.casefile import CaseRef

_ALL = 10**9


@dataclass(frozen=True)
class Swept:
    """What a pass looked at, in each place, and what it found there; `open` are all findings that stand."""

    documents: int
    filed: int
    copies: int
    found: int
    open: int


@dataclass(frozen=True)
class SweepState:
    """How far the sweep is: what is not looked at for longer than the rules allow, and when a round ended last."""

    documents_overdue: int
    filed_overdue: int
    rows_checked_at: datetime | None
    findings: int


def sweep(services: Services, *, everything: bool = False) -> Swept:
    """One pass: at most as many documents, filed documents and copies as the rules say; or `everything`, at once."""
    rules = services.sweep
    most = (
        (_ALL, _ALL, _ALL) if everything else (rules.documents_a_pass, rules.filed_a_pass, rules.copies_a_pass)
    )
    stored = _sweep_store(services, most[0])
    filed = _sweep_case_file(services, most[1])
    rows = _sweep_rows(services, most[2], begin=everything)
    bad = sum(1 for each in (stored, filed, rows) for fault in each.values() if fault)
    return Swept(len(stored), len(filed), len(rows), bad, sweep_state(services).findings)


def sweep_state(services: Services) -> SweepState:
    """Whether everything was looked at in the time that the rules give."""
    since = services.clock.now() - timedelta(days=services.sweep.everything_within_days)
    with services.db.reading() as session:
        old = (
            columns(func.count())
            .select_from(Document)
            .where(_before(Document, since), Document.created_at < since)
        )
        filed = (
            columns(func.count())
            .select_from(Filing)
            .where(col(Filing.document_key).is_not(None), _before(Filing, since), col(Filing.filed_at) < since)
        )
        rounds = columns(SweepRound.finished_at).where(SweepRound.place == Place.ROWS)
        findings = columns(func.count(col(SweepFinding.id)))
        return SweepState(
            session.execute(old).scalar_one(),
            session.execute(filed).scalar_one(),
            session.execute(rounds).scalar_one_or_none(),
            session.execute(findings).scalar_one(),
        )


def _before(model: type[Document] | type[Filing], since: datetime) -> object:
    return col(model.checked_at).is_(None) | (col(model.checked_at) < since)


def _sweep_store(services: Services, most: int) -> dict[str, str | None]:
    """Read documents, and the certificates of runs, which have no row of their own among the documents."""
    with services.db.reading() as session:
        oldest = columns(Document.sha256).order_by(col(Document.checked_at).nulls_first(), col(Document.sha256))
        hashes = list(session.execute(oldest.limit(most)).scalars())
        hashes += _certificates(session, services.clock.now(), services)
    looked = dict(
        zip(hashes, services.for_each(lambda each: _stored_fault(services, each), hashes), strict=True)
    )
    looked = _without_departed(services, looked)
    with services.db.transaction() as session:
        _write(session, services, Place.STORE, looked)
        for some in in_chunks(hashes):
            seen = update(Document).where(col(Document.sha256).in_(some))
            session.execute(seen.values(checked_at=services.clock.now()))
    return looked


def _without_departed(services: Services, looked: Mapping[str, str | None]) -> dict[str, str | None]:
    """What left by its rule of retention is not missing."""
    gone = [sha256 for sha256, fault in looked.items() if fault == MISSING]
    departed: set[str] = set()
    with services.db.reading() as session:
        for some in in_chunks(gone):
            left = columns(ContentDeparture.document_sha256)
            departed |= set(
                session.execute(left.where(col(ContentDeparture.document_sha256).in_(some))).scalars()
            )
    return {sha256: None if sha256 in departed else fault for sha256, fault in looked.items()}


def _certificates(session: Session, now: datetime, services: Services) -> list[str]:
    """Those of a day in turn: as many as come due in each pass, by the age of the run."""
    every = list(session.execute(columns(RunCertificate.sha256).order_by(col(RunCertificate.id))).scalars())
    days = max(1, services.sweep.everything_within_days)
    turn = now.toordinal() % days
    return every[turn::days] if len(every) > days else every


def _stored_fault(services: Services, sha256: str) -> str | None:
    try:
        services.blobs.get(sha256)
    except NotFound:
        return MISSING
    except IntegrityError:
        return DAMAGED
    return None


def _sweep_case_file(services: Services, most: int) -> dict[str, str | None]:
    """Fetch filed documents back. A case file that is away says nothing about them: they stay as they were."""
    with services.db.reading() as session:
        oldest = (
            columns(Filing.key, Filing.document_key, Filing.sha256, Case, Office)
            .join(Case, col(Case.id) == Filing.case_id)
            .join(Office, col(Office.id) == Case.office_id)
            .where(col(Filing.document_key).is_not(None), col(Filing.filed_at).is_not(None))
            .order_by(col(Filing.checked_at).nulls_first(), col(Filing.id))
        )
        rows = session.execute(oldest.limit(most)).all()
    looked: dict[str, str | None] = {}
    for key, document_key, sha256, case, office in rows:
        try:
            looked[key] = _filed_fault(services, case_ref(case, office), document_key, sha256)
        except CaseFileError:
            continue
    with services.db.transaction() as session:
        _write(session, services, Place.CASE_FILE, looked)
        for some in in_chunks(list(looked)):
            seen = update(Filing).where(col(Filing.key).in_(some))
            session.execute(seen.values(checked_at=services.clock.now()))
    return looked


def _filed_fault(services: Services, case: CaseRef, document_key: str, sha256: str) -> str | None:
    try:
        content = services.casefile.fetch(case, document_key)
    except NotFound:
        return FILED_MISSING
    except IntegrityError as error:
        return FILED_MISSING if error.code == "case-file-document-missing" else FILED_DIFFERS
    return None if hashlib.sha256(content).hexdigest() == sha256 else FILED_DIFFERS


def _sweep_rows(services: Services, most: int, *, begin: bool) -> dict[str, str | None]:
    """Go on with the copies after those of the last pass; at the end a new round begins."""
    with services.db.reading() as session:
        place = session.execute(columns(SweepRound).where(SweepRound.place == Place.ROWS)).scalar_one_or_none()
        after = int(place.position or 0) if place and not begin else 0
        ids = list(
            session.execute(
                columns(Recipient.id).where(col(Recipient.id) > after).order_by(col(Recipient.id)).limit(most)
            ).scalars()
        )
        looked: dict[str, str | None] = {}
        if ids:
            between = (col(Recipient.id) > after, col(Recipient.id) <= ids[-1])
            looked = {str(copy.id): copy.broken for copy in copies(session, *between)}
            for copy_id in _folded_otherwise(session, ids):
                looked[str(copy_id)] = looked.get(str(copy_id)) or STATUS_DIFFERS
    with services.db.transaction() as session:
        _write(session, services, Place.ROWS, looked)
        _go_on(session, services, ids[-1] if len(ids) == most else None)
    return looked


def _folded_otherwise(session: Session, ids: list[int]) -> Iterable[int]:
    """Copies whose submission does not say what its events fold to."""
    for some in in_chunks(ids):
        query = (
            columns(Recipient.id, Submission, MailPiece, Posting)  # `folded` finds the posting in the session
            .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
            .join(Submission, col(Submission.piece_id) == MailPiece.id)
            .outerjoin(Posting, col(Posting.piece_id) == MailPiece.id)
            .where(col(Recipient.id).in_(some))
        )
        for copy_id, submission, piece, _posting in session.execute(query):
            if folded(session, submission, piece)[0] is not submission.status:
                yield copy_id


def _go_on(session: Session, services: Services, last: int | None) -> None:
    """Remember where the next pass begins; `last` None: the round is over."""
    place = session.execute(columns(SweepRound).where(SweepRound.place == Place.ROWS)).scalar_one_or_none()
    now = services.clock.now()
    place = place or SweepRound(place=Place.ROWS)
    if not place.position:
        place.began_at = now
    place.position = str(last) if last is not None else ""
    if last is None:
        place.finished_at = now
    session.add(place)


def _write(session: Session, services: Services, place: Place, looked: Mapping[str, str | None]) -> None:
    """What was looked at has the finding that it has now, or none."""
    for some in in_chunks(list(looked)):
        session.execute(
            delete(SweepFinding).where(col(SweepFinding.place) == place, col(SweepFinding.subject).in_(some))
        )
    for subject, fault in looked.items():
        if fault is not None:
            session.add(SweepFinding(place=place, subject=subject, fault=fault, found_at=services.clock.now()))
