"""`gateway simulate PROVIDER`: a provider's simulator, until Ctrl-C. Nothing is printed or posted by it."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gateway.errors import ConfigError, InputError, NotFound
from gateway.testing.epost import EpostSimulator
from gateway.testing.house.faults import fault_from
from gateway.testing.house.sftp import SftpServed
from gateway.testing.house.window import Window
from gateway.testing.pingen import CREDENTIALS as PINGEN_CREDENTIALS
from gateway.testing.pingen import PingenSimulator
from gateway.testing.pingen.simulator import SIGNING_KEY
from gateway.testing.print_centre import CentreWindow, SftpPrintCentre, SshdMissing
from gateway.testing.print_centre.faults import apply_fault
from gateway.testing.scan_centre import ScanWindow, SftpScanCentre
from gateway.testing.scan_centre import apply_fault as apply_scan_fault

SIMULATORS = ("epost", "pingen", "sftp", "scans")
_PORTS = {"pingen": 8091, "sftp": 8022, "scans": 8023}
_PORT = 8090
_SCAN_SOURCE = "scan-centre"
_LOOK_AGAIN_S = 0.1

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    provider: Annotated[str, typer.Argument(help="Welcher Dienstleister: epost, pingen, sftp, scans")],
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port auf diesem Rechner; 0: ein freier; sonst 8090, pingen 8091, sftp 8022, scans 8023",
        ),
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="simulierte Sekunden je Sekunde; 0: von Hand")] = 1.0,
    folder: Annotated[
        Path | None, typer.Option(help="behält Sendungen, PDF und Uhrzeit über das Ende hinaus")
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(help="JSON-Liste von Störungen, siehe gateway/testing/*/faults.py", exists=True),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(help="nur pingen: Adresse, die er von selbst anruft (…/webhooks/pingen)")
    ] = None,
) -> None:
    """Einen Druckdienstleister oder eine Scanstelle nachbilden, bis Strg-C."""
    if provider not in SIMULATORS:
        known = ", ".join(SIMULATORS)
        raise NotFound(
            "simulator-unknown", f"Einen Simulator für „{provider}“ gibt es nicht. Vorhanden: {known}."
        )
    port = _PORTS.get(provider, _PORT) if port is None else port
    script = _script(faults)
    if provider in _BY_SFTP:
        _simulate_by_sftp(_BY_SFTP[provider], port, speed, folder, script)
        return
    with _opened(provider, port, speed, folder) as simulator, _understood():
        simulator.faults.replace([fault_from(each) for each in script])
        if webhook and isinstance(simulator, PingenSimulator):
            simulator.register(webhook)
        stop_request = _StopRequest()
        print(simulator.base_url if provider == "epost" else _pingen_settings(simulator.base_url), flush=True)
        _console.print(f"Gedruckte Sendungen: {simulator.base_url}/_simulator/  (Ende mit Strg-C)")
        stop_request.wait()


def _script(faults: Path | None) -> list[dict[str, object]]:
    with _understood():
        script = json.loads(faults.read_text(encoding="utf-8")) if faults else []
        if not isinstance(script, list) or not all(isinstance(each, dict) for each in script):
            raise ValueError("no list of faults")
        return script


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise InputError(
            "simulator-faults",
            f"Die Datei mit Störungen ist nicht lesbar: {error}. Bitte berichtigen.",
        ) from None


def _opened(provider: str, port: int, speed: float, folder: Path | None) -> EpostSimulator | PingenSimulator:
    kind = PingenSimulator if provider == "pingen" else EpostSimulator
    try:
        return kind(port=port, speed=speed, folder=folder)
    except OSError as error:
        raise _port_taken(port, error) from None


def _pingen_settings(base_url: str) -> str:
    """What the configuration needs."""
    lines = [f'base_url = "{base_url}"', f'identity_url = "{base_url}"']
    lines += [f'{name} = "{value}"' for name, value in PINGEN_CREDENTIALS.items()]
    return "\n".join(["[provider.pingen]", *lines, f'webhook_secret = "{SIGNING_KEY}"'])


@dataclass(frozen=True)
class _BySftp:
    """A centre behind a real SFTP server: what opens it, shows it, spoils it, and how the configuration begins."""

    centre: Callable[..., SftpServed]
    window: Callable[[Any], Window]
    apply: Callable[[Any, Mapping[str, Any]], object]
    settings: tuple[str, ...]
    shows: str


_BY_SFTP = {
    "sftp": _BySftp(SftpPrintCentre, CentreWindow, apply_fault, ("[provider.sftp]",), "Gedruckte Sendungen"),
    "scans": _BySftp(
        partial(SftpScanCentre, source=_SCAN_SOURCE),
        ScanWindow,
        apply_scan_fault,
        (f"[inbound.sources.{_SCAN_SOURCE}]", 'transport = "sftp"'),
        "Kartons",
    ),
}


def _simulate_by_sftp(
    kind: _BySftp, port: int, speed: float, folder: Path | None, script: Sequence[Mapping[str, object]]
) -> None:
    """On standard output is what the configuration needs."""
    try:
        centre = kind.centre(folder.absolute() if folder else None, port=port, speed=speed, automatic=True)
    except SshdMissing:
        text = "Der SFTP-Server von OpenSSH fehlt. Bitte installieren: apt-get install openssh-server"
        raise ConfigError("simulator-sshd-missing", text) from None
    except OSError as error:
        raise _port_taken(port, error) from None
    with centre, kind.window(centre) as window, _understood():
        for each in script:
            kind.apply(centre, each)
        stop_request = _StopRequest()
        lines = (
            *kind.settings,
            f'host = "{centre.host}"',
            f"port = {centre.port}",
            f'user = "{centre.user}"',
            f'host_keys = ["{centre.host_key}"]',
            f'key_file = "{centre.key_file}"',
        )
        print("\n".join(lines), flush=True)
        _console.print(f"Ordner: {centre.root}", soft_wrap=True)
        _console.print(f"{kind.shows}: {window.address}  (Ende mit Strg-C)", soft_wrap=True)
        stop_request.wait()


def _port_taken(port: int, error: OSError) -> ConfigError:
    reason = error.strerror or type(error).__name__
    return ConfigError(
        "simulator-port", f"Der Simulator kann Port {port} nicht öffnen ({reason}). Bitte --port ändern."
    )


class _StopRequest:
    """Ctrl-C, or a polite request to end. It listens before the address is told: whoever knows it may stop us.

    A flag and not an Event: a handler interrupts the very thread that waits, and would wait for itself.
    """

    def __init__(self) -> None:
        self._came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def wait(self) -> None:
        """Return when it came."""
        while not self._came:
            time.sleep(_LOOK_AGAIN_S)

    def _take(self, *_: object) -> None:
        self._came = True
