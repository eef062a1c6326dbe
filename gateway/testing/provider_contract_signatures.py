"""The part of the provider contract about signed posting lists: who demands a signature believes no list without it.

A posting list starts a deadline. A list that anybody could have written, or changed, must never look like proof.
"""
# ruff: noqa: S101  (a contract suite asserts)

import pytest

from gateway.ports.provider import PostingLists, Provider, ReceivedList
from gateway.testing.provider_bench import Lack, ListFlaw, ProviderBench
from gateway.testing.provider_contract_status import needs

_FAULTS = {
    ListFlaw.MISSING: "signature-missing",
    ListFlaw.FOREIGN: "signature-untrusted",
    ListFlaw.OTHER_BYTES: "signature-broken",
    ListFlaw.EXPIRED: "signature-expired",
}


def received(provider: Provider) -> list[ReceivedList]:
    """All lists that lie there; at least one was published."""
    assert isinstance(provider, PostingLists)
    found = list(provider.posting_lists(None))
    assert found
    return found


class SignatureContract:
    """Signatures of posting lists; part of `ProviderContract`."""

    @pytest.fixture
    def bench(self) -> ProviderBench:
        """A fresh bench; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture bench")

    def test_a_soundly_signed_list_is_believed_and_its_signature_kept(self, bench: ProviderBench) -> None:
        """The bytes of the signature are the proof; without them nobody could check it later."""
        needs(bench, Lack.SIGNED_LISTS)
        bench.publish_list(ListFlaw.SOUND)
        for each in received(bench.demanding()):
            assert each.signature is not None
            assert (each.signature.fault, bool(each.signature.content)) == ("", True)

    @pytest.mark.parametrize("flaw", list(_FAULTS))
    def test_a_list_with_a_missing_or_wrong_signature_is_refused_by_name(
        self, bench: ProviderBench, flaw: ListFlaw
    ) -> None:
        """It comes in, so that a person sees it, and says what is wrong with it: it is never sound."""
        needs(bench, Lack.SIGNED_LISTS)
        bench.publish_list(flaw)
        for each in received(bench.demanding()):
            assert each.signature is not None
            assert each.signature.fault == _FAULTS[flaw]

    def test_nothing_is_said_about_a_signature_that_nobody_demanded(self, bench: ProviderBench) -> None:
        """Else an unsigned list would look like a faulty one, or a signed one like one that was checked."""
        needs(bench, Lack.SIGNED_LISTS)
        bench.publish_list(ListFlaw.SOUND)
        assert {each.signature for each in received(bench.fresh())} == {None}
