"""The life of a mass mailing, and of each of its rows.

    checking → checked → drafting → submitting → done
                  ↘ discarded   ↘ stopped (all or nothing, and a row could not be written any more)

Nothing is written before somebody accepted what was checked; nothing is submitted before all drafts exist.
"""

from enum import StrEnum


class MailingState(StrEnum):
    """Where a mailing (*Serienbrief*) is."""

    CHECKING = "checking"
    """Its table is being read; broken off, it is read again from the beginning."""
    CHECKED = "checked"
    """Every row has its findings; waits for somebody to accept or discard it."""
    DRAFTING = "drafting"
    """Accepted; a draft is written for each good row."""
    SUBMITTING = "submitting"
    """All drafts exist; they are submitted for approval."""
    DONE = "done"
    """All letters are submitted; from here on each has its own life."""
    STOPPED = "stopped"
    """All or nothing: a row could not be written any more, so all drafts were cancelled."""
    DISCARDED = "discarded"
    """Never accepted; its rows are deleted."""


class RowState(StrEnum):
    """Where a row is."""

    FAULTY = "faulty"
    """Has findings; no letter comes of it."""
    GOOD = "good"
    """Checked; no letter yet."""
    DRAFTED = "drafted"
    """Its letter is a draft."""
    SUBMITTED = "submitted"
    """Its letter was submitted for approval."""


UNDER_WAY = frozenset({MailingState.DRAFTING, MailingState.SUBMITTING})
"""There is work to do; it goes on after a break by what the rows say."""

REPLACEABLE = frozenset({MailingState.CHECKING, MailingState.CHECKED})
"""Nothing was written: the same person may hand in the same file again."""

WITHOUT_LETTERS = frozenset({MailingState.STOPPED, MailingState.DISCARDED})
"""Nothing came of it: the same file is no repetition."""
