"""By hand, as caseworker and post room do it on the pages: print, post, hand over, courier, put back."""

import re
from typing import Any

from gateway.application.by_hand.leaving_by_hand import Handing, hand_over_in_person
from gateway.application.by_hand.printing import print_here
from gateway.application.by_hand.taking_by_hand import take
from gateway.domain.runs.by_hand import HandChannel
from tests.rendering.pdfs import numbered
from tests.web.site import Visitor, serve
from tests.world import AWARD, MONDAY, World, at

CLOCK = "07:30"


def taken(world: World, wanted: HandChannel = HandChannel.POST) -> tuple[str, str]:
    reference = world.approved(template=AWARD)
    (piece,) = take(world.services, "anna", reference, wanted, "Frist läuft heute ab")
    return reference, piece


def upload(visitor: Visitor, path: str, **form: Any) -> int:
    """Send a form with a scanned receipt."""
    visitor.get("/von-hand")
    files = {"beleg": ("beleg.pdf", numbered(1, "Beleg"), "application/pdf")}
    data = {"csrf": visitor.token, **form}
    answer = visitor.session.post(visitor.url + path, data=data, files=files, timeout=30)
    visitor.page = answer.text
    return answer.status_code


def test_a_caseworker_takes_a_letter_by_hand_and_the_post_room_prints_and_posts_it(world: World) -> None:
    reference = world.approved(template=AWARD)
    with serve(world) as site:
        anna, post = site.visitor("anna"), site.visitor("post")
        anna.get(f"/schreiben/{reference}")
        assert "Muss sofort aus dem Haus" in anna.text
        anna.post(f"/schreiben/{reference}/von-hand", weg="post", reason="Frist läuft heute ab")
        piece = world.only(reference).piece or ""
        assert "bitte jetzt drucken" in anna.text
        post.get("/von-hand")
        assert "Frist läuft heute ab" in post.text
        printed = post.post(f"/von-hand/{piece}/drucken")
        assert printed.content == world.services.blobs.get(world.only(reference).print_sha256 or "")
        assert post.get("/von-hand").status_code == 200
        form: dict[str, Any] = {
            "tag": MONDAY.isoformat(),
            "carrier": "Deutsche Post",
            "product": "Standardbrief",
        }
        post.post(f"/von-hand/{piece}/aufgegeben", given_by="Petra Stelle", receipt="", **form)
        assert "Nichts wartet" in post.text
        assert "16.11.2026 von Hand" in (post.get("/tageslauf") and post.text)
        anna.get(f"/schreiben/{reference}")
        assert "16.11.2026 durch Petra Stelle, Deutsche Post, Standardbrief" in anna.text
        assert "20.11.2026" in anna.text
        assert "vorläufig" not in anna.text


def test_a_second_print_asks_for_a_reason_and_is_shown(world: World) -> None:
    reference, piece = taken(world)
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/von-hand")
        post.post(f"/von-hand/{piece}/drucken")
        assert post.post(f"/von-hand/{piece}/drucken").status_code == 422
        assert "reprint-needs-reason" in post.page
        post.get("/von-hand")
        post.post(f"/von-hand/{piece}/drucken", reason="Papierstau")
        post.get("/von-hand")
        assert "2-mal gedruckt" in post.text
        post.get(f"/schreiben/{reference}")
        assert "Papierstau" in post.text


def test_a_handing_over_is_recorded_with_its_signed_receipt_and_can_be_corrected(world: World) -> None:
    reference, piece = taken(world, HandChannel.IN_PERSON)
    print_here(world.services, "post", piece)
    world.advance_to(at(MONDAY, "09:00"))
    with serve(world) as site:
        anna = site.visitor("anna")
        form = {
            "tag": MONDAY.isoformat(),
            "uhrzeit": "08:40",
            "given_by": "Anna Werk",
            "received_by": "D. O’Brien",
        }
        unsigned = upload(anna, f"/von-hand/{piece}/uebergeben", outcome="handed-addressee", **form)
        assert unsigned == 422
        done = upload(anna, f"/von-hand/{piece}/uebergeben", outcome="handed-addressee", signed="ja", **form)
        assert done == 200
        anna.get(f"/schreiben/{reference}")
        assert "Bekanntgabe (nachgewiesen)" in anna.text
        assert "16.12.2026" in anna.text
        assert "empfangen von D. O’Brien" in anna.text
        found = re.search(r'href="([^"]+zugangsnachweis-1\.pdf)"', anna.page)
        assert found
        assert anna.get(found[1]).content.startswith(b"%PDF")
        anna.get(f"/schreiben/{reference}")
        anna.post(
            f"/schreiben/{reference}/1/zugangsnachweis",
            outcome="handed-representative",
            effective_on=MONDAY.isoformat(),
            received_by="Ł. Dvořák",
            reason="Es war der Betreuer",
        )
        assert "Es war der Betreuer" in anna.text
        assert [proof.outcome for proof in world.only(reference).proofs] == [
            "handed-addressee",
            "handed-representative",
        ]
        assert (
            world.only(reference).proofs[1].document_sha256 == world.only(reference).proofs[0].document_sha256
        )


