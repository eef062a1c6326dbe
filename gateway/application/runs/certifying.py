"""The nightly run, third step: the certificate, without which no piece is handed over.

Assembling proved every side and every code of a piece by itself. Here the pieces of a run are held against one
another: no side may carry the piece reference, letter reference, file number or BG number of another case of the
same run. A piece that does is faulted before anything leaves the house. The certificate says what was checked, how,
with which tools, and what came out for each piece; its hash stands for all of it.
"""

import json
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, cast

from sqlalchemy import Executable
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.services import Services
from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.db.people import Case
from gateway.domain.sheets.foreign_text import Identifier, IdentifierIndex, Kind, foreign
from gateway.errors import DocumentInvalid, IntegrityError, NotFound, RenderError

FAULT = "foreign-text"
SCHEMA = "run-certificate/1"
_PIECES_AT_ONCE = 1000
"""Of one certificate; a larger run has several, so that a kill loses little."""
_TOOLS = ("hybrid-mail-gateway", "pypdfium2", "pikepdf", "zxing-cpp", "weasyprint")
_CHECKS = (
    {
        "check": "sides",
        "how": "at assembling: content streams of every side compared with its document's page, backs padded blank",
    },
    {
        "check": "sheet-codes",
        "how": "at assembling: DataMatrix of every front read from the final raster, in order n of m; none on backs",
    },
    {
        "check": "address-window",
        "how": "before approval and at assembling: address visible in every position of the packet in its envelope",
    },
    {
        "check": "foreign-text",
        "how": "text of every page of the stored print copy searched for every reference and number of the run",
    },
)


@dataclass(frozen=True)
class Certified:
    """What `certify` did: the hash of the certificate and how many pieces it covers."""

    sha256: str
    pieces: int
    faulty: int


@dataclass(frozen=True)
class _Line:
    """The result of one piece."""

    piece: MailPiece
    pages_without_text: int
    found: tuple[tuple[int, Identifier], ...]

    def as_json(self, references: Mapping[int, str]) -> dict[str, object]:
        return {
            "reference": self.piece.reference,
            "print_sha256": self.piece.print_sha256,
            "pages": self.piece.pages,
            "sheets": self.piece.sheets,
            "pages_without_text": self.pages_without_text,
            "result": FAULT if self.found else "clean",
            "foreign": [
                {"page": page, "kind": identifier.kind.value, "piece": references[identifier.piece]}
                for page, identifier in self.found
            ],
        }


def certify_waiting(services: Services, progress: Callable[[int], None] | None = None) -> list[Certified]:
    """A certificate for every run that has pieces without one, whichever run that is; resumable."""
    made: list[Certified] = []
    for run_id in _runs_waiting(services):
        made.extend(certify(services, run_id))
        if progress:
            progress(sum(each.pieces for each in made))
    return made


def certify(services: Services, run_id: int) -> list[Certified]:
    """Certify the pieces of a run that have a print copy and no certificate; none if another process is at it."""
    with services.locks.try_lock(f"certify-run-{run_id}") as held:
        if not held:
            return []
        # Both of one moment: what joins the run meanwhile is certified next, and held against all that is there then.
        with services.db.reading() as session:
            waiting = array("q", _waiting(session, run_id))
            index = IdentifierIndex(_identifiers(session, run_id) if waiting else ())
        chunks = (waiting[at : at + _PIECES_AT_ONCE] for at in range(0, len(waiting), _PIECES_AT_ONCE))
        made = (_certify_chunk(services, run_id, chunk, index) for chunk in chunks)
        return [each for each in made if each is not None]


