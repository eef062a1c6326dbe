"""Trying out: the canary letter to each provider before the run, and what its answer says about tonight.

The letter is fictional and the same every night. It is no letter of the house: it has no piece and no submission, so
nothing counts it; its row is written before it is handed over, and that happens once. Where the provider has no test
mode there is no canary, and a provider that is not set up for one gets nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.runs.stopping import lift_own, stop_provider
from gateway.application.services import Services
from gateway.application.templates.linting import SAMPLE_OFFICE, sample_request
from gateway.db.canaries import Canary
from gateway.db.engine import row_id
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.references import reference_from
from gateway.domain.runs.canary import MEANING, Answer, Change, changes
from gateway.errors import GatewayError, NotSent, OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import PrintPiece, Sender, Trial, TrialAnswer

_ASKED_FOR = timedelta(days=2)
"""How long after its day an answer is still waited for."""


@dataclass(frozen=True)
class CanaryLine:
    """A test letter as people see it; `differences` None: no answer yet."""

    id: int
    provider: str
    day: date
    answer: Answer | None
    differences: tuple[Change, ...] | None
    accepted_by: str | None


def try_out_due(services: Services) -> list[CanaryLine]:
    """Hand over what is due before the next run, and read the answers; returns what was judged now."""
    now = services.clock.now()
    day = services.schedule.next_run(now)
    with services.locks.try_lock("canary-1") as held:
        if not held:
            return []
        if now >= services.schedule.run_moment(day) - services.canary.lead:
            for name in _providers(services):
                _hand_over(services, name, day, last_try=False)
        return _collect(services)


def try_out_now(services: Services, day: date) -> list[CanaryLine]:
    """The run of `day` begins: who was not tried is tried now, and who has not answered is judged by that."""
    with services.locks.try_lock("canary-1") as held:
        if not held:
            return []
        for name in _providers(services):
            _hand_over(services, name, day, last_try=True)
        found = _collect(services)
        with services.db.reading() as session:
            silent = session.exec(
                select(Canary).where(Canary.day == day, col(Canary.differences).is_(None))
            ).all()
        return found + [_write(services, row_id(row), None, [Change.NO_ANSWER]) for row in silent]


def canaries(services: Services, *, last: int = 30) -> list[CanaryLine]:
    """The newest test letters."""
    with services.db.reading() as session:
        rows = session.exec(select(Canary).order_by(col(Canary.day).desc(), col(Canary.provider)).limit(last))
        return [_line(row) for row in rows.all()]


def canary_keys(session: Session, provider: str) -> set[str]:
    """Our names for test letters at a provider: its list may hold them, and they are nobody's letter."""
    return set(session.exec(select(Canary.key).where(Canary.provider == provider)).all())


def _providers(services: Services) -> list[str]:
    """Who is tried: as configured, and able to."""
    return [name for name in services.canary.providers if isinstance(services.providers.get(name), Trial)]


def _hand_over(services: Services, name: str, day: date, *, last_try: bool) -> None:
    """Once a provider and day. What was certainly not sent is tried again until the run begins."""
    provider = services.providers[name]
    if not isinstance(provider, Trial) or _is_there(services, name, day):
        return
    key = f"TEST-{services.new_reference()}"
    try:
        piece = _piece(services, name, key)
    except GatewayError as fault:
        if last_try:
            number = _begin(services, name, day, key)
            answer = Answer(accepted=False, remarks=(fault.code,))
            _write(services, number, answer, [Change.NOT_HANDED_OVER])
        return
    number = _begin(services, name, day, key, piece)
    try:
        reference = provider.try_out(piece)
    except NotSent as fact:
        _not_sent(services, number, fact, last_try=last_try)
    except Refused as fact:
        answer = Answer(accepted=False, remarks=(fact.code,))
        _write(services, number, answer, [Change.REFUSED])
    except OutcomeUnknown:
        pass  # asked for by its key
    else:
        with services.db.transaction() as session:
            session.get_one(Canary, number).provider_reference = reference


