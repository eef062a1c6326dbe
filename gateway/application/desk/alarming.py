"""Alarming: problems with providers, on the desk with owner, due day and actions until a person settles them.

What the nightly comparison with a provider's list found, comparisons that were not made, test letters that were
answered in another way than before, and what the scan site did to paper, or did not.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.arrivals.arrival_alarms import arrival_alarms
from gateway.application.paper.paper_alarms import paper_alarms
from gateway.application.posting.record_alarms import contradicted_records
from gateway.application.services import Services
from gateway.application.tracking.tallying import missing, tally_day
from gateway.db.canaries import Canary
from gateway.db.desk import AlarmDecision
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Submission
from gateway.db.tallies import ProviderTally, TallyFinding
from gateway.domain.desk.alarms import AlarmAction, AlarmFacts, AlarmKind, alarm_actions
from gateway.domain.paper.original_reports import GRAVE
from gateway.domain.permission import Action, Role
from gateway.domain.runs import canary, tally
from gateway.domain.runs.canary import Change
from gateway.errors import Conflict, InputError, NotFound, ProviderError

_LOOKED_BACK = timedelta(days=30)
_MORNING = time(6)
_NOT_COMPARED = (
    "Mit der Liste des Druckdienstleisters wurde noch nicht verglichen; es wird alle halbe Stunde versucht."
)


@dataclass(frozen=True)
class Alarm:
    """One problem with a provider. `letters` are those that it is about; `actions` what this user may do.

    `days`: all that it is about, where it is about several; each is settled by itself.
    """

    key: str
    kind: AlarmKind
    provider: str
    day: date
    subject: str
    message: str
    since: datetime
    due: date
    late: bool
    letters: tuple[str, ...]
    actions: Mapping[AlarmAction, str]
    days: tuple[date, ...] = ()

    @property
    def settles(self) -> tuple[str, ...]:
        """The keys that a decision about it settles."""
        return tuple(_missing_key(self.provider, day) for day in self.days) or (self.key,)


def alarms(services: Services, login: str) -> list[Alarm]:
    """What nobody has settled, the most pressing first; for those who serve the whole house, else nothing."""
    not_made = missing(services)
    with services.db.reading() as session:
        who = actor(session, login)
        if not _serves_the_house(who):
            return []
        return _open(session, services, who, not_made)


def overdue_alarms(services: Services) -> int:
    """How many are past their due day."""
    today, not_made = services.today(), missing(services)
    with services.db.reading() as session:
        return sum(alarm.due < today for alarm in _open(session, services, None, not_made))


def settle(services: Services, login: str, key: str, action: AlarmAction, reason: str) -> None:
    """Do something about an alarm. Asking for the provider's list again needs no reason: the answer settles it.

    Raises `NotFound` ('alarm-gone'), `Conflict` ('action-not-safe', 'provider-silent'), `InputError`
    ('reason-missing'), `NotPermitted`.
    """
    not_made = missing(services)
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.DECIDE_DESK)
        alarm = next((each for each in _open(session, services, who, not_made) if each.key == key), None)
    if alarm is None:
        raise NotFound("alarm-gone", "Diese Meldung besteht nicht mehr. Bitte die Klärungsliste neu laden.")
    if action not in alarm.actions:
        raise Conflict("action-not-safe", "Das ist hier nicht möglich. Bitte die Klärungsliste neu laden.")
    if action is AlarmAction.COMPARE:
        _compare(services, login, alarm)
        return
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        if action is AlarmAction.ACCEPT:
            _accept(session, services, login, alarm, reason.strip())
        now = services.clock.now()
        session.add_all(
            AlarmDecision(alarm=each, action=action, reason=reason.strip(), decided_by=login, decided_at=now)
            for each in alarm.settles
        )
        audit(session, services, login, "alarm-settled", key, reason=reason.strip(), decided=action.value)


def _serves_the_house(who: Actor) -> bool:
    return who.may(Action.DECIDE_DESK) or Role.AUDITOR in who.roles


def _open(
    session: Session, services: Services, who: Actor | None, not_made: list[tuple[str, date]]
) -> list[Alarm]:
    settled = set(session.exec(select(AlarmDecision.alarm)).all())
    may_act = who is not None and who.may(Action.DECIDE_DESK)
    found = [
        *_of_tallies(session, services, may_act=may_act),
        *_of_missing(services, not_made, settled, may_act=may_act),
        *_of_canaries(session, services, may_act=may_act),
        *_of_paper(session, services, may_act=may_act),
        *_of_scans(session, services, may_act=may_act),
        *_of_records(session, services, may_act=may_act),
    ]
    return sorted((each for each in found if each.key not in settled), key=lambda each: (each.due, each.since))


def _of_tallies(session: Session, services: Services, *, may_act: bool) -> Iterator[Alarm]:
    query = (
        select(TallyFinding, ProviderTally)
        .join(ProviderTally, col(ProviderTally.id) == TallyFinding.tally_id)
        .where(ProviderTally.day >= services.today() - _LOOKED_BACK)
    )
    for finding, compared in session.exec(query.order_by(col(TallyFinding.id))).all():
        facts = AlarmFacts(AlarmKind.TALLY_DIFFERS)
        yield _alarm(
            services,
            facts,
            f"{compared.provider}:{compared.day}:{finding.key}:{finding.difference.value}",
            (compared.provider, compared.day),
            finding.key,
            tally.MEANING[finding.difference],
            compared.made_at,
            letters=_letters_of(session, finding.key),
            may_act=may_act,
        )


def _of_scans(session: Session, services: Services, *, may_act: bool) -> Iterator[Alarm]:
    for each in arrival_alarms(session, services):
        where = (each.source, services.day_of(each.since))
        facts = AlarmFacts(each.kind)
        yield _alarm(
            services, facts, each.occasion, where, each.delivery_id, each.message, each.since, may_act=may_act
        )


def _of_records(session: Session, services: Services, *, may_act: bool) -> Iterator[Alarm]:
    for each in contradicted_records(session):
        yield _alarm(
            services,
            AlarmFacts(AlarmKind.RECORD_CONTRADICTED),
            f"{each.piece}:{each.since.isoformat()}",
            (each.provider, services.day_of(each.since)),
            each.piece,
            each.message,
            each.since,
            letters=_letters_of(session, each.key),
            may_act=may_act,
        )


def _of_missing(
    services: Services, not_made: list[tuple[str, date]], settled: set[str], *, may_act: bool
) -> Iterator[Alarm]:
    """One of a provider, however many days: it is silent, not the day. Days that were settled are left out."""
    waiting: dict[str, list[date]] = defaultdict(list)
    for provider, day in sorted(not_made):
        if _missing_key(provider, day) not in settled:
            waiting[provider].append(day)
    for provider, days in waiting.items():
        first, last, one = days[0], days[-1], len(days) == 1
        yield replace(
            _alarm(
                services,
                AlarmFacts(AlarmKind.TALLY_MISSING),
                f"{provider}:{first}" if one else f"{provider}:{first}:{last}",
                (provider, first),
                "",
                _NOT_COMPARED
                if one
                else f"{_NOT_COMPARED} Das gilt für {len(days)} Tage seit dem {first:%d.%m.%Y}.",
                datetime.combine(first + timedelta(days=1), _MORNING, services.schedule.zone),
                may_act=may_act,
            ),
            days=tuple(days),
        )


def _missing_key(provider: str, day: date) -> str:
    return f"{AlarmKind.TALLY_MISSING.value}:{provider}:{day}"


def _of_canaries(session: Session, services: Services, *, may_act: bool) -> Iterator[Alarm]:
    query = select(Canary).where(Canary.day >= services.today() - _LOOKED_BACK)
    for row in session.exec(query.order_by(col(Canary.id))).all():
        if not row.differences or row.accepted_by is not None:
            continue
        found = [Change(each) for each in row.differences]
        remarks = ", ".join((row.answer or {}).get("remarks", ()))
        told = " ".join(canary.MEANING[change] for change in found)
        yield _alarm(
            services,
            AlarmFacts(AlarmKind.CANARY, canary.may_become_known(found)),
            f"{row.provider}:{row.day}:{'+'.join(sorted(row.differences))}",
            (row.provider, row.day),
            row.key,
            f"{told} ({remarks})" if remarks else told,
            row.answered_at or row.handed_over_at,
            may_act=may_act,
        )


def _of_paper(session: Session, services: Services, *, may_act: bool) -> Iterator[Alarm]:
    for each in paper_alarms(session, services):
        grave = each.finding in GRAVE
        yield _alarm(
            services,
            AlarmFacts(AlarmKind.PAPER_GONE if grave else AlarmKind.PAPER),
            each.occasion,
            (each.source, services.day_of(each.since)),
            each.subject,
            each.message,
            each.since,
            may_act=may_act,
        )


def _alarm(
    services: Services,
    facts: AlarmFacts,
    occasion: str,
    where: tuple[str, date],
    subject: str,
    message: str,
    since: datetime,
    *,
    may_act: bool,
    letters: tuple[str, ...] = (),
) -> Alarm:
    day = services.day_of(since)
    due = services.schedule.calendar.add_working_days(day, services.desk.decide_days)
    return Alarm(
        key=f"{facts.kind.value}:{occasion}",
        kind=facts.kind,
        provider=where[0],
        day=where[1],
        subject=subject,
        message=message,
        since=since,
        due=due,
        late=due < services.today(),
        letters=letters,
        actions=alarm_actions(facts) if may_act else {},
    )


def _letters_of(session: Session, key: str) -> tuple[str, ...]:
    query = (
        select(Letter.reference)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .join(Submission, col(Submission.piece_id) == Recipient.mail_piece_id)
        .where(Submission.key == key)
    )
    return tuple(session.exec(query.order_by(col(Letter.reference)).distinct()).all())


def _compare(services: Services, login: str, alarm: Alarm) -> None:
    """Of several days, those before the first that fails are compared then."""
    for day in alarm.days or (alarm.day,):
        with services.db.transaction() as session:
            audit(session, services, login, "tally-asked", f"{alarm.provider}@{day}")
        try:
            tally_day(services, alarm.provider, day)
        except ProviderError as fact:
            text = f"Der Abgleich für den {day:%d.%m.%Y} ist nicht gelungen: {fact.message}"
            raise Conflict("provider-silent", text) from None


def _accept(session: Session, services: Services, login: str, alarm: Alarm, reason: str) -> None:
    row = session.exec(select(Canary).where(Canary.provider == alarm.provider, Canary.day == alarm.day)).one()
    row.accepted_by, row.accepted_at, row.reason = login, services.clock.now(), reason
    audit(
        session, services, login, "canary-accepted", f"{row.provider}@{row.day}", reason=reason, id=row_id(row)
    )
