"""The paper behind a scan (*Original*): when it may be destroyed, what keeps it, and how its scan was checked.

The paper lies at the scan site. It is released for destruction only after its scan is filed in the right case file and
checked (TR-03138 A.SC.8: no destruction before the quality check is finished), after its term, and while nothing holds
it. What cannot be known is taken as a reason to keep it. Must not know where anything is stored.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.domain.validity import in_force

TO_BE_RETURNED = frozenset({"original"})
"""Classes of documents that belong to the citizen: held until a person says otherwise."""
ANY_CLASS = "*"
"""The term of all classes of documents that have none of their own."""


class Paper(StrEnum):
    """Where the paper is, as far as we were told."""

    KEPT = "kept"
    """At the scan site."""
    RELEASED = "released"
    """The scan site may destroy it."""
    RECALLED = "recalled"
    """We want it back; the scan site was told."""
    RETURNED = "returned"
    """Back in the house."""
    DESTROYED = "destroyed"


class Quality(StrEnum):
    """What a person found when comparing a scan with what it must show."""

    OK = "ok"
    REJECTED = "rejected"


class Hold(StrEnum):
    """Why a person, or the class of the document, keeps the paper."""

    RETURN = "return"
    """Goes back to the citizen: identity papers, savings books, certificates in the original."""
    LITIGATION = "litigation"
    SEALED = "sealed"
    """Cash, or an envelope marked *persönlich*."""
    OTHER = "other"


HOLD_WORDS: Mapping[Hold, str] = {
    Hold.RETURN: "Original ist zurückzugeben",
    Hold.LITIGATION: "Rechtsstreit",
    Hold.SEALED: "Bargeld oder „persönlich“",
    Hold.OTHER: "anderer Grund",
}
"""As people read them."""


class Block(StrEnum):
    """Why the paper must not be released."""

    NOT_TAKEN = "not-taken"
    """Its scan was rejected or lies in quarantine."""
    IN_TRAY = "in-tray"
    NOT_FILED = "not-filed"
    """The case file has not confirmed the scan."""
    NOT_CHECKED = "not-checked"
    RESCAN = "rescan"
    """The scan was found wanting; it is to be scanned again."""
    RETURN = "return"
    LITIGATION = "litigation"
    SEALED = "sealed"
    OTHER = "other"
    CASE_LOCKED = "case-locked"
    """Deletion is locked in the whole case: lawsuit, objection, request for information."""
    TERM_RUNNING = "term-running"
    NOT_THERE = "not-there"
    """It was recalled, returned, released or destroyed before."""


class OriginalState(StrEnum):
    """The life of the paper, for people."""

    SCANNED = "scanned"
    """Scanned, but the scan was not taken."""
    DELIVERED = "delivered"
    """The scan is here, and not yet confirmed in a case file."""
    ASSIGNED = "assigned"
    """Filed in a case file; its check is open."""
    QA_OK = "qa-ok"
    """Filed and checked; its term runs, or something holds it."""
    QA_REJECTED = "qa-rejected"
    RELEASABLE = "releasable"
    RELEASED = "released"
    RECALLED = "recalled"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class PlanState(StrEnum):
    """How far the check of a delivery is."""

    OPEN = "open"
    PASSED = "passed"
    """Every scan of the sample was good: the rest counts as checked."""
    FULL = "full"
    """A scan was bad: every document of the delivery must be looked at."""


@dataclass(frozen=True)
class OriginalTerm:
    """How many days after the delivery of its scan paper of a class is kept, and why (German)."""

    document_class: str
    days: int
    reason: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class OriginalTerms:
    """Terms by class, each with its time; `longer` are an authority's own, which only ever lengthen."""

    terms: Mapping[str, Sequence[OriginalTerm]]
    longer: Mapping[str, int]

    def days(self, document_class: str, delivered_on: date) -> int:
        """How long paper of this class is kept."""
        of_class = self.terms.get(document_class, self.terms[ANY_CLASS])
        term = in_force(of_class, delivered_on) or of_class[0]
        return max(term.days, self.longer.get(document_class, 0), self.longer.get(ANY_CLASS, 0))

    def due(self, document_class: str, delivered_on: date) -> date:
        """The first day on which it may be released."""
        return delivered_on + timedelta(days=self.days(document_class, delivered_on))

    @property
    def shortest(self) -> int:
        """No paper of any class may go before so many days."""
        return min(term.days for of_class in self.terms.values() for term in of_class)


