"""Redrafting: a draft with the content of a letter that will not do, laid before somebody to be submitted anew."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from gateway.application.letters.drafting import content_hash
from gateway.application.letters.enclosing import enclosure_rows
from gateway.application.services import Services
from gateway.db.enclosures import LetterEnclosure
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.domain.letters.letter import LetterState


def redraft(
    session: Session,
    services: Services,
    letter: Letter,
    recipients: Sequence[dict[str, Any]],
    *,
    note: str,
    author_id: int | None = None,
) -> Letter:
    """A draft of the same template, data and enclosures, for recipients as given (columns of `Recipient`).

    In the caller's transaction, who asked for permission. Without `author_id` it belongs to the author of the letter.
    """
    draft = _copy_of(services, letter, author_id or letter.author_id)
    draft.note = note
    session.add(draft)
    session.flush()
    for values in recipients:
        session.add(Recipient(letter_id=row_id(draft), **values))
    for enclosure in enclosure_rows(session, row_id(letter)):
        kept = enclosure.model_dump(exclude={"id", "letter_id"})
        session.add(LetterEnclosure(letter_id=row_id(draft), **kept))
    session.flush()
    return draft


def as_before(old: Recipient) -> dict[str, Any]:
    """A recipient as the letter had it."""
    kept = {"number", "person_id", "copy_for", "address_lines", "salutation", "country", "accessible_copy"}
    return old.model_dump(include=kept)


def _copy_of(services: Services, letter: Letter, author_id: int) -> Letter:
    return Letter(
        reference=services.new_reference(),
        case_id=letter.case_id,
        office_id=letter.office_id,
        author_id=author_id,
        state=LetterState.DRAFT,
        template=letter.template,
        template_version=letter.template_version,
        title=letter.title,
        service=letter.service,
        four_eyes=letter.four_eyes,
        is_decision=letter.is_decision,
        has_remedy_notice=letter.has_remedy_notice,
        remedy=letter.remedy,
        data=dict(letter.data),
        content_sha256=content_hash(letter.case_id, letter.template, letter.data),
        decision_date=letter.decision_date,
        created_at=services.clock.now(),
    )