def _certify_chunk(
    services: Services, run_id: int, piece_ids: Sequence[int], index: IdentifierIndex
) -> Certified | None:
    query = (
        select(MailPiece).where(col(MailPiece.id).in_(piece_ids), *_IS_ASSEMBLED).order_by(col(MailPiece.id))
    )
    with services.db.reading() as session:
        pieces = session.exec(query).all()
        cases = _cases_by_piece(session, piece_ids)
    results = services.for_each(partial(_check, services, index, cases), pieces)
    lines = [line for line in (cast("_Line | None", result) for result in results) if line is not None]
    return _write(services, run_id, lines, index) if lines else None


def _check(
    services: Services, index: IdentifierIndex, cases: Mapping[int, frozenset[int]], piece: MailPiece
) -> _Line | None:
    """Read one print copy; None if it cannot be read now: then it has no certificate, waits, and the desk sees why."""
    try:
        texts = services.renderer.page_texts(services.blobs.get(piece.print_sha256 or ""))
    except (IntegrityError, NotFound, RenderError, DocumentInvalid) as error:
        _note(services, row_id(piece), error.code, error.message)
        return None
    own = cases.get(row_id(piece), frozenset())
    found = [
        (page, identifier)
        for page, text in enumerate(texts, start=1)
        for identifier in foreign(index.found_in(text), piece=row_id(piece), cases=own)
    ]
    return _Line(piece, sum(not text.strip() for text in texts), tuple(found))


def _note(services: Services, piece_id: int, code: str, message: str) -> None:
    live = select(Submission).where(Submission.piece_id == piece_id, col(Submission.voided_at).is_(None))
    with services.db.transaction() as session:
        for submission in session.exec(live).all():
            submission.error_code, submission.error_message = code, message


def _write(services: Services, run_id: int, lines: Sequence[_Line], index: IdentifierIndex) -> Certified:
    """The document first, then rows and faults in one transaction: a kill between them only repeats the work."""
    with services.db.reading() as session:
        run = session.get_one(Run, run_id)
        counted = select(func.count()).select_from(RunCertificate).where(RunCertificate.run_id == run_id)
        number = session.exec(counted).one() + 1
        references = _references(session, lines)
    made_at = services.clock.now()
    document = {
        "schema": SCHEMA,
        "run": {"day": run.day.isoformat(), "number": run.number, "certificate": number},
        "made_at": made_at.isoformat(),
        "checked": _CHECKS,
        "tools": {name: version(name) for name in _TOOLS},
        "profiles": {name: each.profile.version for name, each in sorted(services.providers.items())},
        "identifiers": {"looked_for": index.checkable, "not_checkable": index.not_checkable},
        "pieces": [line.as_json(references) for line in lines],
    }
    sha256 = services.blobs.put(
        json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8")
    )
    faulty = [line for line in lines if line.found]
    with services.db.transaction() as session:
        certificate = RunCertificate(
            run_id=run_id, number=number, sha256=sha256, made_at=made_at, pieces=len(lines), faulty=len(faulty)
        )
        session.add(certificate)
        session.flush()
        for line in lines:
            session.add(
                PieceCertificate(
                    piece_id=row_id(line.piece),
                    certificate_id=row_id(certificate),
                    print_sha256=line.piece.print_sha256 or "",
                    clean=not line.found,
                )
            )
        audit(
            session,
            services,
            SYSTEM,
            "run-certified",
            f"run-{run.day}-{run.number}",
            sha256=sha256,
            pieces=len(lines),
            faulty=len(faulty),
        )
        for line in faulty:
            compare_and_set(
                session,
                MailPiece,
                row_id(line.piece),
                expect={"print_sha256": line.piece.print_sha256, "fault_code": None},
                fault_code=FAULT,
                fault_message=_message(line),
            )
    return Certified(sha256, len(lines), len(faulty))


_NAMES = {
    Kind.PIECE: "eine Sendungsnummer",
    Kind.LETTER: "eine Schreibennummer",
    Kind.FILE_NUMBER: "ein Aktenzeichen",
    Kind.BG_NUMBER: "eine BG-Nummer",
}


