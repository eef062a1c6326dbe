"""Asking: what a letter that is being signed asks for is noted with it."""

from sqlmodel import Session

from gateway.application.reads.requests import items_of
from gateway.application.services import Services
from gateway.application.templates.versions import of_letter
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.placings import RequestedItem
from gateway.domain.letters.requesting import requested
from gateway.domain.letters.uploads import FINISHED_PDF


def remember_request(session: Session, services: Services, letter: Letter) -> None:
    """Note what a letter that is being signed asks for; in the caller's transaction, repeating changes nothing."""
    if letter.template == FINISHED_PDF or items_of(session, row_id(letter)):
        return
    rule = of_letter(session, services, letter).request
    if rule is None:
        return
    titles, due = requested(rule, letter.data)
    for number, title in enumerate(titles, start=1):
        session.add(RequestedItem(letter_id=row_id(letter), number=number, title=title, due_on=due))
