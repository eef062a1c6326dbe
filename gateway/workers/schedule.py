"""The schedule: APScheduler nudges the sweeps; which runs are due is computed from the database, not remembered here.

Two schedulers at once are harmless: every sweep finds its work by state, under locks that die with their holder.
"""

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from gateway.application.account.patrolling import sweep
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.filing.filing import file_due
from gateway.application.letters.rendering import render_submitted
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.retention.destroying import apply_due
from gateway.application.runs.running import run_due
from gateway.application.runs.submitting import hand_over
from gateway.application.runs.trying import try_out_due
from gateway.application.services import Services
from gateway.application.tracking.tallying import missing, tally_due
from gateway.application.tracking.tracking import poll
from gateway.application.trail.sealing import anchor_due, seal
from gateway.application.trail.verifying import verify
from gateway.workers.watch import watch

log = structlog.get_logger()


class Schedule:
    """Sweeps in the background for as long as it is open."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._scheduler = BackgroundScheduler(
            timezone=services.schedule.zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, work, seconds in (
            ("render", self._render, 5),
            ("run", self._run, 60),
            ("hand-over", self._hand_over, 120),
            ("track", self._track, 300),
            ("arrive", self._arrive, 120),
            ("inbound", self._inbound, 120),
            ("file", self._file, 60),
            ("watch", self._watch, 15),
            ("tally", self._tally, 1800),
            ("canary", self._canary, 120),
            ("paper", self._paper, 600),
            ("seal", self._seal, 60),
            ("anchor", self._anchor, 3600),
            ("retain", self._retain, 3600),
            ("sweep", self._sweep, 600),
        ):
            self._scheduler.add_job(work, "interval", seconds=seconds, id=name)

    def __enter__(self) -> "Schedule":
        """Begin."""
        self._scheduler.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the running sweeps, then end."""
        self._scheduler.shutdown(wait=True)

    def _render(self) -> None:
        with self._services.locks.try_lock("sweep-render") as held:
            if held:
                render_submitted(self._services)

    def _watch(self) -> None:
        with self._services.locks.try_lock("sweep-watch") as held:
            if not held:
                return
            report = watch(self._services)
        if report.imported or report.refused:
            log.info("uploads-taken", imported=report.imported, refused=report.refused)

    def _run(self) -> None:
        for report in run_due(self._services):
            log.info(
                "run-finished",
                day=report.day.isoformat(),
                letters=report.letters,
                released=report.hand_over.released,
                waiting=report.hand_over.waiting,
                in_doubt=report.hand_over.in_doubt,
                refused=report.hand_over.refused,
            )

    def _hand_over(self) -> None:
        report = hand_over(self._services)
        if report.waiting or report.refused or report.in_doubt:
            log.warning(
                "hand-over-open",
                waiting=report.waiting,
                refused=report.refused,
                in_doubt=report.in_doubt,
                stopped_by=report.stopped_by,
            )

    def _track(self) -> None:
        new = poll(self._services)
        if new:
            log.info("status-events", new=new)

    def _arrive(self) -> None:
        report = take_arrivals(self._services)
        if report.taken or report.refused or report.away:
            log.info("scans-arrived", taken=len(report.taken), refused=report.refused, away=report.away)

    def _inbound(self) -> None:
        make_rounds(self._services)

    def _tally(self) -> None:
        with self._services.locks.try_lock("sweep-tally") as held:
            if not held:
                return
            for each in tally_due(self._services):
                log.info(
                    "provider-tallied",
                    provider=each.provider,
                    day=each.day.isoformat(),
                    ours=each.ours,
                    theirs=each.theirs,
                    differences=len(each.found),
                )
            overdue = missing(self._services)
        if overdue:
            log.warning("tally-missing", providers=sorted({name for name, _ in overdue}), days=len(overdue))

    def _canary(self) -> None:
        for each in try_out_due(self._services):
            told = log.warning if each.differences else log.info
            told(
                "canary-judged",
                provider=each.provider,
                day=each.day.isoformat(),
                differences=[change.value for change in each.differences or ()],
            )

    def _paper(self) -> None:
        """Paper at the scan sites: rows for what is new, what they are told, and what they report."""
        with self._services.locks.try_lock("sweep-paper") as held:
            if not held:
                return
            done = paper_round(self._services)
        if done.findings:
            log.error("paper-findings", findings=done.findings, destroyed=done.destroyed)

    def _seal(self) -> None:
        seal(self._services)

    def _anchor(self) -> None:
        """Once a day: the head goes outside of the database, into file and log, and the chain is proven."""
        made = anchor_due(self._services)
        if made is None:
            return
        log.info("audit-anchored", number=made.number, sha256=made.sha256)
        found = verify(self._services)
        if found.faults_in_all:
            codes = sorted({fault.code for fault in found.faults})
            log.error("audit-chain-broken", findings=found.faults_in_all, codes=codes)

    def _retain(self) -> None:
        """Once a day."""
        done = apply_due(self._services)
        if done is not None:
            log.info("retention-applied", gone=done.gone, faults=done.faults)

    def _sweep(self) -> None:
        with self._services.locks.try_lock("sweep-stored") as held:
            if not held:
                return
            report = sweep(self._services)
        if report.open:
            log.warning("sweep-findings", found=report.found, open=report.open)

    def _file(self) -> None:
        report = file_due(self._services)
        if report.failed:
            log.warning("filing-waits", failed=report.failed)
