"""Releasing paper for destruction: the machine computes the list, one named person confirms what they saw.

One person is enough: each paper on the list has been assigned, confirmed by the case file and checked before, each
under a name or a rule of its own, the list is computed and not chosen, and until the scan site has destroyed a paper it
can be recalled. What was seen is confirmed by its hash: a list that has changed since is refused.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.paper.paper_answers import queue_answer
from gateway.application.paper.paper_facts import CHUNK, PaperRow, papers, past_shortest_term
from gateway.application.reads.scans import still_the_scan
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import row_id
from gateway.db.originals import Original, OriginalEvent, OriginalEventKind, ReleaseList
from gateway.domain.paper.originals import Block, Paper, Quality
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError


@dataclass(frozen=True)
class ReleasePlan:
    """What may be released today, and what is old enough but blocked. `sha256` is that of what may be released."""

    day: date
    due: tuple[PaperRow, ...]
    blocked: tuple[PaperRow, ...]
    sha256: str

    @property
    def reasons(self) -> list[tuple[Block, int]]:
        """How many are blocked by what, the most frequent first; one may have several reasons."""
        return Counter(block for row in self.blocked for block in row.blocks).most_common()


@dataclass(frozen=True)
class Released:
    """A list that was confirmed."""

    name: str
    source: str
    documents: int
    sha256: str


def release_plan(services: Services, login: str | None = None, *, on: date | None = None) -> ReleasePlan:
    """The list of a day, today's unless told otherwise; `login` None is the operator. Raises `NotPermitted`."""
    with services.db.reading() as session:
        if login is not None:
            actor(session, login).require(Action.RECEIVE_SCANS)
        return _plan(session, services, on or services.today())


def release(
    services: Services, login: str, *, expected: str | None = None, on: date | None = None
) -> list[Released]:
    """A named person lets go what may go, one list a scan site; the scan sites are told from the rows.

    `on`: only what could go on that day already, never a later one. `expected`: the hash of the list that the person
    saw. Raises `NotPermitted`, `InputError` ('nothing-to-release'), `Conflict` ('release-list-changed',
    'state-changed').
    """
    with services.db.transaction() as session:
        actor(session, login).require(Action.RELEASE_ORIGINALS)
        plan = _plan(session, services, min(on or services.today(), services.today()), lock=True)
        if not plan.due:
            raise InputError("nothing-to-release", "Heute ist kein Original zur Vernichtung freizugeben.")
        if expected is not None and expected != plan.sha256:
            raise Conflict(
                "release-list-changed",
                "Die Liste hat sich inzwischen geändert. Es wurde nichts freigegeben; bitte neu ansehen.",
            )
        by_source: dict[str, list[PaperRow]] = defaultdict(list)
        for row in plan.due:
            by_source[row.source].append(row)
        return [_release(session, services, login, source, rows) for source, rows in sorted(by_source.items())]


def release_lists(services: Services, login: str | None, *, limit: int = 50) -> list[ReleaseList]:
    """Confirmed lists, newest first. Raises `NotPermitted`."""
    with services.db.reading() as session:
        if login is not None:
            actor(session, login).require(Action.RECEIVE_SCANS)
        return list(session.exec(select(ReleaseList).order_by(col(ReleaseList.id).desc()).limit(limit)).all())


def _plan(session: Session, services: Services, day: date, *, lock: bool = False) -> ReleasePlan:
    wanted = (col(Original.paper) == Paper.KEPT, past_shortest_term(services, day), still_the_scan())
    due, blocked = [], []
    for row in papers(session, services, *wanted, on=day, lock=lock):
        if not row.blocks:
            due.append(row)
        elif row.blocks != (Block.TERM_RUNNING,):
            blocked.append(row)
    return ReleasePlan(day, tuple(due), tuple(blocked), _hash(due))


def _hash(rows: Sequence[PaperRow]) -> str:
    return hashlib.sha256("\n".join(f"{row.inbound_id} {row.sha256}" for row in rows).encode()).hexdigest()


def _release(
    session: Session, services: Services, login: str, source: str, rows: Sequence[PaperRow]
) -> Released:
    now, today = services.clock.now(), services.today()
    name = f"{source}-{today.isoformat()}-{_number(session, source, today)}"
    row = ReleaseList(
        name=name,
        source=source,
        day=today,
        documents=len(rows),
        sha256=_hash(rows),
        confirmed_by=login,
        confirmed_at=now,
    )
    session.add(row)
    session.flush()
    for some in _in_chunks(rows):
        _mark(session, [each.inbound_id for each in some], row_id(row))
        session.execute(
            insert(table_of(OriginalEvent)),
            [
                {
                    "inbound_id": each.inbound_id,
                    "kind": OriginalEventKind.RELEASED,
                    "at": now,
                    "actor": login,
                    "note": name,
                }
                for each in some
            ],
        )
    queue_answer(session, services, source, f"release-{name}.json", _content(row, rows))
    audit(session, services, login, "originals-released", name, documents=len(rows), sha256=row.sha256)
    return Released(name, source, len(rows), row.sha256)


def _mark(session: Session, inbound_ids: Sequence[int], list_id: int) -> None:
    """Only what still is as the list says; one that is not takes the whole list back."""
    table = table_of(Original)
    statement = update(table).where(
        table.c.inbound_id.in_(inbound_ids),
        table.c.paper == Paper.KEPT,
        table.c.holds == 0,
        table.c.quality.is_distinct_from(Quality.REJECTED),
    )
    done = session.connection().execute(statement.values(paper=Paper.RELEASED, list_id=list_id)).rowcount
    if done != len(inbound_ids):
        raise Conflict(
            "state-changed",
            "Ein Original der Liste wurde inzwischen festgehalten. Es wurde nichts freigegeben; bitte neu ansehen.",
        )


def _content(row: ReleaseList, rows: Sequence[PaperRow]) -> bytes:
    """For the scan site: what lies where, and no names."""
    said: Mapping[str, object] = {
        "schema": "release-destruction/1",
        "source": row.source,
        "list": row.name,
        "day": row.day.isoformat(),
        "confirmed_at": row.confirmed_at.isoformat(),
        "count": len(rows),
        "documents": [
            {
                "document_id": each.document_id,
                "delivery": each.delivery,
                "box": each.box,
                "sha256": each.sha256,
            }
            for each in rows
        ],
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _number(session: Session, source: str, day: date) -> int:
    earlier = select(ReleaseList.id).where(ReleaseList.source == source, ReleaseList.day == day)
    return len(session.exec(earlier).all()) + 1


def _in_chunks(rows: Sequence[PaperRow]) -> Iterator[Sequence[PaperRow]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
