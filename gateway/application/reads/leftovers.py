"""What rows still hold of an arrival that a rule of retention takes away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select

from gateway.db.files import InboundDocument
from gateway.db.originals import OriginalEvent, OriginalEventKind, OriginalHold, OriginalRecall
from gateway.db.placings import InboundMove
from gateway.db.returns import CertificateNotice, InboundKeyed, ReturnNotice

_NAMED = (OriginalEventKind.HELD, OriginalEventKind.LET_GO, OriginalEventKind.RECALLED)
"""Their line is a name, a colon, and the reason."""
BETWEEN = ": "
GOOD, BAD = "gut", "beanstandet"


def has_paper_words(inbound_id: object) -> ColumnElement[bool]:
    """Whether rows about the paper of an arrival still hold what `empty_paper` takes away."""
    reasoned = (
        select(OriginalHold.id).where(
            OriginalHold.inbound_id == inbound_id,
            (col(OriginalHold.reason) != "") | (func.coalesce(OriginalHold.lift_reason, "") != ""),
        ),
        select(OriginalRecall.id).where(OriginalRecall.inbound_id == inbound_id, OriginalRecall.reason != ""),
        select(OriginalEvent.id).where(OriginalEvent.inbound_id == inbound_id, is_worded()),
    )
    return or_(*(rows.exists() for rows in reasoned))


def is_worded() -> ColumnElement[bool]:
    """Whether the line of a paper's event holds words that somebody typed."""
    checked = col(OriginalEvent.kind) == OriginalEventKind.CHECKED
    return (checked & col(OriginalEvent.note).not_in(("", GOOD, BAD))) | (
        col(OriginalEvent.kind).in_(_NAMED) & col(OriginalEvent.note).contains(BETWEEN)
    )


def has_more_than_hashes(inbound_id: Any) -> ColumnElement[bool]:
    """Whether rows about an arrival still hold what `empty_arrival` takes away."""
    tables: Sequence[tuple[Any, ColumnElement[bool]]] = (
        (InboundKeyed, col(InboundKeyed.inbound_id).is_not(None)),
        (InboundMove, col(InboundMove.reason) != ""),
        (ReturnNotice, (col(ReturnNotice.settled_reason) != "") | col(ReturnNotice.new_address).is_not(None)),
        (CertificateNotice, col(CertificateNotice.settled_reason) != ""),
    )
    found: ColumnElement[bool] = col(InboundDocument.sender).is_not(None)
    for model, holds in tables:
        found |= select(model.inbound_id).where(model.inbound_id == col(inbound_id), holds).exists()
    return found
