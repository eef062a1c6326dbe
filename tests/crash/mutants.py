"""Broken protocols. Each must lose or double letters where the true one does not; else the suite proves nothing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.application.runs import submitting
from gateway.application.runs.outcomes import HandOver, read, write, write_released
from gateway.application.services import Services
from gateway.domain.runs import submission
from gateway.domain.runs.submission import NextAction, SubmissionState
from gateway.ports.provider import Provider
from tests.crash.points import swap
from tests.crash.trial import Trial

LEASE = timedelta(minutes=5)


def retry_without_asking(services: Services, _folder: Path) -> Services:
    """After an unknown outcome, just try again."""

    def again(services: Services, handed: HandOver, _provider: Provider, _report: Any) -> bool:
        write(services, handed, SubmissionState.STAGED, staged_at=services.clock.now())
        return True

    _answer_doubt(settle_time=timedelta(0))
    submitting._STEPS[NextAction.LOOK_UP] = again
    return services


def ask_too_early(services: Services, _folder: Path) -> Services:
    """Ask at once, not after the settle time."""
    _answer_doubt(settle_time=timedelta(0))
    return services


def trust_a_key_for_ever(services: Services, _folder: Path) -> Services:
    """Repeat with the same key, however long ago the first attempt was."""
    _answer_doubt(key_lifetime=timedelta(days=999))
    return services


def repeat_without_a_guard(services: Services, _folder: Path) -> Services:
    """Take a provider without any guard for one that protects."""
    _answer_doubt(guard=submission.DuplicateGuard.STAGED)
    return services


def mark_before_acting(services: Services, _folder: Path) -> Services:
    """Note the hand-over as done, then do it."""

    def release(services: Services, handed: HandOver, provider: Provider, _report: Any) -> bool:
        write(services, handed, SubmissionState.RELEASING, releasing_at=services.clock.now())
        releasing = read(services, handed.consignment_id)
        assert releasing
        write_released(services, releasing, f"pending-{releasing.key}")
        provider.release(handed.first.handle or handed.key, submitting.consignment_of(services, handed))
        return False

    submitting._STEPS[NextAction.RELEASE] = release
    return services


def forget_what_was_staged(services: Services, _folder: Path) -> Services:
    """No STAGED commit: the handle lives in memory only, and after a kill everything is staged anew."""

    def release(services: Services, handed: HandOver, provider: Provider, report: Any) -> bool:
        handle = provider.stage(submitting.consignment_of(services, handed))
        first = replace_handle(handed, handle)
        return original(services, first, provider, report)

    def stage(services: Services, handed: HandOver, _provider: Provider, _report: Any) -> bool:
        write(services, handed, SubmissionState.STAGED, handle=None, staged_at=services.clock.now())
        return True

    original = submitting._STEPS[NextAction.RELEASE]
    submitting._STEPS[NextAction.STAGE] = stage
    submitting._STEPS[NextAction.RELEASE] = release
    return services


def replace_handle(handed: HandOver, handle: str) -> HandOver:
    """The same hand-over with a handle that only memory knows."""
    for each in handed.submissions:
        each.handle = handle
    return handed


def lease_instead_of_lock(services: Services, folder: Path) -> Services:
    """A lock that ends by itself after a while, whether its holder is dead or only paused."""
    return replace(services, locks=_Leases(folder / "leases", services))


class _Leases:
    def __init__(self, folder: Path, services: Services) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._services = folder, services

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        file = self._folder / name
        now = self._services.clock.now()
        held = not file.exists() or datetime.fromisoformat(file.read_text()) <= now
        if held:
            file.write_text((now + LEASE).isoformat())
        try:
            yield held
        finally:
            if held:
                file.unlink(missing_ok=True)

    def close(self) -> None:
        pass


def _answer_doubt(**changed: Any) -> None:
    def next_action(*arguments: Any, **facts: Any) -> NextAction:
        return submission.next_action(*arguments, **(facts | changed))

    swap(submitting, "next_action", next_action)


MUTANTS: Mapping[str, Callable[[Services, Path], Services]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        retry_without_asking,
        ask_too_early,
        trust_a_key_for_ever,
        repeat_without_a_guard,
        mark_before_acting,
        forget_what_was_staged,
        lease_instead_of_lock,
    )
}


def trials_of(mutant: str, points: Mapping[str, list[str]], backend: str = "sqlite") -> list[Trial]:
    """The trials in which a mutant must be seen; `points` of an undisturbed run by house."""

    def at(house: str, name: str) -> int:
        return points[house].index(name) + 1

    lookup = Trial("press-lookup", backend, mutant=mutant)
    return {
        "retry-without-asking": [replace(lookup, mishap=("drop-after", 0))],
        "ask-too-early": [replace(lookup, mishap=("drop-after", 0), lag_s=600, pause=timedelta(seconds=1))],
        "trust-a-key-for-ever": [
            replace(lookup, house="press-key", mishap=("drop-after", 0), pause=timedelta(hours=2))
        ],
        "repeat-without-a-guard": [replace(lookup, house="press-none", mishap=("drop-after", 0))],
        "mark-before-acting": [replace(lookup, kills=(at("press-lookup", "before release") + 1,))],
        "forget-what-was-staged": [
            replace(lookup, house="press-staged", kills=(at("press-staged", "after release"),)),
            replace(lookup, house="press-staged", mishap=("drop-after", 0)),
        ],
        "lease-instead-of-lock": [replace(lookup, stop_at=at("press-lookup", "before release"))],
    }[mutant]
