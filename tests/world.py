"""A small authority to test in: two offices, a user for every role, three cases, a provider that answers over HTTP.

Everything is the real thing: SQLite or PostgreSQL, documents on disk, WeasyPrint, the E-POSTBUSINESS simulator. Two
things make it quick: the migrated database is copied, and what was rendered or read once from the same input is kept,
since references come from a seeded source and the same input gives the same bytes and codes anyway.
"""

import copy
import hashlib
import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlmodel import select

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.filing.recalling import RecallingBlobs
from gateway.application.letters import approving, drafting, rendering
from gateway.application.reads.showing import LetterView, RecipientView, letter_view
from gateway.application.runs.running import RunReport, run_due
from gateway.application.services import Services
from gateway.application.templates.publishing import publish
from gateway.blobs.anchor_file import AnchorFile
from gateway.blobs.folder import FolderBlobs
from gateway.casefiles.folder import FolderCaseFile
from gateway.config import DatabaseSettings, ProviderSettings, Settings, load_settings
from gateway.db.engine import Database
from gateway.db.locks import locks_for
from gateway.db.mail import Submission
from gateway.domain.sheets.layout import PrintProfile
from gateway.inbound.folder_scans import FolderScans
from gateway.inbound.folder_site import FolderSite
from gateway.ports.renderer import PreflightReport, PrintCopy, RenderedDocument, Renderer, RenderRequest
from gateway.providers.by_hand import ByHandProvider
from gateway.providers.epost import EpostProvider
from gateway.rendering.codes import page_codes
from gateway.testing.clock import ManualClock
from gateway.testing.epost import EpostSimulator
from tests.postgres import PostgresServer

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 16)
SETTLE_TIME = timedelta(minutes=15)
ROOT = Path(__file__).parent.parent

INVITATION = "einladung"
"""Needs no second pair of eyes."""
REQUEST = "mitwirkungsaufforderung"
"""Has a reply slip."""
AWARD = "bewilligungsbescheid"
"""Needs four eyes, and is a decision with a remedy notice."""


def at(day: date, clock: str) -> datetime:
    """A moment in Berlin."""
    return datetime.combine(day, time.fromisoformat(clock), BERLIN)


def cases_document() -> dict[str, Any]:
    """Offices, users, persons and cases, as line-of-business software exports them."""
    return copy.deepcopy(_DOCUMENT)


def _office(key: str, name: str, starts_on: str) -> dict[str, str]:
    return {
        "key": key,
        "name": name,
        "authority": "Kreis Borken – Der Landrat – Jobcenter",
        "street": "Burloer Straße 93",
        "postcode": "46325",
        "place": "Borken",
        "phone": "02861 000-0",
        "email": "jobcenter@example.org",
        "website": "www.example.org",
        "return_line": "Jobcenter Borken · Burloer Straße 93 · 46325 Borken",
        "signature_block": "Im Auftrag",
        "cost_centre": "JC01",
        "processor_legal_basis": "§ 80 SGB X",
        "starts_on": starts_on,
    }


def _user(login: str, name: str, roles: Sequence[str], offices: Sequence[str] = ()) -> dict[str, Any]:
    return {"login": login, "name": name, "roles": list(roles), "offices": list(offices), "room": "2.14"}


def _person(reference: str, form: str, given: str, family: str, street: str, postcode: str, place: str) -> Any:
    address = {"street": street, "postcode": postcode, "place": place}
    names = {"given_name": given, "family_name": family}
    return {"reference": reference, "form": form, **names, "address": address}