@dataclass(frozen=True)
class SampleRule:
    """How many scans of a delivery a person compares: at least `percent` of them and at least `at_least`."""

    percent: float = 5.0
    at_least: int = 3


@dataclass(frozen=True)
class OriginalFacts:
    """What is known about one paper. `delivered_on` None: its scan was never taken."""

    delivered_on: date | None
    document_class: str
    paper: Paper = Paper.KEPT
    assigned: bool = False
    filed: bool = False
    quality: Quality | None = None
    plan: PlanState = PlanState.OPEN
    rescan: bool = False
    """The scan site was asked to scan it again."""
    holds: frozenset[Hold] = frozenset()
    case_locked: bool = False


def sample(seed: str, documents: Iterable[str], rule: SampleRule) -> frozenset[str]:
    """The documents of a delivery that are looked at; the same for the same delivery, and no one can choose them.

    `seed` is the hash of its manifest: whoever makes the delivery cannot know what his change of it would draw.
    """
    ranked = sorted(documents, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    return frozenset(ranked[: max(rule.at_least, math.ceil(len(ranked) * rule.percent / 100))])


def plan_state(sampled: int, sampled_good: int, rejected: int) -> PlanState:
    """How far a delivery is: scans of its sample, how many of those were good, and bad ones anywhere in it."""
    if rejected:
        return PlanState.FULL
    return PlanState.PASSED if sampled and sampled_good == sampled else PlanState.OPEN


def is_checked(facts: OriginalFacts) -> bool:
    """Whether the quality check of this scan is finished, by itself or by the sample of its delivery."""
    if facts.quality is not None:
        return facts.quality is Quality.OK
    return facts.plan is PlanState.PASSED


def blocks(facts: OriginalFacts, terms: OriginalTerms, today: date) -> list[Block]:
    """All that stands against releasing it, the weightiest first; empty if it may be released today.

    Of what was not taken no term runs, and there is no scan to check: that it was not taken says all.
    """
    due = terms.due(facts.document_class, facts.delivered_on) if facts.delivered_on else None
    reasons = {
        Block.NOT_THERE: facts.paper is not Paper.KEPT,
        Block.NOT_TAKEN: facts.delivered_on is None,
        Block.CASE_LOCKED: facts.case_locked,
        Block.LITIGATION: Hold.LITIGATION in facts.holds,
        Block.RETURN: Hold.RETURN in facts.holds,
        Block.SEALED: Hold.SEALED in facts.holds,
        Block.OTHER: Hold.OTHER in facts.holds,
        Block.RESCAN: facts.rescan or facts.quality is Quality.REJECTED,
        Block.IN_TRAY: facts.delivered_on is not None and not facts.assigned,
        Block.NOT_FILED: facts.assigned and not facts.filed,
        Block.NOT_CHECKED: facts.delivered_on is not None and not is_checked(facts),
        Block.TERM_RUNNING: due is not None and today < due,
    }
    return [block for block, holds in reasons.items() if holds]


def state_of(facts: OriginalFacts, terms: OriginalTerms, today: date) -> OriginalState:
    """Where it is in its life."""
    if facts.paper is not Paper.KEPT:
        return OriginalState(facts.paper.value)
    if facts.delivered_on is None:
        return OriginalState.SCANNED
    if facts.rescan or facts.quality is Quality.REJECTED:
        return OriginalState.QA_REJECTED
    if not (facts.assigned and facts.filed):
        return OriginalState.DELIVERED
    if not is_checked(facts):
        return OriginalState.ASSIGNED
    return OriginalState.QA_OK if blocks(facts, terms, today) else OriginalState.RELEASABLE


@dataclass(frozen=True)
class OriginalRules:
    """What was agreed with the scan site about paper. Days count from the confirmed list, or from the recall."""

    terms: OriginalTerms
    sample: SampleRule = SampleRule()
    destroyed_within_days: int = 14
    answered_within_days: int = 5
    redelivered_within_days: int = 10
    level: str = "P-5"
    """The least security level of destruction (ISO/IEC 21964-1)."""
