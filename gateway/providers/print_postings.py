"""A print house's posting file as posting list: what it says about itself and about each piece, believed or not.

The same file as in `print_reports`, with these fields besides:

    list_number     the house's own count; without it the consignment, else the file's name is the number
    counts          pieces, sheets, pages
    pieces          key and any of: posted_on, sheets, pages, product, franking_id, sha256 of the print copy

A file whose counts contradict its lines gives no statuses, but it is a list all the same: a person has to see it.
`NAME.sha256` beside it (hash, then anything) says what the house wrote. `NAME.p7s` beside it is the house's detached
CMS signature over the file, DER or PEM (RFC 5652), where that was agreed (`list_signed_by`).
"""

from collections.abc import Mapping

from gateway.domain.posting.posting_list import Counts, Item
from gateway.ports.provider import ReceivedList
from gateway.providers.print_reports import ReportUnreadable, entry_day, entry_number, entry_text, fields_of

COMPANION = ".sha256"
SIGNATURE = ".p7s"


def read_list(name: str, content: bytes, companion: bytes | None) -> ReceivedList | None:
    """The file `name` as posting list; None if it is none. Raises `ReportUnreadable`."""
    fields = fields_of(name, content)
    if entry_text(fields, "kind") != "posting":
        return None
    pieces = fields.get("pieces")
    if not isinstance(pieces, list) or not all(isinstance(each, dict) for each in pieces):
        raise ReportUnreadable("report-shape")
    counts = fields.get("counts")
    return ReceivedList(
        name=name,
        content=content,
        number=_number(name, fields),
        day=entry_day(fields, "posted_on"),
        carrier=entry_text(fields, "carrier")[:100],
        told=_counts(counts if isinstance(counts, dict) else {}),
        items=[_item(fields, each) for each in pieces],
        told_sha256=_told(companion),
    )


def _number(name: str, fields: Mapping[str, object]) -> str:
    told = entry_text(fields, "list_number") or entry_text(fields, "consignment")
    return (told or name.partition(".")[0])[:100]


def _item(fields: Mapping[str, object], piece: Mapping[str, object]) -> Item:
    both = {**fields, **piece}
    return Item(
        key=entry_text(piece, "key")[:100],
        posted_on=entry_day(both, "posted_on"),
        sheets=entry_number(piece, "sheets"),
        pages=entry_number(piece, "pages"),
        product=entry_text(both, "product")[:100],
        franking_id=entry_text(piece, "franking_id")[:100],
        sha256=entry_text(piece, "sha256").lower()[:64],
    )


def _counts(counts: Mapping[str, object]) -> Counts:
    return Counts(entry_number(counts, "pieces"), entry_number(counts, "sheets"), entry_number(counts, "pages"))


def _told(companion: bytes | None) -> str:
    """The hash of the companion; what is no hash is kept as it is, so that it differs from every one."""
    if companion is None:
        return ""
    words = companion.decode("ascii", errors="replace").split()
    return words[0].lower()[:64] if words else "?"
