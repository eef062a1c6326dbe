"""Healing: letters of a withdrawn template version, written anew with the mended one.

A healed letter is rendered and checked again and waits for a new approval. What was signed before stays on record and
counts for nothing: each recipient begins a new signing. Nothing that was approved goes out in other words.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.approving import approve
from gateway.application.letters.deciding import to_approve
from gateway.application.letters.rendering import render_letter
from gateway.application.services import Services
from gateway.application.templates.versions import newest, renewed_values
from gateway.application.templates.withdrawing import healed_state, ill, was_held_with_version
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Approval, Letter, Recipient
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.errors import Conflict, DataInvalid, GatewayError
from gateway.ports.renderer import TemplateMeta


@dataclass(frozen=True)
class Healing:
    """What became of the letters: those now of the mended version, and why others are not, by reference."""

    version: str
    healed: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Signing:
    """What became of an approval in bulk."""

    approved: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def heal(services: Services, login: str, template: str, *, render: bool = True) -> Healing:
    """Write every letter of a withdrawn version of `template` with the newest published one.

    Drafts stay drafts; all others are rendered and checked (`render` False leaves that to the worker) and wait for
    approval. A letter whose data do not fit the new version stays as it is, with the reason in the answer. Raises
    `Conflict` ('template-not-published'), `NotPermitted`.
    """
    with services.db.reading() as session:
        actor(session, login).require(Action.PUBLISH_TEMPLATE)
        meta = newest(session, services, template)
        references = [letter.reference for letter in ill(session, template)]
    healing = Healing(meta.version)
    for reference in references:
        try:
            _heal_one(services, login, meta, reference)
        except (DataInvalid, Conflict) as error:
            healing.left[reference] = str(error)
        else:
            healing.healed.append(reference)
    if render:
        for _ in services.for_each(partial(render_letter, services), healing.healed):
            pass
    return healing


@dataclass(frozen=True)
class HealedLetters:
    """Healed letters of one template that a user may sign."""

    template: str
    title: str
    letters: list[str]


def healed_to_approve(services: Services, login: str) -> list[HealedLetters]:
    """What this user may sign together, by template."""
    healed: dict[str, HealedLetters] = {}
    with services.db.reading() as session:
        query = select(Letter).where(
            Letter.state == LetterState.READY,
            col(Letter.healed_from).is_not(None),
            col(Letter.held_at).is_(None),
        )
        mine = {line.reference for line in to_approve(services, login)}
        for letter in session.exec(query.order_by(col(Letter.id))).all():
            if letter.reference in mine:
                group = healed.setdefault(letter.template, HealedLetters(letter.template, letter.title, []))
                group.letters.append(letter.reference)
    return list(healed.values())


def approve_healed(
    services: Services, login: str, template: str, only: Collection[str] | None = None
) -> Signing:
    """Sign every healed letter of a template that this user may sign; each as if it were signed alone.

    `only` names those that the user was shown; others wait.
    """
    groups = [group for group in healed_to_approve(services, login) if group.template == template]
    references = [one for group in groups for one in group.letters if only is None or one in only]
    signing = Signing()
    for reference in references:
        try:
            approve(services, login, reference)
        except GatewayError as error:
            signing.left[reference] = str(error)
        else:
            signing.approved.append(reference)
    return signing


def _heal_one(services: Services, login: str, meta: TemplateMeta, reference: str) -> None:
    with services.db.transaction() as session:
        who = actor(session, login)
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        state = healed_state(letter)
        if state is None:
            raise Conflict("letter-not-ill", "Das Schreiben wurde inzwischen von anderer Seite geändert.")
        services.renderer.validate(meta.name, letter.data, meta.version)
        before, old = letter.state, letter.template_version
        values = renewed_values(letter, meta)
        if state is LetterState.SUBMITTED:
            values |= {"submitted_at": services.clock.now(), "approved_at": None, "healed_from": old}
        if was_held_with_version(letter):
            values |= {"held_at": None, "hold_reason": None}
        compare_and_set(
            session,
            Letter,
            row_id(letter),
            expect={"state": before, "template_version": old, "held_at": letter.held_at},
            state=state,
            note=None,
            **values,
        )
        _begin_new_signing(session, row_id(letter))
        audit(
            session,
            services,
            who.login,
            "letter-healed",
            reference,
            was=before.value,
            old=old,
            new=meta.version,
        )


def _begin_new_signing(session: Session, letter_id: int) -> None:
    """For every recipient whose document was signed: those bytes are not printed any more."""
    for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter_id)).all():
        signed = select(Approval.id).where(
            Approval.recipient_id == recipient.id, Approval.signing == recipient.signing
        )
        if session.exec(signed).first() is not None:
            recipient.signing += 1
