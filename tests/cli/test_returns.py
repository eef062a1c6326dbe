"""`gateway returns …`."""

from tests.application.returns.test_returning import come_back, posted
from tests.cli.conftest import Run
from tests.world import World


def test_what_came_back_is_listed_and_decided(gateway: Run, world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    (found,) = gateway("returns", "list", "--json").json["returns"]
    assert (found["reason"], found["fiction"], found["proposal"]) == ("moved", "disputed", "void")
    assert found["letters"][0]["dates"]["disputed"] is True
    assert "strittig" in gateway("returns", "list", "--as", "anna").out
    decide = ("returns", "decide", reference, "--reason", "verzogen")
    assert gateway(*decide, "--action", "close", "--as", "anna").code != 0
    assert gateway(*decide, "--fiction", "void", "--as", "ahmad").code == 5
    present = ("--street", "Am Markt 9", "--postcode", "48683", "--place", "Ahaus")
    assert gateway(*decide, "--action", "reissue", "--street", "Am Markt 9", "--as", "anna").code != 0
    (new,) = gateway(*decide, "--action", "reissue", *present, "--as", "anna", "--json").json["new"]
    assert gateway("returns", "list", "--json").json == {"returns": [], "unmatched": []}
    letter = gateway("letters", "show", reference, "--json").json["recipients"][0]
    assert (letter["deadline"], letter["returned"]["replaced_by"]) == (None, [new])


def test_a_return_without_a_scan_is_recorded(gateway: Run, world: World) -> None:
    reference = posted(world)
    told = ("returns", "record", reference, "--cause", "refused")
    assert gateway(*told, "--as", "audit").code == 5
    assert gateway(*told, "--as", "post").code == 0
    assert gateway("returns", "list", "--json").json["returns"][0]["sources"] == ["person"]
