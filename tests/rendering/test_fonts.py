"""The letter font: what it covers and what it measures."""

import os
from pathlib import Path

import pytest

from gateway.errors import RenderError
from gateway.rendering.fonts import FontMetrics, code_points, font_bytes, fonts_version, without_system_fonts

METRICS = FontMetrics()


@pytest.mark.parametrize(
    "name",
    ["Łukasz", "Zoë", "Şahin", "Nguyễn", "Dvořák", "Đorđe", "O’Connor", "D'Angelo", "Groß", "Þórður", "Iași"],
)
def test_the_names_of_din_91379_have_all_their_glyphs(name: str) -> None:
    assert METRICS.missing(name) == ""


def test_what_the_font_lacks_is_named_once_and_in_order() -> None:
    assert METRICS.missing("a 中\U0001f600 b 中\n") == "中\U0001f600"


def test_a_message_names_code_points_and_not_characters() -> None:
    assert code_points("中\U0001f600") == "U+4E2D, U+1F600"


def test_a_width_is_the_sum_of_advances_in_mm() -> None:
    # Noto Sans: "H" is 741 units of 1000 wide; 10 pt are 3.528 mm.
    assert METRICS.width_mm("HH", 10.0) == pytest.approx(2 * 0.741 * 10 * 25.4 / 72)


def test_bold_is_wider_than_regular() -> None:
    assert METRICS.width_mm("Kreis Borken", 10.0, bold=True) > METRICS.width_mm("Kreis Borken", 10.0)


def test_a_missing_font_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"asset-missing.*NotoSans-Regular\.woff2"):
        font_bytes(tmp_path)


def test_the_version_changes_with_any_byte_of_a_font(tmp_path: Path) -> None:
    for name in ("NotoSans-Regular.woff2", "NotoSans-Bold.woff2"):
        (tmp_path / name).write_bytes(b"one")
    before = fonts_version(tmp_path)
    (tmp_path / "NotoSans-Bold.woff2").write_bytes(b"two")
    assert fonts_version(tmp_path) != before


def test_hiding_system_fonts_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "mine")
    with without_system_fonts():
        assert os.environ["FONTCONFIG_FILE"] != "mine"
    assert os.environ["FONTCONFIG_FILE"] == "mine"
    monkeypatch.delenv("FONTCONFIG_FILE")
    with without_system_fonts():
        pass
    assert "FONTCONFIG_FILE" not in os.environ
