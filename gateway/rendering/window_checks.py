"""What is wrong with the address in the window: one small function a fault, each with its stable code.

Reads nothing itself: that is `window`. No message carries a name or an address.
"""

from collections.abc import Callable, Iterator, Sequence

from gateway.domain.findings import Box, Finding, Severity
from gateway.rendering.window import AddressWindow, around, same_address

EDGE_TOLERANCE_MM = 0.25
"""What the raster can tell; an address line may touch the edge of its zone."""


def where(box: Box) -> str:
    """`x 23–108, y 69–90 mm`: a zone as a message names it."""
    numbers = (f"{value:g}".replace(".", ",") for value in (box.x0_mm, box.x1_mm, box.y0_mm, box.y1_mm))
    return "x {}–{}, y {}–{} mm".format(*numbers)


def address_missing(window: AddressWindow) -> Iterator[Finding]:
    """'address-missing'."""
    if not window.lines:
        yield _address_error(
            "address-missing",
            f"Im Anschriftfeld ({where(window.zone)}) steht kein lesbarer Text. Bitte die Anschrift dorthin setzen.",
            window.zone,
        )


def address_outside_zone(window: AddressWindow) -> Iterator[Finding]:
    """'address-outside-zone': a line that begins in the recipient zone and leaves it would be cut by the window."""
    outside = [
        line.box
        for line in window.all_lines
        if line.box.overlaps(window.zone) and not window.zone.contains(line.box, EDGE_TOLERANCE_MM)
    ]
    if outside:
        yield _address_error(
            "address-outside-zone",
            f"Die Anschrift ragt aus dem Anschriftfeld ({where(window.zone)}). Bitte Zeilen umbrechen oder kürzen.",
            around(outside),
        )


def address_not_visible(window: AddressWindow) -> Iterator[Finding]:
    """'address-not-visible': in the text layer, but not on paper (white, hidden or covered)."""
    if unseen := window.unseen():
        yield _address_error(
            "address-not-visible",
            "Text im Anschriftfeld ist auf dem Papier nicht zu sehen (weiß, verborgen oder verdeckt). "
            "Bitte die Anschrift sichtbar und schwarz setzen.",
            around(glyph.box for glyph in unseen),
        )


def address_clipped(window: AddressWindow) -> Iterator[Finding]:
    """'address-clipped': dots, descenders or ends of letters are cut off."""
    if cut := window.cut():
        yield _address_error(
            "address-clipped",
            "Zeichen der Anschrift sind abgeschnitten oder zum Teil verdeckt, etwa die Punkte eines Umlauts. "
            "Bitte den Zeilenabstand vergrößern und nichts über die Anschrift legen.",
            around(glyph.box for glyph in cut),
        )


def address_overprinted(window: AddressWindow) -> Iterator[Finding]:
    """'address-overprinted': struck through, under a stamp or a picture, or printed twice."""
    if struck := window.overprinted():
        yield _address_error(
            "address-overprinted",
            "Über Zeichen der Anschrift ist etwas gedruckt. Bitte Linien, Bilder und doppelten Text dort entfernen.",
            around(glyph.box for glyph in struck),
        )


def address_zone_not_clean(window: AddressWindow) -> Iterator[Finding]:
    """'address-zone-not-clean': what is always visible must be exactly the address."""
    if beside := window.beside():
        yield _address_error(
            "address-zone-not-clean",
            f"Im Anschriftfeld ({where(window.zone)}) steht außer der Anschrift noch etwas (Bild, Linie, Fläche). "
            "Bitte dort nur die Anschrift drucken.",
            beside,
        )


def address_not_always_visible(window: AddressWindow) -> Iterator[Finding]:
    """'address-not-always-visible': in some position of the packet the window hides a part of the address.

    Such as the fifth line in C4, which always shows only down to y 85 (`gateway.domain.sheets.envelope`).
    """
    if hidden := window.not_always_visible():
        yield _address_error(
            "address-not-always-visible",
            f"Im Umschlag {window.envelope.name} ist die Anschrift nicht in jeder Lage ganz zu sehen (sicher sichtbar "
            f"ist {where(window.always_visible)}). Bitte die Anschrift kürzen, ein Deckblatt mit der Anschrift "
            "verwenden oder einen anderen Druckdienstleister wählen.",
            around(glyph.box for glyph in hidden),
        )


def address_differs(
    window: AddressWindow, shown: Sequence[str], expected: Sequence[str] | None
) -> Iterator[Finding]:
    """'address-differs': the window does not show the address on record."""
    if expected is not None and shown and not same_address(expected, shown):
        yield _address_error(
            "address-differs",
            "Die Anschrift im Fenster ist nicht die gespeicherte Anschrift. Bitte das Schreiben neu erzeugen "
            "oder die Anschrift am Fall berichtigen.",
            around(line.box for line in window.lines),
        )


ADDRESS_CHECKS: tuple[Callable[[AddressWindow], Iterator[Finding]], ...] = (
    address_missing,
    address_outside_zone,
    address_not_visible,
    address_clipped,
    address_overprinted,
    address_zone_not_clean,
    address_not_always_visible,
)


def _address_error(code: str, message: str, box: Box) -> Finding:
    return Finding(code, Severity.ERROR, message, 1, box)
