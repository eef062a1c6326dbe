"""JSON, XML and CSV say the same; what they say is read without entities, and a fault names its place only."""

import csv
import io
import json
import time
from dataclasses import replace
from datetime import date
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.inbound.scan_sources import DeliveryLimits, ManifestFormat, ScanSource
from gateway.errors import DocumentInvalid
from gateway.inbound.manifest import parse_manifest
from gateway.ports.scans import KeyedIn, Manifest

ID = "00000001-0000-4000-8000-00000000000"
JSON = ScanSource("west")
XML = ScanSource("west", manifest=ManifestFormat.XML)
COLUMNS = {"document_id": "DokNr", "file": "Datei", "received_on": "Eingang", "class": "Dokumentklasse"}
CSV = ScanSource(
    "west",
    manifest=ManifestFormat.CSV,
    columns=COLUMNS,
    classes={"Rücklauf": "returned-mail"},
    return_reasons={"VZ": "moved"},
    service_outcomes={"10.3": "mailbox"},
)


def entry(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "document_id": f"{ID}{number}",
        "file": f"{number}.pdf",
        "sha256": f"{number}" * 64,
        "pages": 2,
        "class": "letter",
        "received_on": "2026-11-19",
        "scanned_at": "2026-11-20T14:00:00+01:00",
        "file_number": "JC-BOR-2026-00017",
        "box": "K-1",
        "quality": "ok",
        "batch": "S-7",
        "sender": "Erika „Rike“ <Muster> & Söhne",
        "replaces": f"{ID}9",
        "note": f"{number}.xml",
        "return_reason": "unbekannt verzogen",
        "new_address": "Neuer Weg 3; 48683 Ahaus",
        "service_outcome": "mailbox",
        "served_on": "2026-11-18",
        "service_place": "Musterstraße 1, 48683 Ahaus",
        "served_by": "Zustellerin „Z. Müller“",
        **changes,
    }


def raw(*documents: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "scan-delivery/1",
        "source": "west",
        "delivery": "L-1",
        "sequence": 4,
        "created_at": "2026-11-20T15:00:00+01:00",
        "counts": {"documents": len(documents), "pages": sum(one["pages"] for one in documents)},
        "documents": list(documents),
    }


def as_xml(told: dict[str, Any]) -> bytes:
    def attributes(fields: dict[str, Any]) -> str:
        return " ".join(
            f"{k.replace('_', '-')}={quoteattr(str(v))}" for k, v in fields.items() if v is not None
        )

    whole = {k: v for k, v in told.items() if k not in ("counts", "documents")}
    documents = "".join(f"<document {attributes(one)}/>" for one in told["documents"])
    return (
        f"<scan-delivery {attributes(whole)}><counts {attributes(told['counts'])}/>"
        f"<documents>{documents}</documents></scan-delivery>"
    ).encode()


