"""What the E-POSTBUSINESS interface says about a letter (`LetterStatus`), normalised.

Unknown values become UNKNOWN and are kept, never an exception: the provider adds codes without asking.
Its timestamps come without a zone and mean Europe/Berlin.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from gateway.domain.status import Status
from gateway.ports.provider import StatusReport
from gateway.providers.epost_codes import DUPLICATE_CODES, text_for

BERLIN = ZoneInfo("Europe/Berlin")

FAILED_ID = 99
CANCELLED_CODE = "E700"

STATUS_IDS = {
    1: Status.ACCEPTED,  # Annahme: the JSON is in order
    2: Status.ACCEPTED,  # Verarbeitung: the PDF is checked, or waits in the hold basket; test letters end here
    3: Status.IN_PRODUCTION,  # Einlieferung in Druckzentrum
    4: Status.HANDED_TO_POST,  # reported as "versendet"
}

REGISTERED_CODES = {
    "POSTED": Status.HANDED_TO_POST,
    "PASSED_LETTER_CENTER": Status.HANDED_TO_POST,
    "IN_DELIVERY": Status.HANDED_TO_POST,
    "REDIRECTED": Status.HANDED_TO_POST,
    "NOTIFIED": Status.HANDED_TO_POST,
    "NOTIFIED_KEY_ACCOUNT": Status.HANDED_TO_POST,
    "NOTIFIED_PO_BOX": Status.HANDED_TO_POST,
    "NOTIFIED_PACKSTATION": Status.HANDED_TO_POST,
    "DELIVERED": Status.DELIVERED,
    "DELIVERED_PO_BOX": Status.DELIVERED,
    "FETCHED": Status.DELIVERED,
    "FETCHED_NOTIFIED": Status.DELIVERED,
    "FETCHED_PACKSTATION": Status.DELIVERED,
    "CONFIRMED": Status.DELIVERED,
    "CONFIRMATION_PENDING": Status.DELIVERED,  # *_PENDING: delivered, the proof is still to come
    "FETCHED_PENDING_DELIVERY_CONFIRMATION": Status.DELIVERED,
    "FETCHED_PO_BOX_PENDING_DELIVERY_CONFIRMATION": Status.DELIVERED,
    "FETCHED_KEY_ACCOUNT_PENDING_DELIVERY_CONFIRMATION": Status.DELIVERED,
    "SENT_BACK": Status.RETURNED,
    "UNDELIVERABLE": Status.RETURNED,
    "RETURNED_TO_SENDER": Status.RETURNED,
    "CONFIRMED_BY_SENDER": Status.RETURNED,
    "MARBURG": Status.RETURNED,  # undeliverable and without a readable sender: the carrier's dead-letter office
}
"""ANNOUNCED, INITIATED, NO_INFO, POSTED_WRONG_DATE and AMBIGUOUS say nothing certain: they stay UNKNOWN."""

_DATE_FIELDS = {1: "createdDate", 2: "processedDate", 3: "printUploadDate", 4: "printFeedbackDate"}
_FIRST_YEAR = 2000
"""Before it a date is a default value such as 0001-01-01, not a statement."""
_STATUS_ID = re.compile(r"\d{1,3}", re.ASCII)
_REFERENCE = re.compile(r"[1-9]\d{0,18}", re.ASCII)


def letter_id(entry: Mapping[str, object]) -> int | None:
    """The provider's number of a letter, or None if the entry has none that can be read."""
    value = entry.get("letterID")
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    return int(value) if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def has_failed(entry: Mapping[str, object]) -> bool:
    """Whether this entry will not print."""
    return _status_id(entry) == FAILED_ID


def error_codes(entry: Mapping[str, object]) -> list[str]:
    """The codes of level Error in the entry's error list, sorted."""
    errors = entry.get("errorList")
    codes = (
        (error.get("code") for error in errors if isinstance(error, dict)) if isinstance(errors, list) else ()
    )
    return sorted({code for code in codes if isinstance(code, str) and code.startswith("E")})


def is_suspected_duplicate(entry: Mapping[str, object]) -> bool:
    """Whether the entry failed only because the provider takes it for a repetition of another one."""
    return has_failed(entry) and not DUPLICATE_CODES.isdisjoint(error_codes(entry))


def reports_from(
    entry: Mapping[str, object], now: Callable[[], datetime], *, superseded: bool = False
) -> Iterator[StatusReport]:
    """What one `LetterStatus` states: its production status and, for registered mail, its tracking code.

    `superseded`: the entry failed as a duplicate of another one of ours that lives on, so its failure says
    nothing about the piece. `now` is asked only when the provider gives no date at all.
    """
    number = letter_id(entry)
    if number is None:
        return
    yield _production_report(entry, number, now, superseded=superseded)
    tracking = entry.get("registeredLetterStatus")
    if isinstance(tracking, str) and tracking:
        moment = _moment(entry.get("registeredLetterStatusDate"))
        yield StatusReport(
            key=letter_key(entry),
            provider_reference=str(number),
            status=REGISTERED_CODES.get(tracking, Status.UNKNOWN),
            provider_status=tracking,
            occurred_at=moment or _latest(entry) or now(),
            dedup_key=f"{number}:registered:{tracking}:{_stamp(moment)}",
            raw=dict(entry),
        )


def _production_report(
    entry: Mapping[str, object], number: int, now: Callable[[], datetime], *, superseded: bool
) -> StatusReport:
    status_id = _status_id(entry)
    codes = error_codes(entry) if status_id == FAILED_ID else []
    moment = _moment(entry.get(_DATE_FIELDS.get(status_id, "")))
    status = Status.UNKNOWN if superseded else _status(status_id, codes)
    return StatusReport(
        key=letter_key(entry),
        provider_reference=str(number),
        status=status,
        provider_status=" ".join([str(entry.get("statusID")), *codes]),
        occurred_at=moment or _latest(entry) or now(),
        dedup_key=":".join([str(number), status.value, str(entry.get("statusID")), *codes, _stamp(moment)]),
        raw=dict(entry),
        posted_on=_day(moment) if status is Status.HANDED_TO_POST else None,
        reason=" ".join(f"{code}: {text_for(code)}" for code in codes) or None,
    )


def _status(status_id: int, codes: list[str]) -> Status:
    if status_id == FAILED_ID:
        return Status.CANCELLED if CANCELLED_CODE in codes else Status.FAILED
    return STATUS_IDS.get(status_id, Status.UNKNOWN)


def _status_id(entry: Mapping[str, object]) -> int:
    value = entry.get("statusID")
    if isinstance(value, str) and _STATUS_ID.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) else 0


def letter_key(entry: Mapping[str, object]) -> str:
    """Our key, which the provider echoes; empty if it does not."""
    value = entry.get("custom1")
    return value if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    """A timestamp of the provider in UTC; without a zone it means Europe/Berlin."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.year < _FIRST_YEAR:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)


def _latest(entry: Mapping[str, object]) -> datetime | None:
    moments = [moment for field in _DATE_FIELDS.values() if (moment := _moment(entry.get(field)))]
    return max(moments, default=None)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(BERLIN).date() if moment else None


def _stamp(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else "-"
