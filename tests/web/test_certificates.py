"""The proof of a run as a page and as a PDF."""

from tests.web.site import Site


def test_the_post_room_reads_the_proof_of_a_run(site: Site) -> None:
    site.world.approved("F1")
    (report,) = site.world.evening()
    visitor = site.visitor("post")
    assert '/tageslauf/2026-11-16/1/nachweis"' in visitor.get("/tageslauf").text
    visitor.get("/tageslauf/2026-11-16/1/nachweis")
    assert "Alle Sendungen dieses Laufs haben bestanden" in visitor.text
    assert report.certificates[0] in visitor.text
    assert "Brien" not in visitor.page
    pdf = visitor.get("/tageslauf/2026-11-16/1/nachweis.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


def test_another_office_does_not(site: Site) -> None:
    site.world.approved("F1")
    site.world.evening()
    stranger = site.visitor("ahmad")
    assert stranger.get("/tageslauf/2026-11-16/1/nachweis").status_code == 403
    assert stranger.get("/tageslauf/2026-11-16/1/nachweis.pdf").status_code == 403
    assert stranger.get("/tageslauf/gestern/1/nachweis").status_code == 404
