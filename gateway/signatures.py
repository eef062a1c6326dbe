"""Signatures and seals of what comes in: intact, over the whole file, and from whom we trust.

Of scanned PDFs the seal in the file (TR-03138 A.IS.1), of posting lists a detached CMS signature beside it (RFC 5652).
The check is made without any network: revocation is the provider's agreement, and the chain must lead to one of the
certificates that the configuration names. What the signature's certificate may be used for is not judged.
"""

import asyncio
import io
import logging
from datetime import UTC, datetime

from asn1crypto import cms, pem  # type: ignore[import-untyped]
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel, SignatureStatus
from pyhanko_certvalidator import ValidationContext

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

_ANY_USE = KeyUsageConstraints(key_usage=set(), match_all_key_usages=False)


def judge_signature(pdf: bytes, trust: tuple[bytes, ...]) -> str | None:
    """None if a signature or seal covers the whole document, is intact, and leads to `trust`; else the fault's code.

    signature-missing, signature-broken, signature-partial, signature-expired, signature-untrusted.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        signatures = reader.embedded_regular_signatures
    except (PdfError, ValueError, KeyError, TypeError, AttributeError):
        return "signature-broken"
    if not signatures:
        return "signature-missing"
    context = _context(trust)
    try:
        status = validate_pdf_signature(signatures[-1], context, key_usage_settings=_ANY_USE)
    except (SignatureValidationError, PdfError, ValueError, KeyError, TypeError, AttributeError):
        return "signature-broken"
    if not (status.intact and status.valid):
        return "signature-broken"
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return "signature-partial"
    return _distrust(status)


def judge_detached(content: bytes, signature: bytes | None, trust: tuple[bytes, ...]) -> str | None:
    """None if a detached CMS signature (DER or PEM) is over exactly these bytes and leads to `trust`; else the code.

    signature-missing, signature-broken, signature-expired, signature-untrusted.
    """
    if not signature:
        return "signature-missing"
    try:
        der = pem.unarmor(signature)[2] if pem.detect(signature) else signature
        info = cms.ContentInfo.load(der, strict=True)
        if info["content_type"].native != "signed_data":
            return "signature-broken"
        checked = async_validate_detached_cms(
            content, info["content"], signer_validation_context=_context(trust), key_usage_settings=_ANY_USE
        )
        status = asyncio.run(checked)
    except (SignatureValidationError, CMSExtractionError, ValueError, KeyError, TypeError, AttributeError):
        return "signature-broken"
    if not (status.intact and status.valid):
        return "signature-broken"
    return _distrust(status)


def _distrust(status: SignatureStatus) -> str | None:
    """Why an intact signature is not believed all the same.

    A certificate that has ended proves nothing any more, also where it is named as trusted itself: who has its key
    could sign for any day. What we check has just arrived, so it is today that counts.
    """
    if datetime.now(UTC) > status.signing_cert.not_valid_after:
        return "signature-expired"
    return None if status.trusted else "signature-untrusted"


def _context(trust: tuple[bytes, ...]) -> ValidationContext:
    anchors = [certificate for each in trust for certificate in load_certs_from_pemder_data(each)]
    return ValidationContext(trust_roots=anchors, allow_fetching=False, revocation_mode="soft-fail")
