"""Uploading: a scan provider delivers by HTTP. What came is on disk before it is answered, and taken in by the rounds.

    streamed into a file → whole, and its directory within the limits → in the spool, and its row → answered
    … → taken in or refused like every other delivery → its receipt, which is asked for

An account delivers for the source that names it and for no other. The same bytes are the same upload, however often
they come; the same delivery in other bytes is known by its name.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.arrivals.spooling import spool_of, upload_row
from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer, ScanUpload
from gateway.domain.permission import Action
from gateway.errors import InputError, NotFound, NotPermitted
from gateway.ports.scans import IncomingFile

WAITING = "waiting"
ACCEPTED = "accepted"
"""As the receipt says."""
_LISTED = 1000


@dataclass(frozen=True)
class UploadView:
    """An upload: `state` is waiting, accepted or refused; `receipt` is there when it does not wait any more."""

    name: str
    state: str
    receipt: dict[str, Any] | None


def source_of(services: Services, login: str) -> str:
    """The source for which an account delivers. Raises `NotPermitted` scan-source-missing."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
    name = next((each.name for each in services.scan_sources.values() if each.account == login), None)
    if name is None:
        text = "Für dieses Benutzerkonto ist keine Scanquelle vereinbart ([inbound.sources.NAME] account)."
        raise NotPermitted("scan-source-missing", text)
    return name


def begin_upload(
    services: Services, login: str, size_bytes: int, most_bytes: int | None = None
) -> IncomingFile:
    """A file for an upload that says how large it is; `most_bytes`: where it may not be as large as a delivery.

    Raises `InputError` delivery-too-large, `NotPermitted`.
    """
    source = source_of(services, login)
    agreed = services.scan_source(source).limits.max_bytes
    most = min(agreed, most_bytes or agreed)
    if size_bytes > most:
        text = (
            f"Die Lieferung ist größer als die vereinbarten {most // 1_000_000} MB. Bitte geteilt übertragen."
        )
        raise InputError("delivery-too-large", text)
    return services.scans.incoming(spool_of(services, source))


def keep_upload(services: Services, login: str, incoming: IncomingFile, promised: str | None) -> None:
    """Take a whole upload over: it lies where deliveries arrive, and its row says so, when this returns.

    `promised`: the SHA-256 that the sender gave, if it did. Raises `InputError` upload-hash-wrong, `DocumentInvalid`
    (zip-…): nothing was kept.
    """
    source = source_of(services, login)
    hold_to_promise(incoming, promised)
    services.scans.check_packed(incoming.path, services.scan_source(source).limits)
    before = _row(services, source, incoming.name)
    if is_wanted := before is None or _told(services, source, before)[0] != ACCEPTED:
        incoming.keep()
    with services.db.transaction() as session:
        row, _ = upload_row(session, services, source, incoming.name)
        if is_wanted and before and row.done_at == before.done_at:
            row.answer = row.done_at = None  # refused before; what refused it may have been put right
        action = "scan-upload-kept" if is_wanted else "delivery-repeated"
        audit(session, services, login, action, f"{source}/{incoming.name}")


def hold_to_promise(incoming: IncomingFile, promised: str | None) -> None:
    """Raises `InputError` upload-hash-wrong for other bytes than the sender promised, if it did."""
    if promised is not None and promised != incoming.sha256:
        text = "Die Übertragung passt nicht zu ihrer Prüfsumme (Content-Digest). Bitte noch einmal übertragen."
        raise InputError("upload-hash-wrong", text)


def upload_view(services: Services, login: str, name: str) -> UploadView:
    """An upload of the account's source. Raises `NotFound` scan-upload-unknown."""
    source = source_of(services, login)
    row = _row(services, source, name)
    if row is None:
        raise NotFound("scan-upload-unknown", "Eine Übertragung dieses Namens gibt es nicht.")
    return UploadView(name, *_told(services, source, row))


def _row(services: Services, source: str, name: str) -> ScanUpload | None:
    with services.db.reading() as session:
        query = select(ScanUpload).where(ScanUpload.source == source, ScanUpload.name == name)
        return session.exec(query).one_or_none()


def _told(services: Services, source: str, row: ScanUpload) -> tuple[str, dict[str, Any] | None]:
    """Its state, and its receipt."""
    if row.answer is None:
        return WAITING, None
    receipt: dict[str, Any] = json.loads(_answer(services, source, row.answer))
    return str(receipt["result"]), receipt


def answer_names(services: Services, login: str) -> list[str]:
    """The answers for the account's source, newest first."""
    source = source_of(services, login)
    with services.db.reading() as session:
        query = select(ScanAnswer.name).where(ScanAnswer.source == source)
        return list(session.exec(query.order_by(col(ScanAnswer.id).desc()).limit(_LISTED)).all())


def answer_content(services: Services, login: str, name: str) -> bytes:
    """One of them. Raises `NotFound` scan-answer-unknown."""
    return _answer(services, source_of(services, login), name)


def _answer(services: Services, source: str, name: str) -> bytes:
    with services.db.reading() as session:
        query = select(ScanAnswer.content).where(ScanAnswer.source == source, ScanAnswer.name == name)
        content = session.exec(query).one_or_none()
    if content is None:
        raise NotFound("scan-answer-unknown", "Eine Antwort dieses Namens gibt es nicht.")
    return content
