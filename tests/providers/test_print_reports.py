"""What print houses write back."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.status import Status
from gateway.ports.provider import StatusReport
from gateway.providers.print_reports import ReportUnreadable, read_report, statements
from gateway.providers.print_status import REASONS, WORDS, meaning, reason_text
from gateway.testing.print_centre.answers import as_bytes

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POSTING = {
    "kind": "posting",
    "consignment": "C1",
    "created_at": "2026-11-24T16:10:00",
    "posted_on": "2026-11-24",
    "carrier": "Deutsche Post",
    "counts": {"pieces": 2},
    "pieces": [
        {"key": "C1-1", "product": "Standardbrief", "franking_id": "A01"},
        {"key": "C1-2", "product": "Standardbrief", "franking_id": "A02", "posted_on": "2026-11-25"},
    ],
}


def read(told: object, name: str = "C1.x.json", members: tuple[str, ...] = ()) -> list[StatusReport]:
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    return list(statements(read_report(name, content), members, lambda: NOW))


def one(**entry: Any) -> StatusReport:
    [report] = read({"kind": "production", "consignment": "C1", "pieces": [{"key": "K", **entry}]})
    return report


def test_a_posting_list_tells_the_day_of_every_piece_and_keeps_what_else_it_says() -> None:
    first, second = read(POSTING)
    assert (first.key, first.status, first.posted_on) == ("C1-1", Status.HANDED_TO_POST, date(2026, 11, 24))
    assert second.posted_on == date(2026, 11, 25)
    assert first.raw["carrier"] == "Deutsche Post"
    assert first.raw["franking_id"] == "A01"


def test_xml_says_the_same_as_json() -> None:
    assert [
        (each.key, each.status, each.posted_on, each.dedup_key)
        for each in read(as_bytes(POSTING, "xml"), "C1.posting.xml")
    ] == [(each.key, each.status, each.posted_on, each.dedup_key) for each in read(POSTING)]


def test_xml_with_elements_instead_of_attributes_is_read_too() -> None:
    [report] = read(
        b"<r:report xmlns:r='urn:x' kind='returns'><created-at>2026-12-03T08:00:00</created-at><pieces>"
        b"<piece><key>K</key><reason>moved</reason><at>2026-12-02T08:00:00</at></piece></pieces></r:report>",
        "returns-1.xml",
    )
    assert (report.key, report.status) == ("K", Status.RETURNED)
    assert report.reason == REASONS["moved"]
    assert report.occurred_at == datetime(2026, 12, 2, 7, 0, tzinfo=UTC)


def test_a_statement_about_the_whole_consignment_is_one_about_each_piece() -> None:
    told = {"kind": "acknowledgement", "consignment": "C1", "status": "rejected", "reason": "hash-mismatch"}
    reports = read(told, members=("C1-1", "C1-2"))
    assert [(each.key, each.status) for each in reports] == [("C1-1", Status.FAILED), ("C1-2", Status.FAILED)]
    assert {each.reason for each in reports} == {REASONS["hash-mismatch"]}


def test_an_acknowledgement_without_a_status_is_unknown_and_not_accepted() -> None:
    [report] = read({"kind": "acknowledgement", "pieces": [{"key": "K"}]})
    assert report.status is Status.UNKNOWN
    assert report.provider_status


def test_an_unknown_word_is_kept_and_moves_nothing() -> None:
    report = one(status="gefaltet", extra="x")
    assert (report.status, report.provider_status) == (Status.UNKNOWN, "gefaltet")
    assert report.raw["extra"] == "x"


@pytest.mark.parametrize("word", WORDS)
def test_every_word_has_a_sentence_and_is_read_in_any_spelling(word: str) -> None:
    assert WORDS[word].sentence.endswith(".")
    assert meaning(f" {word.upper().replace('_', '-')} ") == WORDS[word]
    assert one(status=word).status is WORDS[word].status


def test_reasons_are_sentences_where_known_and_the_houses_own_words_else() -> None:
    assert reason_text("MOVED", "x") == REASONS["moved"]
    assert reason_text("R17", "Fach zu") == "Fach zu"
    assert reason_text("R17", "") == "R17"
    assert reason_text("", " ") is None


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2026-07-01T10:00:00", datetime(2026, 7, 1, 8, 0, tzinfo=UTC)),
        ("2026-12-01T10:00:00", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2026-12-01T10:00:00Z", datetime(2026, 12, 1, 10, 0, tzinfo=UTC)),
        ("2026-12-01T10:00:60", datetime(2026, 12, 1, 9, 0, 59, tzinfo=UTC)),
        ("gestern", NOW),
        (None, NOW),
        (7.5, NOW),
    ],
)
def test_moments_without_a_zone_mean_berlin_and_bad_ones_do_no_harm(at: object, moment: datetime) -> None:
    assert one(status="printed", at=at).occurred_at == moment


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.json", "report-not-json"),
        (b"{", "a.json", "report-not-json"),
        (b"[]", "a.json", "report-shape"),
        (b'{"kind": "posting", "pieces": [1]}', "a.json", "report-shape"),
        (b'{"kind": "posting", "x": NaN}', "a.json", "report-not-json"),
        (b'{"kind": "posting", "x": "\\ud800"}', "a.json", "report-not-json"),
        (b'{"kind": "posting", "x": "\\u0000"}', "a.json", "report-not-text"),
        (b"[" * 100_000, "a.json", "report-not-json"),
        (b'{"kind": "greeting"}', "a.json", "report-kind-unknown"),
        (b'{"kind": "posting", "counts": {"pieces": 2}, "pieces": [{"key": "K"}]}', "a.json", "report-count-mismatch"),
        (b"<report kind='posting'>", "a.xml", "report-not-xml"),
        (b"<?xml version='1.0' encoding='klingon'?><report/>", "a.xml", "report-not-xml"),
        (b"<!DOCTYPE r [<!ENTITY a 'x'>]><report kind='posting'>&a;</report>", "a.xml", "report-has-doctype"),
        (b"<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x'><report kind='posting'/>", "a.xml", "report-has-doctype"),
        (b"<a>" * 50, "a.xml", "report-shape"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_believed_says_why(content: bytes, name: str, code: str) -> None:
    with pytest.raises(ReportUnreadable) as fault:
        read_report(name, content)
    assert fault.value.code == code


@given(st.binary(max_size=200), st.sampled_from(["a.json", "a.xml"]))
def test_any_bytes_are_read_or_named_unreadable(content: bytes, name: str) -> None:
    with suppress(ReportUnreadable):
        assert all(report.key and report.dedup_key for report in read(content, name))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ["key", "status", "at", "reason", "text", "posted_on", "consignment", "carrier"]


@given(
    st.sampled_from(["acknowledgement", "production", "posting", "returns"]),
    st.lists(st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=6), max_size=4),
    st.randoms(use_true_random=False),
)
def test_whatever_the_fields_hold_statements_have_stable_names_in_any_order(
    kind: str, pieces: list[dict[str, object]], order: Any
) -> None:
    told = {"kind": kind, "pieces": pieces}
    try:
        names = sorted(each.dedup_key for each in read(told))
    except ReportUnreadable:
        return
    shuffled = list(pieces)
    order.shuffle(shuffled)
    assert sorted(each.dedup_key for each in read({"pieces": shuffled, "kind": kind})) == names
