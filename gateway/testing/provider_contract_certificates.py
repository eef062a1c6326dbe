"""The part of the provider contract about certificates of service as data; an interface without them is skipped."""
# ruff: noqa: S101  (a contract suite asserts)

import hashlib
from datetime import date

import pytest

from gateway.domain.references import reference_from
from gateway.ports.provider import Certificates, Provider, ReceivedCertificate
from gateway.testing.provider_bench import ProviderBench

_PIECE = reference_from(4711)
_SERVED = date(2026, 11, 19)


def published(provider: Provider) -> list[ReceivedCertificate]:
    """What the provider publishes, by number."""
    if not isinstance(provider, Certificates):
        pytest.skip("not offered: the provider publishes no certificates of service")
    return sorted(provider.certificates(), key=lambda each: each.number)


class CertificateContract:
    """Certificates of service; part of `ProviderContract`."""

    @pytest.fixture
    def bench(self) -> ProviderBench:
        """A fresh bench; the adapter's test provides it."""
        raise NotImplementedError("the adapter's test class provides the fixture bench")

    def test_certificates_are_told_as_they_were_published_again_and_again(self, bench: ProviderBench) -> None:
        """The application knows them by number: nothing may be remembered or used up here, and another process too."""
        assert published(bench.provider) == []
        bench.certify(_PIECE, "ZU-1", "mailbox", _SERVED)
        bench.certify(_PIECE, "ZU-2", "undeliverable-moved", None)
        found = published(bench.provider)
        assert [(each.number, each.reference, each.outcome, each.effective_on) for each in found] == [
            ("ZU-1", _PIECE, "mailbox", _SERVED),
            ("ZU-2", _PIECE, "undeliverable-moved", None),
        ]
        assert all(each.image.startswith(b"%PDF") for each in found)
        assert all(hashlib.sha256(each.image).hexdigest() == each.told_sha256 for each in found)
        assert all(each.occurred_at is not None and each.occurred_at.tzinfo is not None for each in found)
        assert published(bench.provider) == published(bench.fresh()) == found

    def test_certificates_are_no_statements_about_pieces(self, bench: ProviderBench) -> None:
        """What is proven is recorded as a proof; a status beside it would say it twice."""
        published(bench.provider)
        bench.certify(_PIECE, "ZU-1", "mailbox", _SERVED)
        assert list(bench.provider.poll([])) == []
