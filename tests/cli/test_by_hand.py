"""`gateway by-hand …`: the way out of the house by commands, as a script would go it."""

from pathlib import Path

from tests.cli.conftest import Run
from tests.world import AWARD, MONDAY, World, at

POST = ("--as", "post")


def taken(world: World, gateway: Run, *more: str) -> tuple[str, str]:
    reference = world.approved(template=AWARD)
    ended = gateway("by-hand", "take", reference, "--reason", "Frist läuft ab", "--as", "anna", "--json", *more)
    assert ended.code == 0, ended.err
    (piece,) = ended.json["pieces"]
    return reference, piece


def test_a_letter_is_printed_to_a_file_and_its_posting_recorded(
    world: World, gateway: Run, tmp_path: Path
) -> None:
    reference, piece = taken(world, gateway)
    (line,) = gateway("by-hand", "list", *POST, "--json").json
    assert (line["piece"], line["step"], line["wanted"], line["late"]) == (piece, "to-print", "post", False)
    out = tmp_path / "druck.pdf"
    assert gateway("by-hand", "print", piece, "--out", out, *POST).code == 0
    assert out.read_bytes() == world.services.blobs.get(world.only(reference).print_sha256 or "")
    again = gateway("by-hand", "print", piece, "--out", out, *POST)
    assert (again.code > 0, "reprint-needs-reason" in again.err) == (True, True)
    said = ("--given-by", "Petra Stelle", "--carrier", "Deutsche Post", "--product", "Großbrief")
    posted = gateway("by-hand", "posted", piece, "--date", MONDAY, *said, *POST, "--json")
    assert posted.json == {"posted_on": "2026-11-16"}
    shown = gateway("letters", "show", reference, "--json").json["recipients"][0]
    assert (shown["status"], shown["provisional"], shown["deemed"]) == ("posted", False, "2026-11-20")
    assert shown["by_hand"]["product"] == "Großbrief"
    assert gateway("by-hand", "list", *POST, "--json").json == []


def test_a_handing_over_is_proven_and_corrected(world: World, gateway: Run, tmp_path: Path) -> None:
    reference, piece = taken(world, gateway, "--channel", "in-person")
    gateway("by-hand", "print", piece, "--out", tmp_path / "druck.pdf", *POST)
    world.advance_to(at(MONDAY, "10:00"))
    said = ("--at", "2026-11-16T09:15", "--given-by", "Anna Werk", "--received-by", "D. O’Brien")
    assert "by-hand-not-acknowledged" in gateway("by-hand", "handed-over", piece, *said, *POST).err
    done = gateway("by-hand", "handed-over", piece, *said, "--signed", *POST, "--json")
    assert done.json == {"effective_on": "2026-11-16"}
    shown = gateway("letters", "show", reference, "--json").json["recipients"][0]
    assert (shown["status"], shown["deemed"], shown["effective"]) == ("delivered", None, "2026-11-16")
    wrong = ("--outcome", "recorded-in-error", "--reason", "andere Person")
    assert gateway("by-hand", "correct", reference, *wrong, *POST).code == 0
    (line,) = gateway("by-hand", "list", *POST, "--json").json
    assert line["step"] == "printed"
    back = gateway("by-hand", "put-back", piece, "--reason", "nicht abgeholt", *POST, "--json")
    assert back.json == {"put_back": piece}
    assert gateway("letters", "show", reference, "--json").json["status"] == "approved"


def test_a_courier_and_his_receipt(world: World, gateway: Run, tmp_path: Path) -> None:
    reference, piece = taken(world, gateway, "--channel", "courier")
    gateway("by-hand", "print", piece, "--out", tmp_path / "druck.pdf", *POST)
    world.advance_to(at(MONDAY, "12:00"))
    given = ("--at", "2026-11-16T08:30", "--given-by", "Petra Stelle", "--carrier", "Radkurier")
    assert gateway("by-hand", "courier", piece, *given, *POST).code == 0
    received = ("--outcome", "mailbox", "--at", "2026-11-16T11:00")
    assert gateway("by-hand", "received", piece, *received, *POST, "--json").json == {
        "effective_on": "2026-11-16"
    }
    (proof,) = gateway("letters", "show", reference, "--json").json["recipients"][0]["proofs"]
    assert (proof["kind"], proof["outcome"], proof["served"]) == ("courier", "mailbox", True)


def test_the_new_channels_have_deadlines_of_their_own(gateway: Run) -> None:
    said = ("--received", "2026-11-16", "--remedy", "widerspruch", "--json")
    handed = gateway("deadlines", "--channel", "in-person", *said).json
    assert (handed["deemed"], handed["effective"], handed["deadline"]) == (None, "2026-11-16", "2026-12-16")
    lost = gateway("deadlines", "--channel", "courier", "--dispatched", "2026-11-16", *said[2:]).json
    assert (lost["effective"], lost["deadline"]) == (None, None)