_DOCUMENT: dict[str, Any] = {
    "schema": "cases/1",
    "source": "test",
    "offices": [
        _office("borken", "Jobcenter Borken", "2026-01-01"),
        _office("ahaus", "Jobcenter Ahaus", "2026-11-18"),
    ],
    "users": [
        _user("anna", "Anna Werk", ["caseworker"], ["borken"]),
        _user("bea", "Bea Freigabe", ["approver"], ["borken"]),
        _user("both", "Carla Beides", ["caseworker", "approver"], ["borken"]),
        _user("ahmad", "Ahmad Werk", ["caseworker"], ["ahaus"]),
        _user("beate", "Beate Freigabe", ["approver"], ["ahaus"]),
        _user("post", "Petra Stelle", ["post_room"]),
        _user("admin", "Adele Verwaltung", ["administrator"]),
        _user("audit", "Arno Prüfer", ["auditor"]),
    ],
    "persons": [
        _person("P1", "frau", "Thị Hương", "Nguyễn-Şahin", "Ahornallee 12", "46325", "Borken"),
        _person("P2", "herr", "Łukasz", "Dvořák", "Musterweg 3", "01067", "Dresden"),
        _person("P3", "herr", "Đorđe", "O’Brien", "Lindenweg 5", "46325", "Borken"),
        _person("P4", "frau", "Zoë", "Weiß", "Am Markt 1", "48683", "Ahaus"),
    ],
    "cases": [
        {
            "reference": "F1",
            "file_number": "JC-BOR-2026-00017",
            "bg_number": "35702//0012345",
            "office": "borken",
            "members": ["P3"],
            "addressee": "P3",
        },
        {
            "reference": "F2",
            "file_number": "JC-BOR-2026-00018",
            "bg_number": "35702//0012346",
            "office": "borken",
            "members": ["P1"],
            "addressee": "P1",
            "representatives": [{"person": "P2", "for": "P1", "kind": "guardian"}],
        },
        {
            "reference": "F3",
            "file_number": "JC-AHA-2026-00003",
            "bg_number": "35702//0012347",
            "office": "ahaus",
            "members": ["P4"],
            "addressee": "P4",
        },
    ],
}


_RENDERED_BY = ("rendering", "domain", "facts", "ports", "providers")


class Shelf:
    """What was rendered once, kept on disk for the next test process as long as nothing changes that renders it."""

    def __init__(self) -> None:
        base = ROOT / ".pytest_cache" / "rendered"
        self._folder = base / _digest_of_sources()
        for earlier in base.glob("*") if not self._folder.exists() else ():
            shutil.rmtree(earlier, ignore_errors=True)

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """What `make` makes, made now or earlier."""
        file = self._folder / hashlib.sha256(repr(key).encode()).hexdigest()
        try:
            return pickle.loads(file.read_bytes())
        except FileNotFoundError:
            made = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(made))
        part.replace(file)
        return made


def _digest_of_sources() -> str:
    digest = hashlib.sha256(
        (ROOT / "requirements.lock").read_bytes() + (ROOT / "package-lock.json").read_bytes()
    )
    for folder in (*(ROOT / "gateway" / part for part in _RENDERED_BY), ROOT / "letter_templates"):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:32]


