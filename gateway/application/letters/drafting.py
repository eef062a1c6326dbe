"""Writing letters: a draft in a case, its recipients, and its submission for approval."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.addresses.suspending import settle_suspension
from gateway.application.letters.addressing import freeze
from gateway.application.letters.service_check import require_service
from gateway.application.reads.finding import find_case, find_letter
from gateway.application.services import Services
from gateway.application.templates.versions import (
    is_usable,
    letter_values,
    newest,
    of_letter,
    renewed_values,
    require_usable,
)
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Case, Person, Representative, RepresentativeKind
from gateway.db.returns import Reissue
from gateway.domain.letters.letter import EDITABLE, LetterState, is_probable_duplicate
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action
from gateway.errors import Conflict, NotFound
from gateway.ports.renderer import TemplateMeta


def write_letter(
    services: Services,
    login: str,
    *,
    case: str,
    template: str,
    data: Mapping[str, Any],
    recipients: Sequence[str] | None = None,
    decision_date: date | None = None,
    submitted: bool = False,
    accept_duplicate: bool = False,
) -> str:
    """Write a draft and return its reference; `submitted` submits it in the same transaction, or writes nothing.

    `case` is the case's reference or file number. `recipients` are person references; without them the letter goes
    to the addressee of the case and, as copies, to the guardians and lawyers on record (§ 13 SGB X).
    Raises `DataInvalid`, `AddressInvalid`, `NotFound`, `NotPermitted`, `Conflict` ('template-not-published').
    """
    with services.db.reading() as session:
        meta = newest(session, services, template)
    services.renderer.validate(template, data, meta.version)
    with services.db.transaction() as session:
        who = actor(session, login)
        found, office = find_case(session, case)
        who.require(Action.WRITE_LETTER, office.key)
        letter = draft(
            session, services, who, found, meta, data, recipients=recipients, decision_date=decision_date
        )
        if submitted:
            submit_in(session, services, who, letter.reference, accept_duplicate=accept_duplicate)
        return letter.reference


def draft(
    session: Session,
    services: Services,
    who: Actor,
    case: Case,
    meta: TemplateMeta,
    data: Mapping[str, Any],
    *,
    recipients: Sequence[str] | None = None,
    decision_date: date | None = None,
) -> Letter:
    """The draft itself, in the caller's transaction, who has asked for permission, publication and valid data."""
    letter = _new_letter(services, who, case, meta, data, decision_date or services.today())
    session.add(letter)
    session.flush()
    for number, (person, copy_for) in enumerate(_recipients(session, case, recipients), start=1):
        frozen = freeze(services, person)
        session.add(
            Recipient(
                letter_id=row_id(letter),
                number=number,
                person_id=row_id(person),
                copy_for=copy_for,
                **frozen,
            )
        )
    audit(session, services, who.login, "letter-written", letter.reference, template=meta.name)
    return letter


def revise(services: Services, login: str, reference: str, data: Mapping[str, Any]) -> None:
    """Change the data of a letter that is not approved; it becomes a draft again.

    It keeps its template version unless that was withdrawn: then it takes the one in force.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        letter, office = find_letter(session, reference)
        who.require(Action.WRITE_LETTER, office.key)
        if letter.template == FINISHED_PDF:
            raise Conflict(
                "letter-is-finished-pdf",
                "Dieses Schreiben kam als fertiges PDF. Bitte stornieren und das geänderte PDF neu hochladen.",
            )
        usable = is_usable(session, letter)
        meta = of_letter(session, services, letter) if usable else newest(session, services, letter.template)
        services.renderer.validate(letter.template, data, meta.version)
        compare_and_set(
            session,
            Letter,
            row_id(letter),
            expect={"state": EDITABLE},
            state=LetterState.DRAFT,
            data=dict(data),
            content_sha256=content_hash(letter.case_id, letter.template, data),
            note=None,
            **({} if usable else renewed_values(letter, meta)),
        )
        audit(session, services, who.login, "letter-revised", reference)


def submit(services: Services, login: str, reference: str, *, accept_duplicate: bool = False) -> None:
    """Submit a draft for approval: freezes addresses, queues it for rendering with the version it was written from.

    Raises `Conflict` ('template-version-withdrawn'), and
    `Conflict` ('letter-probably-duplicate') if the same case got the same letter within 14 days,
    unless `accept_duplicate` says that this is intended.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        submit_in(session, services, who, reference, accept_duplicate=accept_duplicate)


