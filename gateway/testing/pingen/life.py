"""The life of a letter at the simulated provider: its status and its events at a moment, from a few facts."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.testing.house.clock import afternoon_after

ACCEPTED_AFTER = timedelta(minutes=10)
AT_PRINT_CENTRE_AFTER = timedelta(hours=1)
PROCESSED_AFTER = timedelta(hours=2)
PRINTED_AFTER = timedelta(hours=3)
IN_TRANSIT_AFTER = timedelta(hours=12)
BACK_AFTER_WORKING_DAYS = 4
DELIVERED_AFTER_WORKING_DAYS = 2

CATEGORIES = {
    "issues": frozenset(
        {
            "content_failed_inspection",
            "file_not_a4_portrait",
            "file_not_found",
            "file_not_readable",
            "file_size_over_limit",
            "file_too_many_pages",
            "invalid_pdf_binary_content",
            "rejected_from_printcenter",
            "meta_data_failed_requirements",
            "waiting_for_funds",
        }
    ),
    "sent": frozenset({"transferred_to_distributor"}),
    "delivered": frozenset({"delivered"}),
    "undeliverable": frozenset({"undeliverable"}),
}
_NAMES = {
    "transferred_to_distributor": "An Zusteller übergeben",
    "delivered": "Zugestellt",
    "meta_data_failed_requirements": "Angaben zu Absender und Empfänger fehlen",
    "track_and_trace": "Sendung in der Zustellung",
    "undeliverable": "Unzustellbar",
    "file_not_a4_portrait": "Datei ist nicht A4 hoch",
    "rejected_from_printcenter": "Vom Druckzentrum abgewiesen",
}
_IDS = uuid.UUID("5c1f2c2e-58a5-4ac1-8ac1-6d9d0b7b3f10")


@dataclass(frozen=True)
class Facts:
    """What happened to a letter, as moments in UTC; None: it did not.

    `flaw`: the code of what is wrong with the document. `fate`: what becomes of it after it was sent off: empty,
    'undeliverable', 'rejected_from_printcenter' or 'waiting_for_funds'.
    """

    letter_id: str
    created_at: datetime
    validated_at: datetime
    submitted_at: datetime | None = None
    cancelled_at: datetime | None = None
    flaw: str = ""
    fate: str = ""
    shown_status: str = ""
    is_registered: bool = False
    """Only then does anybody confirm the delivery."""


@dataclass(frozen=True)
class Event:
    """An event of a letter."""

    event_id: str
    letter_id: str
    code: str
    at: datetime

    @property
    def category(self) -> str:
        """The collection it is in, which is the webhook category too; empty for the others."""
        return next((name for name, codes in CATEGORIES.items() if self.code in codes), "")

    @property
    def name(self) -> str:
        """What a person reads."""
        return _NAMES.get(self.code, self.code.replace("_", " ").capitalize())


Step = tuple[str, str, datetime]
"""Event code, the status from then on (empty: as before), and when."""


def steps(facts: Facts) -> list[Step]:
    """Everything that happens to a letter, past and to come, in order."""
    made: list[Step] = [("created", "validating", facts.created_at)]
    if facts.flaw:
        return [*made, (facts.flaw, "invalid", facts.validated_at)]
    made.append(("content_passed_inspection", "valid", facts.validated_at))
    if facts.submitted_at:
        made += _after_sending(facts, facts.submitted_at)
    if facts.cancelled_at:
        made = [step for step in made if step[2] <= facts.cancelled_at]
        made.append(("cancellation_completed", "cancelled", facts.cancelled_at))
    return made


def _after_sending(facts: Facts, at: datetime) -> list[Step]:
    if facts.fate == "waiting_for_funds":
        return [("submitted", "submitted", at), ("waiting_for_funds", "awaiting_credits", at)]
    posted_at = posted(at)
    made = [
        ("submitted", "submitted", at),
        ("queued_for_transfer", "accepted", at + ACCEPTED_AFTER),
        ("transferred_to_printcenter", "transferring", at + AT_PRINT_CENTRE_AFTER),
        ("processing", "processing", at + PROCESSED_AFTER),
    ]
    if facts.fate == "rejected_from_printcenter":
        return [*made, ("rejected_from_printcenter", "rejected", at + PRINTED_AFTER)]
    made += [("accepted", "printing", at + PRINTED_AFTER), ("transferred_to_distributor", "sent", posted_at)]
    if facts.fate == "undeliverable":
        back_at = afternoon_after(posted_at, working_days=BACK_AFTER_WORKING_DAYS)
        made.append(("undeliverable", "undeliverable", back_at))
    elif facts.is_registered:
        at_door = afternoon_after(posted_at, working_days=DELIVERED_AFTER_WORKING_DAYS)
        made += [("track_and_trace", "", posted_at + IN_TRANSIT_AFTER), ("delivered", "delivered", at_door)]
    return made


def posted(submitted_at: datetime) -> datetime:
    """When it is given to the carrier: the afternoon of the next working day."""
    return afternoon_after(submitted_at, working_days=1)


def status_at(facts: Facts, now: datetime) -> str:
    """The status word."""
    if facts.shown_status:
        return facts.shown_status
    return [status for _, status, at in steps(facts) if at <= now and status][-1]


def events_until(facts: Facts, now: datetime) -> list[Event]:
    """Its events so far, oldest first; an id is the same whenever it is asked for."""
    return [
        Event(str(uuid.uuid5(_IDS, f"{facts.letter_id} {code}")), facts.letter_id, code, at)
        for code, _, at in steps(facts)
        if at <= now
    ]


def printed_at(facts: Facts) -> datetime | None:
    """When it is on paper, if it comes to that."""
    return next((at for code, status, at in steps(facts) if (code, status) == ("accepted", "printing")), None)


def may_cancel(facts: Facts, now: datetime) -> bool:
    """Until the print centre has it."""
    return status_at(facts, now) in {"validating", "valid", "submitted", "accepted", "awaiting_credits"}
