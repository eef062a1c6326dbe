"""The contract finds liars: an adapter that breaks one promise fails the case that asks for it."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.runs.tally import Held
from gateway.errors import NotSent, OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import (
    Capabilities,
    Consignment,
    Listing,
    ListSignature,
    PostingLists,
    Provider,
    ReceivedList,
    StatusReport,
)
from gateway.providers.print_house import HouseRules
from gateway.testing.pingen import PingenSimulator
from gateway.testing.print_centre import PrintCentre
from gateway.testing.provider_bench import Fault, ListFlaw, ProviderBench, Step
from gateway.testing.provider_contract import ProviderContract
from tests.contracts.test_pingen_contract import PingenBench
from tests.contracts.test_print_house_contract import FolderBench

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Liar:
    """An adapter that is true but for one thing."""

    def __init__(self, true: Provider) -> None:
        self._true = true

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)


class ClaimsNothingWasSent(Liar):
    """And so would be handed the letter again without asking."""

    def release(self, handle: str, consignment: Consignment) -> str:
        try:
            return self._true.release(handle, consignment)
        except OutcomeUnknown as fact:
            raise NotSent(fact.code, fact.message) from None


class ReleasesWhileStaging(Liar):
    """Prints before anybody said so."""

    def stage(self, consignment: Consignment) -> str:
        handle = self._true.stage(consignment)
        return self._true.release(handle, consignment)


class MakesANewKey(Liar):
    """Stages anew at each release: the key never protects."""

    def release(self, _handle: str, consignment: Consignment) -> str:
        piece = consignment.only
        other = Consignment.of(type(piece)(**{**vars(piece), "key": f"{piece.key}{id(object())}"}))
        return self._true.release(self._true.stage(other), other)


class BelievesEverybody(Liar):
    """Reads calls without looking at the signature."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:
        return []


class TakesAllBack(Liar):
    """Pretends that it is never too late."""

    def cancel(self, provider_reference: str) -> None:
        try:
            self._true.cancel(provider_reference)
        except Refused:
            return


class NamesTheRecipient(Liar):
    """Says in an error whose letter it was."""

    def release(self, handle: str, consignment: Consignment) -> str:
        try:
            return self._true.release(handle, consignment)
        except OutcomeUnknown as fact:
            raise OutcomeUnknown(fact.code, consignment.only.address_lines[0]) from None


class ClaimsALookup(Liar):
    """Claims that asking settles a doubt, and never finds anything."""

    @property
    def capabilities(self) -> Capabilities:
        facts = vars(self._true.capabilities) | {"guard": DuplicateGuard.LOOKUP, "key_lifetime": timedelta(0)}
        return Capabilities(**facts)

    def find(self, key: str) -> None:
        return None


class TellsUnderNewNames(Liar):
    """Gives every statement another name each time."""

    def poll(self, references: Sequence[str]) -> Iterator[StatusReport]:
        for number, report in enumerate(self._true.poll(references)):
            yield StatusReport(**{**vars(report), "dedup_key": f"{id(self)}{number}"})


class ReadsOnePage(Liar):
    """Takes the first page of a list for the whole."""

    def holdings(self, day: date) -> Iterator[Held]:
        return itertools.islice(cast("Listing", self._true).holdings(day), 3)


class TakesSilenceForNought(Liar):
    """Says "0 letters" where nobody told."""

    def holdings(self, day: date) -> list[Held]:
        try:
            return list(cast("Listing", self._true).holdings(day))
        except ProviderError:
            return []


class SignatureLiar(Liar):
    """Says something else about the signature of a list than is true."""

    def posting_lists(self, since: datetime | None) -> Iterator[ReceivedList]:
        for received in cast("PostingLists", self._true).posting_lists(since):
            yield replace(received, signature=self.lie(received.signature))

    def lie(self, signature: ListSignature | None) -> ListSignature | None:
        return signature


class _TakesForSound(SignatureLiar):
    fault = ""

    def lie(self, signature: ListSignature | None) -> ListSignature | None:
        found = signature is not None and signature.fault == self.fault
        return ListSignature(signature.content, "") if signature and found else signature


class NeedsNoSignature(_TakesForSound):
    """Demands one, and is content without."""

    fault = "signature-missing"


class TrustsEverySigner(_TakesForSound):
    """Checks that a signature is whole, and not whose."""

    fault = "signature-untrusted"


class ChecksNoBytes(_TakesForSound):
    """Looks at the signer, and not at what was signed."""

    fault = "signature-broken"


class KnowsNoCalendar(_TakesForSound):
    """Trusts a certificate for ever."""

    fault = "signature-expired"


class ForgetsTheAgreement(SignatureLiar):
    """Says nothing about a signature that was demanded: the list passes as one of the unsigned kind."""

    def lie(self, _signature: ListSignature | None) -> None:
        return None


class ThrowsTheSignatureAway(SignatureLiar):
    """Says that it was sound, and keeps nothing by which anybody else could tell."""

    def lie(self, signature: ListSignature | None) -> ListSignature | None:
        return ListSignature(b"", signature.fault) if signature else None


