"""Emptying master data: name and address of a person whom nobody needs here any more; the reference stays.

The software of the specialist procedure leads them. A person whom it names again is whole again.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.retention.sweeping import Found, before, judged
from gateway.application.services import Services
from gateway.application.trail.living import living
from gateway.db.people import Case, CaseMember, Person, Representative
from gateway.domain.retention import Facts, RetentionRule

NO_NAME = "(Stammdaten gelöscht)"
_EMPTY = ("title", "name_lines", "care_of", "extra", "district", "street", "po_box", "accessible_copy")


def master_data(services: Services, rule: RetentionRule) -> Found:
    """Persons who were last named or changed long ago; a letter, a scan or a lock in one of their cases keeps them."""
    last = func.coalesce(Person.named_at, Person.updated_at)
    query = select(Person.id).where(
        col(Person.emptied_at).is_(None),
        Person.updated_at < before(services, rule),
        last < before(services, rule),
    )

    def judge(session: Session, person_id: int) -> Facts:
        person = session.get_one(Person, person_id)
        return Facts(services.day_of(_last_told(person)), in_use=_is_needed(session, services, rule, person))

    yield from judged(services, rule, query, Person.id, judge)


def empty_master(services: Services, rule: RetentionRule, person_id: int) -> int:
    """Name, address and form of copies, unless somebody named or needed the person since it was looked at."""
    with services.db.transaction() as session:
        person = session.get_one(Person, person_id)
        if _last_told(person) >= before(services, rule) or _is_needed(session, services, rule, person):
            return 0
        for name in _EMPTY:
            setattr(person, name, None)
        person.given_name, person.family_name, person.postcode, person.place = "", NO_NAME, "", ""
        person.emptied_at = services.clock.now()
        audit(session, services, SYSTEM, "master-data-deleted", person.reference)
        return 1


def _last_told(person: Person) -> datetime:
    return max(person.updated_at, person.named_at or person.updated_at)


def _is_needed(session: Session, services: Services, rule: RetentionRule, person: Person) -> bool:
    member = select(CaseMember.case_id).where(CaseMember.person_id == person.id)
    beside = select(Representative.case_id).where(
        or_(Representative.person_id == person.id, Representative.for_person_id == person.id)
    )
    cases = select(Case.reference).where(
        or_(Case.addressee_id == person.id, col(Case.id).in_(member), col(Case.id).in_(beside))
    )
    names = {person.reference, *session.exec(cases).all()}
    return bool(living(session, services, names, before(services, rule)))
