"""Destroying: the rules of retention applied, kind by kind, in bounded passes; what may not go is counted by reason.

Each sweep looks for what is old enough and says of each what keeps it; `domain.retention` decides. Nothing is
deleted that is not proven afterwards in the audit trail, and every document is fetched back from the case file first.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.retention.departing import finish, leave
from gateway.application.retention.emptying import (
    discard_mailing,
    empty_payloads,
    empty_persons,
    empty_scan,
    empty_words_of_paper,
    forget_answer,
)
from gateway.application.retention.emptying_house import empty_house
from gateway.application.retention.emptying_master import empty_master, master_data
from gateway.application.retention.emptying_reports import empty_report
from gateway.application.retention.sweeping import (
    answers,
    before,
    drafts,
    drop_document,
    drop_print_copy,
    drop_scan,
    letters,
    mailings,
    orphans,
    print_copies,
    scans,
)
from gateway.application.retention.sweeping_house import unmatched_reports, words_of_the_house
from gateway.application.retention.sweeping_rows import (
    payloads,
    persons,
    rejected_in_rows,
    scans_in_rows,
    words_about_paper,
)
from gateway.application.retention.sweeping_scans import (
    drop_foreign_certificate,
    drop_given_back,
    drop_quarantined,
    drop_rejected_files,
    empty_note,
    foreign_certificates,
    given_back,
    quarantined_deliveries,
    rejected_files,
    transfer_notes,
)
from gateway.application.services import Services
from gateway.application.trail.trail_emptying import empty_trail
from gateway.application.trail.trail_judging import plan_trail
from gateway.db.people import AuditEntry
from gateway.domain.permission import Action
from gateway.domain.retention import Keep, Kind, RetentionRule
from gateway.errors import CaseFileError, CaseFileUnavailable, Conflict, IntegrityError, NotFound

MOST = 20_000
"""Deletions of one kind in one pass; the rest goes in the next one."""
APPLIED = "retention-applied"
SUBJECT = "retention"
ANCHORS_AWAY = "anchors-unreachable"
"""Where the head of the audit chain is written down cannot be written to."""

Look = Callable[[Services, RetentionRule], Iterator[tuple[str, Keep | None]]]
"""What is old enough, by a name, and why it must stay; None if it may go."""


@dataclass(frozen=True)
class Sweep:
    """One way to find and delete things of one kind; `delete` returns how many went."""

    kind: Kind
    look: Look
    delete: Callable[[Services, RetentionRule, str], int]


SWEEPS = (
    Sweep(Kind.PRINT_COPY, print_copies, drop_print_copy),
    Sweep(Kind.DOCUMENT, letters, lambda services, rule, name: leave(services, rule, int(name))),
    Sweep(Kind.DRAFT, drafts, lambda services, rule, name: leave(services, rule, int(name))),
    Sweep(Kind.DRAFT, orphans, drop_document),
    Sweep(Kind.UPLOAD, orphans, drop_document),
    Sweep(Kind.INBOUND, scans, drop_scan),
    Sweep(Kind.GIVEN_BACK, given_back, drop_given_back),
    Sweep(Kind.GIVEN_BACK, foreign_certificates, drop_foreign_certificate),
    Sweep(Kind.REJECTED_SCAN, rejected_files, drop_rejected_files),
    Sweep(Kind.SCAN_QUARANTINE, quarantined_deliveries, drop_quarantined),
    Sweep(Kind.TRANSFER_NOTE, transfer_notes, empty_note),
    Sweep(Kind.RAW_PAYLOAD, payloads, lambda services, _rule, name: empty_payloads(services, int(name))),
    Sweep(Kind.RAW_PAYLOAD, unmatched_reports, lambda services, _rule, name: empty_report(services, int(name))),
    Sweep(
        *(Kind.PERSONAL, words_of_the_house),
        lambda services, rule, name: empty_house(services, name, before(services, rule)),
    ),
    Sweep(Kind.PERSONAL, persons, lambda services, _rule, name: empty_persons(services, int(name))),
    Sweep(Kind.PERSONAL, scans_in_rows, lambda services, _rule, name: empty_scan(services, int(name))),
    Sweep(Kind.PERSONAL, rejected_in_rows, lambda services, _rule, name: empty_scan(services, int(name))),
    Sweep(
        *(Kind.PERSONAL, words_about_paper),
        lambda services, _rule, name: empty_words_of_paper(services, int(name)),
    ),
    Sweep(
        *(Kind.MASTER_DATA, master_data),
        lambda services, rule, name: empty_master(services, rule, int(name)),
    ),
    Sweep(Kind.MAILING, mailings, lambda services, _rule, name: discard_mailing(services, int(name))),
    Sweep(Kind.API_ANSWER, answers, lambda services, _rule, name: forget_answer(services, int(name))),
)


@dataclass
class Pass:
    """What would go, or went, by kind, and what stays although it is old enough, by kind and reason."""

    gone: dict[str, int] = field(default_factory=dict)
    kept: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    """Codes of what kept things from leaving: the case file did not give back what was filed, or the trail's chain
    is broken, or its anchor cannot be written.
    """

    def keep(self, kind: Kind, keep: Keep) -> None:
        """Count what stays."""
        by_reason = self.kept.setdefault(kind.value, {})
        by_reason[keep.value] = by_reason.get(keep.value, 0) + 1


@dataclass(frozen=True)
class LastPass:
    """What the last pass did, and when."""

    at: datetime
    gone: Mapping[str, int]
    kept: Mapping[str, Mapping[str, int]]
    faults: Mapping[str, int]


def plan(services: Services, login: str | None = None) -> Pass:
    """What a pass would do now; changes nothing. `login` None is the operator. Raises `NotPermitted`."""
    _require(services, login)
    found = Pass()
    for sweep, name_keeps in _all(services):
        counted = Counter(keep for _, keep in name_keeps)
        _add(found.gone, sweep.kind, counted.pop(None, 0))
        for keep, number in counted.items():
            for _ in range(number):
                found.keep(sweep.kind, keep or Keep.UNFINISHED)
    _plan_trail(services, found)
    return found


def apply(services: Services) -> Pass | None:
    """Delete what may go; None if another process is at it. For the schedule and the operator.

    What the case file does not confirm stays, is counted, and is tried again in the next pass.
    """
    with services.locks.try_lock("retention") as held:
        if not held:
            return None
        finish(services)
        found = Pass()
        for sweep, names in _all(services):
            _apply(services, sweep, names, found)
        _apply_to_trail(services, found)
        with services.db.transaction() as session:
            audit(session, services, SYSTEM, APPLIED, SUBJECT, **vars(found))
        return found


def apply_due(services: Services) -> Pass | None:
    """Today's pass, unless there was one already."""
    last = last_pass(services)
    if last is not None and services.day_of(last.at) >= services.today():
        return None
    return apply(services)


