"""Looking: which of our pieces a scanned paper is about, by its code, by its text, or by the picture of its window.

A picture is read only as far as needed: the zone of the window; then, roughly, what stands around it (the carrier's
reason, and whether there is a second address); the whole page at full resolution only where the zone named no piece of
ours or something around it could name another.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from gateway.application.services import Services
from gateway.db.files import InboundDocument, InboundState
from gateway.db.mail import MailPiece
from gateway.db.returns import CertificateNotice, ReturnNotice
from gateway.domain.inbound.inbound_classes import LETTER, UNKNOWN, known_class
from gateway.domain.receipt.returning import ReturnReason, may_name_another, reason_in, references_in
from gateway.domain.references import decode_reply_code, decode_sheet_code
from gateway.ports.scans import PagePart

BY_CODE, BY_WINDOW_TEXT, BY_PICTURE = "code", "window-text", "window-picture"
NOTHING = "nothing-found"

_MANY_WORDS = 80
"""More than stand in a window and on a carrier's sticker together."""

ReadPart = Callable[[PagePart], str]
"""The text that a machine reads in a part of the first page."""


@dataclass(frozen=True)
class Seen:
    """What was read off a scan: the pieces that it may be, and how they were recognised, or why there are none."""

    references: tuple[str, ...]
    found_by: str
    reason: ReturnReason = ReturnReason.OTHER
    """What the sticker on the envelope says. Of an opened letter it is not read: its own words may sound like one."""


def not_looked_at(
    services: Services, document_class: str, notice: type[ReturnNotice | CertificateNotice], at_most: int
) -> list[tuple[int, str]]:
    """Scans of a class of which there is no such notice yet: id and SHA-256, the oldest first."""
    query = (
        select(InboundDocument.id, InboundDocument.sha256)
        .join(notice, col(notice.inbound_id) == InboundDocument.id, isouter=True)
        .where(
            InboundDocument.document_class == document_class,
            InboundDocument.state != InboundState.QUARANTINE,
            col(InboundDocument.sha256).is_not(None),
            col(notice.id).is_(None),
        )
    )
    with services.db.reading() as session:
        rows = session.exec(query.order_by(col(InboundDocument.id)).limit(at_most)).all()
    return [(found, sha256) for found, sha256 in rows if found and sha256]


def look(services: Services, pdf: bytes, *, loose: bool = False) -> Seen:
    """What piece a scan is about: its own code says it surely, a reference in the window has a check character.

    Only where there is neither code nor text is the picture read. `loose`: as `references_in`.
    """
    codes = [code for _, code in services.scans.codes(pdf) if decode_reply_code(code) is None]
    sheets = (decode_sheet_code(code) for code in codes)
    pieces = tuple(dict.fromkeys(sheet.piece for sheet in sheets if sheet))
    if pieces:
        return Seen(pieces, BY_CODE)
    text = services.scans.text(pdf)
    if written := references_in(text, loose=loose):
        return Seen(written, BY_WINDOW_TEXT, reason_in(text))
    read, text = read_picture(
        lambda part: services.read_window(pdf, part), lambda found: ours(services, found), loose=loose
    )
    return Seen(read, BY_PICTURE, reason_in(text)) if read else Seen((), NOTHING)


def read_picture(
    read: ReadPart, known: Callable[[Sequence[str]], Collection[str]], *, loose: bool = False
) -> tuple[tuple[str, ...], str]:
    """The references on a picture and all that was read; `known` says which of some references are of our pieces."""
    zone = read(PagePart.ZONE)
    inside = references_in(zone, loose=loose)
    if known(inside) and not may_name_another(around := read(PagePart.AROUND)):
        return inside, f"{zone}\n{around}"
    text = f"{zone}\n{read(PagePart.PAGE)}"
    return references_in(text, loose=loose), text


def window_on_top(
    services: Services, pdf: bytes, codes: Sequence[tuple[int, str]], document_class: str
) -> tuple[str, ...]:
    """References of pieces of ours in the window of an envelope that lies on top of what came as citizens' mail.

    The picture is read only of a page that may be an envelope: nothing of ours is on it, and little is written there,
    or sheets of ours follow.
    """
    if known_class(document_class) not in {LETTER, UNKNOWN}:
        return ()
    pages = {page for page, code in codes if decode_sheet_code(code) or decode_reply_code(code)}
    if 1 in pages:
        return ()
    head = services.scans.text(pdf, 1)
    found = references_in(head)
    if not found and len(head.split()) < _MANY_WORDS:
        found = references_in(services.read_window(pdf, PagePart.ZONE if pages else PagePart.ENVELOPE))
    known = ours(services, found)
    return tuple(reference for reference in found if reference in known)


def ours(services: Services, references: Sequence[str]) -> set[str]:
    """Those of some references that are of pieces of ours."""
    if not references:
        return set()
    with services.db.reading() as session:
        query = select(MailPiece.reference).where(col(MailPiece.reference).in_(references))
        return set(session.exec(query).all())
