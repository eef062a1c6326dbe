"""Rendering, checking and assembling, as the application sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from gateway.domain.findings import Finding, has_error
from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.letters.enclosures import EnclosureRule
from gateway.domain.letters.requesting import RequestRule
from gateway.domain.pieces.mailpiece import Service, sheets_for
from gateway.domain.receipt.deadlines import Remedy
from gateway.domain.runs.timeliness import Timing
from gateway.domain.sheets.layout import PrintProfile
from gateway.domain.templates.template_sample import LetterText


@dataclass(frozen=True)
class TemplateMeta:
    """What `meta.toml` says of a template, and its version: the hash of everything it is made of.

    `schema` is a JSON Schema (draft 2020-12) of the letter's data; form and validation come from it.
    `provisional` marks a text whose law is still open: it needs a named legal release before publication.
    """

    name: str
    version: str
    title: str
    legal_basis: str
    is_decision: bool
    needs_remedy_notice: bool
    four_eyes: bool
    service: Service
    provisional: bool
    schema: Mapping[str, object]
    sample: Mapping[str, object]
    remedy: Remedy = Remedy.WIDERSPRUCH
    """What can be filed against it, if it is a decision: Klage against a Widerspruchsbescheid (§ 87 SGG)."""
    timing: Sequence[Timing] = ()
    """Which dates of the letter must lie how long after its notification."""
    enclosures: Sequence[EnclosureRule] = ()
    """Static PDFs in the template's folder; they are part of its version."""
    legal_area: str | None = None
    """Such as `sgb-ii`; letters of different areas never share an envelope, nor one of an unknown area with any."""
    bundling: bool = True
    """False: a letter of this template always travels alone."""
    request: RequestRule | None = None
    """What it asks the citizen for, where it asks for something."""


@dataclass(frozen=True)
class OfficeValues:
    """What a letter shows of its office."""

    name: str
    authority: str
    """Issuing authority (§ 33 Abs. 3 SGB X)."""
    street: str
    postcode: str
    place: str
    phone: str
    email: str
    website: str
    return_line: str
    signature_block: str


@dataclass(frozen=True)
class RenderRequest:
    """Everything a document is made of: same request, same bytes, on the same installation."""

    template: str
    template_version: str
    letter_reference: str
    file_number: str
    bg_number: str
    decision_date: date
    office: OfficeValues
    author_name: str
    author_phone: str
    author_room: str
    address_lines: Sequence[str]
    salutation: str
    data: Mapping[str, object]
    copy_for: str | None = None
    """Note on a copy for another recipient, such as a guardian."""
    accessible_copy: AccessibleCopy | None = None
    """None is the letter itself; else its twin: the same text in the form that a person's profile asks for."""


@dataclass(frozen=True)
class RenderedDocument:
    """A PDF/A-2a and PDF/UA-1 document, and what it was made with."""

    pdf: bytes
    pages: int
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PreflightReport:
    """Result of checking a PDF: `address` are the lines read back out of the window, top down."""

    pages: int
    address: Sequence[str]
    findings: Sequence[Finding]

    def as_json(self, *, duplex: bool = True) -> dict[str, object]:
        """The shape that commands and API print."""
        return {
            "ok": not has_error(self.findings),
            "pages": self.pages,
            "sheets": sheets_for(self.pages, duplex=duplex),
            "address": list(self.address),
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True)
class PrintCopy:
    """The print copy of a piece: final bytes, proven codes."""

    pdf: bytes
    pages: int
    sheets: int


@dataclass(frozen=True)
class RepairedDocument:
    """A finished PDF that may come in, with its safe repairs made; each is named in a finding (INFO)."""

    pdf: bytes
    pages: int
    findings: Sequence[Finding]


@dataclass(frozen=True)
class PagePair:
    """A page in two versions beside each other as PNG, with a frame around each of its `changes` regions."""

    changes: int
    picture: bytes


class Renderer(Protocol):
    """Makes documents. Raises `RenderError` or `DataInvalid`; a hanging template is stopped by force."""

    # Templates: `version` None is what lies in the authors' folder now; another one must have been kept.

    def template_names(self) -> Sequence[str]:
        """All templates in the authors' folder, also those that cannot be used."""

    def templates(self) -> Sequence[TemplateMeta]:
        """All templates in the authors' folder that can be used, by name."""

    def template(self, name: str, version: str | None = None) -> TemplateMeta:
        """One template; `NotFound` if there is none, `RenderError` if it cannot be used."""

    def template_bundle(self, name: str) -> bytes:
        """Everything that the template in the authors' folder is made of, as one archive: same content, same bytes."""

    def keep(self, name: str, bundle: bytes) -> TemplateMeta:
        """Make a version available for ever, from its archive; repeating it is harmless. Raises `RenderError`."""

    def keeps(self, name: str, version: str) -> bool:
        """Whether this very version was kept, and is undamaged."""

    def template_sources(self, name: str, version: str) -> Mapping[str, str]:
        """Path → text of every file a version is made of; of what is no text, its hash."""

    def validate(self, name: str, data: Mapping[str, object], version: str | None = None) -> None:
        """Raise `DataInvalid` (field path, never its value) unless `data` fits the template and its sums hold."""

    def render(self, request: RenderRequest) -> RenderedDocument:
        """One document."""

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        """Check as the run would. `expected_address` None: no address on record to compare with."""

    def assemble(
        self, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool
    ) -> PrintCopy:
        """The print copy of one piece from its archived documents, each starting on a new sheet."""

    def read_letter(self, request: RenderRequest) -> LetterText:
        """How a letter reads, without printing it; raises as `render`."""

    def read_paragraphs(self, request: RenderRequest) -> Sequence[str]:
        """How a letter reads, paragraph by paragraph; raises as `render`."""

    def page_texts(self, pdf: bytes) -> Sequence[str]:
        """The text of every page, blanks unified."""

    def unknown_names(self, name: str, version: str | None = None) -> Sequence[str]:
        """Names in a template's source that no letter knows, and errors of syntax with their line."""

    def picture(self, pdf: bytes, page: int, dpi: int = 80) -> bytes:
        """A page as PNG, `page` from 1."""

    def picture_with_findings(self, pdf: bytes, page: int, findings: Sequence[Finding], dpi: int = 80) -> bytes:
        """A page as PNG, each finding that has a place on it framed in red."""

    def compare(self, old: bytes, new: bytes, dpi: int = 80) -> Sequence[PagePair]:
        """Two documents page by page beside each other, with what changed in frames. Raises `DocumentInvalid`."""

    def repair(self, pdf: bytes) -> RepairedDocument:
        """Take in a finished PDF: refuse what must not come in, make the safe repairs. Raises `DocumentInvalid`."""

    def preflight_enclosure(self, pdf: bytes, profile: PrintProfile) -> PreflightReport:
        """Check an enclosure: everything but what concerns the window of the first page."""

    def template_enclosure(self, name: str, version: str, file: str) -> bytes:
        """A static enclosure that this version of a template brings. Raises `RenderError`, `NotFound`."""

    def close(self) -> None:
        """End worker processes."""
