"""`gateway serve` and `gateway scheduler`: pages, schedule and local workers in one process, or the schedule alone."""

import signal
import threading
from typing import Annotated

import typer
import uvicorn

from gateway import bootstrap
from gateway.cli.context import notes
from gateway.config import Settings
from gateway.web.app import create_app
from gateway.workers.schedule import Schedule


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(_serve)
    app.command("scheduler")(_scheduler)


def serve(settings: Settings, host: str | None = None, port: int | None = None) -> None:
    """Serve the pages and run the sweeps until Ctrl-C."""
    host, port = host or settings.web.host, port or settings.web.port
    with bootstrap.gateway(settings) as services, Schedule(services):
        app = create_app(
            services, secret=bootstrap.session_secret(settings), session_hours=settings.web.session_hours
        )
        notes.print(f"Seiten unter http://{host}:{port}/ (Strg+C beendet)")
        uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", server_header=False)


def _serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else web.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else web.port.", min=1, max=65535)] = None,
) -> None:
    """Pages, schedule and local workers in one process."""
    serve(context.obj.settings(), host, port)


def _scheduler(context: typer.Context) -> None:
    """Run the schedule alone: nightly runs, hand-over, tracking and filing, until it is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with bootstrap.gateway(context.obj.settings()) as services, Schedule(services):
        notes.print("Zeitplan läuft (Strg+C beendet)")
        stop.wait()
