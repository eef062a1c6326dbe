"""Enlisting: posting lists come in from providers and are kept as they came; or are drawn up from status reports.

A list is evidence: its bytes go to the document store, what it says to rows that nobody changes. Where the contract
equates a status with posting, the list is drawn up when the day is confirmed, from the reports it rests on.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from gateway.application.posting.attesting import Attested
from gateway.application.posting.list_signatures import keep_signature, signature_fault
from gateway.application.posting.noting import contradict, set_carrier
from gateway.application.posting.supplementing import supplement
from gateway.application.reads.piece_numbers import numbers_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import Posting, Submission
from gateway.db.postings import PostingList, PostingListItem
from gateway.domain.posting.posting_list import Evidence
from gateway.errors import ProviderError
from gateway.ports.provider import PieceNumbers, PostingLists, ReceivedList

_READ_AGAIN = timedelta(days=3)
"""A list may be renamed into place long after it was written."""


def import_lists(services: Services, provider: str | None = None, *, everything: bool = False) -> list[str]:
    """Take in the lists that providers have published since the last time; returns the numbers of new ones.

    The same bytes are taken once. `everything` looks at all that still lies there. A provider that cannot be
    reached is asked again next time.
    """
    taken = []
    for name, adapter in services.providers.items():
        if provider in {None, name} and isinstance(adapter, PostingLists):
            with services.locks.try_lock(f"posting-lists-{name}") as held:
                if held:
                    taken += _import_from(services, name, adapter, everything=everything)
    return taken


def _import_from(services: Services, name: str, adapter: PostingLists, *, everything: bool) -> list[str]:
    since = None if everything else _newest(services, name)
    taken = []
    try:
        for received in adapter.posting_lists(since - _READ_AGAIN if since else None):
            if _keep(services, name, received):
                taken.append(received.number)
    except ProviderError:
        return taken
    return taken


def draw_up(session: Session, services: Services, day: date, lines: Sequence[Attested]) -> list[Attested]:
    """The pieces, each with its line on a list; what no list has gets one where the contract equates a status."""
    done = [line for line in lines if line.item is not None]
    open_lines = [line for line in lines if line.item is None]
    for provider in sorted({line.provider for line in open_lines}):
        mine = [line for line in open_lines if line.provider == provider]
        if services.posting.with_provider(provider).evidence is Evidence.STATUS_FIELD:
            done += _drawn(session, services, provider, day, mine)
        else:
            done += mine
    return done


def _drawn(
    session: Session, services: Services, provider: str, day: date, lines: Sequence[Attested]
) -> list[Attested]:
    agreed = services.posting.with_provider(provider)
    count = session.exec(
        select(func.count())
        .select_from(PostingList)
        .where(
            PostingList.provider == provider, PostingList.kind == Evidence.STATUS_FIELD, PostingList.day == day
        )
    ).one()
    number = f"{provider}-{day.isoformat()}-{count + 1}"
    numbers = numbers_of(session, services, [row_id(line.piece) for line in lines])
    content = _as_bytes(number, day, agreed.contract, lines, numbers)
    listed = PostingList(
        provider=provider,
        number=number,
        kind=Evidence.STATUS_FIELD,
        day=day,
        carrier=agreed.carrier,
        contract=agreed.contract,
        told_pieces=len(lines),
        sha256=services.blobs.put(content),  # a document that no row names does no harm if this is rolled back
        received_at=services.clock.now(),
    )
    session.add(listed)
    session.flush()
    done = []
    for position, line in enumerate(lines, start=1):
        item = PostingListItem(
            list_id=row_id(listed),
            position=position,
            key=line.key,
            posted_on=line.posted_on,
            franking_id=_numbers(numbers, line).franking_id,
        )
        session.add(item)
        done.append(replace(line, item=item, listed=listed))
    session.flush()
    return done


def _as_bytes(
    number: str, day: date, contract: str, lines: Sequence[Attested], numbers: Mapping[int, PieceNumbers]
) -> bytes:
    """What the list rests on: the reports about each piece, by the names under which they are kept."""
    told = {
        "list": number,
        "day": day.isoformat(),
        "contract": contract,
        "pieces": [
            {
                "key": line.key,
                "provider_reference": line.provider_reference,
                "posted_on": line.posted_on.isoformat() if line.posted_on else None,
                "reports": list(line.event_keys),
                **{name: value for name, value in asdict(_numbers(numbers, line)).items() if value},
            }
            for line in lines
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _numbers(numbers: Mapping[int, PieceNumbers], line: Attested) -> PieceNumbers:
    return numbers.get(row_id(line.piece), PieceNumbers())


def _newest(services: Services, provider: str) -> datetime | None:
    with services.db.reading() as session:
        newest: datetime | None = session.exec(
            select(func.max(PostingList.received_at)).where(
                PostingList.provider == provider, PostingList.kind == Evidence.LIST
            )
        ).one()
        return newest


def _keep(services: Services, provider: str, received: ReceivedList) -> bool:
    """Whether it is new. Of a known one the signature may have come late."""
    sha256 = hashlib.sha256(received.content).hexdigest()
    with services.db.reading() as session:
        known = _known(session, provider, sha256)
        if known is not None and (received.signature is None or signature_fault(session, known) == ""):
            return False
    services.blobs.put(received.content)
    if received.signature and received.signature.content:
        services.blobs.put(received.signature.content)
    with services.db.transaction() as session:
        if (known := _known(session, provider, sha256)) is not None:
            keep_signature(session, services, known, received.signature)
            return False
        listed = PostingList(
            provider=provider,
            number=received.number,
            kind=Evidence.LIST,
            name=received.name,
            day=received.day,
            carrier=received.carrier,
            contract=services.posting.with_provider(provider).contract,
            told_pieces=received.told.pieces,
            told_sheets=received.told.sheets,
            told_pages=received.told.pages,
            sha256=sha256,
            told_sha256=received.told_sha256,
            received_at=services.clock.now(),
        )
        session.add(listed)
        session.flush()
        _keep_items(session, services, listed, received)
        keep_signature(session, services, row_id(listed), received.signature)
    return True


def _known(session: Session, provider: str, sha256: str) -> int | None:
    query = select(PostingList.id).where(PostingList.provider == provider, PostingList.sha256 == sha256)
    return session.exec(query).first()


def _keep_items(session: Session, services: Services, listed: PostingList, received: ReceivedList) -> None:
    for position, item in enumerate(received.items, start=1):
        session.add(
            PostingListItem(
                list_id=row_id(listed),
                position=position,
                key=item.key,
                posted_on=item.posted_on,
                sheets=item.sheets,
                pages=item.pages,
                product=item.product,
                franking_id=item.franking_id,
                sha256=item.sha256,
            )
        )
    session.flush()
    named = (
        select(Posting, PostingListItem)
        .join(Submission, col(Submission.piece_id) == Posting.piece_id)
        .join(PostingListItem, col(PostingListItem.key) == Submission.key)
        .where(
            PostingListItem.list_id == row_id(listed),
            Submission.provider == listed.provider,
            col(Submission.voided_at).is_(None),
        )
    )
    for posting, line in session.exec(named).all():
        contradict(session, services, posting, line.posted_on)
        if received.carrier and posting.record_no is None:
            set_carrier(services, posting, received.carrier)
        told_by_whom = f"Einlieferungsliste {listed.number}"
        supplement(session, services, posting.piece_id, PieceNumbers(line.franking_id), told_by_whom)
