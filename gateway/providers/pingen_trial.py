"""Test letters at Pingen: a draft is checked like any other, never sent off, and deleted when its answer was read."""

from collections.abc import Mapping
from typing import Any

from gateway.ports.provider import TrialAnswer
from gateway.providers.pingen_codes import UNUSABLE_STATUSES
from gateway.providers.pingen_reports import letter_status

_CHECKING = "validating"
_GOOD = "valid"


def trial_answer(letter: Mapping[str, Any], *, is_draft: bool) -> TrialAnswer | None:
    """What the letter says that was made of the draft; None while it is being checked.

    The status that the check ended in is its remark, unless it is simply good.
    """
    status = letter_status(letter)
    if status == _CHECKING:
        return None
    attributes = letter.get("attributes")
    pages = attributes.get("file_pages") if isinstance(attributes, Mapping) else None
    return TrialAnswer(
        accepted=status not in UNUSABLE_STATUSES,
        pages=pages if isinstance(pages, int) and pages > 0 else None,
        remarks=[] if status == _GOOD else [status],
        printed=not is_draft,
    )
