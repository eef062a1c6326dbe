"""Test letters at the E-POSTBUSINESS interface: `testFlag` has a letter checked like any other, and never printed.

The account of the live letters is used, so that its own rules and blocks show. What would be printed is asked for with
`TestResult`. Nothing is transmitted without an address for the processed document: it fails closed.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from gateway.errors import OutcomeUnknown, Refused
from gateway.ports.provider import TrialAnswer
from gateway.providers.epost_account import HTTP_OK, Account, EpostSettings
from gateway.providers.epost_status import all_codes, has_failed, letter_id, status_number

_CHECKED = 2
_AT_PRINT_CENTRE = 3


def trial_fields(settings: EpostSettings) -> dict[str, object]:
    """The fields that make a letter a test. Raises `Refused` ('epost-test-email-missing')."""
    if "@" not in settings.test_email:
        raise Refused(
            "epost-test-email-missing",
            "Für Testschreiben an E-POST braucht es test_email; es wurde nichts übertragen.",
        )
    return {"testFlag": True, "testEMail": settings.test_email}


def trial_answer(account: Account, entries: Sequence[Mapping[str, object]]) -> TrialAnswer | None:
    """What the entries under the key of a test letter say; None while none of them is checked."""
    checked = [entry for entry in entries if has_failed(entry) or status_number(entry) >= _CHECKED]
    if not checked:
        return None
    entry = checked[0]
    pages, failed = entry.get("noOfPages"), has_failed(entry)
    real = [each for each in entries if each.get("testFlag") is not True and not has_failed(each)]
    return TrialAnswer(
        accepted=not failed,
        pages=pages if isinstance(pages, int) and pages > 0 else None,
        remarks=all_codes(entry),
        printed=bool(real) or (not failed and status_number(entry) >= _AT_PRINT_CENTRE),
        printable=None if failed else _printable(account, letter_id(entry)),
    )


def _printable(account: Account, number: int | None) -> bytes | None:
    """The processed document; None where the provider has none (it keeps them for 48 hours)."""
    answer = account.query("GET", "/api/Letter/TestResult", params={"letterID": str(number)})
    if answer.status != HTTP_OK or not isinstance(answer.body, dict):
        return None
    try:
        return base64.b64decode(str(answer.body.get("data", "")), validate=True)
    except binascii.Error:
        raise OutcomeUnknown(
            "epost-unreadable", "Das verarbeitete Testschreiben des Druckdienstleisters ist nicht lesbar."
        ) from None
