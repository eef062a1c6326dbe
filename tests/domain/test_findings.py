"""Findings and the boxes they point at."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.findings import Box, Finding, Severity, has_error

EDGES = st.integers(-50, 350).map(float)
BOXES = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    EDGES,
    EDGES,
    st.integers(1, 300),
    st.integers(1, 300),
)


@given(BOXES, BOXES)
def test_overlap_is_mutual(one: Box, other: Box) -> None:
    assert one.overlaps(other) == other.overlaps(one)


@given(BOXES, BOXES)
def test_two_boxes_overlap_exactly_if_some_inner_point_is_in_both(one: Box, other: Box) -> None:
    width = min(one.x1_mm, other.x1_mm) - max(one.x0_mm, other.x0_mm)
    height = min(one.y1_mm, other.y1_mm) - max(one.y0_mm, other.y0_mm)
    assert one.overlaps(other) == (width > 0 and height > 0)


@given(BOXES, BOXES)
def test_what_is_contained_overlaps_and_mutual_containment_is_equality(outer: Box, inner: Box) -> None:
    if outer.contains(inner):
        assert outer.overlaps(inner)
        assert inner.contains(outer) == (inner == outer)


def test_boxes_that_only_touch_do_not_overlap() -> None:
    assert not Box(0, 0, 10, 10).overlaps(Box(10, 0, 20, 10))


def test_a_tolerance_forgives_what_sticks_out_by_no_more_than_it() -> None:
    window, text = Box(20, 45, 105, 90), Box(19.5, 45, 105, 90.5)
    assert not window.contains(text)
    assert window.contains(text, tolerance_mm=0.5)
    assert not window.contains(text, tolerance_mm=0.4)


def test_only_an_error_blocks() -> None:
    def finding(severity: Severity) -> Finding:
        return Finding("some-code", severity, "…")

    assert has_error([finding(Severity.WARNING), finding(Severity.ERROR)])
    assert not has_error([finding(Severity.WARNING), finding(Severity.INFO)])
    assert not has_error([])


def test_a_finding_is_printed_with_its_place_rounded_to_tenths() -> None:
    found = Finding("content-outside-printable-area", Severity.ERROR, "…", page=2, box=Box(1.04, 2.06, 3, 4))
    assert found.as_json() == {
        "code": "content-outside-printable-area",
        "severity": "error",
        "page": 2,
        "box_mm": [1.0, 2.1, 3.0, 4.0],
        "message": "…",
    }
    assert Finding("x", Severity.INFO, "…").as_json()["box_mm"] is None
