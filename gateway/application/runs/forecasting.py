"""Forecasting: what tonight would be, from the rows and without changing any: volumes, cost, saving, and what stays.

Goes by the same rules as the run (`batching`, `domain.pieces.bundling`) and by the pages of the signed documents.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor
from gateway.application.letters.timeliness import late_dates
from gateway.application.runs.batching import due_letters
from gateway.application.runs.bundling import candidates, copies_of, limits_for
from gateway.application.runs.capacity import Capacity
from gateway.application.runs.directing import evening_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.people import Office
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.domain.pieces.bundling import Envelope, Envelopes
from gateway.domain.pieces.bundling_rules import Candidate
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.timeliness import STALE
from gateway.errors import InputError

_Key = TypeVar("_Key")
_CHUNK = 500
_NO_PRICE = "–"

OVER_CAPACITY = "over-capacity"
STAYS = {
    "held": "angehalten",
    STALE: "käme zu spät an (wird angehalten)",
    "awaiting-approval": "wartet auf Freigabe",
    "awaiting-check": "wird noch erstellt und geprüft",
    "faulty": "Druckprüfung mit Fehlern",
    OVER_CAPACITY: "wartet auf den nächsten Tag: die Tagesmenge des Druckdienstleisters ist erreicht",
    "approved-after-cut-off": "nach dem Annahmeschluss freigegeben",
    "office-not-started": "Dienststelle noch nicht angeschlossen",
    "postage-too-heavy": "passt in keinen Brief",
    "postage-service-not-abroad": "Versandart ins Ausland nicht möglich",
}
"""Why a letter that somebody may expect to go tonight does not, in German. Drafts are nobody's expectation."""


@dataclass
class Volume:
    """What goes of one kind. `postage_eur` leaves out pieces whose price is not known (`unpriced`)."""

    letters: int = 0
    copies: int = 0
    pieces: int = 0
    sheets: int = 0
    grams: Decimal = Decimal(0)
    postage_eur: Decimal = Decimal(0)
    unpriced: int = 0


@dataclass
class Saving:
    """What bundling changes: how many copies share an envelope, and what that spares."""

    copies_together: int = 0
    envelopes: int = 0
    postage_eur: Decimal = Decimal(0)


@dataclass
class Forecast:
    """What a run of `day` would take of what is approved before `approved_before`.

    `by_office`: (office, service); `by_product`: (office, product); `by_provider`: as the routes say for tonight.
    `not_bundled` counts, by code, the envelopes that a rule of bundling makes necessary; `stays` the letters that do
    not go, by the codes of `STAYS`.
    """

    day: date
    approved_before: datetime
    bundling: bool
    total: Volume = field(default_factory=Volume)
    by_office: dict[tuple[str, Service], Volume] = field(default_factory=dict)
    by_product: dict[tuple[str, str], Volume] = field(default_factory=dict)
    envelopes: Counter[str] = field(default_factory=Counter)
    saving: Saving = field(default_factory=Saving)
    by_provider: dict[str, Volume] = field(default_factory=dict)
    not_bundled: Counter[str] = field(default_factory=Counter)
    stays: Counter[str] = field(default_factory=Counter)


def forecast(services: Services, *, day: date, approved_before: datetime, login: str | None = None) -> Forecast:
    """What a run of `day` would be, counted now. Of the offices that the user may read; None is the operator.

    Whoever may start the run sees it whole: there are figures in it, and no content.
    """
    with services.db.reading() as session:
        offices = visible_offices(session, login)
        told = Forecast(day, approved_before.astimezone(services.schedule.zone), services.bundling)
        envelopes = Envelopes(limits_for(services, day), services.bundling)
        _count_what_stays(session, told, offices)
        for candidate in _going(session, services, told, offices):
            placed = envelopes.place(candidate)
            if placed.veto is not None:
                told.not_bundled[placed.veto.code] += 1
        for envelope in envelopes:
            _count(told, envelope, envelopes, offices)
        told.stays = +told.stays  # without the zeros
        return told


def tonight(services: Services, login: str | None = None) -> Forecast:
    """What the next run by the schedule would take if nothing more were approved."""
    day = services.schedule.run_day_for(services.clock.now())
    cut_off = services.schedule.cut_off_moment(day)
    return forecast(services, day=day, approved_before=cut_off, login=login)


def visible_offices(session: Session, login: str | None) -> dict[int, Office]:
    """The offices of whose runs somebody sees figures: who reads there, or may start a run. Raises `NotPermitted`."""
    offices = session.exec(select(Office)).all()
    if login is None:
        return {row_id(office): office for office in offices}
    who = actor(session, login)
    if not who.may(Action.RUN):
        who.require(Action.READ)
    seen = [office for office in offices if who.may(Action.READ, office.key) or who.may(Action.RUN, office.key)]
    return {row_id(office): office for office in seen}


def _going(
    session: Session, services: Services, told: Forecast, offices: dict[int, Office]
) -> Iterator[Candidate]:
    """Every copy that goes, in the order in which the run takes it."""
    due = due_letters(told.day, told.approved_before).where(col(Letter.office_id).in_(offices))
    letters = [
        each for each in session.scalars(due.with_only_columns(col(Letter.id))).all() if each is not None
    ]
    # The volume that routes go by is that of the whole house, whichever offices are looked at.
    evening = evening_of(session, services, due_letters(told.day, told.approved_before))
    capacity = Capacity(session, services, told.day, evening)
    for start in range(0, len(letters), _CHUNK):
        copies = copies_of(session, letters[start : start + _CHUNK])
        late = {row_id(letter) for letter, _ in copies if late_dates(session, services, letter, told.day)}
        in_time = [copy for copy in copies if row_id(copy[0]) not in late]
        taken = set(capacity.take(in_time))
        going = [copy for copy in in_time if row_id(copy[0]) in taken]
        told.stays[STALE] += len(late)
        told.stays[OVER_CAPACITY] += len({row_id(letter) for letter, _ in in_time}) - len(taken)
        for letter in {row_id(letter): letter for letter, _ in going}.values():
            told.total.letters += 1
            _of(told.by_office, (offices[letter.office_id].key, letter.service)).letters += 1
        yield from candidates(session, services, going, evening)


