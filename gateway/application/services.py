"""What every use case is handed: the ports, the clock, and facts as values. Made by `gateway.bootstrap` only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TypeVar

from gateway.db.engine import Database
from gateway.domain.account.account_report import AccountReport
from gateway.domain.account.evidence import PostingFile
from gateway.domain.account.sweep import SweepRules
from gateway.domain.addresses.address import Countries
from gateway.domain.addresses.address_places import Places
from gateway.domain.desk.patience import DeskRules
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.letters.enclosures import EnclosureRule
from gateway.domain.paper.originals import OriginalRules
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import PostageTable
from gateway.domain.pieces.routing import Kind, Routing
from gateway.domain.posting.posting_list import PostingRules
from gateway.domain.receipt.carriers import Carriers
from gateway.domain.receipt.deadlines import NotificationRules
from gateway.domain.receipt.returning import ReturnRules
from gateway.domain.references import RANDOM_BITS, reference_from
from gateway.domain.retention import RetentionRules
from gateway.domain.runs.calendar import RunSchedule
from gateway.domain.runs.canary import CanaryRules
from gateway.domain.runs.proof import RunProof
from gateway.domain.trail.trail import Entrance
from gateway.ports.anchors import Anchors
from gateway.ports.blobs import Blobs
from gateway.ports.casefile import CaseFile
from gateway.ports.clock import Clock
from gateway.ports.locks import Locks
from gateway.ports.provider import Provider, Unit
from gateway.ports.renderer import Renderer
from gateway.ports.scans import PagePart, ScanReader, ScanSite
from gateway.ports.tables import TableReader
from gateway.ports.text import TextFacts

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """Ports and facts; the same object serves pages, commands and workers."""

    db: Database
    blobs: Blobs
    renderer: Renderer
    providers: Mapping[str, Provider]
    routing: Routing
    """Who takes which letters."""
    casefile: CaseFile
    scans: ScanReader
    tables: TableReader
    clock: Clock
    locks: Locks
    text: TextFacts
    countries: Countries
    places: Places
    schedule: RunSchedule
    notification: NotificationRules
    is_holiday: Callable[[date], bool]
    postage: PostageTable
    retention: RetentionRules
    originals: OriginalRules
    """What was agreed with the scan site about paper."""
    anchors: Anchors
    random_bits: Callable[[int], int]
    parallel: int
    """How many documents are worked on at once: as many as the renderer has workers."""
    duplex: bool
    receipts_dir: Path
    """Where answers to scan deliveries go that were taken in by hand."""
    quarantine_dir: Path
    """Where refused scan deliveries are kept, each in a folder of its own."""
    scan_spool: Path
    """Where scan deliveries are brought to, a folder for each source."""
    scan_sites: Mapping[str, ScanSite]
    """The scan providers' side of every agreed source; the one called "" answers deliveries of all others."""
    proof_pdf: Callable[[RunProof, tzinfo], bytes]
    """The certificates of a run as a document for people; moments in a time zone."""
    evidence_cover: Callable[[PostingFile, tzinfo], bytes]
    """The cover of a posting file as a document for people; moments in a time zone."""
    evidence_checker: bytes
    """The program that lies in a posting file and checks it."""
    account_pdf: Callable[[AccountReport, tzinfo], bytes]
    """The account as a document for people."""
    enclosure_rules: Sequence[EnclosureRule] = ()
    """Which enclosures travel with which letters, beside those of templates."""
    bundling: bool = True
    """Whether letters of one night to the same person travel together where no rule forbids it."""
    template_four_eyes: bool = True
    """Whether a template version is published by another person than the one who proposed it."""
    uploads_dir: Path | None = None
    """Where line-of-business software puts finished PDFs; None if it does not."""
    door: Entrance = Entrance.PAGE
    """Through which door people and programs come in; stands with what they read."""
    desk: DeskRules = field(default_factory=DeskRules)
    """How long things may take before they are on the desk."""
    canary: CanaryRules = field(default_factory=CanaryRules)
    """Which providers get a test letter before each run."""
    posting: PostingRules = field(default_factory=PostingRules)
    """What proves a posting, by provider, and who is responsible."""
    carriers: Carriers = field(default_factory=Carriers)
    """Who delivers on which days."""
    sweep: SweepRules = field(default_factory=SweepRules)
    """How much the rolling sweep looks at."""
    returns: ReturnRules = field(default_factory=ReturnRules)
    """What each reason of a return means."""
    read_window: Callable[[bytes, PagePart], str] = lambda _pdf, _part: ""
    """The text that a part of a picture's first page shows, as read by a machine; empty where nothing reads."""
    scan_sources: Mapping[str, ScanSource] = field(default_factory=dict)
    """What was agreed with scan providers, by source."""

    @property
    def provider(self) -> Provider:
        """The provider that takes the letters that no route names."""
        return self.providers[self.provider_name]

    @property
    def provider_name(self) -> str:
        """Its name."""
        return self.routing.otherwise

    @property
    def wired(self) -> list[str]:
        """The names of the providers that take letters over a wire, sorted; others are people of the house."""
        return sorted(
            name for name, each in self.providers.items() if each.capabilities.unit is not Unit.PERSON
        )

    def prints_duplex(self, provider: str, service: Service) -> bool:
        """Whether a provider prints a piece on both sides: as the house wants it, unless it cannot for this service."""
        return self.duplex and service not in self.providers[provider].capabilities.one_sided

    def takers(self, kind: Kind) -> list[Provider]:
        """Every provider that may get such a copy, as the routes say; at least one."""
        return [self.providers[name] for name in self.routing.takers(kind)]

    def scan_source(self, name: str) -> ScanSource:
        """What was agreed about a source of scans; nothing, if it is not named in the configuration."""
        return self.scan_sources.get(name) or ScanSource(name)

    def scan_site(self, source: str) -> ScanSite:
        """Where a source of scans is answered."""
        return self.scan_sites.get(source) or self.scan_sites[""]

    def new_reference(self) -> str:
        """A fresh random reference; the database refuses the rare repeat."""
        return reference_from(self.random_bits(RANDOM_BITS))

    def for_each(self, work: Callable[[T], object], items: Sequence[T]) -> Iterator[object]:
        """Do `work` on every item, `parallel` at a time; yields as each is done, raises what it raised."""
        with ThreadPoolExecutor(self.parallel) as pool:
            yield from pool.map(work, items)

    def today(self) -> date:
        """Today at the authority's seat."""
        return self.day_of(self.clock.now())

    def day_of(self, moment: datetime) -> date:
        """The day of a moment at the authority's seat: moments are kept in UTC, whose day begins later."""
        return moment.astimezone(self.schedule.zone).date()