def as_csv(told: dict[str, Any], columns: dict[str, str] = COLUMNS, **changes: str) -> bytes:
    whole = {name: told[name] for name in ("source", "delivery", "sequence", "created_at")}
    rows = [{**whole, **one} for one in told["documents"]]
    if changes:
        rows[-1] |= changes
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [columns.get(name, name) for name in rows[0]], delimiter=";")
    writer.writeheader()
    writer.writerows({columns.get(name, name): value for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def read(content: bytes, source: ScanSource) -> Manifest:
    return parse_manifest(content, "f" * 64, source)


def refusal(content: bytes, source: ScanSource) -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as refused:
        read(content, source)
    return refused.value


def test_the_three_formats_are_read_to_the_same_value() -> None:
    empty = ("file_number", "batch", "sender", "replaces", "note", "return_reason", "new_address", "served_on")
    told = raw(entry(1), entry(2, **dict.fromkeys((*empty, "service_outcome", "service_place", "served_by"))))
    first = read(json.dumps(told).encode(), JSON)
    assert first == read(as_xml(told), XML) == read(as_csv(told), CSV)
    assert first.documents[0].sender == "Erika „Rike“ <Muster> & Söhne"
    assert (first.documents[0].replaces, first.documents[1].replaces) == (f"{ID}9", None)
    assert (first.documents[0].keyed, first.documents[1].keyed) == (
        KeyedIn(
            "unbekannt verzogen",
            "Neuer Weg 3; 48683 Ahaus",
            "mailbox",
            date(2026, 11, 18),
            "Musterstraße 1, 48683 Ahaus",
            "Zustellerin „Z. Müller“",
        ),
        KeyedIn(),
    )


TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks after which the rest of a line is written the other way."""


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=TURNING), max_size=50
    )
)
def test_no_text_is_bent_by_a_format(text: str) -> None:
    text = text.strip()
    told = raw(entry(1, sender=text))
    assert {read(as_xml(told), XML).documents[0].sender, read(as_csv(told), CSV).documents[0].sender} == {
        text or None
    }


def test_a_field_may_be_an_element_and_names_may_have_a_namespace() -> None:
    content = (
        as_xml(raw(entry(1)))
        .replace(b'batch="S-7" ', b"")
        .replace(b"/></documents>", b"><b:batch>S-7</b:batch></document></documents>")
    )
    content = content.replace(b"<scan-delivery ", b'<scan-delivery xmlns:b="urn:x" ')
    assert read(content, XML).documents[0].batch == "S-7"


def test_words_of_the_provider_and_german_days_are_understood() -> None:
    words = {"class": "Rücklauf", "return_reason": "VZ", "service_outcome": "10.3"}
    told = raw(entry(1, **words, received_on="19.11.2026", served_on="18.11.2026"))
    (document,) = read(as_csv(told), CSV).documents
    assert (document.document_class, document.received_on.isoformat()) == ("returned-mail", "2026-11-19")
    said = document.keyed
    assert (said.return_reason, said.outcome, said.served_on) == ("moved", "mailbox", date(2026, 11, 18))


def test_a_day_of_service_that_is_none_is_a_fault_of_the_manifest() -> None:
    refused = refusal(json.dumps(raw(entry(1, served_on="18.13.2026"))).encode(), JSON)
    assert (refused.code, "served_on" in refused.message) == ("manifest-invalid", True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><scan-delivery/>', "Dokumenttyp"),
        (b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><scan-delivery/>', "Dokumenttyp"),
        (b"<a>" * 50 + b"</a>" * 50, "geschachtelt"),
        (b"<scan-delivery>", "kein XML"),
        (b"{}", "kein XML"),
        (b"<other/>", "scan-delivery fehlt"),
        (b"<scan-delivery/>", "counts"),
    ],
)
def test_xml_that_is_not_ours_is_refused_before_it_can_do_anything(content: bytes, why: str) -> None:
    refused = refusal(content, XML)
    assert (refused.code, why in refused.message) == ("manifest-invalid", True)


@pytest.mark.parametrize(
    "content",
    [
        as_csv(raw(entry(1), entry(2)), delivery="L-2"),
        as_csv(raw(entry(1), entry(2)), sequence="5"),
        as_csv(raw(entry(1)), {}),
        as_csv(raw(entry(1))).replace(b";box;", b";Karton;"),
        as_csv(raw(entry(1))) + b"a;" * 40,
        as_csv(raw(entry(1))) + b'"open',
        as_csv(raw(entry(1))).splitlines()[0],
        "Überschrift".encode("latin-1"),
        as_csv(raw(entry(1))).replace(b";2;", b";zwei;"),
    ],
)
def test_a_csv_that_is_not_what_was_agreed_is_refused(content: bytes) -> None:
    assert refusal(content, CSV).code == "manifest-invalid"


def test_the_mark_that_windows_programs_write_before_a_text_is_no_fault() -> None:
    told = json.dumps(raw(entry(1))).encode()
    assert read(b"\xef\xbb\xbf" + told, JSON) == read(told, JSON)


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (json.dumps(raw(entry(1))).replace('"box":', '"file_number": "JC-BOR-2026-00018", "box":'), JSON),
        (
            as_xml(raw(entry(1))).decode().replace("/></doc", "><file_number>x</file_number></document></doc"),
            XML,
        ),
        (as_xml(raw(entry(1))).decode().replace("<documents>", "<documents/><documents>"), XML),
        (as_csv(raw(entry(1))).decode("utf-8-sig").replace(";batch;", ";box;"), CSV),
    ],
)
def test_what_is_said_twice_is_not_guessed_at(content: str, source: ScanSource) -> None:
    refused = refusal(content.encode(), source)
    assert (refused.code, "zweimal" in refused.message) == ("manifest-invalid", True)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\ud800", "\u202e", "\u2066"])
@pytest.mark.parametrize("field", ["box", "sender", "file_number", "new_address"])
def test_no_text_holds_what_no_database_and_no_screen_takes(field: str, character: str) -> None:
    refused = refusal(json.dumps(raw(entry(1, **{field: f"K{character}1"}))).encode(), JSON)
    assert (refused.code, field in refused.message) == ("manifest-invalid", True)


@pytest.mark.parametrize(
    "told",
    [
        {**raw(entry(1)), "sequence": 2**31},
        {**raw(entry(1)), "sequence": 1e300},
        {**raw(entry(1)), "created_at": "0001-01-01T00:00:00+14:00"},
        raw(entry(1, scanned_at="9999-12-31T23:59:59-14:00")),
        raw(entry(1, received_on="9999-12-31")),
        raw(entry(1, served_on="0001-01-01")),
    ],
)
def test_no_number_and_no_day_is_taken_that_nothing_can_be_reckoned_with(told: dict[str, Any]) -> None:
    assert refusal(json.dumps(told).encode(), JSON).code == "manifest-invalid"


NOT_MANY = DeliveryLimits(max_documents=3)


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (b'{"documents": [%s{}]}' % (b"{}," * 1_000_000), JSON),
        (b"<scan-delivery><counts/><documents>%s</documents></scan-delivery>" % (b"<a/>" * 400_000), XML),
        (as_csv(raw(entry(1))) + b"x\n" * 1_000_000, CSV),
    ],
    ids=["json", "xml", "csv"],
)
def test_more_documents_than_agreed_are_counted_and_not_looked_at(content: bytes, source: ScanSource) -> None:
    before = time.process_time()
    assert refusal(content, replace(source, limits=NOT_MANY)).code == "manifest-too-many"
    assert time.process_time() - before < 10  # each of them held against the rules would take minutes


def test_xml_of_very_many_elements_is_not_built() -> None:
    content = b"<scan-delivery><counts/>%s</scan-delivery>" % (b"<a/>" * 600_000)
    assert "zu viele Elemente" in refusal(content, XML).message


def test_counts_that_a_csv_states_are_held_against_its_lines() -> None:
    source = ScanSource("west", manifest=ManifestFormat.CSV, columns={**COLUMNS, "count_documents": "Anzahl"})
    text = as_csv(raw(entry(1), entry(2))).decode("utf-8-sig").splitlines()
    content = "\n".join([f"{text[0]};Anzahl", *(f"{line};3" for line in text[1:])]).encode()
    assert refusal(content, source).code == "manifest-count-wrong"


def test_a_note_named_twice_is_a_duplicate() -> None:
    told = raw(entry(1), entry(2, note="1.xml"))
    assert refusal(json.dumps(told).encode(), JSON).code == "manifest-duplicate-id"
