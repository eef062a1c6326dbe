"""Exporting: all that is held about one person, for the person's own information (Art. 15 DSGVO, § 83 SGB X).

What concerns others stays out: of other people in the case only that they exist, and of staff no names (they are not
recipients in the sense of Art. 15 as long as they act for the authority, EuGH C-579/21).
"""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import OPERATOR, actor, audit
from gateway.application.reads.returned import returned_of
from gateway.application.reads.showing import RecipientView, view_of
from gateway.application.retention.exporting_rows import LEFT_OUT, rows_about
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Submission
from gateway.db.people import AuditEntry, Case, CaseMember, Office, Person, Representative
from gateway.db.retention import ContentDeparture
from gateway.db.returns import AddressSuspension, InboundKeyed, ReturnedMail, ReturnNotice
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import ACTION_WORDS, FICTION_WORDS, REASON_WORDS
from gateway.domain.trail.trail import action_words
from gateway.errors import NotFound

SCHEMA = "person-export/1"
PURPOSE = "Versand und Empfang von Schreiben in Verwaltungsverfahren (§ 67a, § 67b SGB X, § 50 SGB II)"


def export_person(services: Services, login: str | None, reference: str) -> dict[str, Any]:
    """Everything about a person as JSON values; `login` None is the operator. The export is audited.

    Raises `NotFound` ('person-unknown'), `NotPermitted` unless the user may export in the office of every case in
    which the person occurs: half an answer would be a wrong one.
    """
    with services.db.transaction() as session:
        person = session.exec(select(Person).where(Person.reference == reference)).one_or_none()
        if person is None:
            raise NotFound("person-unknown", "Diese Person gibt es nicht. Bitte das Kennzeichen prüfen.")
        cases = _cases(session, person)
        if login is not None:
            who = actor(session, login)
            who.require(Action.EXPORT_PERSON)
            for case in cases:
                who.require(Action.EXPORT_PERSON, session.get_one(Office, case.office_id).key)
        copies = _letters(session, person)
        letters = [_letter(session, services, *found) for found in copies]
        meant = _meant(session, person, cases, copies)
        audit(session, services, login or OPERATOR, "person-exported", person.reference, letters=len(letters))
        return {
            "schema": SCHEMA,
            "made_at": services.clock.now().isoformat(),
            "purpose": PURPOSE,
            "person": _plain(person.model_dump(exclude={"id"})),
            "cases": [_case(session, case, person) for case in cases],
            "letters": letters,
            "inbound": [one for case in cases for one in _inbound(session, case, person)],
            "address_suspensions": _suspensions(session, person),
            "records": rows_about(session, meant),
            "processing": _processing(session, *_names(session, meant)),
            "not_included": dict(LEFT_OUT),
            "disclosed_to": _disclosed_to(services, letters),
            "kept_for": [
                {"what": rule.kind.value, "days": rule.days, "from": rule.counts_from, "why": rule.reason}
                for rule in services.retention.all(services.today())
            ],
        }


def _cases(session: Session, person: Person) -> list[Case]:
    member = select(CaseMember.case_id).where(CaseMember.person_id == person.id)
    stands_in = select(Representative.case_id).where(
        or_(col(Representative.person_id) == person.id, col(Representative.for_person_id) == person.id)
    )
    written_to = (
        select(Letter.case_id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.person_id == person.id)
    )
    ids = (col(Case.id).in_(found) for found in (member, stands_in, written_to))
    query = select(Case).where(or_(Case.addressee_id == person.id, *ids)).order_by(Case.reference)
    return list(session.exec(query).all())


def _case(session: Session, case: Case, person: Person) -> dict[str, Any]:
    roles = ["addressee"] if case.addressee_id == person.id else []
    if session.get(CaseMember, (case.id, person.id)):
        roles.append("member")
    for row in session.exec(select(Representative).where(Representative.case_id == case.id)).all():
        if row.person_id == person.id:
            roles.append(f"representative:{row.kind.value}")
        if row.for_person_id == person.id:
            roles.append(f"represented:{row.kind.value}")
    office = session.get_one(Office, case.office_id)
    return {
        "reference": case.reference,
        "file_number": case.file_number,
        "bg_number": case.bg_number,
        "office": office.name,
        "roles": roles,
    }


def _letters(session: Session, person: Person) -> list[tuple[Letter, Recipient]]:
    query = (
        select(Letter, Recipient)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.person_id == person.id)
        .order_by(col(Letter.id), col(Recipient.number))
    )
    return list(session.exec(query).all())


def _meant(
    session: Session, person: Person, cases: list[Case], copies: list[tuple[Letter, Recipient]]
) -> dict[str, dict[int, str]]:
    """Which rows are about the person, by the number of each, with what people call it (`exporting_rows.ANCHORS`)."""
    pieces = select(MailPiece.id, MailPiece.reference).where(
        col(MailPiece.id).in_([copy.mail_piece_id for _, copy in copies])
    )
    own = {row_id(case): case.reference for case in cases if _is_own(session, case, person)}
    scans = select(InboundDocument.id).where(col(InboundDocument.case_id).in_(own))
    return {
        "person": {row_id(person): person.reference},
        "case_record": own,
        "letter": {row_id(letter): letter.reference for letter, _ in copies},
        "recipient": {row_id(copy): f"{letter.reference}-{copy.number}" for letter, copy in copies},
        "mail_piece": {number or 0: reference for number, reference in session.exec(pieces).all()},
        "inbound_document": {number or 0: f"inbound-{number}" for number in session.exec(scans).all()},
    }


