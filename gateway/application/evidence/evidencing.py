"""Evidencing: the posting file of one letter, as a court would want it, in one ZIP that anyone can check.

The archived bytes, what the rows say, and a cover for people. Whoever makes one is written to the audit trail with
the hash of the archive.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.evidence.evidence_parts import Subject, all_parts
from gateway.application.reads.finding import find_letter
from gateway.application.reads.records import RecordView
from gateway.application.reads.showing import LetterView, RecipientView, left_sentences, view_of
from gateway.application.runs.diversions import Diversion, diversions
from gateway.application.services import Services
from gateway.application.trail.sealing import seal
from gateway.db.letters import Recipient
from gateway.db.people import Case, User
from gateway.domain.account.evidence import COVER, MANIFEST, SUMS, Part, PostingFile, Section, manifest, sums
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import SERVICE_WORDS, Service
from gateway.domain.references import for_people
from gateway.errors import Conflict

_CHECKER = "pruefen.py"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Entries carry no moment of their own: the same file gives the same archive."""


def posting_file(services: Services, login: str | None, reference: str) -> PostingFile:
    """Everything about one letter; `login` None is the operator at the command line.

    Raises `NotFound`, `NotPermitted`, `Conflict` ('letter-not-approved'), `IntegrityError`: bytes that are not what
    was approved are never shown as proof.
    """
    seal(services, thorough=True)
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        if login is not None:
            actor(session, login).require(Action.READ, office.key)
        if letter.approved_at is None:
            raise Conflict(
                "letter-not-approved", "Das Schreiben ist nicht freigegeben; es gibt noch nichts nachzuweisen."
            )
        recipients = session.exec(
            select(Recipient).where(Recipient.letter_id == letter.id).order_by(col(Recipient.number))
        ).all()
        case = session.get_one(Case, letter.case_id)
        view = view_of(session, services, letter, office)
        subject = Subject(session, services, letter, case, office, recipients, view)
        return PostingFile(
            letter=for_people(letter.reference),
            title=view.title,
            file_number=case.file_number,
            made_at=services.clock.now(),
            made_by=login or SYSTEM,
            sections=list(
                _sections(services, view, partial(_name, session), diversions(session, letter.reference))
            ),
            parts=list(all_parts(subject)),
        )


