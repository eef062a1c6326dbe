"""`gateway retention …`: what a data protection officer asks for."""

from tests.cli.conftest import Run


def test_each_column_is_handed_out_with_its_rule_or_the_reason_why_it_stays(gateway: Run) -> None:
    rows = {one["column"]: one for one in gateway("retention", "columns", "--json").json}
    assert rows["deletion_lock.reason"]["rule"] == "personal"
    assert rows["status_event.raw"]["days"] == 180
    assert rows["document.sha256"] == {
        "column": "document.sha256",
        "rule": None,
        "days": None,
        "why": "Prüfsumme; sie ist der Nachweis",
    }
    assert "deletion_lock.reason" in gateway("retention", "columns").out
