"""Posting: the provider reports a day, a named clerk confirms it; only the posting day starts the four-day rule."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.posting.attesting import attested_on
from gateway.application.posting.enlisting import draw_up
from gateway.application.posting.noting import Grounds, note
from gateway.application.services import Services
from gateway.db.mail import Posting
from gateway.db.people import User
from gateway.domain.permission import Action
from gateway.errors import NotFound


@dataclass(frozen=True)
class PostingDay:
    """What a provider reported for one day: how many pieces, and about how many of them a record was written."""

    day: date
    pieces: int
    confirmed: int


def posting_days(services: Services, login: str) -> list[PostingDay]:
    """Every day for which a posting was reported, newest first."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        days: dict[date, list[bool]] = {}
        for reported_on, record_no in session.exec(
            select(col(Posting.reported_on), col(Posting.record_no))
        ).all():
            days.setdefault(reported_on, []).append(record_no is not None)
        return [PostingDay(day, len(seen), sum(seen)) for day, seen in sorted(days.items(), reverse=True)]


def confirm(services: Services, login: str, day: date) -> list[str]:
    """Confirm what is clean in the day's report and not confirmed yet; returns the references.

    What the check has something against is left out: two people answer for that (`excepting`). Each piece gets its
    record of posting with the clerk's name (BSG B 4 AS 37/08 R: without a note on the posting day in the file there
    is no fiction). Repeating it changes nothing. Raises `NotFound` ('posting-none-reported').
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.CONFIRM_POSTING)
        lines = attested_on(session, services, day)
        if not lines:
            raise NotFound(
                "posting-none-reported", f"Für den {day:%d.%m.%Y} ist keine Aufgabe zur Post gemeldet."
            )
        clerk = session.get_one(User, who.id)
        ready = draw_up(session, services, day, [line for line in lines if line.ready])
        note(session, services, [(line, line.posted_on, Grounds(clerk)) for line in ready])
        confirmed = sorted(line.piece.reference for line in ready)
        if confirmed:
            audit(session, services, who.login, "posting-confirmed", day.isoformat(), pieces=confirmed)
        return confirmed
