"""Who may do what: roles say which actions, offices say on which letters. Both are always asked."""

from collections.abc import Collection
from enum import StrEnum


class Role(StrEnum):
    """What a user is in the house."""

    CASEWORKER = "caseworker"
    APPROVER = "approver"
    POST_ROOM = "post_room"
    ADMINISTRATOR = "administrator"
    TEMPLATE_AUTHOR = "template_author"
    """Looks after letter templates; has no access to letters."""
    AUDITOR = "auditor"
    """Reads everything, changes nothing; but is the second person where old entries of the trail are deleted."""


class Action(StrEnum):
    """What can be done."""

    READ = "read"
    WRITE_LETTER = "write_letter"
    APPROVE = "approve"
    HOLD = "hold"
    CANCEL = "cancel"
    RUN = "run"
    CONFIRM_POSTING = "confirm_posting"
    BY_HAND = "by_hand"
    """Let an approved letter leave by hand: print it here, post it, hand it over, give it to a courier."""
    PROVE_DELIVERY = "prove_delivery"
    """Record the proof of a receipt, and correct it."""
    DECIDE_DESK = "decide_desk"
    STOP = "stop"
    """Keep the hand-over of anything, of any office, from going on (*Notbremse*), and lift that again."""
    RECEIVE_SCANS = "receive_scans"
    ASSIGN_INBOUND = "assign_inbound"
    RELEASE_ORIGINALS = "release_originals"
    """Confirm the list of paper that the scan site may destroy."""
    IMPORT_CASES = "import_cases"
    PROPOSE_TEMPLATE = "propose_template"
    PUBLISH_TEMPLATE = "publish_template"
    """Publish and withdraw versions, and heal the letters of withdrawn ones."""
    MANAGE_USERS = "manage_users"
    READ_TRAIL = "read_trail"
    """See who did and read what, and verify the audit chain."""
    SEE_RETENTION = "see_retention"
    """See what is kept how long, and what was deleted."""
    PROPOSE_DEPARTURE = "propose_departure"
    """Propose that old entries of the trail are deleted."""
    CONFIRM_DEPARTURE = "confirm_departure"
    """Confirm that, as the second person: neither who runs the machine nor who reads the trail can do it alone."""
    LOCK_DELETION = "lock_deletion"
    """Keep everything of a case from being deleted (*Löschsperre*), and lift that again."""
    EXPORT_PERSON = "export_person"
    """Hand out all that is held about a person (Art. 15 DSGVO)."""


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.CASEWORKER: frozenset(
        {
            Action.READ,
            Action.WRITE_LETTER,
            Action.APPROVE,
            Action.HOLD,
            Action.CANCEL,
            Action.ASSIGN_INBOUND,
            Action.BY_HAND,
            Action.PROVE_DELIVERY,
            Action.LOCK_DELETION,
            Action.EXPORT_PERSON,
        }
    ),
    Role.APPROVER: frozenset({Action.READ, Action.APPROVE, Action.HOLD, Action.CANCEL, Action.LOCK_DELETION}),
    Role.POST_ROOM: frozenset(
        {
            Action.READ,
            Action.HOLD,
            Action.RUN,
            Action.CONFIRM_POSTING,
            Action.BY_HAND,
            Action.PROVE_DELIVERY,
            Action.DECIDE_DESK,
            Action.STOP,
            Action.RECEIVE_SCANS,
            Action.ASSIGN_INBOUND,
            Action.RELEASE_ORIGINALS,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Action.RUN,
            Action.STOP,
            Action.IMPORT_CASES,
            Action.PROPOSE_TEMPLATE,
            Action.PUBLISH_TEMPLATE,
            Action.MANAGE_USERS,
            Action.RECEIVE_SCANS,
            Action.SEE_RETENTION,
            Action.PROPOSE_DEPARTURE,
        }
    ),
    Role.TEMPLATE_AUTHOR: frozenset({Action.PROPOSE_TEMPLATE}),
    Role.AUDITOR: frozenset(
        {
            Action.READ,
            Action.READ_TRAIL,
            Action.SEE_RETENTION,
            Action.CONFIRM_DEPARTURE,
            Action.EXPORT_PERSON,
        }
    ),
}

_ALL_OFFICES = frozenset({Role.POST_ROOM, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that serve the whole house; the others act in their own offices only."""

_APPROVAL_NEEDS_APPROVER = frozenset({Role.APPROVER})


def may(
    roles: Collection[Role], action: Action, *, offices: Collection[str] = (), office: str | None = None
) -> bool:
    """Whether someone with `roles` in `offices` may do `action` on something of `office`.

    `office` None asks about the action itself, as a menu does. An administrator has no access to content.
    """
    for role in roles:
        if action in _ALLOWED[role] and (office is None or role in _ALL_OFFICES or office in offices):
            return True
    return False


def may_approve(roles: Collection[Role], *, author: str, approver: str, four_eyes: bool) -> bool:
    """Whether `approver` may sign a letter of `author`.

    Where the template asks for four eyes the signer is another person and an approver;
    elsewhere a caseworker may approve too, also their own letter.
    """
    if not four_eyes:
        return True
    return author != approver and bool(_APPROVAL_NEEDS_APPROVER & set(roles))
