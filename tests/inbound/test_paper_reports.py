"""Reports of the scan site about paper: one schema in JSON, XML and CSV, and what is not so is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.paper.original_reports import Certificate, RecallReply, read_report
from gateway.inbound.manifest_formats import NotReadable
from gateway.inbound.paper_reports import load_report
from gateway.testing.scan_centre.reports import report_bytes

WEST = ScanSource("west")
NAMED = ScanSource("west", columns={"document_id": "Dokument", "destroyed_on": "Vernichtet am"}, delimiter=",")
CERTIFICATE: dict[str, Any] = {
    "schema": "destruction-certificate/1",
    "certificate": "VN-7",
    "destroyed_on": "2026-11-20",
    "container": "C-1",
    "seal": "P-44",
    "process": "Schreddern",
    "level": "P-5",
    "quantity": 2,
    "signed_by": "M. Muster",
    "documents": [
        {"delivery": "L-1", "document_id": "a"},
        {"delivery": "L-2", "document_id": "b"},
    ],
}
ANSWERS: dict[str, Any] = {
    "schema": "recall-answer/1",
    "answers": [
        {"recall": "recall-1-1", "answer": "sent", "shipment": "WS 1"},
        {"recall": "recall-2-1", "answer": "destroyed", "shipment": ""},
    ],
}
XML = """<?xml version="1.0" encoding="UTF-8"?>
<v:destruction-certificate xmlns:v="urn:west" certificate="VN-7" destroyed-on="20.11.2026" container="C-1" seal="P-44"
    level="P-5" quantity="2" signed-by="M. Muster">
  <process>Schreddern</process>
  <documents>
    <document delivery="L-1" document-id="a"/>
    <document><delivery>L-2</delivery><document-id>b</document-id></document>
  </documents>
</v:destruction-certificate>"""
ANSWERS_XML = """<recall-answer><answers>
  <answer recall="recall-1-1" answer="sent" shipment="WS 1"/><answer recall="recall-2-1" answer="destroyed"/>
</answers></recall-answer>"""
CSV = """certificate;destroyed_on;container;seal;process;level;quantity;signed_by;delivery;document_id
VN-7;20.11.2026;C-1;P-44;Schreddern;P-5;2;M. Muster;L-1;a
VN-7;20.11.2026;C-1;P-44;Schreddern;P-5;2;M. Muster;L-2;b
"""
ANSWERS_CSV = "recall;answer;shipment\nrecall-1-1;sent;WS 1\nrecall-2-1;destroyed;\n"


def read(name: str, text: str, source: ScanSource = WEST) -> Certificate | list[RecallReply]:
    return read_report(load_report(name, text.encode(), source))


@pytest.mark.parametrize(
    ("told", "written"),
    [
        (
            CERTIFICATE,
            {
                "VN-7.xml": XML,
                "VN-7.csv": CSV,
                "VN-7.CSV": "\ufeff" + CSV,
                "v.json": "\ufeff" + json.dumps(CERTIFICATE),
            },
        ),
        (ANSWERS, {"r.xml": ANSWERS_XML, "r.csv": ANSWERS_CSV}),
    ],
)
def test_all_formats_say_the_same(told: dict[str, Any], written: dict[str, str]) -> None:
    expected = read("as-agreed.json", json.dumps(told))
    assert [read(name, text) for name, text in written.items()] == [expected] * len(written)


def test_a_csv_may_have_the_columns_that_were_agreed() -> None:
    named = CSV.replace("document_id", "Dokument").replace("destroyed_on", "Vernichtet am").replace(";", ",")
    assert read("VN-7.csv", named, NAMED) == read("VN-7.csv", CSV)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.xml", '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + XML.partition("?>")[2]),
        ("x.xml", XML.replace("destruction-certificate", "certificate-of-service")),
        ("x.xml", XML.replace('document-id="a"', "")),
        ("x.xml", "<destruction-certificate/>"),
        ("x.csv", CSV.replace("VN-7;20.11.2026;C-1;P-44;Schreddern;P-5;2;M. Muster;L-2", "VN-8;;;;;;;;")),
        ("x.csv", CSV.replace(";a\n", ";a;zu;viel\n")),
        ("x.csv", CSV.replace(";2;", ";zwei;")),
        ("x.csv", CSV.partition("\n")[0]),
        ("x.csv", ANSWERS_CSV.replace("sent", "verschickt")),
        ("x.json", "{}"),
        ("x.json", "[]"),
        ("x.json", json.dumps({**CERTIFICATE, "destroyed_on": "gestern"})),
        ("x.json", json.dumps({**CERTIFICATE, "documents": []})),
        ("x.json", json.dumps({**CERTIFICATE, "seal": "x" * 201})),
        ("x.json", json.dumps({**CERTIFICATE, "seal": "x\0"})),
        ("x.json", json.dumps({**CERTIFICATE, "seal": "\ud800"})),
        ("x.json", json.dumps({**CERTIFICATE, "quantity": 2**63})),
        ("x.json", json.dumps(CERTIFICATE).replace('"seal":', '"seal": "P-45", "seal":')),
        ("x.xml", XML.replace("<process>", "<process>x</process><process>")),
        ("x.csv", CSV.replace(";process;", ";seal;")),
        ("x.txt", XML),
    ],
)
def test_what_is_not_as_agreed_is_refused(name: str, text: str) -> None:
    with pytest.raises((NotReadable, KeyError)):
        read(name, text)


@given(st.sampled_from(["x.json", "x.xml", "x.csv"]), st.binary(max_size=300))
def test_no_bytes_are_more_than_refused(name: str, content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_report(load_report(name, content, WEST))


@pytest.mark.parametrize("kind", ["json", "xml", "csv"])
@pytest.mark.parametrize("told", [CERTIFICATE, ANSWERS], ids=["certificate", "answers"])
def test_what_a_scan_centre_writes_says_the_same_in_every_format(told: dict[str, Any], kind: str) -> None:
    odd = json.loads(json.dumps(told).replace("L-1", "L-1 & '2';<b>").replace("WS 1", "WS '1';<b>&"))
    assert load_report(f"VN-7.{kind}", report_bytes(odd, kind), WEST) == odd
