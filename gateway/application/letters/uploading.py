"""Finished PDFs (*fertige PDF*) of line-of-business software: taken in as letters, and from then on like every letter.

The address is read out of the window and must be that of somebody who receives the letters of the case, or a person
says who it is, and then a second one approves. The bytes as they came are kept beside the repaired ones, which are
what is checked, approved and printed. Nothing is ever rendered.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.addresses.suspending import settle_suspension
from gateway.application.letters.addressing import freeze, salutation
from gateway.application.letters.drafting import content_hash, refuse_duplicate
from gateway.application.letters.rendering import remember_document, render_letter
from gateway.application.letters.taking import Taken, take_in
from gateway.application.reads.finding import find_case
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Case, CaseMember, Person, Representative
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import Service
from gateway.errors import AddressInvalid, Conflict, DocumentInvalid, InputError, NotFound

MAX_TITLE = 120


@dataclass(frozen=True)
class Upload:
    """A finished PDF and what must be said with it.

    `case` is a reference or file number. `recipient` is a person's reference, given only where the window does not
    show an address on record. A decision is approved by a second person; `remedy_notice` False if it lacks one.
    """

    pdf: bytes = field(repr=False)
    case: str
    title: str
    decision: bool = False
    remedy_notice: bool = True
    recipient: str | None = None
    decision_date: date | None = None

    @property
    def original_sha256(self) -> str:
        """Hash of the bytes as they came."""
        return hashlib.sha256(self.pdf).hexdigest()


@dataclass(frozen=True)
class _Addressed:
    """Who receives it, and the address as it stands in the window."""

    person_id: int
    lines: Sequence[str]
    salutation: str
    country: str
    chosen: bool
    """The window shows another address than the one on record; a person said that it is right."""


def import_letter(services: Services, login: str, upload: Upload, *, accept_duplicate: bool = False) -> str:
    """Take a finished PDF in, check it, and return the reference of its letter, which is ready or faulty.

    Raises `DocumentInvalid` (all codes of `Renderer.repair`, 'address-missing', 'address-differs'), `Conflict`
    ('address-ambiguous', 'letter-probably-duplicate'), `NotFound`, `NotPermitted`, `InputError`.
    """
    title = " ".join(upload.title.split())[:MAX_TITLE]
    if not title:
        raise InputError("title-missing", "Bitte dem Schreiben einen Titel geben.")
    with services.db.reading() as session:
        _permitted(session, login, upload.case)
    taken = take_in(services, upload.pdf)
    with services.db.reading() as session:
        _, case = _permitted(session, login, upload.case)
        addressed = _addressed(session, services, case, taken, upload.recipient)
    original, repaired = services.blobs.put(upload.pdf), services.blobs.put(taken.pdf)
    with services.db.transaction() as session:
        who, case = _permitted(session, login, upload.case)
        for sha256, pdf, kind in ((original, upload.pdf, "upload"), (repaired, taken.pdf, FINISHED_PDF)):
            size, versions = len(pdf), {"kind": kind}
            remember_document(session, services, sha256, pages=taken.pages, size_bytes=size, versions=versions)
        letter = _letter(services, who, case, upload, title, taken, repaired, addressed)
        letter.duplicate_accepted = accept_duplicate
        session.add(letter)
        session.flush()
        if not accept_duplicate:
            refuse_duplicate(session, services, letter)
        session.add(_recipient(letter, addressed, repaired))
        session.flush()
        settle_suspension(session, services, letter)
        audit(session, services, who.login, "letter-imported", letter.reference, original_sha256=original)
        if addressed.chosen:
            audit(
                session, services, who.login, "recipient-chosen", letter.reference, recipient=upload.recipient
            )
        reference = letter.reference
    render_letter(services, reference)
    return reference


def imported_before(services: Services, upload: Upload) -> str | None:
    """The reference of the letter that this very file became in this case, unless it was cancelled."""
    with services.db.reading() as session:
        case, _ = find_case(session, upload.case)
        query = select(Letter.reference).where(
            Letter.content_sha256 == _content(case, upload.original_sha256),
            Letter.state != LetterState.CANCELLED,
        )
        return session.exec(query.limit(1)).first()


def _permitted(session: Session, login: str, reference: str) -> tuple[Actor, Case]:
    who = actor(session, login)
    case, office = find_case(session, reference)
    who.require(Action.WRITE_LETTER, office.key)
    return who, case


def _addressed(
    session: Session, services: Services, case: Case, taken: Taken, recipient: str | None
) -> _Addressed:
    shown = services.renderer.preflight(taken.pdf, services.provider.profile, None).address
    if not shown:
        raise DocumentInvalid(
            "address-missing",
            "Im Anschriftfeld der ersten Seite steht kein lesbarer Text. Bitte das PDF mit Anschrift neu erzeugen.",
        )
    persons = _receivers(session, case) if recipient is None else [_person_of_case(session, case, recipient)]
    found = [addressed for person in persons if (addressed := _if_shown(services, taken, person))]
    if len(found) == 1:
        return found[0]
    if found:
        raise Conflict(
            "address-ambiguous",
            "Die Anschrift im Fenster passt auf mehrere Personen des Falls. Bitte den Empfänger ausdrücklich wählen.",
        )
    if recipient is None:
        raise DocumentInvalid(
            "address-differs",
            "Die Anschrift im Fenster ist keine der gespeicherten Anschriften, an die Schreiben dieses Falls gehen. "
            "Bitte die Anschrift berichtigen oder den Empfänger ausdrücklich wählen.",
        )
    person = persons[0]
    return _Addressed(row_id(person), tuple(shown), salutation(person), person.country, chosen=True)


def _if_shown(services: Services, taken: Taken, person: Person) -> _Addressed | None:
    """The person, if the window shows the address on record; one that cannot stand in a window shows nowhere."""
    try:
        frozen = freeze(services, person)
    except AddressInvalid:
        return None
    lines = tuple(frozen["address_lines"])
    report = services.renderer.preflight(taken.pdf, services.provider.profile, lines)
    if any(finding.code == "address-differs" for finding in report.findings):
        return None
    return _Addressed(row_id(person), lines, frozen["salutation"], person.country, chosen=False)


def _receivers(session: Session, case: Case) -> list[Person]:
    """The addressee first, then the representatives on record."""
    representatives = select(Representative.person_id).where(Representative.case_id == case.id)
    query = select(Person).where(or_(Person.id == case.addressee_id, col(Person.id).in_(representatives)))
    return sorted(
        session.exec(query).all(), key=lambda person: (person.id != case.addressee_id, person.reference)
    )


def _person_of_case(session: Session, case: Case, reference: str) -> Person:
    members = select(CaseMember.person_id).where(CaseMember.case_id == case.id)
    is_member = select(Person).where(Person.reference == reference, col(Person.id).in_(members))
    person = session.exec(is_member).one_or_none() or next(
        (each for each in _receivers(session, case) if each.reference == reference), None
    )
    if person is None:
        raise NotFound(
            "recipient-not-in-case", "Diese Person gehört nicht zum Fall. Bitte Fall und Empfänger prüfen."
        )
    return person


def _letter(
    services: Services,
    who: Actor,
    case: Case,
    upload: Upload,
    title: str,
    taken: Taken,
    repaired: str,
    addressed: _Addressed,
) -> Letter:
    now = services.clock.now()
    return Letter(
        reference=services.new_reference(),
        case_id=row_id(case),
        office_id=case.office_id,
        author_id=who.id,
        state=LetterState.SUBMITTED,
        template=FINISHED_PDF,
        template_version=repaired[:16],
        title=title,
        service=Service.STANDARD,
        four_eyes=upload.decision or addressed.chosen,
        is_decision=upload.decision,
        has_remedy_notice=upload.decision and upload.remedy_notice,
        data={
            "original_sha256": upload.original_sha256,
            "repairs": [finding.as_json() for finding in taken.repairs],
            "recipient_chosen": addressed.chosen,
        },
        content_sha256=_content(case, upload.original_sha256),
        decision_date=upload.decision_date or services.today(),
        created_at=now,
        submitted_at=now,
    )


def _recipient(letter: Letter, addressed: _Addressed, repaired: str) -> Recipient:
    return Recipient(
        letter_id=row_id(letter),
        number=1,
        person_id=addressed.person_id,
        address_lines=list(addressed.lines),
        salutation=addressed.salutation,
        country=addressed.country,
        document_sha256=repaired,
    )


def _content(case: Case, original_sha256: str) -> str:
    return content_hash(row_id(case), FINISHED_PDF, {"original_sha256": original_sha256})
