"""Settings: the shipped file runs, the environment wins, unknown keys name the nearest, secrets stay secret."""

import tomllib
import traceback
from pathlib import Path
from typing import Any

import pytest

from gateway.config import known_keys, load_settings
from gateway.errors import ConfigError
from tests.world import ROOT


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "some.toml"
    file.write_text(text, encoding="utf-8")
    return file


def keys_of(tree: dict[str, Any], prefix: str = "") -> set[str]:
    keys = set()
    for name, value in tree.items():
        keys |= {prefix + name} | (keys_of(value, f"{prefix}{name}.") if isinstance(value, dict) else set())
    return keys


def test_the_shipped_configuration_names_every_setting() -> None:
    shipped = keys_of(tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8")))
    known = set(known_keys())
    assert known - shipped == {
        key for key in known if key.endswith("_file") and key.removesuffix("_file") in known
    }
    assert shipped <= known


def test_every_secret_may_be_a_file_and_the_shipped_configuration_says_so() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    for key in known_keys():
        if key.endswith("_file") and key != "case_file":
            assert key.rpartition(".")[2] in text, key


def test_the_shipped_values_are_the_defaults_but_for_training(tmp_path: Path) -> None:
    shipped = load_settings(ROOT / "config.toml").model_dump(mode="json")
    default = load_settings(written(tmp_path, "")).model_dump(mode="json")
    for credentials in (shipped, default):
        for name in ("secret", "password"):
            del credentials["provider"]["epost"][name]
    assert (shipped["templates"].pop("four_eyes"), default["templates"].pop("four_eyes")) == (False, True)
    # What is agreed with real providers is nobody's default: without it, two people confirm every posting.
    assert (len(shipped["posting"].pop("of_provider")), default["posting"].pop("of_provider")) == (4, [])
    assert shipped == default


@pytest.mark.parametrize(
    ("text", "unknown", "nearest"),
    [
        ("data_dri = 'x'", "data_dri", "data_dir"),
        ("[run]\ncutoff = 17:00:00", "run.cutoff", "run.cut_off"),
        ("[provider.epost]\nbase_uri = 'x'", "provider.epost.base_uri", "provider.epost.base_url"),
        ("[rendring]\nworkers = 1", "rendring", "rendering"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(
    tmp_path: Path, text: str, unknown: str, nearest: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    assert caught.value.code == "config-unknown-key"
    assert unknown in caught.value.message
    assert nearest in caught.value.message


def test_an_unknown_variable_of_ours_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_RUN__CUTOFF", "16:00")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "run.cut_off" in caught.value.message
    assert "environment" in caught.value.message


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "[run]\ncut_off = 15:00:00\nstart = 16:00:00")
    monkeypatch.setenv("GATEWAY_RUN__CUT_OFF", "12:34")
    settings = load_settings(file)
    assert settings.run.cut_off.isoformat() == "12:34:00"
    assert settings.run.start.isoformat() == "16:00:00"


def test_the_data_folder_of_the_command_line_beats_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_DATA_DIR", "from-environment")
    settings = load_settings(written(tmp_path, "data_dir = 'from-file'"), data_dir=tmp_path / "here")
    assert settings.database_url() == f"sqlite:///{tmp_path}/here/gateway.db"
    assert settings.path(settings.documents.dir) == tmp_path / "here" / "documents"


def test_the_file_is_found_by_argument_then_variable_then_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("data_dir = 'folder'")
    assert str(load_settings().data_dir) == "folder"
    (tmp_path / "other.toml").write_text("data_dir = 'variable'")
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "other.toml"))
    assert str(load_settings().data_dir) == "variable"
    assert str(load_settings(written(tmp_path, "data_dir = 'argument'")).data_dir) == "argument"
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "missing.toml")
    assert caught.value.code == "config-missing"


def test_a_secret_in_a_file_is_read_without_its_line_end_and_wins(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim-7\n", encoding="utf-8")
    file = written(tmp_path, f"[provider.epost]\nsecret = 'other'\nsecret_file = '{tmp_path / 'secret'}'")
    assert load_settings(file).provider.epost.secret.get_secret_value() == "geheim-7"


def test_a_secret_file_named_by_the_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("geheim-8", encoding="utf-8")
    monkeypatch.setenv("GATEWAY_PROVIDER__EPOST__PASSWORD_FILE", str(tmp_path / "secret"))
    assert load_settings().provider.epost.password.get_secret_value() == "geheim-8"


def test_a_secret_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, "[web]\nsession_secret_file = '/does/not/exist'"))
    assert caught.value.code == "config-secret-file"


def test_a_secret_is_in_no_representation_and_in_no_error(tmp_path: Path) -> None:
    text = "[provider.epost]\nsecret = 'geheim-9'\n[web]\nsession_secret = 'geheim-9'\n"
    settings = load_settings(written(tmp_path, text))
    assert "geheim-9" not in repr(settings) + str(settings.model_dump(mode="json")) + settings.model_dump_json()
    for broken in (
        "port = 'geheim-9'\n",
        "session_hours = 'geheim-9'\n",
        "session_secret_file = ['geheim-9']\n",
    ):
        with pytest.raises(ConfigError) as caught:
            load_settings(written(tmp_path, "[web]\n" + broken))
        assert "geheim-9" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[run]\ncut_off = '25:00'", "run.cut_off"),
        ("[run]\ntime_zone = 'Europe/Entenhausen'", "run.time_zone"),
        ("[run]\nclosed_days = ['24.12.']", "run.closed_days"),
        ("[web]\nport = 70000", "web.port"),
        ("[rendering]\nworkers = -1", "rendering.workers"),
        ("[provider.daily_capacity]\nepost = -1", "provider.daily_capacity.epost"),
        ("[database]\nurl = 5", "database.url"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    assert caught.value.code == "config-invalid"
    assert key in caught.value.message


def test_a_section_that_is_no_section_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_settings(written(tmp_path, "run = 5"))


def test_a_file_that_is_no_toml_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, "data_dir = "))
    assert caught.value.code == "config-unreadable"
