"""Handing over: plan → pack → stage → release → find. Never lost, never printed twice.

The intent is committed before the external effect, the outcome after it; nothing external happens inside an open
transaction. A lock that dies with its holder is held from reading the state to writing the outcome, so that a
paused process cannot wake up and release what another has recovered. What may follow is decided by
`gateway.domain.runs.submission.next_action`, and by nothing else. The submissions of a consignment move together.

Consignments move beside one another as far as their provider bears it (`Capabilities.parallel`), providers always do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, func, select

from gateway.application.addresses.intercepting import intercepted
from gateway.application.runs.lateness import leave_out_late
from gateway.application.runs.outcomes import (
    HandOver,
    begin_release,
    leave_out_stopped,
    postpone,
    read,
    read_members,
    refuse_staging,
    set_aside,
    write,
    write_fault,
    write_released,
)
from gateway.application.runs.packing import StoredPieces, pack
from gateway.application.services import Services
from gateway.db import mail
from gateway.db.mail import Submission
from gateway.domain.runs.submission import NextAction, SubmissionState, next_action
from gateway.errors import AlreadyReleased, Conflict, IntegrityError, NotFound, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment, Provider, Unit

_UNFINISHED = (
    SubmissionState.PLANNED,
    SubmissionState.STAGED,
    SubmissionState.RELEASING,
    SubmissionState.IN_DOUBT,
)


_MAX_CONFLICTS = 5


@dataclass
class HandOverReport:
    """What one pass did, in pieces. `stopped_by` says why it stopped early for a provider, as a code, if it did."""

    released: int = 0
    refused: int = 0
    in_doubt: int = 0
    waiting: int = 0
    stopped_by: str | None = None
    messages: list[str] = field(default_factory=list)

    def add(self, other: "HandOverReport") -> None:
        """Count what was done to another consignment, too; the same is said once."""
        self.released += other.released
        self.refused += other.refused
        self.in_doubt += other.in_doubt
        self.waiting += other.waiting
        self.stopped_by = other.stopped_by or self.stopped_by
        self.messages += [message for message in other.messages if message not in self.messages]


@dataclass(frozen=True)
class _Waiting:
    """A consignment that may move."""

    id: int
    provider: str
    pieces: int


def hand_over(
    services: Services, *, retry_now: bool = False, progress: Callable[[int], None] | None = None
) -> HandOverReport:
    """Move every unfinished consignment as far as the facts allow; resumable after a kill.

    When a provider cannot be reached, the pass stops for it: what is under way ends, its other letters wait, and the
    report says so. `retry_now` ignores the waiting time after an earlier failure, as a run started by a person does.
    """
    report = HandOverReport()
    lanes: dict[str, _Lane] = {}
    done = 0
    for fresh in _consignments(services, None if retry_now else services.clock.now()):
        for moved, pieces in _move_all(services, fresh, lanes):
            report.add(moved)
            done += pieces
            if progress:
                progress(done)
    return report


class _Lane:
    """The consignments of one provider in one pass: nothing more is tried once it cannot be reached."""

    def __init__(self, services: Services, provider: str) -> None:
        self._services = services
        self._is_away = False
        self.width = services.providers[provider].capabilities.parallel

    def move(self, waiting: _Waiting) -> tuple[HandOverReport, int]:
        """Move one; what came of it, and how many pieces it has."""
        report = HandOverReport()
        if self._is_away:
            report.waiting = waiting.pieces
            return report, waiting.pieces
        try:
            _move(self._services, waiting.id, report)
        except NotSent as fact:
            self._is_away = True
            report.waiting += waiting.pieces
            report.stopped_by = fact.code
            report.messages.append(fact.message)
        return report, waiting.pieces


def _move_all(
    services: Services, fresh: Sequence[_Waiting], lanes: dict[str, _Lane]
) -> Iterator[tuple[HandOverReport, int]]:
    """Move them in the lanes of their providers. What raises ends the pass once what is under way has ended."""
    of_provider: dict[str, list[_Waiting]] = {}
    for each in fresh:
        of_provider.setdefault(each.provider, []).append(each)
    work = [(lanes.setdefault(name, _Lane(services, name)), found) for name, found in of_provider.items()]
    with ExitStack() as stack:
        moving: list[Iterable[tuple[HandOverReport, int]]] = []
        for lane, found in work:
            if len(work) == lane.width == 1:
                moving.append(map(lane.move, found))
                continue
            pool = ThreadPoolExecutor(lane.width, thread_name_prefix="hand-over")
            stack.callback(pool.shutdown, cancel_futures=True)
            moving.append(pool.map(lane.move, found))
        for moved in moving:
            yield from moved


def _consignments(services: Services, due_by: datetime | None) -> Iterator[list[_Waiting]]:
    """Each consignment once, with those that are packed anew meanwhile, because a stop took their file apart."""
    seen: set[int] = set()
    pack(services, not_before=due_by)
    while fresh := [each for each in _unfinished(services, due_by) if each.id not in seen]:
        seen.update(each.id for each in fresh)
        yield fresh
        # What failed in this very pass waits for the next one, also where a person is in a hurry.
        pack(services, not_before=due_by or services.clock.now())


def _unfinished(services: Services, due_by: datetime | None) -> list[_Waiting]:
    """Consignments that may move, oldest first."""
    with services.db.reading() as session:
        query = (
            select(mail.Consignment.id, mail.Consignment.provider, func.count(col(Submission.id)))
            .join(Submission, col(Submission.consignment_id) == mail.Consignment.id)
            .where(col(Submission.state).in_(_UNFINISHED))
            .group_by(col(mail.Consignment.id), col(mail.Consignment.provider))
            .order_by(col(mail.Consignment.id))
        )
        if due_by is not None:
            waiting = col(Submission.next_attempt_at)
            query = query.where(waiting.is_(None) | (waiting <= due_by))
        return [
            _Waiting(found, provider, pieces) for found, provider, pieces in session.exec(query).all() if found
        ]


def _move(services: Services, consignment_id: int, report: HandOverReport) -> None:
    """Take one consignment through its next steps under its lock. Raises `NotSent` when the provider is away."""
    with services.locks.try_lock(f"consignment-{consignment_id}") as held:
        if not held:
            return
        started = {each.id for each in read_members(services, consignment_id)}
        conflicts = 0
        while handed := read(services, consignment_id):
            provider = services.providers[handed.provider]
            step = _STEPS.get(_next(services, handed, provider))
            try:
                if left_out := _leave_out(services, handed):
                    report.waiting += left_out
                    continue
                if step is None or not step(services, handed, provider, report):
                    break
            except Conflict:
                # A person took a piece back meanwhile; nothing was written, and what is true now decides anew.
                conflicts += 1
                if conflicts > _MAX_CONFLICTS:
                    raise
        _count(services, started, report)


def _leave_out(services: Services, handed: HandOver) -> int:
    """How many pieces were taken out, since they would come too late or to a suspended address."""
    if late := leave_out_late(services, handed):
        return late
    # What is staged is looked at with the intent to release it.
    return intercepted(services, handed.consignment_id) if handed.first.state is SubmissionState.PLANNED else 0


def _next(services: Services, handed: HandOver, provider: Provider) -> NextAction:
    facts = provider.capabilities
    return next_action(
        handed.first.state,
        guard=facts.guard,
        now=services.clock.now(),
        releasing_at=handed.first.releasing_at,
        settle_time=facts.settle_time,
        key_lifetime=facts.key_lifetime,
    )


def _stage(services: Services, handed: HandOver, provider: Provider, report: HandOverReport) -> bool:
    unit = provider.capabilities.unit
    if stopped := leave_out_stopped(services, handed, unit):
        return _kept_back(stopped, report, go_on=unit is Unit.BATCH)
    pieces = StoredPieces(services, handed.submissions)
    try:
        handle = provider.stage(Consignment(handed.key, pieces))
    except NotSent as fact:
        postpone(services, handed, SubmissionState.PLANNED, fact)
        raise
    except Refused as fact:
        return refuse_staging(services, handed, fact)
    except (IntegrityError, NotFound) as fault:
        # Only reading our own bytes raises these, and nothing has been released: the others go without this piece.
        at_fault = [each for each in handed.submissions if each.id == pieces.reading] or handed.submissions
        if len(at_fault) < len(handed.submissions):
            set_aside(services, at_fault, fault)
        else:
            write_fault(services, handed, fault)
        report.messages.append(fault.message)
        report.waiting += len(at_fault)
        return len(at_fault) < len(handed.submissions)
    prepared = select(mail.MailPiece.print_sha256).where(mail.MailPiece.id == Submission.piece_id)
    write(
        services,
        handed,
        SubmissionState.STAGED,
        handle=handle,
        staged_at=services.clock.now(),
        handed_sha256=prepared.scalar_subquery(),
    )
    return True


def _release(services: Services, handed: HandOver, provider: Provider, report: HandOverReport) -> bool:
    try:
        consignment = _readable(services, handed, provider)
    except (IntegrityError, NotFound) as fault:
        write_fault(services, handed, fault)
        report.messages.append(fault.message)
        report.waiting += len(handed.submissions)
        return False
    if not begin_release(services, handed, provider.capabilities.unit):
        return _kept_back(len(handed.submissions), report, go_on=False)
    releasing = read(services, handed.consignment_id)
    if releasing is None:
        return False
    is_first = handed.first.state is SubmissionState.STAGED
    try:
        reference = provider.release(handed.first.handle or handed.key, consignment)
    except NotSent as fact:
        # Only this attempt was certainly not sent: what an earlier one left in doubt stays in doubt.
        back = SubmissionState.STAGED if is_first else SubmissionState.IN_DOUBT
        postpone(services, releasing, back, fact)
        raise
    except Refused as fact:
        # As with NotSent: a repeat that is refused says nothing about the attempt before it.
        write(services, releasing, SubmissionState.REFUSED if is_first else SubmissionState.IN_DOUBT, fact)
    except AlreadyReleased as fact:
        write_released(services, releasing, fact.provider_reference)
    except OutcomeUnknown as fact:
        write(services, releasing, SubmissionState.IN_DOUBT, fact)
    else:
        write_released(services, releasing, reference)
    return False


def _kept_back(pieces: int, report: HandOverReport, *, go_on: bool) -> bool:
    """Say that a stop or a suspended address keeps something of this consignment back."""
    report.messages.append(
        "Angehaltene Sendungen bleiben stehen, bis die Anhaltung aufgehoben oder die Anschrift geklärt ist."
    )
    report.waiting += pieces
    return go_on


def _look_up(services: Services, handed: HandOver, provider: Provider, report: HandOverReport) -> bool:
    """Ask by our key. Found: it is released. Not there after the settle time: it never arrived, so release again."""
    try:
        found = provider.find(handed.key)
    except (NotSent, OutcomeUnknown) as fact:
        postpone(services, handed, handed.first.state, fact)
        raise NotSent(fact.code, fact.message) from None
    if found is None:
        write(services, handed, SubmissionState.STAGED, staged_at=services.clock.now())
        return True
    if found.count > 1:
        report.messages.append(f"Der Druckdienstleister kennt {handed.key} {found.count}-mal.")
    write_released(services, handed, found.provider_reference, copies=found.count)
    return False


_STEPS: dict[NextAction, Callable[[Services, HandOver, Provider, HandOverReport], bool]] = {
    NextAction.STAGE: _stage,
    NextAction.RELEASE: _release,
    NextAction.LOOK_UP: _look_up,
}


def consignment_of(services: Services, handed: HandOver) -> Consignment:
    """The consignment as the provider gets it: the proven bytes and what the envelopes need."""
    return Consignment(handed.key, StoredPieces(services, handed.submissions))


def _readable(services: Services, handed: HandOver, provider: Provider) -> Consignment:
    """A piece that travels with the release is read before the intent is committed: a bad disk is no doubt."""
    consignment = consignment_of(services, handed)
    if provider.capabilities.unit is Unit.PIECE:
        return Consignment(consignment.key, tuple(consignment))
    return consignment


def _count(services: Services, submission_ids: set[int | None], report: HandOverReport) -> None:
    with services.db.reading() as session:
        states = session.exec(select(Submission.state).where(col(Submission.id).in_(submission_ids))).all()
    report.released += states.count(SubmissionState.RELEASED)
    report.refused += states.count(SubmissionState.REFUSED)
    report.in_doubt += sum(state in {SubmissionState.IN_DOUBT, SubmissionState.RELEASING} for state in states)
