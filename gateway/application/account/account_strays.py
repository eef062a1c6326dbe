"""Strays: what was approved and of which the letter or the recipient itself is gone, named by what is left of it.

The rows that a stray leaves behind name it: its entry in the case file, or else the approval by its number.
"""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col

from gateway.db.columns import columns
from gateway.db.files import Filing
from gateway.db.letters import Approval, Letter, Recipient
from gateway.domain.references import for_people

LETTER_MISSING = "letter-missing"
RECIPIENT_MISSING = "recipient-missing"


def strays(session: Session) -> Iterator[tuple[int, str, str]]:
    """Ids (0: unknown), names and codes of approved copies whose letter or own row is gone."""
    named: set[str] = set()
    for recipient_id, letter_id in session.execute(_approvals_without_copy()):
        name = _name(session, recipient_id)
        named.add(name.split("/")[0])
        yield recipient_id, name, RECIPIENT_MISSING if letter_id is None else LETTER_MISSING
    for (reference,) in session.execute(_letters_without_copies()):
        if for_people(reference) not in named:
            yield 0, for_people(reference), RECIPIENT_MISSING


def _approvals_without_copy() -> Any:
    """Approvals whose recipient is gone, or whose recipient's letter is."""
    return (
        columns(Approval.recipient_id, Recipient.letter_id)
        .outerjoin(Recipient, col(Recipient.id) == Approval.recipient_id)
        .outerjoin(Letter, col(Letter.id) == Recipient.letter_id)
        .where(col(Letter.id).is_(None))
        .distinct()
    )


def _letters_without_copies() -> Any:
    copy = columns(Recipient.id).where(col(Recipient.letter_id) == Letter.id).exists()
    return columns(Letter.reference).where(col(Letter.approved_at).is_not(None), ~copy)


def _name(session: Session, recipient_id: int) -> str:
    """As `7K4M-9QXZ/1`, from the key of the document that was filed for it; else by the number of its row."""
    query = columns(Filing.key).where(
        col(Filing.recipient_id) == recipient_id, col(Filing.key).like("document:%")
    )
    key = session.execute(query.limit(1)).scalar_one_or_none()
    if key is None:
        return f"Empfänger Nr. {recipient_id}"
    _, reference, number, *_ = key.split(":")
    return f"{for_people(reference)}/{number}"
