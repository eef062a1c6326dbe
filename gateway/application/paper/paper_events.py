"""The life of paper, line by line: written in the transaction of what it tells."""

from sqlmodel import Session

from gateway.application.services import Services
from gateway.db.originals import OriginalEvent, OriginalEventKind


def note(
    session: Session, services: Services, inbound_id: int, kind: OriginalEventKind, who: str, text: str = ""
) -> None:
    """Append a line. `text` is a reason or the name of a list, a recall or a certificate; never a citizen's name."""
    session.add(OriginalEvent(inbound_id=inbound_id, kind=kind, at=services.clock.now(), actor=who, note=text))