def test_a_courier_takes_it_and_his_receipt_is_recorded(world: World) -> None:
    reference, piece = taken(world, HandChannel.COURIER)
    print_here(world.services, "post", piece)
    world.advance_to(at(MONDAY, "12:00"))
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/von-hand")
        form: dict[str, Any] = {"tag": MONDAY.isoformat(), "given_by": "Petra Stelle"}
        post.post(f"/von-hand/{piece}/kurier", uhrzeit="08:10", carrier="Radkurier", receipt="A-9", **form)
        assert "beim Kurier" in post.text
        post.get(f"/schreiben/{reference}")
        assert "Ein Kurier hat die Sendung" in post.text
        post.get("/von-hand")
        post.post(f"/von-hand/{piece}/empfang", outcome="mailbox", uhrzeit="09:00", **form)
        assert "Nichts wartet" in post.text
        post.get(f"/schreiben/{reference}")
        assert "in den Briefkasten eingelegt, Zugang am 16.11.2026" in post.text
        assert "Auftrag A-9" in post.text


def test_what_is_put_back_goes_with_the_evenings_run(world: World) -> None:
    _, piece = taken(world)
    with serve(world) as site:
        post = site.visitor("post")
        post.get("/von-hand")
        post.post(f"/von-hand/{piece}/zuruecknehmen", reason="Doch nicht eilig")
        assert "zurückgenommen" in post.text
    world.evening()
    assert len(world.taken()) == 1


def test_who_has_nothing_to_do_with_it_sees_and_changes_nothing(world: World) -> None:
    reference, piece = taken(world)
    with serve(world) as site:
        for login in ("bea", "audit"):
            visitor = site.visitor(login)
            visitor.get("/")
            assert "/von-hand" not in visitor.page
            assert visitor.get("/von-hand").status_code == 403
        ahmad = site.visitor("ahmad")
        ahmad.get("/von-hand")
        assert "Nichts wartet" in ahmad.text
        for action in ("drucken", "aufgegeben", "uebergeben", "kurier", "empfang", "zuruecknehmen"):
            form: dict[str, Any] = {
                "tag": MONDAY.isoformat(),
                "uhrzeit": CLOCK,
                "reason": "x",
                "received_by": "x",
                "signed": "ja",
            }
            answer = ahmad.post(
                f"/von-hand/{piece}/{action}", outcome="mailbox", given_by="x", carrier="x", **form
            )
            assert answer.status_code == 403, action
        assert ahmad.post(f"/schreiben/{reference}/von-hand", weg="post", reason="x").status_code == 403
    assert [one.state for one in world.submissions()] == ["planned"]


def test_a_receipt_of_another_office_stays_closed(world: World) -> None:
    reference, piece = taken(world, HandChannel.IN_PERSON)
    print_here(world.services, "post", piece)
    handing = Handing("handed-addressee", "D. O’Brien", signed=True)
    hand_over_in_person(world.services, "anna", piece, "Anna Werk", world.clock.now(), handing)
    with serve(world) as site:
        ahmad = site.visitor("ahmad")
        assert ahmad.get(f"/schreiben/{reference}/1/zugangsnachweis-1.pdf").status_code == 403
        ahmad.get("/")
        form: dict[str, Any] = {"outcome": "recorded-in-error", "reason": "weil"}
        assert ahmad.post(f"/schreiben/{reference}/1/zugangsnachweis", **form).status_code == 403
    assert len(world.only(reference).proofs) == 1
