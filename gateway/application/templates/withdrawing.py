"""Withdrawing a template version: no new letters from it, and those not yet in a run are held if that is asked.

What was written from it and is ill therefore, waits to be healed with a mended version.
"""

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.services import Services
from gateway.application.templates.versions import find_row, find_rows, newest_row
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.db.templates import TemplateVersion
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.domain.templates.publishing import (
    HELD_WITH_VERSION,
    TEMPLATE_WITHDRAWN,
    Step,
    VersionState,
    after,
    healed_as,
)
from gateway.errors import Conflict, InputError


def withdraw(
    services: Services,
    login: str,
    template: str,
    *,
    reason: str,
    version: str | None = None,
    hold_letters: bool = False,
) -> list[str]:
    """Withdraw a version (None: the one that new letters are written from); returns the letters that are now held.

    Letters that were approved go on, unless `hold_letters` keeps every letter of the version that is in no run out of
    it: it is held with the reason, and on the desk. Raises `Conflict` ('template-not-published',
    'template-withdrawn'), `InputError` ('reason-missing'), `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.PUBLISH_TEMPLATE)
        row = find_row(session, template, version) if version else newest_row(session, template)
        if row is None:
            raise Conflict(
                "template-not-published",
                f"Von der Vorlage „{template}“ ist keine solche Version veröffentlicht.",
            )
        if after(row.state, Step.WITHDRAW) is None:
            raise Conflict("template-withdrawn", f"Die Version {row.version} ist schon zurückgezogen.")
        held = _held(session, services, who, row, reason.strip()) if hold_letters else []
        _withdraw(session, services, who, row, reason.strip())
        return held


def _withdraw(session: Session, services: Services, who: Actor, row: TemplateVersion, reason: str) -> None:
    compare_and_set(
        session,
        TemplateVersion,
        row_id(row),
        expect={"state": row.state},
        state=VersionState.WITHDRAWN,
        withdrawn_at=services.clock.now(),
        withdrawn_by=who.login,
        withdrawal_reason=reason,
    )
    audit(session, services, who.login, "template-withdrawn", f"{row.template}@{row.version}", reason=reason)


def _held(session: Session, services: Services, who: Actor, row: TemplateVersion, reason: str) -> list[str]:
    """Hold what is in no run yet; a letter that is held already keeps its own reason."""
    theirs = (
        col(Letter.template) == row.template,
        col(Letter.template_version) == row.version,
        col(Letter.state).in_(HELD_WITH_VERSION),
        col(Letter.held_at).is_(None),
    )
    references = list(session.exec(select(Letter.reference).where(*theirs).order_by(col(Letter.id))).all())
    told = f"Vorlagenversion zurückgezogen: {reason} ({TEMPLATE_WITHDRAWN})"
    session.execute(update(Letter).where(*theirs).values(held_at=services.clock.now(), hold_reason=told))
    for reference in references:
        audit(session, services, who.login, "letter-held", reference, reason=told)
    return references


def ill_letters(services: Services, template: str) -> list[str]:
    """References of what `ill` finds."""
    with services.db.reading() as session:
        return [letter.reference for letter in ill(session, template)]


def ill(session: Session, template: str) -> list[Letter]:
    """Letters of withdrawn versions of a template that healing would take, the oldest first."""
    withdrawn = [row.version for row in find_rows(session, template) if row.state is VersionState.WITHDRAWN]
    theirs = select(Letter).where(Letter.template == template, col(Letter.template_version).in_(withdrawn))
    return [letter for letter in session.exec(theirs.order_by(col(Letter.id))).all() if healed_state(letter)]


def was_held_with_version(letter: Letter) -> bool:
    """Whether it is held because its version was withdrawn."""
    return (letter.hold_reason or "").endswith(f"({TEMPLATE_WITHDRAWN})")


def healed_state(letter: Letter) -> LetterState | None:
    """In which state healing leaves a letter; None if there is nothing to heal."""
    return healed_as(letter.state, held_with_version=was_held_with_version(letter))