def last_pass(services: Services) -> LastPass | None:
    """What the last pass did."""
    query = select(AuditEntry).where(AuditEntry.subject == SUBJECT, AuditEntry.action == APPLIED)
    with services.db.reading() as session:
        entry = session.exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).first()
    return LastPass(entry.at, **entry.details) if entry else None


def rules_in_force(services: Services, login: str) -> list[RetentionRule]:
    """The rules, for those who may see them. Raises `NotPermitted`."""
    _require(services, login)
    return services.retention.all(services.today())


def _all(services: Services) -> Iterator[tuple[Sweep, Iterator[tuple[str, Keep | None]]]]:
    for sweep in SWEEPS:
        yield sweep, sweep.look(services, services.retention.rule(sweep.kind, services.today()))


def _apply(services: Services, sweep: Sweep, names: Iterator[tuple[str, Keep | None]], found: Pass) -> None:
    rule, done = services.retention.rule(sweep.kind, services.today()), 0
    for name, keep in names:
        if keep is not None:
            found.keep(sweep.kind, keep)
            continue
        if done >= MOST:
            break
        try:
            sweep.delete(services, rule, name)
        except CaseFileUnavailable as away:
            found.keep(sweep.kind, Keep.NOT_FILED)
            found.faults[away.code] = found.faults.get(away.code, 0) + 1
            break  # no other document would fare better now
        except (CaseFileError, NotFound, IntegrityError) as fault:
            found.keep(sweep.kind, Keep.NOT_FILED)
            found.faults[fault.code] = found.faults.get(fault.code, 0) + 1
        except Conflict:
            found.keep(sweep.kind, Keep.UNFINISHED)
        else:
            done += 1
    _add(found.gone, sweep.kind, done)


def _plan_trail(services: Services, found: Pass) -> None:
    """Entries of the trail, of which nothing goes until two people have confirmed it."""
    try:
        trail = plan_trail(services)
    except IntegrityError as fault:
        found.faults[fault.code] = 1
        return
    _add(found.gone, Kind.AUDIT_ENTRY, trail.departs.count)
    if trail.kept:
        found.kept[Kind.AUDIT_ENTRY.value] = dict(trail.kept)


def _apply_to_trail(services: Services, found: Pass) -> None:
    """What two people confirmed of it."""
    try:
        _add(found.gone, Kind.AUDIT_ENTRY, empty_trail(services))
    except IntegrityError as fault:
        found.faults[fault.code] = 1
    except OSError:  # writing the anchor; nothing was deleted, the next pass tries again
        found.faults[ANCHORS_AWAY] = 1
    except Conflict:  # somebody dropped it at the same moment
        found.keep(Kind.AUDIT_ENTRY, Keep.UNFINISHED)


def _add(counts: dict[str, int], kind: Kind, number: int) -> None:
    if number:
        counts[kind.value] = counts.get(kind.value, 0) + number


def _require(services: Services, login: str | None) -> None:
    if login is not None:
        with services.db.reading() as session:
            actor(session, login).require(Action.SEE_RETENTION)
