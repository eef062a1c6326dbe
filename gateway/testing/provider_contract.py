"""What every print provider's adapter must do, as pytest classes: an adapter passes them by adding one fixture.

    class TestMyProvider(ProviderContract):
        @pytest.fixture
        def bench(self) -> Iterator[ProviderBench]:
            with MySimulator() as simulator:
                yield MyBench(simulator)

Every case asserts on the ledger of what was printed. Nothing but the port and the bench is used. What an interface
does not have is skipped with the reason that the bench declares (`ProviderBench.lacks`).
"""
# ruff: noqa: S101, PT017  (a contract suite asserts, also on the fact that was stated instead of an answer)

import hashlib
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.findings import has_error
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import DuplicateGuard, NextAction, SubmissionState, next_action
from gateway.errors import (
    AlreadyReleased,
    GatewayError,
    IntegrityError,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Refused,
)
from gateway.ports.provider import Consignment, Provider, Unit
from gateway.testing.provider_bench import RETRY_AFTER_S, Fault, Lack, Printed, ProviderBench, Step
from gateway.testing.provider_contract_certificates import CertificateContract
from gateway.testing.provider_contract_list import ListContract
from gateway.testing.provider_contract_signatures import SignatureContract
from gateway.testing.provider_contract_status import StatusContract

__all__ = ["ProviderContract", "recover"]

_NEEDS = {
    Fault.TOO_MANY: Lack.TOO_MANY,
    Fault.ERROR_BEFORE: Lack.SERVER_ERRORS,
    Fault.ERROR_AFTER: Lack.SERVER_ERRORS,
    Fault.NONSENSE: Lack.NONSENSE,
}
_UNCLEAR = [Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.NONSENSE]


def inject(bench: ProviderBench, step: Step, fault: Fault) -> None:
    """Spoil the next call, or skip with the bench's reason why this interface cannot be spoilt so."""
    lack = _NEEDS.get(fault)
    if lack and lack in bench.lacks:
        pytest.skip(f"not offered: {bench.lacks[lack]}")
    bench.inject(step, fault)


def prints(consignment: Consignment) -> list[Printed]:
    """What the ledger must hold after a consignment was released once."""
    return [Printed(piece.key, hashlib.sha256(piece.pdf).hexdigest()) for piece in consignment]


def in_order(printed: Sequence[Printed]) -> list[Printed]:
    """Sorted: no interface promises an order."""
    return sorted(printed, key=lambda each: (each.key, each.sha256))


def recover(bench: ProviderBench, provider: Provider, handle: str, consignment: Consignment) -> None:
    """What the protocol does after an unknown outcome, as the duplicate guard says (`domain.runs.submission`)."""
    facts = provider.capabilities
    elapsed = facts.settle_time if facts.guard is DuplicateGuard.LOOKUP else timedelta(0)
    bench.advance(elapsed)
    began = datetime(2026, 11, 16, tzinfo=UTC)
    action = next_action(
        SubmissionState.IN_DOUBT,
        guard=facts.guard,
        now=began + elapsed,
        releasing_at=began,
        settle_time=facts.settle_time,
        key_lifetime=facts.key_lifetime,
    )
    if action is NextAction.RELEASE or (
        action is NextAction.LOOK_UP and provider.find(consignment.key) is None
    ):
        release_again(provider, handle, consignment)


def release_again(provider: Provider, handle: str, consignment: Consignment) -> None:
    """Once more; done before is as good."""
    try:
        provider.release(handle, consignment)
    except AlreadyReleased as done:
        assert done.provider_reference


def everything_said_by(error: BaseException | None) -> str:
    """All that a log or a screen could show of an exception and of those behind it."""
    said = ""
    while error is not None:
        said += repr(error) + str(error) + repr(vars(error)) + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return said


