"""Every text column of every table is emptied by a rule, or named with the reason why it stays."""

import pytest

from gateway.application.retention.columns import EMPTIED, KEPT, column_rules, text_columns


def test_no_text_column_is_forgotten_and_none_is_named_that_is_not_there() -> None:
    there = list(text_columns())
    assert len(there) > 250
    assert [each.column for each in column_rules()] == there
    assert {*EMPTIED, *KEPT} <= set(there)
    assert set(EMPTIED).isdisjoint(KEPT)


def test_no_column_that_people_type_their_reasons_into_stays_by_accident() -> None:
    """Their names say what they are; those that stay speak of the authority's own texts, or are a machine's."""
    typed = ("reason", "note", "text", "message", "title", "raw", "data", "content", "address", "salutation")
    stays = {
        *(
            "template_version.title",
            "template_version.note",
            "template_version.withdrawal_reason",
            "mailing.title",
        ),
        *(
            "filing_outage.error_message",
            "scan_outage.error_message",
            "scan_quarantine.message",
            "scan_answer.content",
            "scan_report.content",
        ),
        *("inbound_document.match_reason", "inbound_proposal.reason", "delivery_proof.data"),
    }
    kept = {
        each.column
        for each in column_rules()
        if each.kind is None and any(word in each.column.split(".")[1].split("_") for word in typed)
    }
    hashes = {name for name in kept if name.endswith(("_sha256", "address_key"))}
    assert kept - hashes == stays


def test_a_new_column_that_nobody_judged_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EMPTIED, "deletion_lock.reason")
    with pytest.raises(KeyError, match=r"deletion_lock\.reason"):
        column_rules()