class CallsAllSigned(SignatureLiar):
    """Says that what nobody checked is sound."""

    def lie(self, signature: ListSignature | None) -> ListSignature:
        return signature or ListSignature(b"x", "")


class LyingHouse(FolderBench):
    """A bench of a print house whose adapters all tell the same lie."""

    def __init__(self, centre: PrintCentre, monkeypatch: pytest.MonkeyPatch, lie: type[Liar]) -> None:
        self._lie = lie
        super().__init__(centre, monkeypatch)

    def fresh(self) -> Provider:
        return self._lie(super().fresh())

    def with_rules(self, rules: HouseRules) -> Provider:
        return self._lie(super().with_rules(rules))


class LyingBench(PingenBench):
    """A bench whose adapters all tell the same lie."""

    def __init__(self, simulator: PingenSimulator, folder: Path, lie: type[Liar]) -> None:
        self._lie = lie
        super().__init__(simulator, folder)

    def fresh(self) -> Provider:
        return self._lie(super().fresh())

    def unreachable(self) -> Provider:
        return self._lie(super().unreachable())


_SUITE = ProviderContract()
_CASES: dict[type[Liar], Any] = {
    ClaimsNothingWasSent: lambda bench: _SUITE.test_an_unclear_outcome_is_said_and_recovery_prints_once(
        bench, Fault.LOST_ANSWER
    ),
    ReleasesWhileStaging: _SUITE.test_staging_prints_nothing,
    MakesANewKey: _SUITE.test_releasing_twice_prints_once,
    BelievesEverybody: _SUITE.test_a_forged_altered_or_unsigned_call_is_not_believed,
    TakesAllBack: _SUITE.test_what_is_in_production_is_not_taken_back,
    ClaimsALookup: _SUITE.test_the_duplicate_guard_is_true,
    TellsUnderNewNames: _SUITE.test_the_same_statement_has_the_same_name_whoever_hears_it,
    ReadsOnePage: _SUITE.test_what_was_handed_over_on_a_day_is_listed_once_with_its_pages,
    TakesSilenceForNought: _SUITE.test_a_list_that_cannot_be_had_or_read_is_an_error_and_never_nought,
}


def _refused(flaw: ListFlaw) -> Callable[[ProviderBench], None]:
    return lambda bench: _SUITE.test_a_list_with_a_missing_or_wrong_signature_is_refused_by_name(bench, flaw)


_OF_SIGNATURES: dict[type[Liar], Callable[[ProviderBench], None]] = {
    NeedsNoSignature: _refused(ListFlaw.MISSING),
    TrustsEverySigner: _refused(ListFlaw.FOREIGN),
    ChecksNoBytes: _refused(ListFlaw.OTHER_BYTES),
    KnowsNoCalendar: _refused(ListFlaw.EXPIRED),
    ForgetsTheAgreement: _SUITE.test_a_soundly_signed_list_is_believed_and_its_signature_kept,
    ThrowsTheSignatureAway: _SUITE.test_a_soundly_signed_list_is_believed_and_its_signature_kept,
    CallsAllSigned: _SUITE.test_nothing_is_said_about_a_signature_that_nobody_demanded,
}


@pytest.mark.parametrize("lie", list(_OF_SIGNATURES), ids=lambda lie: lie.__name__)
def test_a_lie_about_a_signature_fails_the_case_that_asks_for_it_and_the_truth_passes(
    lie: type[Liar], monkeypatch: pytest.MonkeyPatch
) -> None:
    with PrintCentre(speed=0, start=MONDAY, automatic=False) as centre, pytest.raises(AssertionError):
        _OF_SIGNATURES[lie](LyingHouse(centre, monkeypatch, lie))
    with PrintCentre(speed=0, start=MONDAY, automatic=False) as centre:
        _OF_SIGNATURES[lie](LyingHouse(centre, monkeypatch, Liar))


@pytest.fixture
def simulator() -> Iterator[PingenSimulator]:
    with PingenSimulator(speed=0, start=MONDAY) as running:
        yield running


@pytest.mark.parametrize("lie", list(_CASES), ids=lambda lie: lie.__name__)
def test_a_lie_fails_the_case_that_asks_for_it_and_the_truth_passes(
    simulator: PingenSimulator, tmp_path: Path, lie: type[Liar]
) -> None:
    lying = LyingBench(simulator, tmp_path, lie)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _CASES[lie](lying)
    lying.close()
    with PingenSimulator(speed=0, start=MONDAY) as fresh:
        bench = LyingBench(fresh, tmp_path / "true", Liar)
        (tmp_path / "true").mkdir()
        _CASES[lie](bench)
        bench.close()


def test_a_person_in_an_error_is_noticed(
    simulator: PingenSimulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lying = LyingBench(simulator, tmp_path, NamesTheRecipient)
    with pytest.raises(AssertionError):
        _SUITE.test_no_error_and_no_log_shows_a_secret_or_a_person(
            lying, Step.RELEASE, Fault.LOST_ANSWER, caplog
        )
    lying.close()
