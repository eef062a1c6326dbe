"""What the E-POSTBUSINESS interface says about a letter (`LetterStatus`), normalised.

Unknown values become UNKNOWN and are kept, never an exception: the provider adds codes without asking.
Its timestamps come without a zone and mean Europe/Berlin.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from gateway.domain.runs.status import Status
from gateway.domain.runs.tally import Held
from gateway.ports.provider import PieceNumbers, StatusReport
from gateway.providers.epost_codes import DUPLICATE_CODES, text_for
from gateway.providers.epost_words import status_meaning, tracking_meaning

BERLIN = ZoneInfo("Europe/Berlin")

FAILED_ID = 99
CANCELLED_CODE = "E700"

_DATE_FIELDS = {1: "createdDate", 2: "processedDate", 3: "printUploadDate", 4: "printFeedbackDate"}
_FIRST_YEAR = 2000
"""Before it a date is a default value such as 0001-01-01, not a statement."""
_STATUS_ID = re.compile(r"\d{1,3}", re.ASCII)
_CARRIER_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,59}", re.ASCII)
_REFERENCE = re.compile(r"[1-9]\d{0,18}", re.ASCII)


def letter_id(entry: Mapping[str, object]) -> int | None:
    """The provider's number of a letter, or None if the entry has none that can be read."""
    value = entry.get("letterID")
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    return int(value) if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def has_failed(entry: Mapping[str, object]) -> bool:
    """Whether this entry will not print."""
    return status_number(entry) == FAILED_ID


def error_codes(entry: Mapping[str, object]) -> list[str]:
    """The codes of level Error in the entry's error list, sorted."""
    return [code for code in all_codes(entry) if code.startswith("E")]


def all_codes(entry: Mapping[str, object]) -> list[str]:
    """All codes in the entry's error list, warnings and notes too, sorted."""
    errors = entry.get("errorList")
    codes = (
        (error.get("code") for error in errors if isinstance(error, dict)) if isinstance(errors, list) else ()
    )
    return sorted({code for code in codes if isinstance(code, str)})


def is_suspected_duplicate(entry: Mapping[str, object]) -> bool:
    """Whether the entry failed only because the provider takes it for a repetition of another one."""
    return has_failed(entry) and not DUPLICATE_CODES.isdisjoint(error_codes(entry))


def held_from(entry: Mapping[str, object]) -> Held | None:
    """An entry of a list; None if it has no number or no date. A letter of other software has no key of ours."""
    number, created = letter_id(entry), _moment(entry.get("createdDate"))
    if number is None or created is None:
        return None
    pages = entry.get("noOfPages")
    return Held(
        key=letter_key(entry) or f"#{number}",
        provider_reference=str(number),
        accepted_on=created.astimezone(BERLIN).date(),
        pages=pages if isinstance(pages, int) and pages > 0 else None,
        failed=has_failed(entry),
    )


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
    made = _production_report(entry, number, now, superseded=superseded)
    yield made
    if franking_id := numbers_in(entry).franking_id:
        # It may come days after the status that it belongs to, which is known by then.
        yield replace(
            made,
            provider_status=f"frankierID {franking_id}",
            dedup_key=f"{number}:franking:{franking_id}",
            posted_on=None,
        )
    tracking = entry.get("registeredLetterStatus")
    if isinstance(tracking, str) and tracking:
        status, sentence = tracking_meaning(tracking)
        moment = _moment(entry.get("registeredLetterStatusDate"))
        yield StatusReport(
            key=letter_key(entry),
            provider_reference=str(number),
            status=status,
            provider_status=tracking,
            occurred_at=moment or _latest(entry) or now(),
            dedup_key=f"{number}:registered:{tracking}:{_stamp(moment)}",
            raw=dict(entry),
            reason=sentence,
            delivered_on=_day(moment) if status is Status.DELIVERED else None,
        )


def numbers_in(entry: Mapping[str, object]) -> PieceNumbers:
    """The carrier's numbers: `frankierID` (after status 4), `registeredLetterID` (from status 3)."""
    return PieceNumbers(*(_number_text(entry.get(name)) for name in ("frankierID", "registeredLetterID")))


def _number_text(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text if _CARRIER_NUMBER.fullmatch(text) else ""


def _production_report(
    entry: Mapping[str, object], number: int, now: Callable[[], datetime], *, superseded: bool
) -> StatusReport:
    status_id = status_number(entry)
    codes = error_codes(entry) if status_id == FAILED_ID else []
    moment = _moment(entry.get(_DATE_FIELDS.get(status_id, "")))
    status, sentence = _meaning(status_id, codes)
    if superseded:
        status = Status.UNKNOWN
    return StatusReport(
        key=letter_key(entry),
        provider_reference=str(number),
        status=status,
        provider_status=" ".join([str(entry.get("statusID")), *codes]),
        occurred_at=moment or _latest(entry) or now(),
        dedup_key=":".join([str(number), status.value, str(entry.get("statusID")), *codes, _stamp(moment)]),
        raw=dict(entry),
        posted_on=_day(moment) if status is Status.HANDED_TO_POST else None,
        reason=sentence,
    )


def _meaning(status_id: int, codes: list[str]) -> tuple[Status, str]:
    """A failure is told by its codes; a code of the hold basket means that it was taken back."""
    if status_id != FAILED_ID:
        return status_meaning(status_id)
    sentence = " ".join(f"{code}: {text_for(code)}" for code in codes)
    status = Status.CANCELLED if CANCELLED_CODE in codes else Status.FAILED
    return status, sentence or "Die Verarbeitung ist fehlgeschlagen; ein Grund ist nicht genannt."


def status_number(entry: Mapping[str, object]) -> int:
    """The number of its status; 0 if there is none that can be read."""
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
