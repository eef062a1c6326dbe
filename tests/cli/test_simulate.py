"""`gateway simulate`: the command that stands in for a provider."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import typer
from typer.testing import CliRunner

from gateway import bootstrap
from gateway.cli.simulate import register
from gateway.config import ProviderSettings, Settings
from gateway.domain.findings import has_error
from gateway.domain.pieces.mailpiece import Service
from gateway.errors import ConfigError, InputError, NotFound
from gateway.inbound_settings import InboundSettings
from gateway.provider_settings import PingenAccount
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.scan_wiring import scan_sites
from gateway.testing.epost import CREDENTIALS, EpostSimulator
from gateway.testing.print_centre import sshd_path

APP = (
    "import typer; from gateway.cli.simulate import register\n"
    "app = typer.Typer(); app.callback()(lambda: None); register(app); app()"
)


def app() -> typer.Typer:
    made = typer.Typer()
    made.callback()(lambda: None)
    register(made)
    return made


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", APP, "simulate", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child, child.stdout.readline().strip()
        finally:
            child.kill()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_address_serves_and_ends_when_told(tmp_path: Path, stop: signal.Signals) -> None:
    with running("epost", "--port", "0", "--folder", str(tmp_path / "new"), "--speed", "60") as (
        child,
        base_url,
    ):
        assert requests.post(f"{base_url}/api/Login", json=CREDENTIALS, timeout=60).json()["token"]
        child.send_signal(stop)
        _, said = child.communicate(timeout=10)
    assert child.returncode == 0
    assert "/_simulator/" in said
    assert (tmp_path / "new" / "ledger.sqlite3").exists()


@pytest.mark.slow
def test_the_second_provider_says_how_to_configure_it_and_can_be_handed_over_to(tmp_path: Path) -> None:
    with running("pingen", "--port", "0", "--folder", str(tmp_path)) as (child, first_line):
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(6)]
        configuration = tomllib.loads("\n".join([first_line, *told]))
        account = PingenAccount(**configuration["provider"]["pingen"])
        settings = Settings(data_dir=tmp_path, provider=ProviderSettings(name="pingen", pingen=account))
        provider = bootstrap._pingen(settings, account)
        assert not has_error(provider.check())
        assert provider.capabilities.has_webhooks
        provider.close()
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)
    assert child.returncode == 0


@pytest.mark.slow
def test_a_fault_script_holds_from_the_start(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('[{"on": "POST /api/Login", "kind": "429:7"}]', encoding="utf-8")
    with running("epost", "--port", "0", "--faults", str(script)) as (_, base_url):
        answers = [requests.post(f"{base_url}/api/Login", json=CREDENTIALS, timeout=60) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 200]
    assert answers[0].headers["Retry-After"] == "7"


@pytest.mark.parametrize("script", ['[{"kind": "earthquake"}]', "no json", '{"faults": []}'])
def test_a_fault_script_that_nobody_understands_is_refused(tmp_path: Path, script: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(script, encoding="utf-8")
    result = CliRunner().invoke(app(), ["simulate", "epost", "--port", "0", "--faults", str(file)])
    assert isinstance(result.exception, InputError)
    assert result.exception.code == "simulator-faults"


def test_a_provider_without_simulator_is_named_and_the_known_ones_are_listed() -> None:
    result = CliRunner().invoke(app(), ["simulate", "carrier-pigeon"])
    assert isinstance(result.exception, NotFound)
    assert result.exception.code == "simulator-unknown"
    assert "carrier-pigeon" in result.exception.message
    assert "epost" in result.exception.message


@pytest.mark.slow
def test_a_port_in_use_is_told_with_what_to_do() -> None:
    with EpostSimulator() as simulator:
        port = simulator.base_url.rpartition(":")[2]
        result = CliRunner().invoke(app(), ["simulate", "epost", "--port", port])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.code == "simulator-port"
    assert port in result.exception.message


@pytest.mark.slow
@pytest.mark.skipif(sshd_path() is None and "CI" not in os.environ, reason="sshd is missing: openssh-server")
def test_the_print_centre_says_how_to_configure_it_and_can_be_handed_over_to(tmp_path: Path) -> None:
    folder = tmp_path / "centre"
    with running("sftp", "--port", "0", "--folder", str(folder)) as (child, first_line):
        assert first_line == "[provider.sftp]"
        assert child.stdout is not None
        told = tomllib.loads("".join(child.stdout.readline() for _ in range(5)))
        provider = SftpProvider(
            SftpSettings(
                host=told["host"],
                port=told["port"],
                user=told["user"],
                host_keys=tuple(told["host_keys"]),
                key_file=Path(told["key_file"]),
            ),
            Packing("pieces", "json", frozenset(Service)),
            HouseRules(),
            load_profile("sftp"),
        )
        assert not has_error(provider.check())
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)
    assert child.returncode == 0
    assert (folder / "in").is_dir()


@pytest.mark.slow
@pytest.mark.skipif(sshd_path() is None and "CI" not in os.environ, reason="sshd is missing: openssh-server")
def test_the_scan_centre_says_how_to_configure_it_delivers_and_is_answered(tmp_path: Path) -> None:
    folder, spool = tmp_path / "centre", tmp_path / "spool"
    spool.mkdir()
    with running("scans", "--port", "0", "--folder", str(folder)) as (child, first_line):
        assert child.stdout is not None
        assert child.stderr is not None
        told = [child.stdout.readline() for _ in range(6)]
        window = next(line for line in child.stderr if "/_simulator/" in line).split()[1].rstrip("/")
        inbound = tomllib.loads("\n".join([first_line, *told]))["inbound"]
        site = scan_sites(InboundSettings(**inbound), lambda path: tmp_path / path)["scan-centre"]
        assert not has_error(site.check())
        requests.post(f"{window}/mail", json={"kind": "plain", "count": 2}, timeout=10)
        requests.post(f"{window}/deliver", json={}, timeout=20)
        [arrival] = site.arrivals(spool)
        assert isinstance(arrival, Path)
        assert len(list(arrival.glob("*.pdf"))) == 2
        site.taken(arrival)
        assert list(site.arrivals(spool)) == []
        site.answer("gruss.json", b"{}")
        assert (folder / "answers" / "gruss.json").read_bytes() == b"{}"
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)
    assert child.returncode == 0


@pytest.mark.slow
def test_a_scan_centre_that_shares_a_folder_seals_and_writes_xml_is_configured_as_it_says(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "centre"
    choices = ("--transport", "folder", "--manifest", "xml", "--notes", "attachment", "--sealed", "--packed")
    with running("scans", "--folder", str(folder), *choices) as (child, first_line):
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(6)]
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)
    inbound = InboundSettings(**tomllib.loads("\n".join([first_line, *told]))["inbound"])
    source = inbound.sources["scan-centre"].rules("scan-centre", Path)
    assert (source.manifest, source.note, source.signed) == ("xml", "attachment", True)
    assert b"BEGIN CERTIFICATE" in source.trust[0]
    site = scan_sites(inbound, Path)["scan-centre"]
    assert not has_error(site.check())


def test_a_scan_centre_that_uploads_needs_to_know_where_to() -> None:
    result = CliRunner().invoke(app(), ["simulate", "scans", "--transport", "http"])
    assert isinstance(result.exception, InputError)
    assert result.exception.code == "simulator-gateway-missing"