def _count(told: Forecast, envelope: Envelope, envelopes: Envelopes, offices: dict[int, Office]) -> None:
    """One piece, under its office, its service and its product."""
    first = envelope.members[0]
    office = offices[first.office].key
    try:
        price = envelopes.limits.postage(envelope.sheets, first)
    except InputError as error:
        told.stays[error.code] += len(envelope.members)
        return
    product = price.product if price else _NO_PRICE
    for volume in (
        told.total,
        _of(told.by_provider, first.provider),
        _of(told.by_office, (office, first.service)),
        _of(told.by_product, (office, product)),
    ):
        volume.copies += len(envelope.members)
        volume.pieces += 1
        volume.sheets += envelope.sheets
        volume.grams += price.grams if price else Decimal(0)
        volume.postage_eur += price.price_eur if price else Decimal(0)
        volume.unpriced += price is None
    letters = len({member.letter for member in envelope.members})
    told.by_product[office, product].letters += letters
    told.by_provider[first.provider].letters += letters
    told.envelopes[envelopes.limits.profile(first).envelope_for(envelope.sheets).name] += 1
    _count_saving(told.saving, envelope, envelopes)


def _count_saving(saving: Saving, envelope: Envelope, envelopes: Envelopes) -> None:
    members = envelope.members
    if len(members) == 1:
        return
    saving.copies_together += len(members)
    saving.envelopes += len(members) - 1
    together = envelopes.limits.postage(envelope.sheets, members[0])
    alone = [envelopes.limits.postage(member.sheets, member) for member in members]
    if together is not None:
        saving.postage_eur += sum((each.price_eur for each in alone if each), -together.price_eur)


def _count_what_stays(session: Session, told: Forecast, offices: dict[int, Office]) -> None:
    query = select(Letter.state, func.count()).where(col(Letter.office_id).in_(offices))
    waiting = {
        LetterState.READY: "awaiting-approval",
        LetterState.SUBMITTED: "awaiting-check",
        LetterState.FAULTY: "faulty",
    }
    states = session.exec(query.where(col(Letter.state).in_(waiting)).group_by(col(Letter.state))).all()
    for state, count in states:
        told.stays[waiting[LetterState(state)]] += count
    approved = (
        select(func.count())
        .select_from(Letter)
        .where(Letter.state == LetterState.APPROVED, col(Letter.office_id).in_(offices))
    )
    held = col(Letter.held_at).is_not(None)
    stale = func.coalesce(Letter.hold_reason, "").like(f"%({STALE})")
    late = col(Letter.held_at).is_(None) & (col(Letter.approved_at) >= told.approved_before)
    not_started = [key for key, office in offices.items() if office.starts_on > told.day]
    free = col(Letter.held_at).is_(None) & (col(Letter.approved_at) < told.approved_before)
    for code, condition in (
        ("held", held & ~stale),
        (STALE, held & stale),
        ("approved-after-cut-off", late),
        ("office-not-started", free & col(Letter.office_id).in_(not_started)),
    ):
        told.stays[code] += session.exec(approved.where(condition)).one()


def _of(volumes: dict[_Key, Volume], key: _Key) -> Volume:
    return volumes.setdefault(key, Volume())


def as_json(told: Forecast) -> dict[str, object]:
    """The shape that commands print; `letters` and `by_office` have been there from the beginning."""
    return {
        "date": told.day.isoformat(),
        "approved_before": told.approved_before.isoformat(),
        **_volume(told.total),
        "by_office": [
            {"office": office, "service": service.value, **_volume(volume)}
            for (office, service), volume in sorted(told.by_office.items())
        ],
        "by_product": [
            {"office": office, "product": product, **_volume(volume)}
            for (office, product), volume in sorted(told.by_product.items())
        ],
        "by_provider": [
            {"provider": provider, **_volume(volume)} for provider, volume in sorted(told.by_provider.items())
        ],
        "envelopes": dict(sorted(told.envelopes.items())),
        "bundling": {
            "on": told.bundling,
            "copies_together": told.saving.copies_together,
            "envelopes_saved": told.saving.envelopes,
            "postage_saved_eur": f"{told.saving.postage_eur:.2f}",
            "not_bundled": dict(sorted(told.not_bundled.items())),
        },
        "stays": dict(sorted(told.stays.items())),
    }


def _volume(volume: Volume) -> dict[str, object]:
    return {
        "letters": volume.letters,
        "copies": volume.copies,
        "pieces": volume.pieces,
        "sheets": volume.sheets,
        "grams": f"{volume.grams:.2f}",
        "postage_eur": f"{volume.postage_eur:.2f}",
        "unpriced": volume.unpriced,
    }


def weight_steps(told: Forecast) -> Sequence[tuple[str, Volume]]:
    """Volumes by product over all offices, the most frequent first."""
    steps: dict[str, Volume] = {}
    for (_, product), volume in told.by_product.items():
        step = _of(steps, product)
        step.pieces += volume.pieces
        step.sheets += volume.sheets
        step.postage_eur += volume.postage_eur
    return sorted(steps.items(), key=lambda entry: -entry[1].pieces)
