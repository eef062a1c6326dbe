"""Sealing for a print house's key: CMS EnvelopedData (RFC 5652), AES-256, so that its server stores nothing legible.

Each file of a consignment is sealed by itself, so that memory is bounded by the largest PDF and not by the
consignment. The hash of the clear bytes stands in the (sealed) manifest. The house opens a file with its RSA key, for
example with `openssl cms -decrypt -inform DER`.
"""

from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from gateway.errors import ConfigError


def signer_certificate(certificate_file: Path) -> bytes:
    """A certificate to which signatures of posting lists must lead, as PEM. Raises `ConfigError`."""
    try:
        content = certificate_file.read_bytes()
        x509.load_pem_x509_certificates(content)
    except (OSError, ValueError):
        text = "Ein Zertifikat für Einlieferungslisten (list_signed_by) ist nicht lesbar; es muss PEM sein."
        raise ConfigError("print-house-certificate", text) from None
    return content


def seal_for(certificate_file: Path) -> Callable[[bytes], bytes]:
    """What seals for the holder of a certificate (PEM, RSA). Raises `ConfigError`."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    except (OSError, ValueError):
        text = "Das Zertifikat des Druckdienstleisters (seal_for) ist nicht lesbar; es muss PEM sein."
        raise ConfigError("print-house-certificate", text) from None
    if not isinstance(certificate.public_key(), RSAPublicKey):
        text = "Das Zertifikat des Druckdienstleisters (seal_for) braucht einen RSA-Schlüssel."
        raise ConfigError("print-house-certificate", text)

    def seal(clear: bytes) -> bytes:
        builder = PKCS7EnvelopeBuilder().set_data(clear).set_content_encryption_algorithm(AES256)
        return builder.add_recipient(certificate).encrypt(Encoding.DER, [PKCS7Options.Binary])

    return seal
