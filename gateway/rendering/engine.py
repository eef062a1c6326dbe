"""The work of one process: catalogue, layout, preflight, assembly and pictures, kept in memory between documents.

Imports the heavy libraries, so only a process that renders imports this module.
"""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from gateway.domain.accessible import AccessibleCopy
from gateway.domain.findings import Finding
from gateway.domain.layout import PrintProfile
from gateway.domain.template_sample import LetterText
from gateway.ports.renderer import PreflightReport, PrintCopy, RenderedDocument, RenderRequest, RepairedDocument
from gateway.rendering import assembly, enclosing, large_print, pictures, preflight, repair
from gateway.rendering.catalogue import SHARED, Catalogue
from gateway.rendering.fonts import FontMetrics, default_fonts_dir
from gateway.rendering.html import Composer
from gateway.rendering.inspection import letter_text, page_texts
from gateway.rendering.pdf import STYLE, PdfWriter


class Engine:
    """Does the work of one process; keeps templates, fonts and style in memory between documents."""

    def __init__(self, templates_dir: Path | None = None, fonts_dir: Path | None = None) -> None:
        """Read templates and fonts. Raises `RenderError`."""
        fonts_dir = fonts_dir or default_fonts_dir()
        catalogue = Catalogue(templates_dir, fonts_dir)
        self._composer = Composer(catalogue, FontMetrics(fonts_dir))
        shared = catalogue.folder / SHARED
        self._writer = PdfWriter(shared / STYLE, fonts_dir=fonts_dir)
        self._twin_writers = {
            AccessibleCopy.LARGE_PRINT: cache(
                partial(PdfWriter, shared / STYLE, shared / large_print.STYLE, fonts_dir=fonts_dir)
            )
        }

    def render(self, request: RenderRequest) -> RenderedDocument:
        """See `Renderer.render`."""
        copy = request.accessible_copy
        writer = self._twin_writers[copy]() if copy else self._writer
        pdf, pages = writer.write(self._composer.compose(request))
        return RenderedDocument(pdf, pages, {**writer.versions, "template": request.template_version})

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
        return letter_text(self._composer.compose(request))

    def page_texts(self, pdf: bytes) -> list[str]:
        """See `Renderer.page_texts`."""
        return page_texts(pdf)

    def unknown_names(self, name: str) -> list[str]:
        """See `Renderer.unknown_names`."""
        return self._composer.unknown_names(name)

    def picture(self, pdf: bytes, page: int, dpi: int) -> bytes:
        """See `Renderer.picture`."""
        return pictures.picture(pdf, page, dpi)

    def picture_with_findings(self, pdf: bytes, page: int, findings: Sequence[Finding], dpi: int) -> bytes:
        """See `Renderer.picture_with_findings`."""
        return pictures.picture_with_findings(pdf, page, findings, dpi)

    def repair(self, pdf: bytes) -> RepairedDocument:
        """See `Renderer.repair`."""
        return repair.repair(pdf)

    def preflight_enclosure(self, pdf: bytes, profile: PrintProfile) -> PreflightReport:
        """See `Renderer.preflight_enclosure`."""
        return enclosing.check(pdf, profile)
