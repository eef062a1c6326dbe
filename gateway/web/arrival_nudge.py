"""A thread that takes in what was just uploaded, so that a provider need not wait for the next look.

The folder and the rows are the queue: the nudge only says where to look. The schedule beside it is harmless.
"""

from queue import Queue
from threading import Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.filing.filing import file_due
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.services import Services
from gateway.errors import GatewayError

_log = structlog.get_logger(__name__)


class ArrivalNudge:
    """Starts with the pages and ends with them; before it started, a nudge changes nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sources: Queue[str | None] = Queue()
        self._thread = Thread(target=self._run, name="arrival-nudge", daemon=True)

    def start(self) -> None:
        """Begin to take in."""
        self._thread.start()

    def __call__(self, source: str) -> None:
        """Something of this source may have arrived."""
        self._sources.put(source)

    def stop(self, timeout_s: float = 35.0) -> None:
        """End after the delivery at hand; what is left is taken in by the next look, also after a kill."""
        self._sources.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (source := self._sources.get()) is not None:
            self._take(source)

    def _take(self, source: str) -> None:
        try:
            take_arrivals(self._services, only=source)
            make_rounds(self._services)
            file_due(self._services)
        except GatewayError as error:
            _log.warning("arrival-interrupted", code=error.code)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("arrival-interrupted", kind=type(error).__name__)
