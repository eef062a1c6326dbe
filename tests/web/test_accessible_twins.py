"""The accessible twin on the pages: shown beside the letter, and signed with it."""

import re

import pytest

from tests.application.letters.test_accessible_twins import TITLE, ask
from tests.web.site import Site

pytestmark = pytest.mark.slow


def signed_with(page: str) -> str:
    found = re.search(r'name="documents" value="([^"]*)"', page)
    assert found
    return found[1]


def test_the_twin_is_looked_at_and_signed_with_its_letter(site: Site) -> None:
    ask(site.world, "P3")
    reference = site.world.ready()
    one = site.world.only(reference)
    visitor = site.visitor("bea")
    visitor.get("/freigabe")
    assert f"{TITLE}, wird mit freigegeben" in visitor.text
    pages = re.findall(rf"/schreiben/{reference}/1/abschrift-\d+\.png", visitor.page)
    assert len(pages) == 4
    for page in pages:
        assert visitor.get(page).headers["content-type"] == "image/png"
    assert signed_with(visitor.page) == f"{one.document_sha256} {one.twin_sha256}"
    visitor.post(f"/schreiben/{reference}/freigeben", documents=one.document_sha256, back="freigabe")
    assert site.world.view(reference).state == "ready", "signed is what was shown, all of it"
    visitor.get(f"/schreiben/{reference}")
    assert f"{TITLE} als PDF" in visitor.text
    pdf = visitor.get(f"/schreiben/{reference}/1/abschrift.pdf").content
    assert pdf == site.world.services.blobs.get(one.twin_sha256 or "")
    visitor.get(f"/schreiben/{reference}")
    visitor.post(f"/schreiben/{reference}/freigeben", documents=signed_with(visitor.page))
    assert site.world.view(reference).state == "approved"


def test_without_a_profile_no_page_speaks_of_a_twin(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("bea")
    for path in ("/freigabe", f"/schreiben/{reference}"):
        visitor.get(path)
        assert "Abschrift" not in visitor.text
    assert visitor.get(f"/schreiben/{reference}/1/abschrift.pdf").status_code == 404