def _begin(services: Services, name: str, day: date, key: str, piece: PrintPiece | None = None) -> int:
    """The intent, before anything leaves."""
    with services.db.transaction() as session:
        row = Canary(
            provider=name,
            day=day,
            key=key,
            sha256=piece.sha256 if piece else "",
            pages=piece.pages if piece else 0,
            handed_over_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        audit(session, services, SYSTEM, "canary-handed-over", f"{name}@{day}", key=key)
        return row_id(row)


def _not_sent(services: Services, number: int, fact: NotSent, *, last_try: bool) -> None:
    if last_try:
        answer = Answer(accepted=False, remarks=(fact.code,))
        _write(services, number, answer, [Change.NOT_HANDED_OVER])
        return
    with services.db.transaction() as session:
        row = session.get_one(Canary, number)
        audit(session, services, SYSTEM, "canary-not-sent", f"{row.provider}@{row.day}", code=fact.code)
        session.delete(row)


def _is_there(services: Services, name: str, day: date) -> bool:
    with services.db.reading() as session:
        query = select(Canary.id).where(Canary.provider == name, Canary.day == day)
        return session.exec(query).first() is not None


def _piece(services: Services, name: str, key: str) -> PrintPiece:
    """The test letter, print-ready for the provider's profile; its sheet codes are of a reference that no piece has."""
    meta = services.renderer.template(services.canary.template)
    request = sample_request(meta)
    copy = services.renderer.assemble(
        [services.renderer.render(request).pdf],
        piece=reference_from(0),
        profile=services.providers[name].profile,
        duplex=services.duplex,
    )
    office = SAMPLE_OFFICE
    return PrintPiece(
        key=key,
        pdf=copy.pdf,
        sha256=hashlib.sha256(copy.pdf).hexdigest(),
        pages=copy.pages,
        duplex=services.duplex,
        colour=False,
        service=Service.STANDARD,
        address_lines=request.address_lines,
        sender=Sender(office.name, office.street, office.postcode, office.place),
        cost_centre="",
        batch=0,
    )


def _collect(services: Services) -> list[CanaryLine]:
    """Ask for the answers that are open, also of those that were judged by their silence."""
    with services.db.reading() as session:
        query = select(Canary).where(
            col(Canary.answered_at).is_(None), Canary.day >= services.today() - _ASKED_FOR
        )
        rows = session.exec(query.order_by(col(Canary.id))).all()
    found: list[CanaryLine] = []
    for row in rows:
        provider = services.providers.get(row.provider)
        if not isinstance(provider, Trial):
            continue
        try:
            told = provider.tried(row.key)
        except ProviderError:
            continue
        if told is not None:
            answer = _answer(services, row, told)
            found.append(
                _write(services, row_id(row), answer, changes(answer, row.pages, _known(services, row)))
            )
    return found


def _answer(services: Services, row: Canary, told: TrialAnswer) -> Answer:
    return Answer(
        accepted=told.accepted,
        pages=told.pages,
        remarks=tuple(told.remarks),
        same_text=_same_text(services, row, told.printable),
        printed=told.printed,
    )


def _same_text(services: Services, row: Canary, printable: bytes | None) -> bool | None:
    """Whether what would be printed reads as what was handed over; None if that is not shown, or not comparable."""
    if printable is None:
        return None
    try:
        ours = _piece(services, row.provider, row.key)
        if ours.sha256 != row.sha256:
            return None
        return list(services.renderer.page_texts(printable)) == list(services.renderer.page_texts(ours.pdf))
    except GatewayError:
        return False


def _known(services: Services, row: Canary) -> Answer | None:
    """The newest answer before that was as known, or that a person made the known one."""
    with services.db.reading() as session:
        query = select(Canary).where(
            Canary.provider == row.provider, Canary.day < row.day, col(Canary.answered_at).is_not(None)
        )
        for earlier in session.exec(query.order_by(col(Canary.day).desc())).all():
            if earlier.differences == [] or earlier.accepted_by is not None:
                return _answer_of(earlier)
    return None


def _write(services: Services, number: int, answer: Answer | None, found: Sequence[Change]) -> CanaryLine:
    """The judgement; a difference is an alarm on the desk, and stops the provider where that is configured."""
    with services.db.transaction() as session:
        row = session.get_one(Canary, number)
        row.differences = [change.value for change in found]
        if answer is not None:
            row.answered_at = services.clock.now()
            row.answer = asdict(answer) | {"remarks": list(answer.remarks)}
        subject = f"{row.provider}@{row.day}"
        audit(session, services, SYSTEM, "canary-judged", subject, differences=row.differences)
        if services.canary.stops:
            if found:
                stop_provider(session, services, row.provider, f"Testschreiben: {MEANING[found[0]]}")
            else:
                lift_own(session, services, row.provider, "Das Testschreiben ist wie bekannt beantwortet.")
        return _line(row)


def _answer_of(row: Canary) -> Answer | None:
    if row.answer is None:
        return None
    values: dict[str, Any] = {**row.answer, "remarks": tuple(row.answer["remarks"])}
    return Answer(**values)


def _line(row: Canary) -> CanaryLine:
    found = None if row.differences is None else tuple(Change(each) for each in row.differences)
    return CanaryLine(row_id(row), row.provider, row.day, _answer_of(row), found, row.accepted_by)