def submit_in(
    session: Session, services: Services, who: Actor, reference: str, *, accept_duplicate: bool = False
) -> None:
    """Submit in the caller's transaction; see `submit`."""
    letter, office = find_letter(session, reference)
    who.require(Action.WRITE_LETTER, office.key)
    if not accept_duplicate:
        refuse_duplicate(session, services, letter)
    if letter.template != FINISHED_PDF:  # which shows the address it came with, and is only checked again
        _renew(session, services, letter)
    require_service(session, services, letter, office)
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": LetterState.DRAFT},
        state=LetterState.SUBMITTED,
        submitted_at=services.clock.now(),
        duplicate_accepted=accept_duplicate,
        note=None,
    )
    audit(session, services, who.login, "letter-submitted", reference, duplicate_accepted=accept_duplicate)
    settle_suspension(session, services, letter)


def _renew(session: Session, services: Services, letter: Letter) -> None:
    """Take the addresses as they are now, if the letter's version still holds."""
    require_usable(session, letter)
    meta = of_letter(session, services, letter)
    services.renderer.validate(meta.name, letter.data, meta.version)
    for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
        person = session.get_one(Person, recipient.person_id)
        for name, value in freeze(services, person).items():
            setattr(recipient, name, value)


def _new_letter(
    services: Services, who: Actor, case: Case, meta: TemplateMeta, data: Mapping[str, Any], decided_on: date
) -> Letter:
    return Letter(
        reference=services.new_reference(),
        case_id=row_id(case),
        office_id=case.office_id,
        author_id=who.id,
        state=LetterState.DRAFT,
        template=meta.name,
        **letter_values(meta),
        data=dict(data),
        content_sha256=content_hash(row_id(case), meta.name, data),
        decision_date=decided_on,
        created_at=services.clock.now(),
    )


def _recipients(
    session: Session, case: Case, references: Sequence[str] | None
) -> list[tuple[Person, str | None]]:
    if references:
        return [(_person(session, reference), None) for reference in dict.fromkeys(references)]
    addressee = session.get_one(Person, case.addressee_id)
    copied = select(Representative.person_id).where(
        Representative.case_id == case.id,
        col(Representative.kind).in_([RepresentativeKind.GUARDIAN, RepresentativeKind.LAWYER]),
    )
    copies = session.exec(
        select(Person)
        .where(col(Person.id).in_(copied), Person.id != addressee.id)
        .order_by(col(Person.reference))
    ).all()
    return [(addressee, None), *((person, "Zweitschrift") for person in copies)]


def _person(session: Session, reference: str) -> Person:
    person = session.exec(select(Person).where(Person.reference == reference)).one_or_none()
    if person is None:
        raise NotFound(
            "person-unknown", "Einen der Empfänger gibt es nicht. Bitte die Personenreferenz prüfen."
        )
    return person


def refuse_duplicate(session: Session, services: Services, letter: Letter) -> None:
    """Raise `Conflict` ('letter-probably-duplicate') if the case got the same letter a short time ago.

    A letter that came back and is replaced by this one does not count.
    """
    others = session.exec(
        select(Letter).where(
            Letter.content_sha256 == letter.content_sha256,
            Letter.id != letter.id,
            col(Letter.id).not_in(select(Reissue.old_letter_id).where(Reissue.new_letter_id == letter.id)),
            Letter.state != LetterState.CANCELLED,
            col(Letter.submitted_at).is_not(None),
        )
    ).all()
    for other in others:
        if other.submitted_at and is_probable_duplicate(other.submitted_at, services.clock.now()):
            raise Conflict(
                "letter-probably-duplicate",
                f"Ein gleiches Schreiben ({other.reference}) wurde in diesem Fall in den letzten 14 Tagen "
                "erstellt. Ist ein zweites gewollt, bitte ausdrücklich bestätigen.",
            )


def content_hash(case_id: int, template: str, data: Mapping[str, Any]) -> str:
    """Hash of case, template and data: equal for probable duplicates."""
    content = json.dumps([case_id, template, data], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode()).hexdigest()
