"""The part of the provider contract about what is said of a piece afterwards: polls, webhooks, taking back."""
# ruff: noqa: S101  (a contract suite asserts)

import itertools
from datetime import timedelta

import pytest

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status, fold
from gateway.errors import InputError, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment, Provider, StatusReport
from gateway.testing.provider_bench import Call, Lack, ProviderBench

_MOST_ORDERS = 200
_NEVER_OURS = 2
_LONG_AGO = timedelta(days=30)


def handed_over(bench: ProviderBench, key: str = "K1") -> tuple[Consignment, str]:
    """A released consignment and the provider's reference."""
    consignment = bench.consignment(key)
    return consignment, bench.provider.release(bench.provider.stage(consignment), consignment)


def about(reports: list[StatusReport], key: str, reference: str) -> list[Status]:
    """The statements about one piece: by our key, or by a reference where the key is not echoed."""
    return [
        report.status
        for report in reports
        if report.key == key or (not report.key and report.provider_reference == reference)
    ]


def needs(bench: ProviderBench, lack: Lack) -> None:
    """Skip with the bench's reason where the interface does not have it."""
    if lack in bench.lacks:
        pytest.skip(f"not offered: {bench.lacks[lack]}")


class StatusContract:
    """Statuses, webhooks and cancelling; part of `ProviderContract`."""

    @pytest.fixture
    def bench(self) -> ProviderBench:
        """A fresh bench; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture bench")

    # Polling

    def test_a_piece_is_followed_through_its_life(self, bench: ProviderBench) -> None:
        """At every stage the fold of all statements so far is what is the case; moments have a time zone."""
        consignment, reference = handed_over(bench)
        said: list[StatusReport] = []
        for span, status in bench.life():
            bench.advance(span)
            said += bench.provider.poll([reference])
            for piece in consignment:
                assert fold(about(said, piece.key, reference), Service.STANDARD) is status
        assert all(report.occurred_at.tzinfo for report in said)
        assert all(report.raw and report.provider_status for report in said)

    def test_the_day_of_posting_is_reported_once_it_is_posted(self, bench: ProviderBench) -> None:
        """Without it no deadline can begin; no day is claimed before."""
        consignment, reference = handed_over(bench)
        said = self._whole_life(bench, reference)
        days = {report.posted_on for report in said if report.posted_on}
        assert len(days) == 1
        posted = [report for report in said if report.posted_on]
        assert {report.status for report in posted} == {Status.HANDED_TO_POST}
        for piece in consignment:
            assert about(posted, piece.key, reference)

    def test_the_order_in_which_statements_arrive_does_not_matter(self, bench: ProviderBench) -> None:
        """Late, reordered and repeated ones fold to the same status."""
        consignment, reference = handed_over(bench)
        said = self._whole_life(bench, reference)
        for piece in consignment:
            statuses = about(said, piece.key, reference)
            current = fold(statuses)
            for order in itertools.islice(itertools.permutations(statuses), _MOST_ORDERS):
                assert fold([*order, *order]) is current

    def test_the_same_statement_has_the_same_name_whoever_hears_it(self, bench: ProviderBench) -> None:
        """A repeat, heard by another process too, is recognised by its dedup key."""
        _, reference = handed_over(bench)
        bench.advance(bench.life()[0][0])
        first, again = bench.fresh(), bench.fresh()
        assert self._names(first, reference) == self._names(again, reference)

    def test_polling_resumes_without_a_gap(self, bench: ProviderBench) -> None:
        """A listener that stops in the middle, or is another process the next time, misses nothing."""
        consignment, reference = handed_over(bench)
        names: set[str] = set()
        said: list[StatusReport] = []
        for span, _ in bench.life():
            bench.advance(span)
            broken_off = next(iter(bench.fresh().poll([reference])), None)
            heard = [broken_off] if broken_off else []
            for report in [*heard, *bench.fresh().poll([reference])]:
                if report.dedup_key not in names:
                    names.add(report.dedup_key)
                    said.append(report)
        _, last = bench.life()[-1]
        for piece in consignment:
            assert fold(about(said, piece.key, reference)) is last
        before = len(names)
        assert names | self._names(bench.fresh(), reference) == names
        assert len(names) == before

    def test_ordinary_mail_is_never_delivered(self, bench: ProviderBench) -> None:
        """Whatever the provider claims."""
        consignment, reference = handed_over(bench)
        said = self._whole_life(bench, reference)
        for piece in consignment:
            assert fold(about(said, piece.key, reference), Service.STANDARD) is not Status.DELIVERED

    def test_a_status_that_nobody_knows_is_kept_raw_and_moves_nothing(self, bench: ProviderBench) -> None:
        """Providers add codes without asking."""
        needs(bench, Lack.FOREIGN_STATUS)
        consignment, reference = handed_over(bench)
        before = list(bench.provider.poll([reference]))
        bench.say_unknown(reference)
        after = list(bench.provider.poll([reference]))
        unknown = [report for report in after if report.status is Status.UNKNOWN]
        assert unknown
        assert all(report.raw and report.provider_status for report in unknown)
        for piece in consignment:
            earlier = about(before, piece.key, reference)
            assert fold(earlier + about(after, piece.key, reference)) is fold(earlier)

    def test_asking_about_nothing_is_quiet(self, bench: ProviderBench) -> None:
        """No reference, no statement about a piece."""
        assert list(bench.provider.poll([])) == []

    def _whole_life(self, bench: ProviderBench, reference: str) -> list[StatusReport]:
        said: list[StatusReport] = []
        for span, _ in bench.life():
            bench.advance(span)
            said += bench.provider.poll([reference])
        return said

    def _names(self, provider: Provider, reference: str) -> set[str]:
        return {report.dedup_key for report in provider.poll([reference])}

    # Webhooks

    def test_a_signed_call_is_believed(self, bench: ProviderBench) -> None:
        """And says the same as a poll, under the same name, so that hearing it twice is one event."""
        needs(bench, Lack.WEBHOOKS)
        assert bench.provider.capabilities.has_webhooks
        _, reference, call = self._posted(bench)
        [report] = bench.provider.parse_webhook(call.headers, call.body)
        assert (report.provider_reference, report.status) == (reference, Status.HANDED_TO_POST)
        assert report.posted_on
        assert report.dedup_key in self._names(bench.fresh(), reference)

    def test_a_forged_altered_or_unsigned_call_is_not_believed(self, bench: ProviderBench) -> None:
        """Anybody can call us."""
        needs(bench, Lack.WEBHOOKS)
        _, reference, call = self._posted(bench)
        forged = bench.call(reference, secret=_NEVER_OURS)
        for headers, body in (
            (call.headers, call.body + b" "),
            ({}, call.body),
            (dict.fromkeys(call.headers, "é" * 64), call.body),
            (forged.headers, forged.body),
        ):
            with pytest.raises(InputError, match="webhook-signature-invalid"):
                bench.provider.parse_webhook(headers, body)

    def test_a_changed_secret_does_not_silence_calls_signed_before(self, bench: ProviderBench) -> None:
        """Several secrets hold while one is exchanged."""
        needs(bench, Lack.WEBHOOKS)
        _, reference, _ = self._posted(bench)
        for secret in (0, 1):
            call = bench.call(reference, secret=secret)
            assert bench.provider.parse_webhook(call.headers, call.body)

    def test_a_call_that_is_played_again_changes_nothing(self, bench: ProviderBench) -> None:
        """Within the time of the provider's own repeats it is the same statement; after it, it is refused."""
        needs(bench, Lack.WEBHOOKS)
        _, reference, call = self._posted(bench)
        names = [
            [report.dedup_key for report in provider.parse_webhook(call.headers, call.body)]
            for provider in (bench.provider, bench.fresh())
        ]
        assert names[0] == names[1]
        old = bench.call(reference, age=_LONG_AGO)
        with pytest.raises(InputError, match="webhook-signature-invalid"):
            bench.provider.parse_webhook(old.headers, old.body)

    def test_an_interface_without_webhooks_says_so(self, bench: ProviderBench) -> None:
        """A call to it is not believed."""
        if Lack.WEBHOOKS not in bench.lacks:
            with pytest.raises(InputError, match="webhook-signature-invalid"):
                bench.provider.parse_webhook({}, b"{}")
            return
        assert not bench.provider.capabilities.has_webhooks
        with pytest.raises(InputError, match="webhook-not-offered"):
            bench.provider.parse_webhook({}, b"{}")

    def _posted(self, bench: ProviderBench) -> tuple[Consignment, str, Call]:
        consignment, reference = handed_over(bench)
        for span, _ in bench.life():
            bench.advance(span)
        return consignment, reference, bench.call(reference)

    # Taking back

    def test_what_is_taken_back_in_time_is_not_printed(self, bench: ProviderBench) -> None:
        """And is reported as cancelled."""
        needs(bench, Lack.CANCEL)
        assert bench.provider.capabilities.can_cancel
        consignment, reference = handed_over(bench)
        bench.provider.cancel(reference)
        assert bench.printed_in_the_end() == []
        said = list(bench.provider.poll([reference]))
        for piece in consignment:
            assert fold(about(said, piece.key, reference)) is Status.CANCELLED

    def test_what_is_in_production_is_not_taken_back(self, bench: ProviderBench) -> None:
        """The refusal says so; it is printed."""
        needs(bench, Lack.CANCEL)
        consignment, reference = handed_over(bench)
        bench.make_uncancellable()
        with pytest.raises(Refused):
            bench.provider.cancel(reference)
        assert len(bench.printed_in_the_end()) == len(consignment)

    def test_taking_back_is_refused_where_it_is_not_offered(self, bench: ProviderBench) -> None:
        """Never pretended; a reference that nobody knows is not taken back either."""
        if Lack.CANCEL in bench.lacks:
            assert not bench.provider.capabilities.can_cancel
            consignment, reference = handed_over(bench)
            with pytest.raises(Refused):
                bench.provider.cancel(reference)
            assert len(bench.printed_in_the_end()) == len(consignment)
            return
        with pytest.raises((Refused, NotSent, OutcomeUnknown)):
            bench.provider.cancel("99999999")