class Remembering:
    """A renderer that does the same work only once; the bytes are the real ones."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._shelf = Shelf()
        self._kept: dict[object, Any] = {}
        self.template, self.templates, self.validate = renderer.template, renderer.templates, renderer.validate
        self.read_letter, self.page_texts = renderer.read_letter, renderer.page_texts
        self.unknown_names = renderer.unknown_names
        self.picture, self.picture_with_findings = renderer.picture, renderer.picture_with_findings
        self.repair, self.preflight_enclosure = renderer.repair, renderer.preflight_enclosure
        self.template_enclosure, self.template_bundle = renderer.template_enclosure, renderer.template_bundle
        self.template_names, self.template_sources = renderer.template_names, renderer.template_sources
        self.keep, self.keeps = renderer.keep, renderer.keeps
        self.read_paragraphs, self.compare = renderer.read_paragraphs, renderer.compare

    def render(self, request: RenderRequest) -> RenderedDocument:
        made: RenderedDocument = self._once(("render", repr(request)), lambda: self._renderer.render(request))
        return made

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        key = ("preflight", pdf, profile.name, tuple(expected_address or ()))
        report: PreflightReport = self._once(
            key, lambda: self._renderer.preflight(pdf, profile, expected_address)
        )
        return report

    def assemble(
        self, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool
    ) -> PrintCopy:
        key = ("assemble", tuple(documents), piece, profile.name, duplex)
        made: PrintCopy = self._once(
            key, lambda: self._renderer.assemble(documents, piece=piece, profile=profile, duplex=duplex)
        )
        return made

    def close(self) -> None:
        """The real renderer lives as long as the whole test session."""

    def _once(self, key: object, make: Any) -> Any:
        if key not in self._kept:
            self._kept[key] = self._shelf.once(key, make)
        return self._kept[key]


@dataclass
class World:
    """The authority, its clock, and its print provider; time passes for both together."""

    services: Services
    clock: ManualClock
    simulator: EpostSimulator
    settings: Settings

    def advance_to(self, moment: datetime) -> None:
        """Let time pass."""
        self.clock.advance_to(moment)
        self.simulator.advance_to(moment)

    def advance(self, **span: float) -> None:
        """Let time pass."""
        self.advance_to(self.clock.now() + timedelta(**span))

    def data(self, template: str = INVITATION, **changes: Any) -> dict[str, Any]:
        """The template's sample, changed; an appointment that has come too near is put off."""
        sample = copy.deepcopy(dict(self.services.renderer.template(template).sample))
        if "appointment_date" in sample:
            in_time = self.services.today() + timedelta(days=24)
            sample["appointment_date"] = max(str(sample["appointment_date"]), in_time.isoformat())
        return {**sample, **changes}

    def write(self, case: str = "F1", template: str = INVITATION, login: str = "anna", **changes: Any) -> str:
        """A draft."""
        return drafting.write_letter(
            self.services, login, case=case, template=template, data=self.data(template, **changes)
        )

    def ready(self, case: str = "F1", template: str = INVITATION, login: str = "anna", **changes: Any) -> str:
        """A letter that waits for approval."""
        reference = self.write(case, template, login, **changes)
        drafting.submit(self.services, login, reference, accept_duplicate=True)
        rendering.render_letter(self.services, reference)
        view = self.view(reference)
        assert view.state == "ready", [finding for one in view.recipients for finding in one.findings]
        return reference

    def approved(
        self, case: str = "F1", template: str = INVITATION, login: str = "anna", by: str = "bea", **changes: Any
    ) -> str:
        """A letter that goes with the next run."""
        reference = self.ready(case, template, login, **changes)
        approving.approve(self.services, by, reference)
        return reference

    def view(self, reference: str) -> LetterView:
        """A letter as the operator sees it."""
        return letter_view(self.services, None, reference)

    def only(self, reference: str) -> RecipientView:
        """The only recipient of a letter."""
        (recipient,) = self.view(reference).recipients
        return recipient

    def evening(self, day: date | None = None) -> list[RunReport]:
        """Go to 19:05 of `day` (else today) and let the schedule do what is due."""
        self.advance_to(at(day or self.services.today(), "19:05"))
        return run_due(self.services)

    def submissions(self) -> list[Submission]:
        """All hand-overs."""
        with self.services.db.reading() as session:
            return list(session.exec(select(Submission).order_by(Submission.id)).all())  # type: ignore[arg-type]

    def taken(self) -> list[str]:
        """The keys of everything that the provider has taken, in the order in which it came."""
        return [piece.custom1 for piece in self.simulator.letters]

    def pdf_text(self, pdf: bytes) -> str:
        """The text of a document."""
        return pdf_text(pdf)


def pdf_text(pdf: bytes) -> str:
    """The text of all pages."""
    import pypdfium2  # noqa: PLC0415

    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def world_settings(data_dir: Path, **epost: Any) -> Settings:
    """The shipped configuration with a folder of its own."""
    shipped = load_settings(ROOT / "config.toml", data_dir=data_dir)
    rendering_settings = {"workers": 0, "templates_dir": ROOT / "letter_templates"}
    return shipped.model_copy(
        update={
            "provider": ProviderSettings(epost=shipped.provider.epost.model_copy(update=epost)),
            "rendering": shipped.rendering.model_copy(update=rendering_settings),
        }
    )


