"""What a window shows, against a packet that is really slid about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.findings import Box
from gateway.domain.sheets.envelope import C4, C5, C65, DL, ENVELOPES, Envelope

any_envelope = st.sampled_from([DL, C65, C5, C4])


@pytest.mark.parametrize(
    ("envelope", "play", "always", "ever"),
    [
        (DL, (10, 5), Box(20, 50, 100, 90), Box(10, 45, 110, 95)),
        (C65, (19, 9), Box(20, 54, 91, 90), Box(1, 45, 110, 99)),
        (C5, (19, 13.5), Box(20, 57, 91, 88.5), Box(1, 43.5, 110, 102)),
        (C4, (19, 27), Box(20, 57, 91, 85), Box(1, 30, 110, 112)),
    ],
    ids=ENVELOPES,
)
def test_the_areas_are_those_of_the_published_table(
    envelope: Envelope, play: tuple[float, float], always: Box, ever: Box
) -> None:
    assert envelope.play_mm == play
    assert envelope.always_visible() == always
    assert envelope.ever_visible() == ever


def shows(envelope: Envelope, slid: tuple[float, float], x: float, y: float) -> bool:
    """Whether a point of the page is behind the window when the packet is slid so far to the right and down."""
    return (
        envelope.window.x0_mm <= x + slid[0] <= envelope.window.x1_mm
        and envelope.window.y0_mm <= y + slid[1] <= envelope.window.y1_mm
    )


def inside(box: Box, x: float, y: float) -> bool:
    return box.x0_mm <= x <= box.x1_mm and box.y0_mm <= y <= box.y1_mm


@given(any_envelope, st.floats(0, 1), st.floats(0, 1), st.floats(0, 210), st.floats(0, 297))
def test_a_packet_slid_anywhere_shows_all_that_is_always_and_nothing_but_what_is_ever_visible(
    envelope: Envelope, right: float, down: float, x: float, y: float
) -> None:
    slid = (right * envelope.play_mm[0], down * envelope.play_mm[1])
    if inside(envelope.always_visible(0.001), x, y):
        assert shows(envelope, slid, x, y)
    if shows(envelope, slid, x, y):
        assert inside(envelope.ever_visible(0.001), x, y)


@given(any_envelope, st.floats(0, 210), st.floats(0, 297))
def test_whatever_is_not_always_visible_is_hidden_in_one_of_the_corners(
    envelope: Envelope, x: float, y: float
) -> None:
    right, down = envelope.play_mm
    corners = [(0, 0), (right, 0), (0, down), (right, down)]
    in_all = all(shows(envelope, corner, x, y) for corner in corners)
    if in_all:
        assert inside(envelope.always_visible(-0.001), x, y)
    if not inside(envelope.always_visible(-0.001), x, y):
        assert not in_all


@given(any_envelope, st.floats(0, 5))
def test_safety_only_ever_makes_stricter(envelope: Envelope, safety_mm: float) -> None:
    assert envelope.always_visible().contains(envelope.always_visible(safety_mm))
    assert envelope.ever_visible(safety_mm).contains(envelope.ever_visible())
