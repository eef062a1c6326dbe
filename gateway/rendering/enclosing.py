"""Checking an enclosure: all that is asked of any page, and nothing about the window, which it never shows in."""

from gateway.domain.findings import Finding
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, PrintProfile
from gateway.ports.renderer import PreflightReport
from gateway.rendering import preflight, reading
from gateway.rendering.reading import PageReading


def check(pdf: bytes, profile: PrintProfile) -> PreflightReport:
    """All checks but those of a letter's first page. Raises `DocumentInvalid`."""
    with reading.read(pdf) as document:
        findings: list[Finding] = []
        for document_check in preflight.DOCUMENT_CHECKS:
            findings.extend(document_check(document, profile))
        for number in range(1, min(document.page_count, 2 * profile.max_sheets) + 1):
            page = document.page(number)
            for page_check in preflight.PAGE_CHECKS:
                findings.extend(page_check(page, profile))
            if _is_a4(page):
                for ink_check in preflight.INK_CHECKS:
                    findings.extend(ink_check(page, profile))
        return PreflightReport(document.page_count, (), findings)


def _is_a4(page: PageReading) -> bool:
    """Ink is looked at on pages of a sane size only: it is a picture in memory."""
    return (
        page.user_unit == 1
        and abs(page.width_mm - A4_WIDTH_MM) <= preflight.SIZE_TOLERANCE_MM
        and abs(page.height_mm - A4_HEIGHT_MM) <= preflight.SIZE_TOLERANCE_MM
    )
