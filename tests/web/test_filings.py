"""The page of the filing: an outage with its reason, what is refused and until when, each for its own office."""

from dataclasses import replace

import pytest

from gateway.application.filing.filing import file_due
from gateway.errors import CaseFileError, CaseFileUnavailable
from gateway.ports.casefile import FilingEntry
from tests.web.site import Site
from tests.world import World

pytestmark = pytest.mark.slow


class Refusing:
    name = "folder"

    def __init__(self, error: CaseFileError) -> None:
        self.error = error

    def file(self, _entry: FilingEntry) -> str:
        raise self.error


REFUSED = CaseFileError("cmis-constraint", "Das DMS nimmt das Objekt so nicht an.")
AWAY = CaseFileUnavailable(
    "cmis-unreachable", "Das DMS ist nicht erreichbar (ConnectTimeout). Bitte Netz prüfen."
)


def test_the_page_tells_an_outage_and_what_is_refused(site: Site, world: World) -> None:
    anna, ahmad = site.visitor("anna"), site.visitor("ahmad")
    anna.get("/ablage")
    assert "Alles ist abgelegt" in anna.text

    reference = world.approved("F1")
    file_due(replace(world.services, casefile=Refusing(REFUSED)))  # type: ignore[arg-type]
    world.approved("F3", login="ahmad", by="beate")
    file_due(replace(world.services, casefile=Refusing(AWAY)))  # type: ignore[arg-type]
    anna.get("/ablage")
    assert "2 Schreiben und 0 Posteingänge warten" in anna.text
    assert "Die Akte nimmt nichts an" in anna.text
    assert "nicht erreichbar" in anna.text
    assert f"Schreiben freigegeben · {reference} · 1" in anna.text
    assert "cmis-constraint" in anna.text
    assert f'href="/schreiben/{reference}"' in anna.page
    assert "JC-AHA-2026-00003" not in anna.text
    ahmad.get("/ablage")
    assert "JC-AHA-2026-00003" in ahmad.text
    assert reference not in ahmad.text
    admin = site.visitor("admin")
    admin.get("/ablage")
    assert "Die Akte nimmt nichts an" in admin.text
    assert "JC-" not in admin.text, "an administrator has no access to content"
