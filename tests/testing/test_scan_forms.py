"""A scan centre delivers in every form and by every way, and each of its mistakes has its code wherever it is made."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.arrivals.arrivals_view import arrivals_view
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.filing.filing import file_due
from gateway.application.services import Services
from gateway.db.arrivals import ScanNote
from gateway.db.files import InboundDocument, InboundState
from gateway.domain.inbound.scan_sources import ManifestFormat, NoteAt, ScanSource
from gateway.domain.scopes import Scope
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.sftp_site import SftpSite
from gateway.inbound.upload_site import UploadSite
from gateway.sftp_line import SftpSettings
from gateway.testing.scan_centre import Form, ScanCentre, SftpScanCentre, UploadingScanCentre, apply_fault
from gateway.testing.scan_centre.mail import Mail, foreign, letter_naming
from gateway.testing.scan_centre.scanner import Condition
from tests.web.api_client import system
from tests.web.site import serve
from tests.world import World

QUICK = Condition(dpi=50, noise=0, skew=0)
EVERY = [
    Form(manifest, note, sealed, packed=number % 4 in (1, 2))
    for number, (manifest, note, sealed) in enumerate(
        product(("json", "xml", "csv"), ("none", "file", "attachment"), (False, True))
    )
]
SOME = [Form("xml", "file", sealed=False, packed=False), Form("csv", "attachment", sealed=True, packed=True)]


def papers() -> list[Mail]:
    """One that finds its case by what was typed, and one of two pages that leads nowhere."""
    return [
        replace(letter_naming("x", read=False), file_number="JC-BOR-2026-00018"),
        foreign("bank-statement", "a"),
    ]


def agreed(world: World, centre: ScanCentre, site: FolderSite | SftpSite | UploadSite) -> Services:
    """The gateway as it is configured for this centre."""
    form = centre.form
    source = ScanSource(
        centre.source,
        agreed=True,
        manifest=ManifestFormat(form.manifest),
        note=NoteAt(form.note),
        signed=form.sealed,
        trust=(centre.seal.trust_file.read_bytes(),) if centre.seal else (),
        first_sequence=1,
        account="post" if isinstance(site, UploadSite) else "",
    )
    sites = {"": world.services.scan_sites[""], centre.source: site}
    return replace(world.services, scan_sites=sites, scan_sources={centre.source: source})


@contextmanager
def at_folder(
    world: World, root: Path, form: Form, name: str = "west"
) -> Iterator[tuple[ScanCentre, Services]]:
    with ScanCentre(root, source=name, start=world.clock.now(), speed=0, condition=QUICK, form=form) as centre:
        site = FolderSite(name, answers=root / "answers", inbox=root / "in", reports=root / "reports")
        yield centre, agreed(world, centre, site)


@contextmanager
def at_sftp(world: World, root: Path, form: Form) -> Iterator[tuple[ScanCentre, Services]]:
    with SftpScanCentre(
        root, source="west", start=world.clock.now(), speed=0, condition=QUICK, form=form
    ) as centre:
        line = SftpSettings(centre.host, centre.port, centre.user, (centre.host_key,), centre.key_file)
        yield centre, agreed(world, centre, SftpSite("west", line))


@contextmanager
def at_http(world: World, root: Path, form: Form) -> Iterator[tuple[UploadingScanCentre, Services]]:
    options: Any = {"source": "west", "start": world.clock.now(), "speed": 0, "condition": QUICK}
    site = UploadSite("west")
    with ScanCentre(root, form=form, **options) as first:  # its seal is there before the gateway is configured
        world.services = agreed(world, first, site)
    with serve(world) as served:
        caller = system(served, "post", Scope.SCANS_DELIVER)
        with UploadingScanCentre(
            root, url=f"{served.url}/api/v1", token=caller.token, form=form, **options
        ) as centre:
            yield centre, world.services


def settle(centre: ScanCentre, services: Services) -> None:
    centre.work()
    take_arrivals(services)
    file_due(services)
    centre.work()


def states(services: Services, source: str = "west") -> list[tuple[InboundState, bool]]:
    with services.db.reading() as session:
        query = select(InboundDocument).where(InboundDocument.source == source).order_by("id")
        return [(row.state, row.filed_at is not None) for row in session.exec(query).all()]


TAKEN = [(InboundState.ASSIGNED, True), (InboundState.DESK, False)]


@pytest.mark.slow
def test_every_form_is_taken_in_filed_and_answered(world: World, tmp_path: Path) -> None:
    for number, form in enumerate(EVERY):
        name = f"site-{number}"
        with at_folder(world, tmp_path / name, form, name) as (centre, services):
            centre.lay(*papers())
            centre.deliver()
            settle(centre, services)
            assert states(services, name) == TAKEN, form
            assert [sheaf.receipt for sheaf in centre.ledger] == ["accepted", "accepted"], form
            assert list((centre.root / "in").glob("[!.]*")) == [], form
    with world.services.db.reading() as session:
        notes = session.exec(select(ScanNote)).all()
    assert len(notes) == 2 * sum(form.note != "none" for form in EVERY)
    assert [note.findings for note in notes if note.findings] == []


@pytest.mark.slow
@pytest.mark.parametrize("form", SOME, ids=str)
def test_it_comes_by_sftp(world: World, tmp_path: Path, form: Form) -> None:
    with at_sftp(world, tmp_path / "c", form) as (centre, services):
        centre.lay(*papers())
        centre.deliver()
        settle(centre, services)
        assert states(services) == TAKEN
        assert [sheaf.receipt for sheaf in centre.ledger] == ["accepted", "accepted"]


@pytest.mark.parametrize(
    "form", [Form("xml", "file", packed=True), Form("csv", "attachment", True, True)], ids=str
)
def test_it_comes_by_http(world: World, tmp_path: Path, form: Form) -> None:
    with at_http(world, tmp_path / "c", form) as (centre, services):
        centre.lay(*papers())
        delivery = centre.deliver()
        assert delivery is not None
        centre.work()
        assert centre.state(delivery.stem)["state"] == "waiting"
        settle(centre, services)
        assert centre.state(delivery.stem)["state"] == "accepted"
        assert states(services) == TAKEN
        assert [sheaf.receipt for sheaf in centre.ledger] == ["accepted", "accepted"]


def said(root: Path) -> list[str]:
    """Every code that the centre was told, of documents and of deliveries, in the order of the answers."""
    codes: list[str] = []
    for file in sorted((root / "answers").iterdir()):
        told = json.loads(file.read_bytes())
        codes += [told["code"]] if told["code"] else []
        codes += told["remarks"]
        codes += [code for each in told["documents"] for code in (each["code"], *each["also"]) if code]
        codes += ["scan-not-in-manifest"] * told["counts"]["not_in_manifest"]
    return codes


WITH_DOCUMENTS = {
    "missing-file": ["scan-missing"],
    "extra-file": ["scan-not-in-manifest"],
    "renamed-file": ["scan-missing", "scan-not-in-manifest"],
    "wrong-hash": ["scan-hash-mismatch"],
    "wrong-pages": ["scan-pages-differ"],
    "broken-pdf": ["scan-unreadable"],
    "locked-pdf": ["scan-encrypted"],
    "wrong-day": ["scan-day-wrong"],
    "long-ago": ["scan-received-long-ago"],
    "control-character": ["manifest-invalid"],
    "ready-early": ["scan-missing"],
    "wrong-count": ["manifest-count-wrong"],
    "duplicate-id": ["manifest-duplicate-id"],
    "bad-manifest": ["manifest-invalid"],
    "no-manifest-format": ["manifest-invalid"],
    "wrong-source": ["manifest-source-wrong"],
    "wrong-marker": ["manifest-hash-wrong"],
    "old": ["delivery-late"],
    "split-document": [],
    "wrong-class": [],
    "wrong-index": [],
    "unreadable-scan": [],
}
"""What is said about it in every form."""
WITH_NOTES = {
    "note-missing": ["note-missing"],
    "note-of-other": ["note-of-other-document"],
    "note-incomplete": ["note-quality-missing"],
    "note-organisation": ["note-creator-organisation-only"],
    "note-denied": ["note-match-denied"],
    "note-pages": ["note-pages-differ"],
    "note-anomaly": ["note-anomalies-missing"],
}
WITH_SEALS = {
    "seal-missing": ["signature-missing"],
    "seal-broken": ["signature-broken"],
    "seal-partial": ["signature-partial"],
    "seal-foreign": ["signature-untrusted"],
}
PACKED = {
    "zip-broken": "zip-unreadable",
    "zip-encrypted": "zip-encrypted",
    "zip-path": "zip-path",
    "zip-twice": "zip-duplicate",
    "no-marker": "zip-incomplete",
    "half-marker": "zip-incomplete",
}
FORMS = [
    Form("json"),
    Form("xml", "file", packed=True),
    Form("csv", "attachment", sealed=True),
]


def mistakes(form: Form) -> dict[str, list[str]]:
    known = dict(WITH_DOCUMENTS)
    if form.note != "none":
        known |= WITH_NOTES
    if form.note == "file":
        known["note-unreadable"] = ["note-unreadable"]
        known["ready-early"] = ["note-missing", "scan-missing"]  # the first PDF came, and nothing else
    if form.sealed:
        known |= WITH_SEALS
    return known


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_mistake_has_its_code_in_every_form_and_is_made_good(
    world: World, tmp_path: Path, form: Form
) -> None:
    for number, (mistake, codes) in enumerate(mistakes(form).items()):
        name = f"site-{number}"
        with at_folder(world, tmp_path / name, form, name) as (centre, services):
            apply_fault(centre, {"kind": mistake})
            centre.lay(foreign("bank-statement", "a"), foreign("plain", "b"))
            centre.deliver()
            settle(centre, services)
            assert said(centre.root) == codes, (mistake, form)
            for _ in range(2):  # what was refused is delivered again, and then everything is there
                if centre.deliver() is not None:
                    settle(centre, services)
            good = [state for state, _ in states(services, name) if state is InboundState.DESK]
            assert len(good) == (3 if mistake == "split-document" else 2), (mistake, form)


@pytest.mark.slow
def test_every_spoiled_zip_is_refused_with_its_code_and_the_next_delivery_comes_through(
    world: World, tmp_path: Path
) -> None:
    form = Form("xml", packed=True)
    for number, (mistake, code) in enumerate(PACKED.items()):
        name = f"site-{number}"
        with at_folder(world, tmp_path / name, form, name) as (centre, services):
            apply_fault(centre, {"kind": mistake})
            centre.lay(foreign("plain", "a"))
            spoiled = centre.deliver()
            if mistake == "no-marker":
                assert spoiled is not None
                (spoiled.parent / f"{spoiled.name}.READY").touch()
            settle(centre, services)
            assert said(centre.root) == [code], mistake
            centre.deliver()
            settle(centre, services)
            assert states(services, name) == [(InboundState.DESK, False)], mistake


@pytest.mark.slow
def test_by_http_the_same_mistakes_have_the_same_codes(world: World, tmp_path: Path) -> None:
    kinds = {
        **PACKED,
        "zip-bomb": "zip-ratio",
        "wrong-marker": "manifest-hash-wrong",
        "wrong-hash": "scan-hash-mismatch",
    }
    with at_http(world, tmp_path / "c", Form(packed=True)) as (centre, services):
        for mistake, code in kinds.items():
            apply_fault(centre, {"kind": mistake})
            centre.lay(foreign("plain", mistake))
            delivery = centre.deliver()
            assert delivery is not None
            settle(centre, services)
            refused_at_the_door = centre.uploads[delivery.stem]
            told = [refused_at_the_door, *said(centre.root)[-1:]]
            assert code in told or code in said(centre.root), mistake
            centre.deliver()
            settle(centre, services)
            assert centre.ledger[-1].receipt == "accepted", mistake


@pytest.mark.parametrize(
    ("mistake", "codes"),
    [
        ("id-again", ["scan-id-repeated"]),
        ("bytes-again", ["scan-content-repeated"]),
        ("name-again", ["delivery-differs"]),
        ("gap", []),
    ],
)
def test_what_comes_twice_or_not_at_all_is_noticed(
    world: World, tmp_path: Path, mistake: str, codes: Sequence[str]
) -> None:
    with at_folder(world, tmp_path / "c", Form("csv", packed=True)) as (centre, services):
        centre.lay(foreign("plain", "a"))
        centre.deliver()
        settle(centre, services)
        apply_fault(centre, {"kind": mistake})
        centre.lay(foreign("plain", "b"))
        centre.deliver()
        settle(centre, services)
        assert said(centre.root) == codes
        (source,) = (each for each in arrivals_view(services, "post").sources if each.name == "west")
        assert source.missing == ([(2, 2)] if mistake == "gap" else [])


def test_a_mistake_that_has_no_place_in_a_form_is_said(world: World, tmp_path: Path) -> None:
    with at_folder(world, tmp_path / "c", Form()) as (centre, _):
        apply_fault(centre, {"kind": "seal-missing"})
        centre.lay(foreign("plain", "a"))
        with pytest.raises(ValueError, match="seal-missing"):
            centre.deliver()
