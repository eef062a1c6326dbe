"""The provider's statements about a letter, normalised."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.status import Status
from gateway.ports.provider import PieceNumbers, StatusReport
from gateway.providers.epost_status import is_suspected_duplicate, numbers_in, reports_from

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ENTRY: dict[str, Any] = {
    "letterID": 43556780,
    "custom1": "01J9Z3K7Q2M4",
    "createdDate": "2026-11-23T01:00:00.123",
    "processedDate": "2026-11-23T01:05:00",
    "printUploadDate": "2026-11-23T04:05:00",
    "printFeedbackDate": "2026-11-24T23:30:00",
}


def reports(**fields: object) -> list[StatusReport]:
    return list(reports_from(ENTRY | fields, lambda: NOW))


@pytest.mark.parametrize(
    ("status_id", "status", "occurred_at"),
    [
        (1, Status.ACCEPTED, datetime(2026, 11, 23, 0, 0, 0, 123000, tzinfo=UTC)),
        (2, Status.ACCEPTED, datetime(2026, 11, 23, 0, 5, tzinfo=UTC)),
        (3, Status.IN_PRODUCTION, datetime(2026, 11, 23, 3, 5, tzinfo=UTC)),
        (4, Status.HANDED_TO_POST, datetime(2026, 11, 24, 22, 30, tzinfo=UTC)),
    ],
)
def test_a_status_number_has_its_meaning_and_its_own_date(
    status_id: int, status: Status, occurred_at: datetime
) -> None:
    [report] = reports(statusID=status_id)
    assert (report.status, report.occurred_at, report.key) == (status, occurred_at, "01J9Z3K7Q2M4")


def test_only_the_posting_carries_a_day_and_it_is_the_day_in_berlin() -> None:
    assert reports(statusID=4)[0].posted_on == date(2026, 11, 24)
    assert reports(statusID=4, printFeedbackDate="2026-07-01T00:30:00")[0].posted_on == date(2026, 7, 1)
    assert [reports(statusID=number)[0].posted_on for number in (1, 2, 3, 99)] == [None] * 4


def test_a_failure_names_its_codes_in_our_words_not_in_the_provider_s() -> None:
    error = {"level": "Error", "code": "E302", "description": "Erika Beispiel steht im Sperrbereich"}
    warning = {"level": "Warning", "code": "W202", "description": "linker Rand"}
    [report] = reports(statusID=99, errorList=[warning, error])
    assert (report.status, report.provider_status) == (Status.FAILED, "99 E302")
    assert report.reason is not None
    assert report.reason.startswith("E302: In der Freimachungszone")
    assert "Beispiel" not in report.reason


def test_taken_back_in_time_is_cancelled_not_failed() -> None:
    [report] = reports(statusID=99, errorList=[{"level": "Error", "code": "E700"}])
    assert report.status is Status.CANCELLED


@pytest.mark.parametrize(
    ("tracking", "status"),
    [
        ("POSTED", Status.HANDED_TO_POST),
        ("NOTIFIED_PO_BOX", Status.HANDED_TO_POST),
        ("DELIVERED", Status.DELIVERED),
        ("FETCHED_PENDING_DELIVERY_CONFIRMATION", Status.DELIVERED),
        ("RETURNED_TO_SENDER", Status.RETURNED),
        ("UNDELIVERABLE", Status.RETURNED),
        ("MARBURG", Status.RETURNED),
        ("AMBIGUOUS", Status.UNKNOWN),
        ("NO_INFO", Status.UNKNOWN),
        ("SOMETHING_NEW", Status.UNKNOWN),
    ],
)
def test_a_tracking_code_is_a_second_statement(tracking: str, status: Status) -> None:
    first, second = reports(
        statusID=4, registeredLetterStatus=tracking, registeredLetterStatusDate="2026-11-26T11:00:00"
    )
    assert first.status is Status.HANDED_TO_POST
    assert (second.status, second.provider_status) == (status, tracking)
    assert second.occurred_at == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    assert first.dedup_key != second.dedup_key


def test_the_same_statement_has_the_same_dedup_key_and_a_corrected_one_another() -> None:
    assert reports(statusID=4)[0].dedup_key == reports(statusID=4, frankierID="A1")[0].dedup_key
    corrected = reports(statusID=4, printFeedbackDate="2026-11-25T16:00:00")[0]
    assert corrected.dedup_key != reports(statusID=4)[0].dedup_key


@pytest.mark.parametrize("value", [None, "", "gestern", "0001-01-01T00:00:00", 17, [], "2026-13-01T00:00:00"])
def test_a_date_that_is_none_falls_back_to_the_latest_one_given(value: object) -> None:
    [report] = reports(statusID=4, printFeedbackDate=value)
    assert report.status is Status.HANDED_TO_POST
    assert report.posted_on is None
    assert report.occurred_at == datetime(2026, 11, 23, 3, 5, tzinfo=UTC)


def test_without_any_date_the_moment_of_hearing_counts() -> None:
    [report] = reports_from({"letterID": 1, "statusID": 1}, lambda: NOW)
    assert report.occurred_at == NOW


def test_a_zone_that_is_given_is_believed() -> None:
    [report] = reports(statusID=1, createdDate="2026-11-23T01:00:00Z")
    assert report.occurred_at == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def test_a_duplicate_that_lives_on_elsewhere_is_no_failure_of_the_piece() -> None:
    entry = ENTRY | {"statusID": 99, "errorList": [{"level": "Error", "code": "E324"}]}
    assert is_suspected_duplicate(entry)
    [report] = reports_from(entry, lambda: NOW, superseded=True)
    assert (report.status, report.provider_status) == (Status.UNKNOWN, "99 E324")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = [
    "letterID",
    "custom1",
    "statusID",
    "errorList",
    "createdDate",
    "printFeedbackDate",
    "registeredLetterStatus",
]


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_whatever_the_provider_says_there_is_no_exception_and_the_raw_words_are_kept(
    entry: dict[str, Any],
) -> None:
    named = entry | {"letterID": 7}
    made = list(reports_from(named, lambda: NOW))
    assert made
    assert all(report.raw == named and report.occurred_at.tzinfo for report in made)
    list(reports_from(entry, lambda: NOW))


@pytest.mark.parametrize("status_id", [0, 5, 98, None, "neu", 2.5, "9" * 5000])
def test_an_unknown_status_number_is_shown_as_unknown(status_id: object) -> None:
    assert reports(statusID=status_id)[0].status is Status.UNKNOWN


def test_the_carriers_numbers_are_a_statement_of_their_own_whenever_they_come() -> None:
    first, named = reports(statusID=4, frankierID="A0 17")
    assert (named.status, named.posted_on, named.provider_status) == (first.status, None, "frankierID A0 17")
    assert named.dedup_key != first.dedup_key
    assert numbers_in(named.raw) == PieceNumbers("A0 17", "")
    assert numbers_in({"registeredLetterID": "RG000000001DE"}).tracking_number == "RG000000001DE"


@pytest.mark.parametrize("value", [None, "", 17, [], "<script>", "A" * 200])
def test_what_cannot_be_a_number_is_none(value: object) -> None:
    assert len(reports(statusID=4, frankierID=value)) == 1
    assert numbers_in({"frankierID": value, "registeredLetterID": value}) == PieceNumbers()
