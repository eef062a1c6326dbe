"""The rounds after arrivals: work that is found from the rows of inbound documents, step by step.

Each step is a sweep of its own that may be repeated at any time; the import knows none of them. Called after every
import, wherever it came from, and by the schedule.
"""

from collections.abc import Callable, Sequence

from gateway.application.inbound.requesting import requests_due
from gateway.application.paper.paper_keeping import keep
from gateway.application.receipt.certificates_in import certificates_due, collect_certificates
from gateway.application.returns.needless import needless_due
from gateway.application.returns.returning import returns_due
from gateway.application.services import Services

STEPS: Sequence[Callable[[Services], object]] = (
    requests_due,
    returns_due,
    needless_due,
    certificates_due,
    collect_certificates,
    keep,
)
"""In this order; a step must not rely on another."""


def make_rounds(services: Services) -> None:
    """Do every step once; somebody else who makes the rounds at the same moment does it all."""
    with services.locks.try_lock("inbound-rounds") as held:
        if held:
            for step in STEPS:
                step(services)
