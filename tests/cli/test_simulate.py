"""`gateway simulate`: the command that stands in for a provider."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import typer
from typer.testing import CliRunner

from gateway.cli.simulate import register
from gateway.errors import ConfigError, NotFound
from gateway.testing.epost import CREDENTIALS, EpostSimulator

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
        assert requests.post(f"{base_url}/api/Login", json=CREDENTIALS, timeout=5).json()["token"]
        child.send_signal(stop)
        _, said = child.communicate(timeout=10)
    assert child.returncode == 0
    assert "/_simulator/" in said
    assert (tmp_path / "new" / "ledger.sqlite3").exists()


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
