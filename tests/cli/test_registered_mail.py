"""Registered mail at the command line: what was told is listed, confirmed or put aside; a number is added."""

from datetime import date
from pathlib import Path

from tests.application.receipt.test_registered_mail import sent, told
from tests.cli.conftest import Run
from tests.rendering.pdfs import numbered
from tests.world import World, at

GROUP = "certificates-of-service"


def test_a_late_delivery_is_listed_confirmed_and_corrected_and_a_number_is_added(
    gateway: Run, world: World, tmp_path: Path
) -> None:
    reference = sent(world)
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    told(world, "DELIVERED", date(2026, 11, 25))
    (found,) = gateway(GROUP, "told", "--as", "post", "--json").json
    assert (found["why"], found["date"], found["deemed"], found["kind"]) == (
        "told-later",
        "2026-11-25",
        "2026-11-21",
        "delivery-record",
    )
    assert "25.11.2026" in gateway(GROUP, "told", "--as", "post").out
    assert gateway(GROUP, "told", "--as", "ahmad", "--json").json == []
    assert gateway("desk", "--as", "post", "--json").json["notices"][0]["kind"] == "delivery"
    record = tmp_path / "beleg.pdf"
    record.write_bytes(numbered(1, "Auslieferungsbeleg"))
    confirm = (GROUP, "confirm-told", found["id"], "--outcome", "handed-addressee")
    assert gateway(*confirm, "--as", "ahmad").code == 5
    refused = gateway(*confirm, "--as", "post")
    assert (refused.code != 0, "Auslieferungsbeleg" in refused.err) == (True, True)
    assert gateway(*confirm, "--scan", record, "--as", "post").code == 0
    shown = gateway("letters", "show", reference, "--json").json["recipients"][0]
    assert (shown["effective"], shown["deadline"]) == ("2026-11-25", "2026-12-28")
    assert gateway(GROUP, "told", "--all", "--as", "post", "--json").json == []
    number = ("posting", "number", world.only(reference).piece, "--franking-id", "A0 17", "--as", "post")
    assert gateway(*number, "--source", "Beleg 4711", "--json").json["supplement"] == 1
    shown = gateway("letters", "show", reference, "--json").json["recipients"][0]
    (added,) = shown["posting_records"][0]["supplements"]
    assert (added["franking_id"], added["source"]) == ("A0 17", "Beleg 4711")


def test_what_was_told_is_put_aside_with_a_reason(gateway: Run, world: World) -> None:
    sent(world)
    told(world, "DELIVERED", date(2026, 11, 18))
    assert gateway(GROUP, "told", "--as", "post", "--json").json == []
    (found,) = gateway(GROUP, "told", "--all", "--as", "post", "--json").json
    aside = (GROUP, "put-told-aside", found["id"], "--as", "post")
    assert gateway(*aside, "--reason", " ").code != 0
    assert gateway(*aside, "--reason", "widerrufen").code == 0
    assert gateway(GROUP, "told", "--all", "--as", "post", "--json").json == []