def _names(session: Session, meant: dict[str, dict[int, str]]) -> list[str]:
    """What the trail calls all of it; the letters' own entries stand with each letter."""
    keys = select(Submission.key).where(col(Submission.piece_id).in_(meant["mail_piece"]))
    told = ("person", "case_record", "mail_piece", "inbound_document")
    return [*session.exec(keys).all(), *(name for anchor in told for name in meant[anchor].values())]


def _is_own(session: Session, case: Case, person: Person) -> bool:
    return case.addressee_id == person.id or session.get(CaseMember, (case.id, person.id)) is not None


def _letter(session: Session, services: Services, letter: Letter, copy: Recipient) -> dict[str, Any]:
    view = view_of(session, services, letter, session.get_one(Office, letter.office_id))
    mine = next(one for one in view.recipients if one.number == copy.number)
    gone = session.get(ContentDeparture, mine.document_sha256) if mine.document_sha256 else None
    return {
        "reference": letter.reference,
        "file_number": view.file_number,
        "title": view.title,
        "standing": mine.standing.value,
        "decision_date": view.decision_date.isoformat(),
        "created_at": view.created_at.isoformat(),
        "approved_at": view.approved_at.isoformat() if view.approved_at else None,
        "data": view.data,
        "recipient": _recipient(mine, copy),
        "returned": _returned(session, copy),
        "document": {"sha256": mine.document_sha256, "only_in_the_case_file": gone is not None},
        "processing": _processing(session, letter.reference),
    }


def _recipient(mine: RecipientView, copy: Recipient) -> dict[str, Any]:
    return {
        "address_lines": list(mine.address_lines),
        "salutation": copy.salutation,
        "country": copy.country,
        "accessible_copy": mine.twin,
        "provider": mine.provider,
        "handed_over_at": mine.handed_over_at.isoformat() if mine.handed_over_at else None,
        "posted_on": _day(mine.posted_on),
        "deemed_notified_on": _day(mine.assessment.deemed) if mine.assessment else None,
        "objection_deadline": _day(mine.assessment.deadline) if mine.assessment else None,
        "events": [
            {"at": event.occurred_at.isoformat(), "status": event.status.value, "reason": event.reason}
            for event in mine.events
        ],
    }


def _returned(session: Session, copy: Recipient) -> dict[str, Any] | None:
    """That the copy came back, why, what follows from it, and the new address that somebody noted."""
    row = returned_of(session, copy.mail_piece_id)
    if row is None:
        return None
    noted = select(ReturnNotice.new_address).where(
        ReturnNotice.returned_id == row.id, col(ReturnNotice.new_address).is_not(None)
    )
    return {
        "on": row.came_back_on.isoformat(),
        "reason": REASON_WORDS[row.reason],
        "notification": FICTION_WORDS[row.fiction],
        "notification_reason": row.fiction_reason,
        "done": ACTION_WORDS[row.action] if row.action else None,
        "done_reason": row.action_reason,
        "new_addresses_noted": list(session.exec(noted).all()),
    }


def _suspensions(session: Session, person: Person) -> list[dict[str, Any]]:
    """Addresses to which nothing goes or went for a time: since when and why, and why again. Kept as a hash."""
    query = (
        select(AddressSuspension, ReturnedMail)
        .join(ReturnedMail, col(ReturnedMail.id) == AddressSuspension.returned_id)
        .where(AddressSuspension.person_id == person.id)
    )
    return [
        {
            "since": row.since.isoformat(),
            "reason": REASON_WORDS[returned.reason],
            "mail_came_back_on": returned.came_back_on.isoformat(),
            "address_sha256": row.address_key,
            "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
            "lift_reason": row.lift_reason,
        }
        for row, returned in session.exec(query.order_by(col(AddressSuspension.id))).all()
    ]


def _processing(session: Session, *subjects: str) -> list[dict[str, str]]:
    """What was done with it, when, and why; without who."""
    query = select(AuditEntry).where(col(AuditEntry.subject).in_(subjects)).order_by(col(AuditEntry.id))
    return [
        {
            "at": entry.at.isoformat(),
            "about": entry.subject,
            "what": action_words(entry.action),
            "reason": entry.reason,
        }
        for entry in session.exec(query).all()
    ]


def _inbound(session: Session, case: Case, person: Person) -> list[dict[str, Any]]:
    """Scans of the person's own case; of whom exactly a scan is, the gateway does not know."""
    if not _is_own(session, case, person):
        return []
    query = (
        select(InboundDocument, InboundKeyed)
        .join(InboundKeyed, col(InboundKeyed.inbound_id) == InboundDocument.id, isouter=True)
        .where(InboundDocument.case_id == case.id)
    )
    return [
        {
            "file_number": case.file_number,
            "received_on": row.received_on.isoformat(),
            "class": row.document_class,
            "pages": row.pages,
            "sha256": row.sha256,
            "typed_by_the_scan_site": _plain(keyed.model_dump(exclude={"inbound_id"})) if keyed else None,
        }
        for row, keyed in session.exec(query.order_by(col(InboundDocument.id))).all()
    ]


def _disclosed_to(services: Services, letters: list[dict[str, Any]]) -> list[str]:
    providers = {one["recipient"]["provider"] for one in letters if one["recipient"]["handed_over_at"]}
    return [*sorted(providers), f"E-Akte: {services.casefile.name}"]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in values.items()
    }
