"""`gateway mailings …`."""

import csv
import io
from pathlib import Path

import pytest

from gateway.application.letters.rendering import render_submitted
from tests.cli.conftest import Run
from tests.world import REQUEST, World

HEADER = "case;concerns;deadline;consequence;documents.1.title\n"
GOOD = "F1;Ihr Antrag;14.12.2026;Versagung;Mietvertrag\nF2;Ihr Antrag;14.12.2026;Versagung;Mietvertrag\n"
BAD = "F9;Geheimes;morgen;Versagung;Mietvertrag\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.csv"
    file.write_text(HEADER + GOOD + BAD, encoding="utf-8")
    return file


def new(gateway: Run, table: Path, *options: str, login: str = "anna") -> tuple[int, object]:
    ended = gateway(
        "mailings", "new", "--template", REQUEST, "--table", table, "--as", login, "--json", *options
    )
    return ended.code, ended.json if ended.out else ended.err


def test_a_faulty_row_keeps_the_whole_table_back_and_is_reported(gateway: Run, table: Path) -> None:
    code, report = new(gateway, table)
    assert code == 1
    assert report == {
        "mailing": 1,
        "template": REQUEST,
        "state": "checked",
        "rows": 3,
        "good": 2,
        "faulty": 1,
        "letters": {},
        "findings": [
            {
                "row": 4,
                "column": "deadline",
                "code": "cell-not-date",
                "severity": "error",
                "message": "Das ist kein Datum. Bitte TT.MM.JJJJ oder JJJJ-MM-TT schreiben.",
            },
            {
                "row": 4,
                "column": "case",
                "code": "case-unknown",
                "severity": "error",
                "message": "Diesen Fall gibt es nicht. Bitte Fallnummer oder Aktenzeichen prüfen.",
            },
        ],
    }
    assert gateway("letters", "list", "--json").json == []


def test_good_rows_only_writes_the_rest_and_says_one_all_the_same(gateway: Run, table: Path) -> None:
    code, report = new(gateway, table, "--good-rows-only")
    assert code == 1
    assert isinstance(report, dict)
    assert (report["state"], report["letters"]) == ("done", {"submitted": 2})


def test_what_was_only_checked_is_accepted_later_and_approved(gateway: Run, world: World, table: Path) -> None:
    table.write_text(HEADER + GOOD, encoding="utf-8")
    code, report = new(gateway, table, "--check-only")
    assert code == 0
    assert isinstance(report, dict)
    assert report["state"] == "checked"
    accepted = gateway("mailings", "accept", "1", "--as", "anna", "--json").json
    assert (accepted["state"], accepted["letters"]) == ("done", {"submitted": 2})
    render_submitted(world.services)
    approved = gateway("mailings", "approve", "1", "--as", "bea", "--json")
    assert (approved.code, approved.json) == (0, {"approved": 2, "failures": []})
    (line,) = gateway("mailings", "list", "--json").json
    assert line["letters"] == {"approved": 2}


def test_the_same_file_again_needs_its_option(gateway: Run, table: Path) -> None:
    table.write_text(HEADER + GOOD, encoding="utf-8")
    assert new(gateway, table)[0] == 0
    code, message = new(gateway, table)
    assert code == 7
    assert "mailing-repeated" in str(message)
    assert new(gateway, table, "--accept-repeat")[0] == 0


def test_people_read_the_same_report(gateway: Run, table: Path) -> None:
    new(gateway, table)
    ended = gateway("mailings", "show", "1")
    assert "Zeile 4, Spalte deadline: cell-not-date" in ended.out
    assert "3 Zeilen, davon 1 mit Befund" in ended.out
    assert "Geheimes" not in ended.out + ended.err


def test_a_discarded_mailing_is_gone_from_the_list(gateway: Run, table: Path) -> None:
    new(gateway, table)
    assert gateway("mailings", "discard", "1", "--as", "anna").code == 0
    assert gateway("mailings", "list", "--json").json == []


def test_a_table_to_begin_with_can_be_handed_in(gateway: Run, table: Path) -> None:
    ended = gateway("mailings", "table", "--template", REQUEST)
    header, row = csv.reader(io.StringIO(ended.out), delimiter=";")
    assert header[:2] == ["case", "concerns"]
    table.write_text(ended.out.replace(row[0], "F1"), encoding="utf-8")
    assert new(gateway, table)[0] == 0


def test_a_template_with_lists_in_lists_says_so(gateway: Run) -> None:
    ended = gateway("mailings", "table", "--template", "bewilligungsbescheid")
    assert ended.code == 4
    assert "template-not-flat" in ended.err


def test_a_file_that_is_not_there_is_an_input_error(gateway: Run, tmp_path: Path) -> None:
    assert new(gateway, tmp_path / "none.csv") == (
        4,
        f"table-unreadable: Die Datei {tmp_path / 'none.csv'} ist nicht lesbar.\n",
    )
