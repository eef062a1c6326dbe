"""A seal is believed if it covers the whole scan, is intact, and comes from whom the agreement names."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import pem, x509  # type: ignore[import-untyped]
from asn1crypto.keys import PrivateKeyInfo  # type: ignore[import-untyped]
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gateway.signatures import judge_signature
from tests.inbound.test_delivery import pdf

NOW = datetime.now(UTC)


class Authority:
    """A certification authority, and one seal of it."""

    def __init__(self, name: str, *, expired: bool = False) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = crypto_x509.Name([crypto_x509.NameAttribute(crypto_x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._issue(self._name, self._key, authority=True)
        key = ec.generate_private_key(ec.SECP256R1())
        seal_name = crypto_x509.Name(
            [crypto_x509.NameAttribute(crypto_x509.NameOID.COMMON_NAME, f"{name} Siegel")]
        )
        seal = self._issue(seal_name, key, authority=False, expired=expired)
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(_asn1(self.certificate))
        self.signer = signers.SimpleSigner(
            signing_cert=_asn1(seal), signing_key=PrivateKeyInfo.load(private), cert_registry=store
        )

    @property
    def trust(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _issue(
        self, name: crypto_x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool, expired: bool = False
    ) -> crypto_x509.Certificate:
        ends = NOW - timedelta(days=1) if expired else NOW + timedelta(days=30)
        return (
            crypto_x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(crypto_x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=60))
            .not_valid_after(ends)
            .add_extension(crypto_x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _asn1(certificate: crypto_x509.Certificate) -> x509.Certificate:
    content = certificate.public_bytes(serialization.Encoding.PEM)
    return x509.Certificate.load(pem.unarmor(content)[2])


@cache
def authority(name: str, *, expired: bool = False) -> Authority:
    return Authority(name, expired=expired)


def sealed(content: bytes, by: Authority) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    meta = signers.PdfSignatureMetadata(field_name="Siegel")
    made = signers.sign_pdf(writer, meta, signer=by.signer)
    return bytes(made.getvalue())


WEST = authority("Scan West CA")


@pytest.fixture(scope="module")
def good() -> bytes:
    return sealed(pdf(1), WEST)


def test_a_seal_of_whom_we_trust_is_believed(good: bytes) -> None:
    assert judge_signature(good, (WEST.trust,)) is None
    assert judge_signature(good, (authority("Other").trust, WEST.trust)) is None


def test_no_seal_is_said() -> None:
    assert judge_signature(pdf(1), (WEST.trust,)) == "signature-missing"


def test_a_seal_of_a_stranger_or_one_that_has_run_out_is_not_trusted(good: bytes) -> None:
    assert judge_signature(good, (authority("Other").trust,)) == "signature-untrusted"
    late = authority("Late", expired=True)
    assert judge_signature(sealed(pdf(1), late), (late.trust,)) == "signature-expired"


def test_a_seal_that_has_run_out_is_not_believed_where_it_is_trusted_itself() -> None:
    late = authority("Late", expired=True)
    seal = late.signer.signing_cert
    assert seal is not None
    assert (
        judge_signature(sealed(pdf(1), late), (pem.armor("CERTIFICATE", seal.dump()),)) == "signature-expired"
    )


def test_one_changed_byte_breaks_it(good: bytes) -> None:
    changed = good.replace(b"/MediaBox [ 0 0 595 842 ]", b"/MediaBox [ 0 0 595 843 ]")
    assert changed != good
    assert judge_signature(changed, (WEST.trust,)) == "signature-broken"


def test_what_was_added_after_the_seal_is_noticed(good: bytes) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(good), strict=False)
    writer.update_root()  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    writer.write(buffer)  # type: ignore[no-untyped-call]
    assert judge_signature(buffer.getvalue(), (WEST.trust,)) == "signature-partial"


def test_what_is_no_pdf_is_broken() -> None:
    assert judge_signature(b"no pdf", (WEST.trust,)) == "signature-broken"
