"""A simulated centre's electronic seal: a certificate of its own, kept from one start to the next."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import pem as asn1_pem  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from asn1crypto.keys import PrivateKeyInfo  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

_VALID = timedelta(days=3650)


class Seal:
    """Seals a whole PDF, or signs other bytes. `trust_file` is the certificate that the other side must trust.

    `expired`: its certificate is one that ended yesterday.
    """

    def __init__(self, folder: Path, name: str = "Scanstelle (Simulator)", *, expired: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.trust_file, key_file = folder / "seal.pem", folder / "seal.key"
        if not key_file.exists():
            _make(name, self.trust_file, key_file, timedelta(days=-1) if expired else _VALID)
        self._signer = signers.SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(asn1_pem.unarmor(self.trust_file.read_bytes())[2]),
            signing_key=PrivateKeyInfo.load(key_file.read_bytes()),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        )

    def __call__(self, pdf: bytes) -> bytes:
        """The sealed PDF."""
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        meta = signers.PdfSignatureMetadata(field_name="Siegel")
        return bytes(signers.sign_pdf(writer, meta, signer=self._signer).getvalue())

    def beside(self, content: bytes) -> bytes:
        """A detached CMS signature over any bytes, DER."""
        signing = self._signer.async_sign_general_data(io.BytesIO(content), "sha256", detached=True)
        return bytes(asyncio.run(signing).dump())


def with_more(pdf: bytes) -> bytes:
    """The same with something added after the seal, which the seal does not cover."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    writer.update_root()  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    writer.write(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _make(name: str, trust_file: Path, key_file: Path, valid: timedelta) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID)
        .not_valid_after(now + valid)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trust_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
