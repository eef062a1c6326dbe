"""`gateway cases import`."""

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.world import cases_document


def test_an_import_prints_counts_and_repeats_without_change(gateway: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases_document()), encoding="utf-8")
    ended = gateway("cases", "import", file, "--json")
    assert ended.code == 0
    assert ended.json == {
        "counts": {"offices_unchanged": 2, "users_unchanged": 8, "persons_unchanged": 4, "cases_unchanged": 3},
        "findings": [],
    }


def test_a_broken_file_exits_with_four_and_says_where(gateway: Run, tmp_path: Path) -> None:
    document = cases_document()
    document["persons"][0]["form"] = "Nguyễn"
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    ended = gateway("cases", "import", file)
    assert (ended.code, ended.out) == (4, "")
    assert "persons/0/form" in ended.err
    assert "Nguyễn" not in ended.err
