"""A thread that renders what was submitted, so that a clerk need not wait for the next sweep.

The rows are the queue: the nudge only says that there may be work. Other workers beside it are harmless.
"""

from threading import Event, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.application.letters.rendering import render_submitted
from gateway.application.services import Services
from gateway.errors import GatewayError

SWEEP_S = 10.0
"""Without a nudge the rows are looked at this often; after a failure, too."""

_log = structlog.get_logger(__name__)


class RenderNudge:
    """Starts with the pages and ends with them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._work = Event()
        self._ending = Event()
        self._thread = Thread(target=self._run, name="render-nudge", daemon=True)

    def start(self) -> None:
        """Begin to render."""
        self._thread.start()

    def __call__(self) -> None:
        """There may be work."""
        self._work.set()

    def stop(self, timeout_s: float = 35.0) -> None:
        """End after the letter at hand; what is left is found again by its state."""
        self._ending.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._work.wait(SWEEP_S)
            self._work.clear()
            if not self._ending.is_set():
                self._render()

    def _render(self) -> None:
        try:
            render_submitted(self._services, progress=self._stop_if_ending)
        except _Ending:
            return
        except GatewayError as error:
            _log.warning("rendering-interrupted", code=error.code)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("rendering-interrupted", kind=type(error).__name__)

    def _stop_if_ending(self, _done: int) -> None:
        if self._ending.is_set():
            raise _Ending


class _Ending(Exception):
    """The pages are being shut down."""
