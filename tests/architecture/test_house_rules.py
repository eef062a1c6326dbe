"""Rules of the house that a machine can see."""

import ast
import re
from pathlib import Path

import pytest

from gateway import errors
from tests.architecture.test_imports import PACKAGE, imported, modules
from tests.world import ROOT

MOST_LINES = 350
LONGER = {"gateway/rendering/preflight.py": 400, "gateway/web/schema_form.py": 400}
"""Told in one go with a reason: each check of a page, and each kind of field, beside its neighbours."""
MOST_USE_CASES = 25
"""In one folder: what an eye takes in."""
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.GatewayError)
}


pytestmark = pytest.mark.xdist_group("house-rules")

Trees = list[tuple[Path, ast.Module]]


@pytest.fixture(scope="module")
def trees() -> Trees:
    return [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in modules()]


def codes(trees: Trees) -> list[tuple[str, str]]:
    """(where, code) of every error and finding that the code makes with a literal."""
    found = []
    for file, tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            if (
                name in ERRORS | {"Finding"}
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                found.append((f"{file.relative_to(ROOT)}:{node.lineno}", first.value))
    return found


def test_every_code_is_kebab_case(trees: Trees) -> None:
    found = codes(trees)
    assert len(found) > 100
    assert [place for place, code in found if not KEBAB.fullmatch(code)] == []


def test_every_module_says_what_it_is_for(trees: Trees) -> None:
    assert [str(file) for file, tree in trees if not ast.get_docstring(tree) and file.stat().st_size] == []


def test_no_file_is_a_novel() -> None:
    counted = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in modules()
        if "versions" not in file.parts
    }
    assert {name: count for name, count in counted.items() if count > LONGER.get(name, MOST_LINES)} == {}


def test_use_cases_are_found_by_the_part_of_a_letters_life_that_they_belong_to() -> None:
    application = PACKAGE / "application"
    assert {file.stem for file in application.glob("*.py")} == {"__init__", "services"}
    crowded = [
        folder.name for folder in application.iterdir() if len(list(folder.glob("*.py"))) > MOST_USE_CASES
    ]
    assert crowded == []


def introduced(package: str) -> list[str]:
    """Folders of a package, in the order in which its docstring tells what they are for."""
    tree = ast.parse((PACKAGE / package / "__init__.py").read_text(encoding="utf-8"))
    told = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.startswith("    ")]
    return [folder for line in told for folder in line.strip().split("  ")[0].split(" · ")]


@pytest.mark.parametrize("package", ["domain", "application"])
def test_a_folder_rests_on_those_named_before_it_and_what_is_for_all_rests_on_none(package: str) -> None:
    root = PACKAGE / package
    order = introduced(package)
    assert {folder.parent.name for folder in root.glob("*/__init__.py")} == set(order)
    place = {folder: at for at, folder in enumerate(order)}
    backwards = [
        f"{file.relative_to(root)} -> {name}"
        for file in root.rglob("*.py")
        for name in imported(file)
        if name.startswith(f"gateway.{package}.")
        and place.get(name.split(".")[2], -1) > place.get(file.parent.name, -1)
    ]
    assert backwards == []


@pytest.mark.parametrize("word", ["utils", "util", "helpers", "common", "misc", "manager"])
def test_nothing_is_called_by_a_name_that_says_nothing(word: str) -> None:
    assert [file for file in PACKAGE.rglob("*") if file.stem == word] == []


def test_every_error_of_the_tree_is_drawn_and_has_an_exit_code() -> None:
    drawn = errors.__doc__ or ""
    for name in ERRORS - {"GatewayError"}:
        assert f" {name} " in drawn, name
        assert getattr(errors, name).exit_code >= 3


def test_nobody_catches_everything(trees: Trees) -> None:
    """A broad `except` is allowed where it raises again, and where a worker must outlive its work, with a reason."""
    for file, tree in trees:
        lines = file.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            )
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            assert not broad or raises or "noqa: BLE001" in lines[node.lineno - 1], f"{file}:{node.lineno}"


def test_no_file_names_a_folder_of_one_machine() -> None:
    words = re.compile(r"[\"' ]/(?:home|root|tmp|work)/", re.IGNORECASE)
    for folder in ("gateway", "letter_templates"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in {".py", ".toml", ".j2", ".css", ".json", ".html"}:
                assert not words.search(file.read_text(encoding="utf-8")), file


def test_lock_files_name_no_address_to_download_from() -> None:
    for name in ("requirements.lock", "package-lock.json"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8"), name


def test_the_day_of_a_moment_is_the_day_at_the_authoritys_seat(trees: Trees) -> None:
    """Moments are kept in UTC, whose day begins an hour or two later: what happened at half past midnight is today."""
    seat = ("application", "providers", "web")
    days = [
        (f"{file.relative_to(ROOT)}:{node.lineno}", node.func.value)
        for file, tree in trees
        if file.relative_to(PACKAGE).parts[0] in seat
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "date"
    ]
    assert len(days) > 10
    assert [place for place, moment in days if "astimezone" not in ast.unparse(moment)] == []
