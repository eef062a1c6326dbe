"""Letters that would come too late: refused at approval, held by the run and put on the desk, never silently posted."""

from datetime import date

from sqlmodel import Session, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.reads.posted import channel_of
from gateway.application.services import Services
from gateway.application.templates.versions import of_letter
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.receipt.deadlines import Dispatch, assess
from gateway.domain.runs.timeliness import STALE, Lateness, lateness, planned_posting
from gateway.errors import Conflict


def late_dates(session: Session, services: Services, letter: Letter, run_day: date) -> list[Lateness]:
    """The dates of a letter that come too early if the run of `run_day` takes it."""
    if letter.template == FINISHED_PDF or not (timings := of_letter(session, services, letter).timing):
        return []
    notified = max(_notifications(session, services, letter, run_day))
    return list(lateness(timings, letter.data, notified, services.schedule.calendar))


def refuse_stale(session: Session, services: Services, letter: Letter) -> None:
    """Raise `Conflict` ('letter-stale') if the next run would take the letter too late."""
    run_day = services.schedule.run_day_for(services.clock.now())
    for late in late_dates(session, services, letter, run_day):
        raise Conflict(STALE, late.message)


def hold_if_stale(session: Session, services: Services, letter: Letter, run_day: date) -> bool:
    """Keep an approved letter that has gone stale out of the run: it stays approved, held, and is on the desk."""
    late = late_dates(session, services, letter, run_day)
    if not late:
        return False
    reason = f"{late[0].message} ({STALE})"
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": LetterState.APPROVED, "held_at": None},
        held_at=services.clock.now(),
        hold_reason=reason,
    )
    audit(session, services, SYSTEM, "letter-held", letter.reference, reason=reason)
    return True


def _notifications(session: Session, services: Services, letter: Letter, run_day: date) -> list[date]:
    """When each recipient counts as notified; the posting itself where no fiction says more (abroad)."""
    posted = planned_posting(run_day, services.schedule.calendar)
    days = [posted]
    for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
        dispatch = Dispatch(channel_of(letter.service, recipient.country), dispatched_on=posted)
        days += filter(None, [assess(dispatch, services.notification, services.is_holiday).deemed])
    return days