class SqliteCopies:
    """Databases that are copies of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """The address of a copy in `folder`."""
        yield self.place(folder)

    def place(self, folder: Path) -> str:
        """The address of a copy in `folder`, which stays there."""
        shutil.copyfile(self._file, folder / "gateway.db")
        return f"sqlite:///{folder / 'gateway.db'}"


class PostgresCopies:
    """Databases that are copies of a template database."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """The address of a copy, which is dropped afterwards."""
        name = self.name_of_copy()
        try:
            yield self._server.url(name)
        finally:
            self._server.drop(name)

    def place(self, folder: Path) -> str:
        """The address of a copy, which stays until the server ends."""
        return self._server.url(self.name_of_copy())

    def name_of_copy(self) -> str:
        """The name of a copy, which stays until the server ends."""
        return self._server.create(self._template)


@dataclass(frozen=True)
class Prototype:
    """What every test starts from: services that were built once, and a database with the small authority in it."""

    services: Services
    copies: SqliteCopies | PostgresCopies
    documents: Path
    """Where its documents are: what template versions are made of."""

    @classmethod
    def build(cls, folder: Path) -> "Prototype":
        """Build it in `folder`."""
        clock = ManualClock(at(MONDAY, "07:00"))
        services = bootstrap.build(world_settings(folder), clock=clock)
        # Most stories are about single pieces; those about shared envelopes turn bundling on (test_bundling).
        services = replace(services, renderer=Remembering(services.renderer), bundling=False)
        services = replace(services, scans=FolderScans(lru_cache(maxsize=64)(page_codes)))
        _populate(services)
        return cls(services, SqliteCopies(folder / "gateway.db"), folder / "documents")

    def on(self, server: PostgresServer) -> "Prototype":
        """The same authority on PostgreSQL; what was rendered once is shared."""
        template = server.create()
        services = replace(self.services, db=Database(server.url(template)))
        services.db.migrate()
        _populate(services)
        return Prototype(services, PostgresCopies(server, template), self.documents)

    @contextmanager
    def world(self, folder: Path, simulator: EpostSimulator, **epost: Any) -> Iterator[World]:
        """A world in `folder` whose provider is `simulator`, on Monday morning at eight."""
        folder.mkdir(parents=True, exist_ok=True)
        with self.copies.copy(folder) as url, self.world_at(url, folder, simulator, **epost) as world:
            yield world

    @contextmanager
    def world_at(self, url: str, folder: Path, simulator: EpostSimulator, **epost: Any) -> Iterator[World]:
        """A world with the database `url`, which is a copy already."""
        settings = world_settings(
            folder,
            base_url=simulator.base_url,
            min_poll_interval_s=0,
            read_timeout_s=30,
            **({"connections": 1} | epost),  # one after the other: stories tell which letter met which mishap
        ).model_copy(update={"database": DatabaseSettings(url=SecretStr(url))})
        clock = ManualClock(at(MONDAY, "08:00"))
        provider: EpostProvider = bootstrap._epost(settings.provider.epost)
        for part in ("case-files", "receipts", "scan-quarantine", "scan-spool"):
            (folder / part).mkdir(exist_ok=True)
        database = Database(url)
        _share_statements(database, self.services.db)
        casefile = FolderCaseFile(folder / "case-files")
        services = replace(
            self.services,
            db=database,
            blobs=RecallingBlobs(FolderBlobs(folder / "documents"), database, casefile),
            anchors=AnchorFile(folder / "audit-anchors.jsonl"),
            providers={"epost": provider, "by-hand": ByHandProvider(provider.profile)},
            casefile=casefile,
            clock=clock,
            locks=locks_for(database, folder / "locks"),
            random_bits=random.Random(7).getrandbits,
            receipts_dir=folder / "receipts",
            quarantine_dir=folder / "scan-quarantine",
            scan_spool=folder / "scan-spool",
            scan_sites={"": FolderSite("scan-centre", answers=folder / "receipts")},
        )
        try:
            yield World(services, clock, simulator, settings)
        finally:
            provider.close()
            services.locks.close()
            services.db.close()


def _share_statements(database: Database, known: Database) -> None:
    """All copies have the same tables, so what was compiled for one serves all: a third of a story's time."""
    for engine in (database.engine, database._reading):
        engine.dialect, engine._compiled_cache = known.engine.dialect, known.engine._compiled_cache


def _populate(services: Services) -> None:
    """Put the small authority into an empty database, and close it: what is copied must be whole."""
    import_cases(services, cases_document())
    for meta in services.renderer.templates():
        publish(services, "admin", meta.name, legal_release="Test")
    services.db.close()
