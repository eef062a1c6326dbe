"""Geometry of a letter: DIN 5008 form B, window envelopes, and the zones of a print provider.

Page coordinates are millimetres from the top left corner of A4 portrait.
Sources: DIN 5008:2020 form B; DIN 680 window positions; E-POSTBUSINESS template text (address block x = 23,
franking band y 52-68, recipient y 69-90). The zones themselves are data in providers/profiles.
"""

from dataclasses import dataclass
from datetime import date

from gateway.domain.findings import Box
from gateway.domain.sheets.envelope import C4, C65, Envelope

A4_WIDTH_MM = 210.0
A4_HEIGHT_MM = 297.0
MM_PER_PT = 25.4 / 72

ADDRESS_X_MM = 25.0
"""Left edge of address text (DIN 5008)."""

ADDRESS_LINE_WIDTH_MM = 66.0
"""Width that stays visible in every position of DL, C6/5 and C4 windows: x 25 to 91."""

ADDRESS_MAX_LINES = 6
"""DIN 5008: the address zone has six lines."""


@dataclass(frozen=True)
class EnvelopeUse:
    """An envelope that a provider uses for pieces of at most `max_sheets` sheets."""

    envelope: Envelope
    max_sheets: int


@dataclass(frozen=True)
class PrintProfile:
    """A provider's zones and limits from `valid_from` on, read from `providers/profiles/`.

    printable: the area that may carry ink on every page.
    return_line, recipient, franking_band: zones of page 1; the franking band must stay free.
    sheet_code: where the DataMatrix of a sheet stands, on the front of every sheet; letters keep it free.
    return_code: where the piece reference stands in the return line, on page 1; letters keep it free.
    envelopes: in rising order of sheets; the last one is the largest.
    address_safety_mm, leak_safety_mm: how much the always visible area shrinks and the ever visible one grows,
    for the tolerances of envelopes and windows.
    pdf_a: '1b' if the print copy is to be PDF/A-1b; None leaves the part of the archived documents, without tags.
    """

    name: str
    version: str
    max_sheets: int
    max_bytes: int
    printable: Box
    return_line: Box
    franking_band: Box
    recipient: Box
    sheet_code: Box
    return_code: Box
    valid_from: date = date.min
    envelopes: tuple[EnvelopeUse, ...] = (EnvelopeUse(C65, 8), EnvelopeUse(C4, 9999))
    address_safety_mm: float = 0.0
    leak_safety_mm: float = 2.0
    pdf_a: str | None = None
    allows_transparency: bool = True
    min_image_dpi: float = 150.0
    max_image_dpi: float = 600.0

    def envelope_for(self, sheets: int) -> Envelope:
        """The envelope of a piece of so many sheets."""
        fitting = (use.envelope for use in self.envelopes if sheets <= use.max_sheets)
        return next(fitting, self.envelopes[-1].envelope)

    def always_visible(self, sheets: int) -> Box:
        """Where the address must stand on page 1 to be read in every position of the packet."""
        return self.envelope_for(sheets).always_visible(self.address_safety_mm)

    @property
    def leak_area(self) -> Box:
        """What can show on page 1 from the return line down, in any position of any envelope of this provider.

        All envelopes, because a letter may travel with others in a larger one than it would need alone. Above the
        return line is the letterhead (DIN 5008 form B), which is the sender's.
        """
        areas = [use.envelope.ever_visible(self.leak_safety_mm) for use in self.envelopes]
        return Box(
            max(0.0, min(area.x0_mm for area in areas)),
            self.return_line.y0_mm,
            max(area.x1_mm for area in areas),
            max(area.y1_mm for area in areas),
        )
