"""`gateway simulate PROVIDER`: a provider's simulator, until Ctrl-C. Nothing is printed or posted by it."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.errors import ConfigError, NotFound
from gateway.testing.epost import EpostSimulator

SIMULATORS = ("epost",)

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    provider: Annotated[str, typer.Argument(help="Welcher Druckdienstleister: epost")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port auf diesem Rechner; 0: ein freier")] = 8090,
    speed: Annotated[float, typer.Option(min=0, help="simulierte Sekunden je Sekunde; 0: von Hand")] = 1.0,
    folder: Annotated[
        Path | None, typer.Option(help="behält Sendungen, PDF und Uhrzeit über das Ende hinaus")
    ] = None,
) -> None:
    """Einen Druckdienstleister nachbilden, bis Strg-C."""
    if provider not in SIMULATORS:
        known = ", ".join(SIMULATORS)
        raise NotFound(
            "simulator-unknown", f"Einen Simulator für „{provider}“ gibt es nicht. Vorhanden: {known}."
        )
    with _opened(port, speed, folder) as simulator:
        stopped = _stop_request()
        print(simulator.base_url, flush=True)
        _console.print(f"Gedruckte Sendungen: {simulator.base_url}/_simulator/  (Ende mit Strg-C)")
        stopped.wait()


def _opened(port: int, speed: float, folder: Path | None) -> EpostSimulator:
    try:
        return EpostSimulator(port=port, speed=speed, folder=folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            "simulator-port", f"Der Simulator kann Port {port} nicht öffnen ({reason}). Bitte --port ändern."
        ) from None


def _stop_request() -> threading.Event:
    """Set on Ctrl-C or a polite request to end. Listens before the address is told: whoever knows it may stop us."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped
