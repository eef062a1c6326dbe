"""What scan sites are told about paper: a row in the transaction of the decision; it is sent from the row."""

from sqlmodel import Session

from gateway.application.arrivals.answering_scans import put_answer
from gateway.application.services import Services
from gateway.ports.scans import AnswerFile

KIND = "paper"


def queue_answer(session: Session, services: Services, source: str, name: str, content: bytes) -> None:
    """A file for a scan site, under a name that is used once."""
    put_answer(session, services, source, KIND, AnswerFile(name, content))
