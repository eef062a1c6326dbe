"""`gateway preflight`: what people and scripts get."""

import json
from pathlib import Path

import pytest
import typer
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner

from gateway.cli import preflight
from gateway.errors import DocumentInvalid, NotFound
from tests.rendering import pdfs


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    preflight.register(app)
    return app


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "gut.pdf"
    path.write_bytes(pdfs.letter(3))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    def franking(canvas: Canvas) -> None:
        pdfs.rectangle(canvas, [60, 60, 70, 61])

    path = tmp_path / "schlecht.pdf"
    path.write_bytes(pdfs.letter(1, extra=franking))
    return path


def run(app: typer.Typer, *arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["preflight", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_a_good_letter_is_ready_for_print(app: typer.Typer, good: Path) -> None:
    code, out, err = run(app, good, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "ok": True,
        "pages": 3,
        "sheets": 2,
        "address": list(pdfs.ADDRESS),
        "findings": [],
    }


def test_sheets_of_single_sided_print_are_counted_on_request(app: typer.Typer, good: Path) -> None:
    assert json.loads(run(app, good, "--json", "--simplex")[1])["sheets"] == 3


def test_an_error_finding_ends_with_one_and_names_page_and_millimetres(app: typer.Typer, bad: Path) -> None:
    code, out, _ = run(app, bad, "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    (finding,) = report["findings"]
    assert set(finding) == {"code", "severity", "page", "box_mm", "message"}
    assert (finding["code"], finding["severity"], finding["page"]) == ("franking-band-not-free", "error", 1)
    assert finding["box_mm"] == pytest.approx([60, 60, 70, 61], abs=0.4)


def test_people_get_the_same_in_german(app: typer.Typer, good: Path, bad: Path) -> None:
    assert "Druckfertig." in run(app, good)[1]
    code, out, _ = run(app, bad)
    assert code == 1
    assert "Fehler franking-band-not-free (Seite 1, x 59,9–70,1, y 59,9–61,0 mm)" in out
    assert "Nicht druckfertig." in out


def test_the_picture_shows_the_page_with_the_finding(app: typer.Typer, bad: Path, tmp_path: Path) -> None:
    target = tmp_path / "bild.png"
    code, out, err = run(app, bad, "--json", "--picture", target)
    assert code == 1
    assert json.loads(out)
    assert "bild.png" in err
    image = Image.open(target).convert("RGB")
    above = image.crop((260, round(58 * 100 / 25.4), 261, round(59.8 * 100 / 25.4))).tobytes()
    assert any(red > green + 60 for red, green in zip(above[0::3], above[1::3], strict=True))


def test_what_cannot_be_read_and_unknown_profiles_are_errors_with_codes(
    app: typer.Typer, good: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "kaputt.pdf"
    broken.write_bytes(b"no PDF")
    with pytest.raises(DocumentInvalid):
        run(app, broken)
    with pytest.raises(NotFound):
        run(app, good, "--profile", "unbekannt")


def test_a_file_that_is_not_there_is_wrong_usage(app: typer.Typer, tmp_path: Path) -> None:
    assert run(app, tmp_path / "fehlt.pdf")[0] == 2
