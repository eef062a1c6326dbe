"""A thread for mass mailings, so that nobody waits for 100,000 rows with a spinning browser.

One piece of work after the other. What was accepted is found again by its state after a restart; what was only being
checked is handed in again.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import BinaryIO

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.application.mailings.mailing import check_rows
from gateway.application.mailings.mailing_accept import carry_on, under_way
from gateway.application.mailings.mailing_approve import approve_mailing
from gateway.application.services import Services
from gateway.errors import GatewayError
from gateway.web.nudge import RenderNudge

_log = structlog.get_logger(__name__)


class MailingWork:
    """Begins with the first mailing and ends with the pages."""

    def __init__(self, services: Services, nudge: RenderNudge) -> None:
        self._services = services
        self._nudge = nudge
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mailings")
        self._ending = Event()

    def check(self, mailing_id: int, file: BinaryIO) -> None:
        """Check the rows of a mailing that was begun; closes `file`."""
        self._do(partial(self._check, mailing_id, file))

    def carry_on(self, mailing_id: int) -> None:
        """Write and submit an accepted mailing; its letters are rendered then."""
        self._do(partial(self._carry_on, mailing_id))

    def approve(self, login: str, mailing_id: int) -> None:
        """Sign all letters that are ready; what cannot be signed stays ready."""
        self._do(partial(approve_mailing, self._services, login, mailing_id, progress=self._stop_if_ending))

    def resume(self) -> None:
        """Go on with what was accepted before a restart."""
        for mailing_id in under_way(self._services):
            self.carry_on(mailing_id)

    def stop(self) -> None:
        """End after the chunk at hand."""
        self._ending.set()
        self._thread.shutdown(cancel_futures=True)

    def _check(self, mailing_id: int, file: BinaryIO) -> None:
        with file:
            check_rows(self._services, mailing_id, file, progress=self._stop_if_ending)

    def _carry_on(self, mailing_id: int) -> None:
        carry_on(self._services, mailing_id, progress=self._stop_if_ending)
        self._nudge()

    def _do(self, work: Callable[[], object]) -> None:
        self._thread.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except _Ending:
            return
        except GatewayError as error:
            _log.warning("mailing-interrupted", code=error.code)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("mailing-interrupted", kind=type(error).__name__)

    def _stop_if_ending(self, _done: int) -> None:
        if self._ending.is_set():
            raise _Ending


class _Ending(Exception):
    """The pages are being shut down."""
