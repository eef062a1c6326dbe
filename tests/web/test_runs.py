"""The page of tonight's run: figures of one's own offices, before anything has left."""

from dataclasses import replace

from tests.web.site import serve
from tests.world import World


def test_the_page_shows_tonights_volumes_and_what_bundling_saves_before_anything_leaves(world: World) -> None:
    world.services = replace(world.services, bundling=True)
    first, second = world.approved("F1"), world.approved("F1", appointment_time="11:00")
    with serve(world) as site:
        anna = site.visitor("anna")
        anna.get("/tageslauf")
        assert "Schreiben 2 Sendungen (Umschläge) 1 davon Umschlag C6/5 1" in anna.text
        assert "durch Bündelung gesparte Umschläge 1" in anna.text
        assert "durch Bündelung gespartes Porto 0,95 €" in anna.text
        assert "Noch gab es keinen Lauf." in anna.text
        assert world.taken() == []
        world.evening()
        anna.get("/tageslauf")
        assert "16.11.2026 1 2 1" in anna.text
        anna.get(f"/schreiben/{first}")
        assert "Im selben Umschlag" in anna.text
        assert f'href="/schreiben/{second}"' in anna.page


def test_another_office_sees_none_of_it(world: World) -> None:
    world.approved("F1")
    with serve(world) as site:
        ahmad = site.visitor("ahmad")
        assert ahmad.get("/tageslauf").status_code == 200
        assert "Schreiben 0 Sendungen (Umschläge) 0" in ahmad.text
        assert "borken" not in ahmad.text


def test_reasons_for_letters_that_travel_alone_are_on_both_pages(world: World) -> None:
    world.services = replace(world.services, bundling=True)
    alone = world.approved("F1", "widerspruchsbescheid", login="both")
    other = world.approved("F1")
    with serve(world) as site:
        anna = site.visitor("anna")
        anna.get("/tageslauf")
        assert "template-opt-out 1" in anna.text
        world.evening()
        for one, beside in ((alone, other), (other, alone)):
            anna.get(f"/schreiben/{one}")
            assert "Nicht gebündelt mit" in anna.text
            assert f'href="/schreiben/{beside}"' in anna.page
