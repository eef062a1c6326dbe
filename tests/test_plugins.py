"""Plug-ins: another package's provider and case file work like the built-in ones, and only if they are asked for."""

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import bootstrap
from gateway.application.filing.filing import file_due
from gateway.config import CaseFileSettings, ProviderSettings, Settings, load_settings
from gateway.errors import ConfigError
from gateway.plugins import Group
from tests.world import ROOT, World

EXAMPLE = ROOT / "tests" / "plugins" / "town_hall_press"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, group: Group, *targets: str) -> None:
    """Packages that offer `acme`, as an installer leaves them; the last part of a target is the object."""
    for number, target in enumerate(targets):
        info = folder / f"acme_{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{number}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group.value}]\nacme = {target}\n")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()


def settings_with(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, data_dir=tmp_path / "data")


ACME = '[provider]\nname = "acme"\n[provider.plugin.acme]\nurl = "https://press.example"\ntoken = "geheim"\n'


def test_a_provider_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        bootstrap._providers(settings_with(tmp_path, ACME))
    assert refused.value.code == "plugin-not-installed"
    assert "acme" in refused.value.message


def test_a_name_that_is_neither_built_in_nor_a_plug_in_lists_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        bootstrap._providers(settings_with(tmp_path, '[provider]\nname = "eposst"\n'))
    assert "epost" in refused.value.message


def test_a_plug_in_that_the_configuration_does_not_name_is_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "acme_press.py").write_text("raise SystemExit('imported')\n")
    installed(tmp_path / "site", monkeypatch, Group.PROVIDERS, "acme_press:provider")
    providers = bootstrap._providers(load_settings(ROOT / "config.toml"))
    assert set(providers) == {"epost", "by-hand"}
    assert "acme_press" not in sys.modules
    providers["epost"].close()


def test_no_plug_in_takes_the_name_of_a_built_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        bootstrap._providers(settings_with(tmp_path, "[provider.plugin.epost]\nurl = 'x'\n"))
    assert refused.value.code == "plugin-shadows-built-in"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import nothing_that_exists\n", "plugin-broken"),
        ("other = 1\n", "plugin-broken"),
        ("def provider(settings):\n    return object()\n", "plugin-incomplete"),
    ],
)
def test_a_plug_in_that_cannot_work_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, code: str
) -> None:
    module = f"acme_{code.replace('-', '_')}_{len(source)}"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / f"{module}.py").write_text(source)
    installed(tmp_path / "site", monkeypatch, Group.PROVIDERS, f"{module}:provider")
    with pytest.raises(ConfigError) as refused:
        bootstrap._providers(settings_with(tmp_path, ACME))
    assert refused.value.code == code
    assert "geheim" not in str(refused.value)


def test_two_packages_that_offer_the_same_name_are_both_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", monkeypatch, Group.PROVIDERS, "one:provider", "two:provider")
    with pytest.raises(ConfigError) as refused:
        bootstrap._providers(settings_with(tmp_path, ACME))
    assert refused.value.code == "plugin-ambiguous"


def test_what_a_plug_in_is_told_is_not_shown(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, ACME)
    assert settings.provider.plugin["acme"]["token"] == "geheim"
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings.model_dump(mode="json"))


@pytest.mark.slow
def test_the_example_plug_in_prints_and_files_the_letters_of_an_evening(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, tray = tmp_path / "site", tmp_path / "tray"
    tray.mkdir()
    uv = Path(sys.executable).parent / "uv"
    install = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--python",
        sys.executable,
    ]
    subprocess.run([*install, "--target", str(site), str(EXAMPLE)], check=True)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    press = ProviderSettings(name="town-hall-press", plugin={"town-hall-press": {"tray": str(tray)}})
    shelf = CaseFileSettings(
        name="town-hall-shelf", plugin={"town-hall-shelf": {"dir": str(tmp_path / "shelf")}}
    )
    settings = world.settings.model_copy(update={"provider": press, "case_file": shelf})
    world.services = replace(
        world.services,
        providers=bootstrap._providers(settings),
        routing=bootstrap.routing(press),
        casefile=bootstrap._case_file(settings),
    )
    world.approved("F1")
    world.approved("F2")
    (report,) = world.evening()
    file_due(world.services)
    assert report.hand_over.released == 3
    assert sorted(file.stem for file in tray.iterdir()) == sorted(each.key for each in world.submissions())
    assert {file.suffix for file in tray.iterdir()} == {".pdf"}
    assert {submission.provider for submission in world.submissions()} == {"town-hall-press"}
    assert len(list((tmp_path / "shelf").iterdir())) == 2
