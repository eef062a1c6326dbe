"""Window envelopes of DIN 680 and what their window shows of the sheet inside, wherever the packet slides.

Coordinates are those of page 1 (mm, origin top left, DIN 5008 form B). The folded packet is smaller than its
envelope; with the packet pushed into the left upper corner, page and envelope coincide, and from there it slides
to the right and down by its play. So, in page coordinates, the window moves by 0 to minus the play:

    always visible = window ∩ (window - play)        ever visible = window ∪ (window - play)

Sources: envelope and window sizes after DIN 680:2008-02 as published by users of the norm (the norm's own text was
not at hand; high confidence for DL and C6/5, medium for C5 and C4); the play is calculated. Tolerances of envelope
and window (about 1 mm) are not in here: callers pass a safety margin.
"""

from dataclasses import dataclass

from gateway.domain.findings import Box

_SHEET_WIDTH_MM = 210.0
_WINDOW_LEFT_MM = 20.0
_WINDOW_WIDTH_MM = 90.0


@dataclass(frozen=True)
class Envelope:
    """A window envelope and the height of the packet in it (A4 folded twice, once, or flat)."""

    name: str
    width_mm: float
    height_mm: float
    packet_height_mm: float
    window_top_mm: float
    window_height_mm: float

    @property
    def play_mm(self) -> tuple[float, float]:
        """How far the packet slides to the right and down."""
        return self.width_mm - _SHEET_WIDTH_MM, self.height_mm - self.packet_height_mm

    @property
    def window(self) -> Box:
        """The window over the page when the packet is in the left upper corner."""
        return Box(
            _WINDOW_LEFT_MM,
            self.window_top_mm,
            _WINDOW_LEFT_MM + _WINDOW_WIDTH_MM,
            self.window_top_mm + self.window_height_mm,
        )

    def always_visible(self, safety_mm: float = 0.0) -> Box:
        """What shows in every position of the packet, less `safety_mm` on every side."""
        window, (right, down) = self.window, self.play_mm
        return Box(
            window.x0_mm + safety_mm,
            window.y0_mm + safety_mm,
            window.x1_mm - right - safety_mm,
            window.y1_mm - down - safety_mm,
        )

    def ever_visible(self, safety_mm: float = 0.0) -> Box:
        """What shows in some position of the packet, and `safety_mm` more on every side."""
        window, (right, down) = self.window, self.play_mm
        return Box(
            window.x0_mm - right - safety_mm,
            window.y0_mm - down - safety_mm,
            window.x1_mm + safety_mm,
            window.y1_mm + safety_mm,
        )


DL = Envelope("DL", 220, 110, packet_height_mm=105, window_top_mm=50, window_height_mm=45)
C65 = Envelope("C6/5", 229, 114, packet_height_mm=105, window_top_mm=54, window_height_mm=45)
C5 = Envelope("C5", 229, 162, packet_height_mm=148.5, window_top_mm=57, window_height_mm=45)
C4 = Envelope("C4", 229, 324, packet_height_mm=297, window_top_mm=57, window_height_mm=55)

ENVELOPES = {envelope.name: envelope for envelope in (DL, C65, C5, C4)}
