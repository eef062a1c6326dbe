"""Deciding about returned mail: does it count as notified, and what is done? By a person, with a reason, once.

*Correct and re-issue* and *serve formally* lay a draft with the same content before the person who decides, to the
present address; posting and deadline are the new letter's own, and the old one says by which it was replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.addresses.suspending import suspend
from gateway.application.letters.addressing import freeze
from gateway.application.letters.marking import mark_for_filing
from gateway.application.reads.finding import find_letter
from gateway.application.reads.returned import returned_of
from gateway.application.returns.replacing import replace_copy
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Office, Person
from gateway.db.returns import ReturnedMail
from gateway.domain.addresses.address import normalise
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction, ReturnReason, check_decision
from gateway.errors import Conflict, InputError, NotFound

_NEW_LETTER = frozenset({ReturnAction.REISSUE, ReturnAction.SERVE})


@dataclass(frozen=True)
class NewAddress:
    """The present address, as a person typed it; the next import of line-of-business software must say the same."""

    street: str
    postcode: str
    place: str
    care_of: str = ""
    extra: str = ""


@dataclass(frozen=True)
class Decision:
    """What a person decides. `cause`: the reason of the return, where it was read wrongly or not at all."""

    reason: str
    fiction: ReturnFiction | None = None
    action: ReturnAction | None = None
    cause: ReturnReason | None = None
    address: NewAddress | None = None


def decide(services: Services, login: str, reference: str, decision: Decision, number: int = 0) -> list[str]:
    """Decide about a copy of a letter that came back; returns the references of new drafts.

    `number` is the recipient's, 0 the only copy that came back. Raises `NotFound` ('return-unknown'), `InputError`
    ('return-ambiguous' and as `check_decision`), `Conflict` (as `check_decision`, 'recipient-suspended',
    'letter-is-finished-pdf'), `AddressInvalid`, `NotPermitted`.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        row = _find(session, reference, number)
        copies = _copies(session, row.piece_id)
        for _, _, office in copies:
            who.require(Action.WRITE_LETTER, office.key)
        fiction = check_decision(row.fiction, decision.fiction, decision.action, row.action, decision.reason)
        if decision.cause is not None and decision.cause is not row.reason:
            row.reason = decision.cause
            if services.returns.of[decision.cause].suspends:
                suspend(session, services, row)
        if decision.address is not None:
            _correct(session, services, who, copies[0][1], decision.address)
        row_number = row_id(row)
        new = []
        if decision.action in _NEW_LETTER:
            new = [_reissue(session, services, who, row_number, copy, decision) for copy in copies]
        _write(session, services, who, row_number, fiction, decision)
        for letter, recipient, _ in _copies(session, session.get_one(ReturnedMail, row_number).piece_id):
            audit(
                *(session, services, who.login, "return-decided", letter.reference),
                reason=decision.reason.strip(),
                recipient=recipient.number,
                fiction=fiction.value,
                decided=decision.action.value if decision.action else None,
            )
        return new


def _find(session: Session, reference: str, number: int) -> ReturnedMail:
    letter, _ = find_letter(session, reference)
    query = select(Recipient).where(Recipient.letter_id == letter.id)
    recipients = session.exec(query.order_by(col(Recipient.number))).all()
    found = [
        row
        for recipient in recipients
        if number in {0, recipient.number} and (row := returned_of(session, recipient.mail_piece_id))
    ]
    if not found:
        raise NotFound("return-unknown", "Dieses Schreiben ist nicht als Rückläufer vermerkt.")
    if len(found) > 1:
        raise InputError("return-ambiguous", "Mehrere Exemplare kamen zurück. Bitte den Empfänger nennen.")
    return found[0]


def _copies(session: Session, piece_id: int) -> Sequence[tuple[Letter, Recipient, Office]]:
    query = (
        select(Letter, Recipient, Office)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .join(Office, col(Office.id) == Letter.office_id)
        .where(Recipient.mail_piece_id == piece_id)
    )
    return session.exec(query.order_by(col(Letter.id))).all()


def _write(
    session: Session,
    services: Services,
    who: Actor,
    row_number: int,
    fiction: ReturnFiction,
    decision: Decision,
) -> None:
    row = session.get_one(ReturnedMail, row_number)
    now, reason = services.clock.now(), decision.reason.strip()
    values: dict[str, Any] = {}
    if fiction is not row.fiction:
        values = {"fiction": fiction, "fiction_reason": reason, "fiction_by": who.login, "fiction_at": now}
    if decision.action is not None:
        values |= {
            "action": decision.action,
            "action_reason": reason,
            "action_by": who.login,
            "action_at": now,
        }
    if values:
        piece_id = row.piece_id
        expect = {"fiction": row.fiction, "action": row.action}
        compare_and_set(session, ReturnedMail, row_number, expect=expect, **values)
        mark_for_filing(session, piece_id)


def _correct(
    session: Session, services: Services, who: Actor, recipient: Recipient, address: NewAddress
) -> None:
    """The person's present address; a rule of addresses that is broken is named, and nothing is changed."""
    person = session.get_one(Person, recipient.person_id)
    for name in ("street", "postcode", "place", "care_of", "extra"):
        setattr(person, name, normalise(getattr(address, name).strip()) or None)
    person.po_box, person.district, person.country = None, None, "DE"
    person.updated_at = services.clock.now()
    freeze(services, person)
    session.flush()
    audit(session, services, who.login, "person-address-corrected", person.reference)


def _reissue(
    session: Session,
    services: Services,
    who: Actor,
    row_number: int,
    copy: tuple[Letter, Recipient, Office],
    decision: Decision,
) -> str:
    letter, _, _ = copy
    if letter.template == FINISHED_PDF:
        raise Conflict(
            "letter-is-finished-pdf",
            "Dieses Schreiben kam als fertiges PDF und zeigt die alte Anschrift. Bitte ein neues PDF hochladen und den "
            "Rückläufer dann abschließen.",
        )
    return replace_copy(
        *(session, services, who, copy),
        note=f"Ersetzt das zurückgekommene Schreiben {letter.reference}.",
        serve_because=decision.reason.strip() if decision.action is ReturnAction.SERVE else None,
        returned_id=row_number,
    )
