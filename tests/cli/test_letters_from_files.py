"""`gateway letters import` and `enclose`: what people and scripts get."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.application.services import Services
from gateway.cli import letters
from gateway.errors import DocumentInvalid
from tests.rendering import pdfs
from tests.world import World

OBRIEN = ("Herrn", "Đorđe O’Brien", "Lindenweg 5", "46325 Borken")


@pytest.fixture
def app(world: World, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    @contextmanager
    def services_for(_context: typer.Context) -> Iterator[Services]:
        yield world.services

    monkeypatch.setattr(letters, "services_for", services_for)
    app = typer.Typer()
    letters.register(app)
    return app


def run(app: typer.Typer, *arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["letters", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout


def test_a_finished_pdf_is_imported_and_enclosed_to(app: typer.Typer, world: World, tmp_path: Path) -> None:
    file, leaflet = tmp_path / "brief.pdf", tmp_path / "merkblatt.pdf"
    file.write_bytes(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, OBRIEN)))
    leaflet.write_bytes(pdfs.numbered(1, "Merkblatt"))
    code, out = run(
        app, "import", file, "--case", "F1", "--as", "anna", "--title", "Bescheid", "--decision", "--json"
    )
    made = json.loads(out)
    assert (code, made["state"], made["title"], made["template"]) == (0, "ready", "Bescheid", "finished-pdf")
    code, out = run(
        app, "enclose", made["reference"], leaflet, "--as", "anna", "--title", "Merkblatt", "--json"
    )
    assert (code, json.loads(out)["state"]) == (0, "ready"), "submitted and checked again by itself"
    assert world.view(made["reference"]).four_eyes


def test_a_pdf_for_somebody_else_is_refused_and_a_faulty_one_ends_with_1(
    app: typer.Typer, tmp_path: Path
) -> None:
    file = tmp_path / "brief.pdf"
    file.write_bytes(pdfs.letter())
    with pytest.raises(DocumentInvalid) as caught:
        run(app, "import", file, "--case", "F1", "--as", "anna")
    assert (caught.value.code, caught.value.exit_code) == ("address-differs", 4)
    file.write_bytes(
        pdfs.letter(
            address=lambda canvas: pdfs.address_block(canvas, OBRIEN),
            extra=lambda canvas: pdfs.rectangle(canvas, [60, 60, 70, 61]),
        )
    )
    assert run(app, "import", file, "--case", "F1", "--as", "anna", "--json")[0] == 1
