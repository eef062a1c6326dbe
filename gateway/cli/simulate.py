"""`gateway simulate PROVIDER`: a provider's simulator, until Ctrl-C. Nothing is printed or posted by it."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.simulate_scans import (
    ManifestChoice,
    NoteChoice,
    ScanChoices,
    Way,
    make_centre,
    settings_for,
)
from gateway.errors import ConfigError, InputError, NotFound
from gateway.testing.epost import EpostSimulator
from gateway.testing.house.faults import fault_from
from gateway.testing.house.window import Window
from gateway.testing.pingen import CREDENTIALS as PINGEN_CREDENTIALS
from gateway.testing.pingen import PingenSimulator
from gateway.testing.pingen.simulator import SIGNING_KEY
from gateway.testing.print_centre import CentreWindow, SftpPrintCentre, SshdMissing
from gateway.testing.print_centre.faults import apply_fault
from gateway.testing.scan_centre import Form, ScanWindow
from gateway.testing.scan_centre import apply_fault as apply_scan_fault

SIMULATORS = ("epost", "pingen", "sftp", "scans")
_PORTS = {"pingen": 8091, "sftp": 8022, "scans": 8023}
_PORT = 8090
_LOOK_AGAIN_S = 0.1

Fault = Mapping[str, object]

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
    transport: Annotated[Way, typer.Option(help="nur scans: wie geliefert wird")] = Way.SFTP,
    manifest: Annotated[
        ManifestChoice, typer.Option(help="nur scans: Form der Manifeste")
    ] = ManifestChoice.JSON,
    notes: Annotated[
        NoteChoice, typer.Option(help="nur scans: wo die Transfervermerke sind")
    ] = NoteChoice.NONE,
    sealed: Annotated[bool, typer.Option(help="nur scans: jedes PDF trägt ein elektronisches Siegel")] = False,
    packed: Annotated[bool, typer.Option(help="nur scans: jede Lieferung als ZIP; bei http immer")] = False,
    gateway: Annotated[
        str | None, typer.Option(help="nur scans mit http: Adresse des Gateways (…/api/v1)")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="nur scans mit http: Datei mit dem Token des Kontos", exists=True)
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
    root = folder.absolute() if folder else None
    if provider == "sftp":
        _simulate_print_centre(port, speed, root, script)
        return
    if provider == "scans":
        form = Form(manifest.value, notes.value, sealed, packed or transport is Way.HTTP)
        _simulate_scans(ScanChoices(transport, form, gateway, token_file), port, speed, root, script)
        return
    with _opened(provider, port, speed, folder) as simulator, _understood():
        simulator.faults.replace([fault_from(each) for each in script])
        if webhook and isinstance(simulator, PingenSimulator):
            simulator.register(webhook)
        stop_request = _StopRequest()
        print(simulator.base_url if provider == "epost" else _pingen_settings(simulator.base_url), flush=True)
        _console.print(f"Gedruckte Sendungen: {simulator.base_url}/_simulator/  (Ende mit Strg-C)")
        stop_request.wait()


def _script(faults: Path | None) -> list[Fault]:
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


def _simulate_print_centre(port: int, speed: float, root: Path | None, script: Sequence[Fault]) -> None:
    with _port_or_server_missing(port):
        centre = SftpPrintCentre(root, port=port, speed=speed, automatic=True)
    with centre, CentreWindow(centre) as window:
        lines = [
            "[provider.sftp]",
            f'host = "{centre.host}"',
            f"port = {centre.port}",
            f'user = "{centre.user}"',
            f'host_keys = ["{centre.host_key}"]',
            f'key_file = "{centre.key_file}"',
            f'list_signed_by = ["{centre.trust_file}"]',
        ]
        _serve(lines, centre.root, "Gedruckte Sendungen", window, script, partial(apply_fault, centre))


def _simulate_scans(
    choices: ScanChoices, port: int, speed: float, root: Path | None, script: Sequence[Fault]
) -> None:
    with _port_or_server_missing(port):
        centre = make_centre(choices, root, port=port, speed=speed)
    with centre, ScanWindow(centre) as window:
        lines = list(settings_for(choices, centre))
        _serve(lines, centre.root, "Kartons", window, script, partial(apply_scan_fault, centre))


@contextmanager
def _port_or_server_missing(port: int) -> Iterator[None]:
    try:
        yield
    except SshdMissing:
        text = "Der SFTP-Server von OpenSSH fehlt. Bitte installieren: apt-get install openssh-server"
        raise ConfigError("simulator-sshd-missing", text) from None
    except OSError as error:
        raise _port_taken(port, error) from None


def _serve(
    settings: Sequence[str],
    root: Path,
    shows: str,
    window: Window,
    script: Sequence[Fault],
    apply: Callable[[Fault], object],
) -> None:
    """Until it is told to stop. On standard output is what the configuration needs."""
    with _understood():
        for each in script:
            apply(each)
    stop_request = _StopRequest()
    print("\n".join(settings), flush=True)
    _console.print(f"Ordner: {root}", soft_wrap=True)
    _console.print(f"{shows}: {window.address}  (Ende mit Strg-C)", soft_wrap=True)
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