def packed(services: Services, file: PostingFile) -> tuple[bytes, dict[str, object]]:
    """The archive and its manifest; that it was made is audited with its hash."""
    checker = Part(_CHECKER, "Prüft diese Dateien: python3 pruefen.py", services.evidence_checker)
    parts = [*file.parts, checker]
    cover = services.evidence_cover(file, services.schedule.zone)
    parts = [Part(COVER, "Deckblatt zum Lesen", cover), *parts]
    listed = manifest(file, parts)
    said = json.dumps(listed, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
    parts.append(Part(MANIFEST, "Was jede Datei ist", said))
    archive = _zip([*parts, Part(SUMS, "Prüfsummen", sums(parts))])
    sha256 = Part(file.name, "", archive).sha256
    with services.db.transaction() as session:
        audit(
            session,
            services,
            file.made_by,
            "posting-file-made",
            file.letter.replace("-", ""),
            sha256=sha256,
            files=len(parts),
        )
    return archive, {**listed, "archive_sha256": sha256}


def _zip(parts: Sequence[Part]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(zipfile.ZipInfo(part.name, _ZIP_EPOCH), part.content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _sections(
    services: Services, view: LetterView, name: Callable[[str], str], moved: Sequence[Diversion]
) -> Iterator[Section]:
    zone = services.schedule.zone
    moment = "%d.%m.%Y, %H:%M:%S Uhr"
    written = [
        f"Datum des Schreibens (Entscheidung): {view.decision_date:%d.%m.%Y}. Vorlage {view.template}.",
        f"Verfasst von {name(view.author)}.",
    ]
    if view.approved_at and view.approved_by:
        approved = view.approved_at.astimezone(zone)
        written.append(f"Freigegeben am {approved:{moment}} von {name(view.approved_by)}.")
    if view.cancelled_at:
        written.append(f"Storniert am {view.cancelled_at.astimezone(zone):{moment}}.")
    yield Section("Schreiben", written)
    if view.left is not None:
        yield Section("Aufbewahrung", left_sentences(view.left, zone))
    for recipient in view.recipients:
        handed = recipient.handed_over_at.astimezone(zone) if recipient.handed_over_at else None
        sentences = list(_document_sentences(recipient, view.service))
        sentences += [_moved(each, zone) for each in moved if each.recipient == recipient.number]
        if handed:
            sentences.append(
                f"Übergeben an den Druckdienstleister {recipient.provider} am {handed:{moment}}, dort geführt als"
                f" {recipient.provider_reference}."
            )
        sentences += _posting_sentences(recipient, zone)
        sentences += _proof_sentences(recipient, zone)
        if recipient.assessment:
            sentences += recipient.assessment.reasons
        yield Section(f"Empfänger {recipient.number}", sentences)


def _name(session: Session, login: str) -> str:
    """Who it was, as people know them, and the login by which the rows do."""
    name = session.exec(select(User.name).where(User.login == login)).first()
    return f"{name} ({login})" if name else login


def _document_sentences(recipient: RecipientView, service: Service) -> Iterator[str]:
    in_the_window = " · ".join(recipient.address_lines) or "hier gelöscht, sie steht im Schreiben in der Akte"
    yield f"Anschrift im Fenster: {in_the_window}"
    if recipient.approved_sha256:
        yield f"Freigegebenes Dokument: SHA-256 {recipient.approved_sha256}"
    if recipient.print_sha256:
        yield f"Druckkopie: SHA-256 {recipient.print_sha256}"
    if recipient.piece:
        yield (
            f"Sendung {for_people(recipient.piece)}: {recipient.sheets} Blatt, {recipient.pages} Seiten, "
            f"Versandart {SERVICE_WORDS[service]}, {recipient.product or 'ohne Produkt'}."
        )


def _proof_sentences(recipient: RecipientView, zone: tzinfo) -> Iterator[str]:
    """What is recorded of its receipt, and where words of it are gone."""
    for proof in recipient.proofs:
        gone = f" {_gone('Namen, Ort und Begründung', proof.emptied_at, zone)}" if proof.emptied_at else ""
        yield f"Zugangsnachweis {proof.number}: {proof.said}.{gone}"


def _gone(what: str, at: datetime, zone: tzinfo) -> str:
    return f"({what} hier gelöscht am {at.astimezone(zone):%d.%m.%Y}.)"


def _moved(moved: Diversion, zone: tzinfo) -> str:
    why = f" Grund: {moved.reason}" if moved.reason else " (Der Grund ist hier gelöscht.)"
    return (
        f"Umgeleitet am {moved.at.astimezone(zone):%d.%m.%Y, %H:%M Uhr} von {moved.origin} zu {moved.target}; Sendung "
        f"{for_people(moved.replaces)} wurde nicht übergeben, an ihre Stelle trat {for_people(moved.piece)}.{why}"
    )


def _posting_sentences(recipient: RecipientView, zone: tzinfo) -> Iterator[str]:
    if recipient.posting_reported_on is None and not recipient.records:
        yield "Eine Aufgabe zur Post ist nicht gemeldet; die Übergabe an den Druckdienstleister ist keine."
    elif not recipient.records:
        day = recipient.posted_on
        yield f"Aufgabe zur Post am {day:%d.%m.%Y} gemeldet, noch nicht bestätigt: vorläufig."
    elif recipient.not_posted:
        yield f"Doch nicht zur Post gegeben. Ab-Vermerk: {_record_text(recipient.records[-1], zone)}"
    else:
        day = recipient.posted_on
        yield f"Aufgabe zur Post am {day:%d.%m.%Y}, bestätigt von {recipient.posting_confirmed_by}."
        yield f"Ab-Vermerk: {_record_text(recipient.records[-1], zone)}"


def _record_text(record: RecordView, zone: tzinfo) -> str:
    return f"{record.text} {_gone('Wortlaut', record.emptied_at, zone)}" if record.emptied_at else record.text
