"""The parts of a posting file, one function a proof: bytes as they are stored, and rows as they stand.

What concerns other people stays out: a print copy that several cases share is named by its hash only, of a run's
certificate only the line of the piece is copied.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.evidence.evidence_chain import sealed_trail, stretches
from gateway.application.evidence.evidence_posting import posting_parts, proof_parts
from gateway.application.evidence.evidence_rows import as_row, rows_part
from gateway.application.reads.case_keys import (
    case_ref,
    enclosure_document_key,
    letter_document_key,
    twin_document_key,
)
from gateway.application.reads.companions import signed_companions
from gateway.application.reads.showing import LetterView
from gateway.application.runs.diversions import Diversion, diversions
from gateway.application.services import Services
from gateway.application.views.opening import document_content
from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.engine import row_id
from gateway.db.files import Filing
from gateway.db.letters import Approval, Document, Letter, Recipient
from gateway.db.mail import Batch, Consignment, MailPiece, Run, StatusEvent, Submission
from gateway.db.people import Case, Office, User
from gateway.db.retention import ContentDeparture
from gateway.db.templates import TemplateVersion
from gateway.domain.account.evidence import Part
from gateway.domain.letters.accessible import CompanionKind
from gateway.errors import NotFound


@dataclass(frozen=True)
class Subject:
    """The letter that the posting file is about, and what hangs on it."""

    session: Session
    services: Services
    letter: Letter
    case: Case
    office: Office
    recipients: Sequence[Recipient]
    view: LetterView


def all_parts(subject: Subject) -> Iterator[Part]:
    """Every part, in the order of the letter's life."""
    for recipient in subject.recipients:
        yield from _documents(subject, recipient)
    yield from _enclosures(subject)
    yield rows_part("freigaben.json", "Wer welche Bytes wann freigegeben hat", _approvals(subject))
    yield rows_part(
        "vorlage.json", "Vorlagenversion und Programmversionen, mit denen es entstand", _origin(subject)
    )
    for recipient in subject.recipients:
        if recipient.mail_piece_id is not None:
            yield from _piece_parts(subject, recipient.number, recipient.mail_piece_id)
    yield rows_part(
        "fristen.json",
        "Bekanntgabe und Fristende je Empfänger, mit Gründen und Paragraphen",
        [
            {"recipient": one.number, **one.assessment.as_json()}
            for one in subject.view.recipients
            if one.assessment
        ],
    )
    yield rows_part("ablage.json", "Was die Akte wann bestätigt hat", _filings(subject))
    if subject.view.left is not None:
        what = "Was nach den Aufbewahrungsregeln hier gelöscht ist und wann; die Akte hat es"
        yield rows_part("aufbewahrung.json", what, _left(subject))
    trail = sealed_trail(subject.session, [subject.letter.reference, *_pieces(subject)])
    yield rows_part("protokoll.json", "Wer was wann an diesem Schreiben getan hat, mit Siegeln", trail)
    what = "Kette der Siegel bis zum nächsten Anker; von Einträgen zu anderen Schreiben nur die Prüfsumme"
    yield rows_part("kette.json", what, stretches(subject.session, subject.services, trail))


def _pieces(subject: Subject) -> list[str]:
    """References of the mail pieces, which stand in the trail as well."""
    return [one.piece for one in subject.view.recipients if one.piece]


def _documents(subject: Subject, recipient: Recipient) -> Iterator[Part]:
    """The approved document of a recipient, and its accessible copy."""
    number, reference = recipient.number, subject.letter.reference
    approved = _approval(subject.session, recipient)
    if approved is None:
        return
    key = letter_document_key(reference, number, recipient.signing)
    content = _content(subject, approved.document_sha256, key)
    yield Part(f"dokument-{number}.pdf", f"Das freigegebene Schreiben an Empfänger {number}", content)
    for twin in signed_companions(subject.session, row_id(recipient), CompanionKind.TWIN):
        key = twin_document_key(reference, number, recipient.signing)
        content = _content(subject, twin.document_sha256, key)
        yield Part(f"abschrift-{number}.pdf", f"Barrierefreie Abschrift für Empfänger {number}", content)


def _enclosures(subject: Subject) -> Iterator[Part]:
    """Enclosures are the same for all recipients."""
    if not subject.recipients:
        return
    first = subject.recipients[0]
    signed = signed_companions(subject.session, row_id(first), CompanionKind.ENCLOSURE)
    for number, enclosure in enumerate(signed, start=1):
        key = enclosure_document_key(subject.letter.reference, number, first.signing)
        content = _content(subject, enclosure.document_sha256, key)
        yield Part(f"anlage-{number}.pdf", f"Anlage {number}: {enclosure.title}", content)


def _if_here(subject: Subject, sha256: str) -> bytes | None:
    """A print copy leaves soon by its rule, and no case file has it; its hash stays in the row of the piece."""
    with suppress(NotFound):
        return subject.services.blobs.get(sha256)
    return None


