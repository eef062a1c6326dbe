"""Terms are reckoned from the day of receipt: what cannot be is not believed, what is unlikely is said."""

from datetime import date, timedelta

import pytest

from gateway.domain.inbound.receipt_days import IN_FUTURE, LONG_AGO, cannot_be, remarks_on

SCANNED = date(2026, 11, 20)


def test_nothing_is_scanned_before_it_is_received() -> None:
    assert cannot_be(SCANNED + timedelta(days=1), SCANNED)
    assert not cannot_be(SCANNED, SCANNED)


@pytest.mark.parametrize(
    ("received", "scanned", "said"),
    [
        (SCANNED, SCANNED, []),
        (SCANNED - timedelta(days=180), SCANNED, []),
        (SCANNED - timedelta(days=181), SCANNED, [LONG_AGO]),
        (date(1901, 1, 1), SCANNED, [LONG_AGO]),
        (SCANNED, SCANNED + timedelta(days=1), []),
        (SCANNED, SCANNED + timedelta(days=2), [IN_FUTURE]),
    ],
)
def test_what_is_only_unlikely_is_a_remark(received: date, scanned: date, said: list[str]) -> None:
    assert remarks_on([(SCANNED, SCANNED), (received, scanned)], SCANNED) == said
