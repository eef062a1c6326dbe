"""Uploading: a scan provider delivers by HTTP. What came is on disk before it is read, and taken in at once.

An account delivers for the source that names it and for no other. Asking again with the same key gives the same
receipt; the same delivery under another key is known by its name.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from gateway.application.arriving import spool_of
from gateway.application.authorising import actor
from gateway.application.receiving import import_delivery
from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer
from gateway.domain.permission import Action
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound, NotPermitted

MAX_BYTES = 200_000_000
"""Of a ZIP: it is held in memory once. What is larger comes by SFTP or a folder."""
_LISTED = 1000


def source_of(services: Services, login: str) -> str:
    """The source for which an account delivers. Raises `NotPermitted` scan-source-missing."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
    name = next((each.name for each in services.scan_sources.values() if each.account == login), None)
    if name is None:
        text = "Für dieses Benutzerkonto ist keine Scanquelle vereinbart ([inbound.sources.NAME] account)."
        raise NotPermitted("scan-source-missing", text)
    return name


def take_upload(services: Services, login: str, packed: bytes) -> None:
    """Take in a packed delivery. One that is refused is in quarantine; its receipt says why.

    Raises `Conflict` delivery-busy, `InputError` delivery-not-ready: nothing was taken, and it may come again.
    """
    source = source_of(services, login)
    arrival = services.scans.spool(packed, spool_of(services, source), _name(packed))
    try:
        import_delivery(services, arrival, source=source, login=login)
    except (DocumentInvalid, Conflict) as error:
        if error.code == "delivery-busy":
            raise  # it lies here and is taken in later
    except InputError:
        services.scan_site(source).taken(arrival)
        raise
    services.scan_site(source).taken(arrival)


def answer_names(services: Services, login: str) -> list[str]:
    """The answers for the account's source, newest first."""
    source = source_of(services, login)
    with services.db.reading() as session:
        query = select(ScanAnswer.name).where(ScanAnswer.source == source)
        return list(session.exec(query.order_by(col(ScanAnswer.id).desc()).limit(_LISTED)).all())


def answer_content(services: Services, login: str, name: str) -> bytes:
    """One of them. Raises `NotFound` scan-answer-unknown."""
    source = source_of(services, login)
    with services.db.reading() as session:
        query = select(ScanAnswer.content).where(ScanAnswer.source == source, ScanAnswer.name == name)
        content = session.exec(query).one_or_none()
    if content is None:
        raise NotFound("scan-answer-unknown", "Eine Antwort dieses Namens gibt es nicht.")
    return content


def receipt_of(services: Services, login: str, subject: str) -> dict[str, Any]:
    """The receipt of a delivery that the audit trail calls `subject` (SOURCE/NAME)."""
    name = Path(subject).name
    told: dict[str, Any] = json.loads(answer_content(services, login, f"{name}.receipt.json"))
    return told


def _name(packed: bytes) -> str:
    return f"upload-{hashlib.sha256(packed).hexdigest()[:24]}"