class ProviderContract(StatusContract, CertificateContract, ListContract, SignatureContract):
    """The promises of `gateway.ports.provider`: staging, releasing, recovering; then what is said of it, and listed."""

    # Staging and releasing

    def test_staging_prints_nothing(self, bench: ProviderBench) -> None:
        """Whatever staging leaves at the provider never becomes paper by itself."""
        assert bench.provider.stage(bench.consignment("K1"))
        assert bench.printed_in_the_end() == []
        assert bench.provider.find("K1") is None

    def test_staging_twice_is_harmless(self, bench: ProviderBench) -> None:
        """The last handle releases, and one copy is printed; a new process may be the one that stages again."""
        consignment = bench.consignment("K1")
        bench.provider.stage(consignment)
        handle = bench.fresh().stage(consignment)
        bench.provider.release(handle, consignment)
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_a_release_prints_once_and_every_byte_arrives(self, bench: ProviderBench) -> None:
        """The hash in the ledger is the hash that was approved."""
        consignment = bench.consignment("K1")
        assert bench.provider.release(bench.provider.stage(consignment), consignment)
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_releasing_twice_prints_once(self, bench: ProviderBench) -> None:
        """A repeat with our key is recognised, or judged as unknown; never printed."""
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        reference = bench.provider.release(handle, consignment)
        try:
            assert bench.fresh().release(handle, consignment) == reference
        except AlreadyReleased as done:
            assert done.provider_reference == reference
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_many_consignments_at_once_are_each_printed_once(self, bench: ProviderBench) -> None:
        """An adapter is shared between threads, as many at least as it claims to bear."""
        assert bench.provider.capabilities.parallel >= 1
        consignments = [bench.consignment(f"K{number:02d}") for number in range(12)]

        def hand_over(consignment: Consignment) -> str:
            return bench.provider.release(bench.provider.stage(consignment), consignment)

        with ThreadPoolExecutor(max(4, bench.provider.capabilities.parallel)) as pool:
            references = list(pool.map(hand_over, consignments))
        wanted = [each for consignment in consignments for each in prints(consignment)]
        assert in_order(bench.printed_in_the_end()) == in_order(wanted)
        assert len(set(references)) == len(consignments)

    # What goes wrong

    @pytest.mark.parametrize("fault", _UNCLEAR)
    def test_an_unclear_outcome_is_said_and_recovery_prints_once(
        self, bench: ProviderBench, fault: Fault
    ) -> None:
        """The fact is OutcomeUnknown (NotSent at most where nothing was done); the guard ends the doubt."""
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        inject(bench, Step.RELEASE, fault)
        with pytest.raises((OutcomeUnknown, NotSent)) as stated:
            bench.provider.release(handle, consignment)
        if fault not in {Fault.LOST_REQUEST, Fault.ERROR_BEFORE}:
            assert type(stated.value) is OutcomeUnknown
        recover(bench, bench.fresh(), handle, consignment)
        printed = in_order(bench.printed_in_the_end())
        if bench.provider.capabilities.guard is DuplicateGuard.NONE:
            assert len(printed) <= len(consignment)
        else:
            assert printed == in_order(prints(consignment))

    @pytest.mark.parametrize("fault", [*_UNCLEAR, Fault.TOO_MANY])
    def test_a_failed_staging_is_repeated_and_prints_once(self, bench: ProviderBench, fault: Fault) -> None:
        """Staging fails as NotSent (it prints nothing, so it may be repeated), or does not talk to anybody at all."""
        consignment = bench.consignment("K1")
        inject(bench, Step.STAGE, fault)
        try:
            handle = bench.provider.stage(consignment)
        except NotSent:
            assert bench.printed_in_the_end() == []
            handle = bench.fresh().stage(consignment)
        bench.provider.release(handle, consignment)
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_where_nobody_listens_nothing_was_sent(self, bench: ProviderBench) -> None:
        """A refused connection is certain: the letters wait and lose nothing."""
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        with pytest.raises(NotSent):
            bench.unreachable().release(handle, consignment)
        assert bench.printed_in_the_end() == []
        bench.provider.release(handle, consignment)
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_too_many_requests_is_not_sent_with_the_waiting_time(self, bench: ProviderBench) -> None:
        """The provider's own waiting time is passed on."""
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        inject(bench, Step.RELEASE, Fault.TOO_MANY)
        with pytest.raises(NotSent) as stated:
            bench.provider.release(handle, consignment)
        assert stated.value.retry_after_s == RETRY_AFTER_S
        assert bench.printed_in_the_end() == []

    @pytest.mark.parametrize("step", [Step.CHECK, Step.STAGE, Step.RELEASE, Step.FIND, Step.POLL, Step.CANCEL])
    def test_no_call_waits_for_ever(self, bench: ProviderBench, step: Step) -> None:
        """Every call has time limits, and says what it knows when they are over."""
        if step not in bench.slow_steps:
            pytest.skip(f"not offered: {step} does not talk to the provider")
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        reference = (
            bench.provider.release(handle, consignment) if step in {Step.POLL, Step.CANCEL} else "unused"
        )
        bench.hurry()
        bench.inject(step, Fault.SLOW)
        began = time.monotonic()
        try:
            assert _do(bench, step, handle, consignment, reference)
        except ProviderError as fact:
            assert isinstance(fact, (NotSent, OutcomeUnknown))
        assert time.monotonic() - began < bench.patience_s

    @pytest.mark.parametrize("step", [Step.STAGE, Step.RELEASE])
    @pytest.mark.parametrize("fault", [*_UNCLEAR, Fault.TOO_MANY, Fault.SLOW])
    def test_no_error_and_no_log_shows_a_secret_or_a_person(
        self, bench: ProviderBench, step: Step, fault: Fault, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither the message nor the chain behind it, nor the representation of what is involved."""
        caplog.set_level(logging.DEBUG)
        consignment = bench.consignment("K1")
        said = repr(bench.provider)
        handle = bench.provider.stage(consignment) if step is Step.RELEASE else ""
        if fault is Fault.SLOW:
            bench.hurry()
        inject(bench, step, fault)
        try:
            _do(bench, step, handle, consignment, "")
        except GatewayError as fact:
            said += everything_said_by(fact)
        _assert_discreet(bench, consignment, said + caplog.text)

    # Limits

    def test_too_many_sheets_are_refused_before_anything_is_sent(self, bench: ProviderBench) -> None:
        """With a reason that names no person."""
        self._refuses(bench, pages=bench.provider.profile.max_sheets * 2 + 1)

    def test_too_many_bytes_are_refused_before_anything_is_sent(self, bench: ProviderBench) -> None:
        """A limit that we know costs no transmission."""
        if Lack.MANY_BYTES in bench.lacks:
            pytest.skip(f"not offered: {bench.lacks[Lack.MANY_BYTES]}")
        self._refuses(bench, pdf=b"%PDF-1.7\n" + bytes(bench.provider.profile.max_bytes))

    def test_other_bytes_than_the_approved_ones_are_never_sent(self, bench: ProviderBench) -> None:
        """The hash is proven again at the door."""
        with pytest.raises(IntegrityError):
            bench.provider.stage(bench.consignment("K1", sha256="0" * 64))
        assert bench.printed_in_the_end() == []

    @pytest.mark.parametrize("service", list(Service))
    def test_a_service_is_offered_exactly_if_it_is_claimed(
        self, bench: ProviderBench, service: Service
    ) -> None:
        """What is claimed is taken and printed; what is not is refused before anything is sent."""
        if service not in bench.provider.capabilities.services:
            self._refuses(bench, service=service)
            return
        consignment = bench.consignment("K1", service=service)
        bench.provider.release(bench.provider.stage(consignment), consignment)
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def _refuses(self, bench: ProviderBench, **changes: object) -> None:
        consignment = bench.consignment("K1", **changes)
        with pytest.raises(Refused) as refused:
            bench.provider.stage(consignment)
        assert refused.value.piece_key in {None, *(piece.key for piece in consignment)}
        _assert_discreet(bench, consignment, everything_said_by(refused.value))
        assert bench.printed_in_the_end() == []

    # What is claimed

    def test_the_unit_is_true(self, bench: ProviderBench) -> None:
        """An interface of unit PIECE takes one, one of unit BATCH as many as it says."""
        facts = bench.provider.capabilities
        assert facts.max_pieces == 1 if facts.unit is Unit.PIECE else facts.max_pieces > 1
        assert bench.provider.name

    def test_the_duplicate_guard_is_true(self, bench: ProviderBench) -> None:
        """What the protocol relies on after an unknown outcome is there when it is needed."""
        facts = bench.provider.capabilities
        consignment = bench.consignment("K1")
        handle = bench.provider.stage(consignment)
        assert bench.provider.find("K1") is None
        bench.provider.release(handle, consignment)
        if facts.guard is DuplicateGuard.KEY:
            assert facts.key_lifetime > timedelta(0)
            bench.advance(facts.key_lifetime * 0.9)
        if facts.guard in {DuplicateGuard.KEY, DuplicateGuard.STAGED}:
            release_again(bench.fresh(), handle, consignment)
        if facts.guard is DuplicateGuard.LOOKUP:
            bench.advance(facts.settle_time)
            found = bench.fresh().find("K1")
            assert found is not None
            assert found.count == 1
        assert in_order(bench.printed_in_the_end()) == in_order(prints(consignment))

    def test_what_was_never_handed_over_is_not_found(self, bench: ProviderBench) -> None:
        """Nor under a key that only begins alike."""
        consignment = bench.consignment("K10")
        bench.provider.release(bench.provider.stage(consignment), consignment)
        assert bench.provider.find("K1") is None

    def test_checking_changes_nothing(self, bench: ProviderBench) -> None:
        """It is quiet where all is well, tells an error where nobody listens, and leaves no trace."""
        assert not has_error(bench.provider.check())
        assert has_error(bench.unreachable().check())
        assert bench.printed_in_the_end() == []


def _do(bench: ProviderBench, step: Step, handle: str, consignment: Consignment, reference: str) -> object:
    provider = bench.provider
    actions: dict[Step, Callable[[], object]] = {
        Step.CHECK: lambda: provider.check() is not None,
        Step.STAGE: lambda: provider.stage(consignment),
        Step.RELEASE: lambda: provider.release(handle, consignment),
        Step.FIND: lambda: provider.find(consignment.key) or "nothing",
        Step.POLL: lambda: list(provider.poll([reference])) or "nothing",
        Step.CANCEL: lambda: provider.cancel(reference) or "cancelled",  # type: ignore[func-returns-value]
    }
    return actions[step]()


def _assert_discreet(bench: ProviderBench, consignment: Consignment, said: str) -> None:
    [lines] = {tuple(piece.address_lines) for piece in consignment}
    for word in [*bench.secrets, *lines]:
        assert word not in said