def _message(line: _Line) -> str:
    """Without the foreign number itself: who reads this may not be allowed to know the other case."""
    page, identifier = line.found[0]
    return (
        f"Seite {page} der Sendung trägt {_NAMES[identifier.kind]} eines anderen Falls desselben Laufs. Sie wird nicht "
        "übergeben; bitte Schreiben und Anlagen prüfen, das Schreiben stornieren und neu erstellen."
    )


_IS_ASSEMBLED = (col(MailPiece.print_sha256).is_not(None), col(MailPiece.fault_code).is_(None))
_IS_WAITING = (*_IS_ASSEMBLED, col(PieceCertificate.piece_id).is_(None))
"""Assembled and not certified; a query for it joins `PieceCertificate` from outside."""


def _runs_waiting(services: Services) -> list[int]:
    query = (
        select(Batch.run_id)
        .join(MailPiece, col(MailPiece.batch_id) == Batch.id)
        .outerjoin(PieceCertificate, col(PieceCertificate.piece_id) == MailPiece.id)
        .where(*_IS_WAITING)
        .distinct()
    )
    with services.db.reading() as session:
        return sorted(session.exec(query).all())


def _waiting(session: Session, run_id: int) -> Iterator[int]:
    query = (
        select(MailPiece.id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .outerjoin(PieceCertificate, col(PieceCertificate.piece_id) == MailPiece.id)
        .where(*_IS_WAITING, Batch.run_id == run_id)
        .order_by(col(MailPiece.id))
    )
    return (piece_id for (piece_id,) in _rows(session, query))


def _identifiers(session: Session, run_id: int) -> Iterator[Identifier]:
    """Everything that names a piece, a letter or a case of the run, row by row."""
    of_run = (
        select(col(MailPiece.id)).join(Batch, col(Batch.id) == MailPiece.batch_id).where(Batch.run_id == run_id)
    )
    references = select(MailPiece.id, MailPiece.reference).where(col(MailPiece.id).in_(of_run))
    for piece, reference in _rows(session, references):
        yield Identifier(Kind.PIECE, reference, piece, piece)
    copies = col(Recipient.mail_piece_id).in_(of_run)
    one_piece = func.min(Recipient.mail_piece_id)
    letters = (
        select(Letter.reference, Letter.case_id, one_piece)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(copies)
        .group_by(col(Letter.id))
    )
    for reference, case, piece in _rows(session, letters):
        yield Identifier(Kind.LETTER, reference, case, piece)
    cases = (
        select(Case.file_number, Case.bg_number, Case.id, one_piece)
        .join(Letter, col(Letter.case_id) == Case.id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(copies)
        .group_by(col(Case.id))
    )
    for file_number, bg_number, case, piece in _rows(session, cases):
        yield Identifier(Kind.FILE_NUMBER, file_number, case, piece)
        yield Identifier(Kind.BG_NUMBER, bg_number, case, piece)


def _rows(session: Session, query: Executable) -> Iterator[Any]:
    """Fetched in parts, so that memory does not grow with the run."""
    yield from session.connection().execute(query, execution_options={"yield_per": _PIECES_AT_ONCE})


def _references(session: Session, lines: Sequence[_Line]) -> dict[int, str]:
    """Of the pieces that the foreign numbers stand for."""
    found = {identifier.piece for line in lines for _, identifier in line.found}
    query = select(MailPiece.id, MailPiece.reference).where(col(MailPiece.id).in_(found))
    return {piece_id: reference for piece_id, reference in session.exec(query) if piece_id is not None}


def _cases_by_piece(session: Session, piece_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    query = (
        select(Recipient.mail_piece_id, Letter.case_id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(col(Recipient.mail_piece_id).in_(piece_ids))
    )
    cases: dict[int, set[int]] = {}
    for piece_id, case_id in session.exec(query):
        if piece_id is not None:
            cases.setdefault(piece_id, set()).add(case_id)
    return {piece_id: frozenset(found) for piece_id, found in cases.items()}
