"""The life of a template version, and what it allows.

    draft → proposed → published → withdrawn
               ↘________________↗    ↘ proposed (anew)

A draft is what lies in the template folder; from `proposed` on a version never changes. Several versions of a template
may be published: new letters are written from the newest, and what was written from an older one keeps it.
"""

from collections.abc import Mapping
from enum import StrEnum

from gateway.domain.letters.letter import LetterState


class VersionState(StrEnum):
    """Where a template version is."""

    PROPOSED = "proposed"
    """Free of faults, laid before a second person."""
    PUBLISHED = "published"
    """Letters may be written from it."""
    WITHDRAWN = "withdrawn"
    """No letter is written, submitted or approved from it any more."""


class Step(StrEnum):
    """What a person does with a version."""

    PROPOSE = "propose"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


_STEPS: Mapping[tuple[VersionState | None, Step], VersionState] = {
    (None, Step.PROPOSE): VersionState.PROPOSED,
    (VersionState.WITHDRAWN, Step.PROPOSE): VersionState.PROPOSED,
    (VersionState.PROPOSED, Step.PUBLISH): VersionState.PUBLISHED,
    (VersionState.PROPOSED, Step.WITHDRAW): VersionState.WITHDRAWN,
    (VersionState.PUBLISHED, Step.WITHDRAW): VersionState.WITHDRAWN,
}


def after(state: VersionState | None, step: Step) -> VersionState | None:
    """The state after `step`, None if the step is not possible; `state` None is a draft."""
    return _STEPS.get((state, step))


def may_publish(*, proposed_by: str, publisher: str, four_eyes: bool) -> bool:
    """Whether `publisher` may publish what `proposed_by` proposed: with four eyes it is another person."""
    return not four_eyes or proposed_by != publisher


TEMPLATE_WITHDRAWN = "template-withdrawn"
"""Code of the reason for which a letter is held when its version is withdrawn together with its letters."""

HELD_WITH_VERSION = frozenset(
    {LetterState.DRAFT, LetterState.SUBMITTED, LetterState.FAULTY, LetterState.READY, LetterState.APPROVED}
)
"""Letters that a withdrawal can hold: all that are in no run yet."""

_HEALED_AS: Mapping[LetterState, LetterState] = {
    LetterState.DRAFT: LetterState.DRAFT,
    LetterState.FAULTY: LetterState.SUBMITTED,
    LetterState.SUBMITTED: LetterState.SUBMITTED,
    LetterState.READY: LetterState.SUBMITTED,
}


def healed_as(state: LetterState, *, held_with_version: bool) -> LetterState | None:
    """Which state a letter of a withdrawn version has with the mended one; None: it stays as it is.

    What was never approved is rendered anew, a draft stays one. An approved letter goes on unless it was held together
    with its version: then it is rendered, checked and approved anew.
    """
    if state is LetterState.APPROVED:
        return LetterState.SUBMITTED if held_with_version else None
    return _HEALED_AS.get(state)
