"""Mass mailings in the pages: hand in, look at the report, decide, approve."""

import time

import requests

from gateway.application.letters.rendering import render_submitted
from tests.web.site import Site, Visitor
from tests.world import REQUEST

HEADER = "case;concerns;deadline;consequence;documents.1.title\n"
GOOD = "F1;Ihr Antrag;14.12.2026;Versagung;Mietvertrag\nF2;Ihr Antrag;14.12.2026;Versagung;Mietvertrag\n"
BAD = "F9;Geheimes;morgen;Versagung;Mietvertrag\n"


def hand_in(visitor: Visitor, text: str, **form: str) -> requests.Response:
    visitor.get("/serienbriefe")
    answer = visitor.session.post(
        visitor.url + "/serienbriefe",
        data={"csrf": visitor.token, "template": REQUEST, **form},
        files={"table": ("tabelle.csv", text.encode(), "text/csv")},
        timeout=30,
    )
    visitor.page = answer.text
    return answer


def wait(visitor: Visitor, words: str, number: int = 1) -> str:
    """Look until the page says so, as the page itself does."""
    for _ in range(200):
        visitor.get(f"/serienbriefe/{number}")
        if words in visitor.text:
            return visitor.text
        time.sleep(0.05)
    raise AssertionError(visitor.text)


def test_a_table_is_checked_accepted_and_approved(site: Site) -> None:
    anna = site.visitor("anna")
    assert hand_in(anna, HEADER + GOOD).status_code == 200
    text = wait(anna, "Alle 2 Zeilen sind in Ordnung")
    assert "Keine Befunde" in text
    anna.post("/serienbriefe/1/annehmen", umfang="alle")
    wait(anna, "eingereicht")
    wait(anna, "2 Schreiben: wird erstellt")
    assert "http-equiv" in anna.page
    render_submitted(site.world.services)

    bea = site.visitor("bea")
    bea.get("/serienbriefe/1")
    assert "Stichprobe" in bea.text
    documents = bea.page.split('name="documents" value="')[1].split('"')[0]
    assert bea.post("/serienbriefe/1/freigeben", documents="andere").status_code == 422
    bea.get("/serienbriefe/1")
    bea.post("/serienbriefe/1/freigeben", documents=documents)
    wait(bea, "2 Schreiben: freigegeben")


def test_findings_name_row_and_column_and_never_the_cell(site: Site) -> None:
    anna = site.visitor("anna")
    hand_in(anna, HEADER + GOOD + BAD)
    text = wait(anna, "1 von 3 Zeilen haben Befunde")
    assert "cell-not-date" in text
    assert "Geheimes" not in text
    report = anna.session.get(anna.url + "/serienbriefe/1/befunde.csv", timeout=30)
    lines = report.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Zeile;Spalte;Code;Befund"
    assert [line.split(";")[:3] for line in lines[1:]] == [
        ["4", "deadline", "cell-not-date"],
        ["4", "case", "case-unknown"],
    ]
    anna.post("/serienbriefe/1/annehmen", umfang="alle")
    assert "mailing-has-findings" in anna.text
    anna.get("/serienbriefe/1")
    anna.post("/serienbriefe/1/annehmen", umfang="fehlerfreie")
    wait(anna, "2 Schreiben: wird erstellt")


def test_the_same_file_again_asks_for_an_explicit_yes(site: Site) -> None:
    anna = site.visitor("anna")
    hand_in(anna, HEADER + GOOD)
    wait(anna, "Alle 2 Zeilen sind in Ordnung")
    anna.post("/serienbriefe/1/annehmen", umfang="alle")
    wait(anna, "2 Schreiben: wird erstellt")
    assert hand_in(anna, HEADER + GOOD).status_code == 409
    assert "mailing-repeated" in anna.text
    hand_in(anna, HEADER + GOOD, wiederholung="ja")
    wait(anna, "Alle 2 Zeilen sind in Ordnung", 2)


def test_a_file_that_cannot_be_read_says_why(site: Site) -> None:
    anna = site.visitor("anna")
    hand_in(anna, HEADER + 'F1;"never closed')
    assert "table-unreadable" in wait(anna, "verworfen")


def test_a_discarded_mailing_is_gone_from_the_list(site: Site) -> None:
    anna = site.visitor("anna")
    hand_in(anna, HEADER + GOOD)
    wait(anna, "Alle 2 Zeilen")
    anna.post("/serienbriefe/1/verwerfen")
    assert "ist verworfen" in anna.text
    assert "Noch keine." in anna.text


def test_an_upload_needs_the_token_and_a_file(site: Site) -> None:
    anna = site.visitor("anna")
    assert hand_in(anna, HEADER + GOOD, csrf="falsch").status_code == 403
    anna.get("/serienbriefe")
    assert anna.post("/serienbriefe", template=REQUEST).status_code == 422
    assert "table-missing" in anna.text
    anna.get("/serienbriefe")
    assert "Noch keine." in anna.text


def test_a_table_to_begin_with_is_offered_and_a_nested_template_says_why_not(site: Site) -> None:
    anna = site.visitor("anna")
    anna.get("/serienbriefe")
    assert "ist eine Liste in einer Liste" in anna.text
    answer = anna.session.get(anna.url + f"/serienbriefe/tabelle/{REQUEST}.csv", timeout=30)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.decode("utf-8-sig").startswith("case;concerns;deadline")


def test_roles_and_offices_hold_here_too(site: Site) -> None:
    anna, ahmad, bea = site.visitor("anna"), site.visitor("ahmad"), site.visitor("bea")
    hand_in(anna, HEADER + GOOD)
    wait(anna, "Alle 2 Zeilen")
    assert ahmad.get("/serienbriefe/1").status_code == 403
    assert ahmad.get("/serienbriefe/1/befunde.csv").status_code == 403
    bea.get("/serienbriefe/1")
    assert "annehmen" not in bea.page
    assert bea.post("/serienbriefe/1/annehmen", umfang="alle").status_code == 403
    assert hand_in(bea, HEADER + GOOD).status_code == 403
    assert site.visitor("admin").get("/serienbriefe").status_code == 403