def _piece_parts(subject: Subject, number: int, piece_id: int) -> Iterator[Part]:
    session = subject.session
    piece = session.get_one(MailPiece, piece_id)
    if piece.print_sha256 is not None and _is_alone(session, subject, piece_id):
        what = f"Was für Empfänger {number} gedruckt wurde, mit den Codes jedes Blattes"
        content = _if_here(subject, piece.print_sha256)
        if content is not None:
            yield Part(f"druckkopie-{number}.pdf", what, content)
    yield rows_part(
        f"sendung-{number}.json",
        f"Sendung an Empfänger {number}: Tageslauf, Charge, Umschlag, Prüfung vor der Übergabe",
        _piece(subject, piece),
    )
    submissions = _submissions(session, piece.reference)
    moved = [each for each in diversions(session, subject.letter.reference) if each.recipient == number]
    yield rows_part(
        f"uebergabe-{number}.json",
        "Übergabe an den Druckdienstleister, auch zurückgenommene und die vor einer Umleitung",
        [
            _submission(session, submission)
            for reference in (*(each.replaces for each in moved), piece.reference)
            for submission in _submissions(session, reference)
        ],
    )
    if moved:
        what = "Umleitungen zu einem anderen Druckdienstleister: aus welcher Sendung in welche, und warum"
        yield rows_part(f"umleitung-{number}.json", what, [_diversion(each) for each in moved])
    yield rows_part(
        f"statusmeldungen-{number}.json",
        "Antworten und Meldungen des Druckdienstleisters, unverändert",
        [as_row(event) for submission in submissions for event in _events(session, submission)],
    )
    yield from posting_parts(session, subject.services, number, piece_id)
    yield from proof_parts(session, subject.services, number, piece_id)


def _approvals(subject: Subject) -> list[dict[str, Any]]:
    """Also what was signed before a letter was healed: it counts no more, but it happened."""
    query = (
        select(Approval, Recipient.number, User)
        .join(Recipient, col(Recipient.id) == Approval.recipient_id)
        .join(User, col(User.id) == Approval.approved_by_id)
        .where(Recipient.letter_id == subject.letter.id)
        .order_by(col(Approval.id))
    )
    return [
        as_row(approval) | {"recipient": number, "approved_by": user.login, "name": user.name}
        for approval, number, user in subject.session.exec(query).all()
    ]


def _origin(subject: Subject) -> dict[str, Any]:
    letter, session = subject.letter, subject.session
    version = session.exec(
        select(TemplateVersion).where(
            TemplateVersion.template == letter.template, TemplateVersion.version == letter.template_version
        )
    ).one_or_none()
    hashes = {one.document_sha256 for one in subject.recipients if one.document_sha256}
    documents = [session.get(Document, sha256) for sha256 in sorted(hashes)]
    return {
        "template": letter.template,
        "template_version": letter.template_version,
        "published": as_row(version, "findings") if version else None,
        "documents": [as_row(document) for document in documents if document],
    }


def _piece(subject: Subject, piece: MailPiece) -> dict[str, Any]:
    session = subject.session
    batch = session.get_one(Batch, piece.batch_id)
    run = session.get_one(Run, batch.run_id)
    return {
        "piece": as_row(piece),
        "shared_with_other_letters": not _is_alone(session, subject, row_id(piece)),
        "run": as_row(run),
        "batch": {"provider": batch.provider, "service": batch.service.value},
        "certificate": _certificate(subject, piece),
    }


def _certificate(subject: Subject, piece: MailPiece) -> dict[str, Any] | None:
    """The piece's own line of the certificate of its run; the document's other lines are other people's."""
    line = subject.session.get(PieceCertificate, piece.id)
    if line is None:
        return None
    certificate = subject.session.get_one(RunCertificate, line.certificate_id)
    found: dict[str, Any] = {"sha256": certificate.sha256, "made_at": certificate.made_at.isoformat()}
    if subject.services.blobs.has(certificate.sha256):
        document = json.loads(subject.services.blobs.get(certificate.sha256))
        found |= {name: document[name] for name in ("checked", "tools", "profiles")}
        found["result"] = next(one for one in document["pieces"] if one["reference"] == piece.reference)
    return found


def _submission(session: Session, submission: Submission) -> dict[str, Any]:
    consignment = session.get(Consignment, submission.consignment_id) if submission.consignment_id else None
    return as_row(submission) | {"consignment": consignment.key if consignment else None}


def _submissions(session: Session, piece: str) -> Sequence[Submission]:
    query = (
        select(Submission)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(MailPiece.reference == piece)
    )
    return session.exec(query.order_by(col(Submission.id))).all()


def _diversion(moved: Diversion) -> dict[str, Any]:
    return {**asdict(moved), "at": moved.at.isoformat()}


def _events(session: Session, submission: Submission) -> Sequence[StatusEvent]:
    query = select(StatusEvent).where(StatusEvent.submission_id == submission.id)
    return session.exec(query.order_by(col(StatusEvent.occurred_at), col(StatusEvent.id))).all()


def _filings(subject: Subject) -> list[dict[str, Any]]:
    """Every filing key names its letter."""
    query = select(Filing).where(
        Filing.case_id == subject.case.id, col(Filing.key).contains(subject.letter.reference)
    )
    return [as_row(filing) for filing in subject.session.exec(query.order_by(col(Filing.id))).all()]


def _left(subject: Subject) -> dict[str, Any]:
    query = select(ContentDeparture).where(ContentDeparture.subject == subject.letter.reference)
    gone = subject.session.exec(query.order_by(col(ContentDeparture.document_sha256))).all()
    left = as_row(subject.view.left) if subject.view.left else {}
    return left | {"documents": [as_row(document) for document in gone]}


def _approval(session: Session, recipient: Recipient) -> Approval | None:
    query = select(Approval).where(Approval.recipient_id == recipient.id, Approval.signing == recipient.signing)
    return session.exec(query).one_or_none()


def _is_alone(session: Session, subject: Subject, piece_id: int) -> bool:
    """Whether no other letter lies in the envelope: its print copy shows this letter only."""
    query = select(Recipient.id).where(
        Recipient.mail_piece_id == piece_id, Recipient.letter_id != subject.letter.id
    )
    return session.exec(query).first() is None


def _content(subject: Subject, sha256: str, document_key: str) -> bytes:
    return document_content(subject.services, sha256, case_ref(subject.case, subject.office), document_key)
