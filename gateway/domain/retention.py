"""Retention (*Aufbewahrung*): how long each kind of data stays in the gateway, and what keeps it there longer.

The terms are facts (`gateway.facts`), the reasons to keep something are rules: nothing unfinished is ever deleted,
whatever its age. The case file is the lasting store, so documents leave only after it has confirmed them.
Must not know where anything is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.domain.validity import in_force


class Kind(StrEnum):
    """What is kept by a rule of its own."""

    PRINT_COPY = "print-copy"
    """Print copies: made again from the documents, to the byte."""
    DOCUMENT = "document"
    """Approved letters, their twins and enclosures; the case file has them."""
    DRAFT = "draft"
    """Documents that never were approved, or that a newer one took the place of."""
    UPLOAD = "upload"
    """Finished PDFs as other software handed them in; what is printed is the repaired copy."""
    INBOUND = "inbound"
    """Scans that are filed."""
    RAW_PAYLOAD = "raw-payload"
    """What providers said, word for word; what it meant stays."""
    PERSONAL = "personal"
    """Addresses and data in the rows of letters, who took it, and typed reasons; references and hashes stay."""
    MAILING = "mailing"
    """Tables of mass mailings that nobody decided about."""
    API_ANSWER = "api-answer"
    """Idempotency keys of other systems, with their answers."""
    GIVEN_BACK = "given-back"
    """Scans that were given back or replaced by a later one, certificates about no piece of ours: in no case file."""
    REJECTED_SCAN = "rejected-scan"
    """Files of a scan delivery that were not taken: what its receipt rejected, and what its manifest does not name."""
    SCAN_QUARANTINE = "scan-quarantine"
    """Scan deliveries that were refused as a whole, with all their files."""
    TRANSFER_NOTE = "transfer-note"
    """Transfer notes of scans; the case file has them with the scan."""
    MASTER_DATA = "master-data"
    """Name and address of persons whom the specialist procedure does not name any more."""
    AUDIT_ENTRY = "audit-entry"
    """Entries of the audit trail; their seals stay. Never by themselves: two people confirm (`trail.departure`)."""


class Keep(StrEnum):
    """Why something stays."""

    UNFINISHED = "unfinished"
    """Not in a final standing, or its posting is not confirmed."""
    DEADLINE_RUNNING = "deadline-running"
    HELD = "held"
    ON_DESK = "on-desk"
    LOCKED = "locked"
    """A person locked deletion (*Löschsperre*): objection, lawsuit, request for information."""
    NOT_FILED = "not-filed"
    """The case file has not confirmed it."""
    IN_USE = "in-use"
    """Another letter that is not finished needs the same document."""
    PROOF = "proof"
    """It proves that something else was deleted."""
    TERM_RUNNING = "term-running"


@dataclass(frozen=True)
class RetentionRule:
    """How many days something stays after `counts_from` (German), and why (German, with the norm)."""

    kind: Kind
    days: int
    counts_from: str
    reason: str
    valid_from: date
    valid_to: date | None = None

    def cut_off(self, today: date) -> date:
        """What ended on this day or before is old enough."""
        return today - timedelta(days=self.days)


@dataclass(frozen=True)
class RetentionRules:
    """All rules, each with its time."""

    rules: Mapping[Kind, Sequence[RetentionRule]]

    def rule(self, kind: Kind, on: date) -> RetentionRule:
        """The rule in force; of a day before the first one, the first one."""
        return in_force(self.rules[kind], on) or self.rules[kind][0]

    def all(self, on: date) -> list[RetentionRule]:
        """Every kind's rule, in the order of `Kind`."""
        return [self.rule(kind, on) for kind in Kind]


@dataclass(frozen=True)
class Facts:
    """What is known about one thing. `ended_on` None: it is not finished; `filed` None: it never goes to the file."""

    ended_on: date | None
    deadline: date | None = None
    held: bool = False
    on_desk: bool = False
    locked: bool = False
    filed: bool | None = None
    in_use: bool = False


def what_keeps(rule: RetentionRule, facts: Facts, today: date) -> Keep | None:
    """Why it must stay, the strongest reason first; None if it may be deleted."""
    reasons = {
        Keep.LOCKED: facts.locked,
        Keep.ON_DESK: facts.on_desk,
        Keep.HELD: facts.held,
        Keep.UNFINISHED: facts.ended_on is None,
        Keep.DEADLINE_RUNNING: facts.deadline is not None and facts.deadline >= today,
        Keep.NOT_FILED: facts.filed is False,
        Keep.IN_USE: facts.in_use,
        Keep.TERM_RUNNING: facts.ended_on is not None and facts.ended_on > rule.cut_off(today),
    }
    return next((keep for keep, holds in reasons.items() if holds), None)


_LEFT = (
    ("Die Dokumente wurden", "sie"),
    ("Der Wortlaut der Meldungen von Dienstleistern wurde", "ihn"),
    ("Anschriften, Daten, Namen und Begründungen wurden", "sie"),
)


def sentences_of_leaving(documents: date, payloads: date | None, personal: date | None) -> list[str]:
    """What left of a letter on which days, in German: nobody is to take a blank for what was never there."""
    return [
        f"{what} nach der Aufbewahrungsregel am {day:%d.%m.%Y} hier gelöscht; die E-Akte hat {it}."
        for (what, it), day in zip(_LEFT, (documents, payloads, personal), strict=True)
        if day is not None
    ]


def together(several: Sequence[Facts]) -> Facts:
    """What holds for a thing that belongs to several others: it ends with the last, and each can keep it."""
    ends = [facts.ended_on for facts in several if facts.ended_on is not None]
    deadlines = [facts.deadline for facts in several if facts.deadline is not None]
    filed = [facts.filed for facts in several if facts.filed is not None]
    return Facts(
        ended_on=max(ends) if several and len(ends) == len(several) else None,
        deadline=max(deadlines, default=None),
        held=any(facts.held for facts in several),
        on_desk=any(facts.on_desk for facts in several),
        locked=any(facts.locked for facts in several),
        filed=all(filed) if filed else None,
        in_use=any(facts.in_use for facts in several),
    )
