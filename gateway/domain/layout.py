"""Geometry of a letter: DIN 5008 form B, window envelopes, and the zones of a print provider.

Page coordinates are millimetres from the top left corner of A4 portrait.
Sources: DIN 5008:2020 form B; DIN 680 window positions; E-POSTBUSINESS template text (address block x = 23,
franking band y 52-68, recipient y 69-90). The zones themselves are data in providers/profiles.
"""

from dataclasses import dataclass

from gateway.domain.findings import Box

A4_WIDTH_MM = 210.0
A4_HEIGHT_MM = 297.0

ADDRESS_X_MM = 25.0
"""Left edge of address text (DIN 5008)."""

ADDRESS_LINE_WIDTH_MM = 66.0
"""Width that stays visible in every position of DL, C6/5 and C4 windows: x 25 to 91."""

ADDRESS_MAX_LINES = 6
"""DIN 5008: the address zone has six lines."""


@dataclass(frozen=True)
class PrintProfile:
    """A provider's zones and limits, read from `providers/profiles/NAME.toml`.

    printable: the area that may carry ink on every page.
    return_line, recipient, franking_band: zones of page 1; the franking band must stay free.
    window_leak: everything above its lower edge and left of its right edge can show through a window (page 1).
    sheet_code: where the DataMatrix of a sheet stands, on the front of every sheet; letters keep it free.
    return_code: where the piece reference stands in the return line, on page 1; letters keep it free.
    """

    name: str
    version: str
    max_sheets: int
    max_bytes: int
    printable: Box
    return_line: Box
    franking_band: Box
    recipient: Box
    window_leak: Box
    sheet_code: Box
    return_code: Box
