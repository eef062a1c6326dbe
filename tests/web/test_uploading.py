"""Files from people: a PDF becomes a letter, an enclosure travels with one; too large or forged ones do not come in."""

import requests

from gateway.application.letters import approving
from gateway.web.visiting import MAX_FORM_BYTES
from tests.rendering import pdfs
from tests.web.site import Site, Visitor

OBRIEN = ("Herrn", "Đorđe O’Brien", "Lindenweg 5", "46325 Borken")


def finished() -> bytes:
    return pdfs.letter(2, address=lambda canvas: pdfs.address_block(canvas, OBRIEN))


def bring(visitor: Visitor, path: str, pdf: bytes, **form: str) -> requests.Response:
    form.setdefault("csrf", visitor.token)
    files = {"datei": ("brief.pdf", pdf, "application/pdf")}
    answer = visitor.session.post(visitor.url + path, data=form, files=files, timeout=60)
    visitor.page = answer.text
    return answer


def test_a_finished_pdf_becomes_a_letter_that_can_be_approved(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle/F1")
    assert "PDF hochladen" in visitor.text
    visitor.get("/faelle/F1/hochladen")
    answer = bring(visitor, "/faelle/F1/hochladen", pdfs.turned(finished(), 90), titel="Bescheid")
    assert answer.status_code == 200
    assert "Das PDF ist aufgenommen und geprüft." in visitor.text
    assert "repaired-page-geometry" in visitor.text
    assert "Bearbeiten" not in visitor.text
    path = "/" + answer.url.removeprefix(visitor.url).strip("/")
    picture = visitor.session.get(f"{visitor.url}{path}/1/befunde-1.png", timeout=30)
    assert picture.content.startswith(b"\x89PNG")
    assert visitor.post(f"{path}/freigeben", documents=_documents(visitor)).status_code == 200
    assert "ist freigegeben" in visitor.text


def _documents(visitor: Visitor) -> str:
    return visitor.page.split('name="documents" value="')[1].split('"')[0]


def test_what_is_wrong_with_a_pdf_is_said_on_the_page_of_the_upload(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle/F1/hochladen")
    answer = bring(visitor, "/faelle/F1/hochladen", pdfs.letter(), titel="Mein Titel")
    assert answer.status_code == 422
    assert "address-differs" in visitor.text
    assert "Mein Titel" in visitor.page
    assert bring(visitor, "/faelle/F1/hochladen", b"kein PDF", titel="x").status_code == 422
    assert "pdf-unreadable" in visitor.text


def test_an_enclosure_is_added_shown_and_signed_with_the_page_that_was_looked_at(site: Site) -> None:
    reference = site.world.ready()
    anna, bea = site.visitor("anna"), site.visitor("bea")
    bea.get(f"/schreiben/{reference}")
    stale = _documents(bea)
    anna.get(f"/schreiben/{reference}")
    leaflet = pdfs.numbered(1, "Merkblatt")
    bring(anna, f"/schreiben/{reference}/anlagen", leaflet, titel="Merkblatt")
    assert "Merkblatt" in anna.text
    anna.get(f"/schreiben/{reference}")
    anna.post(f"/schreiben/{reference}/einreichen")
    from gateway.application.letters.rendering import render_letter  # noqa: PLC0415

    render_letter(site.world.services, reference)
    bea.get("/freigabe")
    assert "Anlagen, die mit freigegeben werden" in bea.text
    assert bea.post(f"/schreiben/{reference}/freigeben", documents=stale).status_code == 422
    bea.get(f"/schreiben/{reference}")
    assert bea.get(f"/schreiben/{reference}/anlagen/1.pdf").content == leaflet
    bea.get(f"/schreiben/{reference}")
    assert bea.post(f"/schreiben/{reference}/freigeben", documents=_documents(bea)).status_code == 200
    assert site.world.view(reference).state == "approved"
    anna.get(f"/schreiben/{reference}")
    assert "Anlage hinzufügen" not in anna.text


def test_an_enclosure_is_removed_again(site: Site) -> None:
    reference = site.world.write()
    anna = site.visitor("anna")
    anna.get(f"/schreiben/{reference}")
    bring(anna, f"/schreiben/{reference}/anlagen", pdfs.numbered(1, "Merkblatt"), titel="Merkblatt")
    anna.post(f"/schreiben/{reference}/anlagen/1/entfernen")
    assert "Keine Anlagen." in anna.text


def test_a_file_needs_the_token_the_office_and_a_bounded_size(site: Site) -> None:
    anna, stranger = site.visitor("anna"), site.visitor("ahmad")
    anna.get("/faelle/F1/hochladen")
    assert bring(anna, "/faelle/F1/hochladen", finished(), titel="x", csrf="falsch").status_code == 403
    assert stranger.get("/faelle/F1/hochladen").status_code == 403
    stranger.get("/faelle/F3")
    assert bring(stranger, "/faelle/F1/hochladen", finished(), titel="x").status_code == 403
    anna.get("/faelle/F1/hochladen")
    assert bring(anna, "/faelle/F1/hochladen", b"\0" * 20_000_001, titel="x").status_code == 422
    assert "pdf-too-large" in anna.text
    anna.get("/faelle/F1/hochladen")
    assert (
        bring(anna, "/faelle/F1/hochladen", b"\0" * (20_000_001 + MAX_FORM_BYTES), titel="x").status_code == 422
    )
    assert "form-too-large" in anna.text


def test_no_other_form_takes_a_file(site: Site) -> None:
    reference = site.world.ready()
    anna = site.visitor("anna")
    anna.get(f"/schreiben/{reference}")
    answer = bring(anna, f"/schreiben/{reference}/anhalten", b"x" * 100, reason="nein")
    assert answer.status_code >= 400
    assert site.world.view(reference).held_at is None
    approving.approve(site.world.services, "bea", reference)
