"""Posting lists that must be signed: what is missing, broken or somebody else's is named, and never clean."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.posting import posting
from gateway.application.posting.enlisting import import_lists
from gateway.application.posting.posting_list_view import list_signature
from gateway.application.posting.posting_view import ProviderDay, day_report
from gateway.application.tracking.tracking import poll
from gateway.application.views.listing import list_letters
from gateway.domain.pieces.routing import Routing
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.testing.print_centre import PrintCentre
from tests.application.posting.test_posting import old_enough
from tests.providers.house import JSON, PROFILE
from tests.world import INVITATION, MONDAY, World, at

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

TUESDAY = MONDAY.replace(day=MONDAY.day + 1)
THURSDAY = MONDAY.replace(day=MONDAY.day + 3)


@contextmanager
def signing_house(world: World, flaw: str = "sound", *, late: bool = False) -> Iterator[tuple[World, Path]]:
    """A print house that agreed to sign its lists and posted a letter on Tuesday; yields its outbox."""
    with PrintCentre(speed=0, start=at(MONDAY, "08:00"), automatic=False) as centre:
        centre.script.list_signature = flaw
        rules = HouseRules(
            list_signers=(centre.trust_file.read_bytes(), centre.expired_trust_file.read_bytes())
        )
        provider = FolderProvider(centre.root, JSON, rules, PROFILE)
        services = replace(world.services, providers={"folder": provider}, routing=Routing("folder", [], {}))
        town = replace(world, services=services)
        town.approved("F1", INVITATION)
        town.evening(MONDAY)
        centre.advance(hours=11)
        centre.advance(days=2)
        town.advance_to(at(THURSDAY, "08:00"))
        for signature in (centre.root / "out").glob("*.p7s") if late else ():
            signature.rename(centre.root / signature.name)
        old_enough(centre.root / "out")
        poll(services)
        yield town, centre.root / "out"


def report(town: World) -> ProviderDay:
    (found,) = day_report(town.services, "post", TUESDAY).providers
    return found


def test_a_list_with_the_agreed_signature_is_clean_and_its_signature_is_kept_with_the_proof(
    world: World,
) -> None:
    with signing_house(world) as (town, outbox):
        (listed,) = report(town).lists
        assert (listed.signed, listed.findings) == ("", ())
        name, content = list_signature(town.services, "post", listed.id)
        assert content == (outbox / name).read_bytes()
        assert len(posting.confirm(town.services, "post", TUESDAY)) == 1
        (line,) = list_letters(town.services, None)
        archive, _ = packed(town.services, posting_file(town.services, None, line.reference))
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            (record,) = json.loads(opened.read("ab-vermerk-1.json"))
        (signature,) = record["list"]["signatures"]
        assert (signature["fault"], len(signature["sha256"])) == ("", 64)


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ("missing", "list-signature-missing"),
        ("other-bytes", "list-signature-broken"),
        ("foreign", "list-signature-untrusted"),
        ("expired", "list-signature-expired"),
    ],
)
def test_a_signature_that_is_missing_broken_or_foreign_is_named_and_holds_the_pieces_back(
    world: World, flaw: str, code: str
) -> None:
    with signing_house(world, flaw) as (town, _):
        found = report(town)
        assert [finding.code for finding in found.lists[0].findings] == [code]
        assert [finding.code for finding in found.held_back[0].findings] == ["list-not-sound"]
        assert posting.confirm(town.services, "post", TUESDAY) == []


def test_a_signature_that_comes_after_its_list_makes_it_sound_and_garbage_does_not(world: World) -> None:
    with signing_house(world, late=True) as (town, outbox):
        assert report(town).lists[0].signed == "signature-missing"
        (signature,) = outbox.parent.glob("*.p7s")
        beside = outbox / signature.name
        beside.write_bytes(b"no signature at all")
        assert import_lists(town.services, everything=True) == []
        assert report(town).lists[0].signed == "signature-broken"
        signature.replace(beside)
        assert import_lists(town.services, everything=True) == []
        assert (report(town).lists[0].signed, report(town).ready) == ("", 1)
