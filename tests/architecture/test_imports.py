"""Imports go one way; the table below is the law."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.world import ROOT

PACKAGE = ROOT / "gateway"

LEAVES = {"errors", "durable", "pdfium", "evidence_check", "signatures"}
"""Import nothing of ours."""

MAY_IMPORT = {
    **{leaf: set[str]() for leaf in LEAVES},
    "domain": {"errors"},
    "ports": {"domain", "errors"},
    "facts": {"domain", "errors"},
    "db": {"domain", "errors"},
    "provider_settings": {"domain", "errors"},
    "case_file_settings": {"provider_settings"},
    "inbound_settings": {"domain", "provider_settings", "errors"},
    "original_settings": {"domain", "provider_settings"},
    "config": {
        "domain",
        "case_file_settings",
        "inbound_settings",
        "original_settings",
        "provider_settings",
        "errors",
    },
    "plugins": {"ports", "errors"},
    "blobs": {"domain", "ports", *LEAVES},
    "casefiles": {"domain", "ports", *LEAVES},
    "sftp_line": {"errors"},
    "inbound": {"domain", "ports", "sftp_line", *LEAVES},
    "providers": {"domain", "ports", "sftp_line", *LEAVES},
    "rendering": {"domain", "ports", *LEAVES},
    "tables": {"domain", "ports", *LEAVES},
    "application": {"domain", "ports", "db", "errors"},
    "workers": {"application", "errors"},
}
"""What each part may import besides itself. `bootstrap`, `cli`, `web` and `testing` have rules of their own below."""

OUTSIDE = {
    "domain": set[str](),
    "ports": set[str](),
    "application": {"sqlmodel", "sqlalchemy", "pydantic", "argon2", "structlog"},
    "db": {"sqlmodel", "sqlalchemy", "alembic"},
}
"""Libraries that a part may use; parts that are not named may use any."""

STANDARD_LIBRARY_THAT_RULES_MUST_NOT_USE = {
    "os",
    "io",
    "random",
    "secrets",
    "time",
    "logging",
    "pathlib",
    "socket",
}

Edge = tuple[str, str, str]


@cache
def modules() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py"))


def part_of(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def imported(file: Path) -> list[str]:
    """Full names of everything a module imports, wherever in it."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def ours(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(file) if name.startswith("gateway.")} - {part_of(file)}


def libraries(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(file)} - {"gateway"}


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_a_part_imports_only_what_it_may(part: str) -> None:
    files = [file for file in modules() if part_of(file) == part]
    assert files, f"{part} is in the table and not in the package"
    wrong = {f"{file.relative_to(ROOT)}: {name}" for file in files for name in ours(file) - MAY_IMPORT[part]}
    assert not wrong


def test_every_part_has_a_rule() -> None:
    free = {"bootstrap", "scan_eyes", "scan_wiring", "cli", "web", "testing", "__init__", "__main__"}
    assert {part_of(file) for file in modules()} <= MAY_IMPORT.keys() | free


def test_only_the_composition_root_and_commands_know_the_adapters() -> None:
    adapters = {"blobs", "casefiles", "inbound", "providers", "rendering", "tables"}
    knowing = {part_of(file) for file in modules() if ours(file) & adapters}
    assert knowing <= {"bootstrap", "scan_eyes", "scan_wiring", "cli"}


def test_simulators_know_nothing_of_what_they_test() -> None:
    simulators = [
        file
        for file in modules()
        if part_of(file) == "testing"
        and ({"epost", "pingen", "print_centre"} & set(file.parts) or file.stem == "scans")
    ]
    assert len(simulators) > 5
    for file in simulators:
        assert ours(file) <= {"pdfium"}, file


def test_nothing_imports_the_pages_or_the_commands_but_themselves() -> None:
    for file in modules():
        if part_of(file) not in {"cli", "web"}:
            assert not ours(file) & {"cli", "web"}, file
        if part_of(file) == "web":
            assert "cli" not in ours(file), file


@pytest.mark.parametrize("part", sorted(OUTSIDE))
def test_a_part_uses_only_the_libraries_it_may(part: str) -> None:
    for file in modules():
        if part_of(file) == part:
            foreign = libraries(file) - sys.stdlib_module_names - OUTSIDE[part]
            assert not foreign, f"{file.relative_to(ROOT)}: {foreign}"


def test_rules_read_no_clock_throw_no_dice_and_write_no_log() -> None:
    for file in modules():
        if part_of(file) == "domain":
            assert not libraries(file) & STANDARD_LIBRARY_THAT_RULES_MUST_NOT_USE, file
            text = file.read_text(encoding="utf-8")
            assert ".now(" not in text, file
            assert "date.today(" not in text, file


def test_use_cases_take_the_time_from_the_clock_only() -> None:
    for file in modules():
        if part_of(file) == "application":
            text = file.read_text(encoding="utf-8")
            assert "datetime.now(" not in text, file
            assert "date.today(" not in text, file
            assert not libraries(file) & {"time", "random"}, file
