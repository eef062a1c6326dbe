"""The work of one process: catalogue, layout, preflight, assembly and pictures, kept in memory between documents.

Imports the heavy libraries, so only a process that renders imports this module.
"""

from collections.abc import Sequence
from pathlib import Path

from gateway.domain.findings import Finding
from gateway.domain.sheets.layout import PrintProfile
from gateway.domain.templates.template_sample import LetterText
from gateway.ports.renderer import (
    PagePair,
    PreflightReport,
    PrintCopy,
    RenderedDocument,
    RenderRequest,
    RepairedDocument,
)
from gateway.rendering import assembly, comparing, enclosing, pictures, preflight, repair
from gateway.rendering.bundle import Shelf
from gateway.rendering.fonts import default_fonts_dir
from gateway.rendering.inspection import letter_text, page_texts, paragraphs
from gateway.rendering.workshop import Workshop, Workshops


class Engine:
    """Does the work of one process; keeps templates, fonts and style in memory between documents."""

    def __init__(
        self,
        templates_dir: Path | None = None,
        fonts_dir: Path | None = None,
        versions_dir: Path | None = None,
    ) -> None:
        """Read the fonts; templates are read when they are first needed. Raises `RenderError`."""
        shelf = Shelf(versions_dir) if versions_dir else None
        self._workshops = Workshops(templates_dir, fonts_dir or default_fonts_dir(), shelf)

    def render(self, request: RenderRequest) -> RenderedDocument:
        """See `Renderer.render`."""
        return self._workshop(request).render(request)

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        """See `Renderer.preflight`."""
        return preflight.preflight(pdf, profile, expected_address)

    def assemble(
        self, documents: Sequence[bytes], piece: str, profile: PrintProfile, duplex: bool
    ) -> PrintCopy:
        """See `Renderer.assemble`."""
        return assembly.assemble(documents, piece=piece, profile=profile, duplex=duplex)

    def read_letter(self, request: RenderRequest) -> LetterText:
        """See `Renderer.read_letter`."""
        return letter_text(self._workshop(request).composer.compose(request))

    def read_paragraphs(self, request: RenderRequest) -> list[str]:
        """See `Renderer.read_paragraphs`."""
        return paragraphs(self._workshop(request).composer.compose(request))

    def page_texts(self, pdf: bytes) -> list[str]:
        """See `Renderer.page_texts`."""
        return page_texts(pdf)

    def unknown_names(self, name: str, version: str | None) -> list[str]:
        """See `Renderer.unknown_names`."""
        return self._workshops.of(name, version).composer.unknown_names(name)

    def picture(self, pdf: bytes, page: int, dpi: int) -> bytes:
        """See `Renderer.picture`."""
        return pictures.picture(pdf, page, dpi)

    def picture_with_findings(self, pdf: bytes, page: int, findings: Sequence[Finding], dpi: int) -> bytes:
        """See `Renderer.picture_with_findings`."""
        return pictures.picture_with_findings(pdf, page, findings, dpi)

    def compare(self, old: bytes, new: bytes, dpi: int) -> list[PagePair]:
        """See `Renderer.compare`."""
        return comparing.compare(old, new, dpi)

    def repair(self, pdf: bytes) -> RepairedDocument:
        """See `Renderer.repair`."""
        return repair.repair(pdf)

    def preflight_enclosure(self, pdf: bytes, profile: PrintProfile) -> PreflightReport:
        """See `Renderer.preflight_enclosure`."""
        return enclosing.check(pdf, profile)

    def _workshop(self, request: RenderRequest) -> Workshop:
        return self._workshops.of(request.template, request.template_version)
