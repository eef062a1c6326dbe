"""When a letter is deemed notified (*Bekanntgabefiktion*) and until when it can be contested.

Figures and paragraphs are data (`NotificationRules`), the holidays a function that is passed in. This module only
knows how the law combines them: §§ 187-193 BGB for counting, proof of a later receipt beats the fiction,
proof of an earlier one does not, and what came back was never notified. The reasons say which paragraph a date
comes from, so that a person can check it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from gateway.domain.receipt.carriers import DeliveryPlan, Doubt, doubt_about
from gateway.domain.receipt.returning import ReturnFiction
from gateway.domain.validity import in_force
from gateway.errors import InputError

LAST_YEAR = 2199
"""Later dates are slips of the pen; no holiday calendar is reliable so far ahead."""

IsHoliday = Callable[[date], bool]
"""Whether a day is a legal holiday at the authority's seat."""


class Channel(StrEnum):
    """How a decision reached its recipient."""

    POST_INLAND = "post-inland"
    """Ordinary letter or Einwurf-Einschreiben inside Germany."""
    POST_ABROAD = "post-abroad"
    """Letter to a recipient abroad."""
    ELECTRONIC = "electronic"
    """Sent electronically."""
    PZU = "pzu"
    """Postzustellungsauftrag: the certificate of service proves the day."""
    EINSCHREIBEN_UEBERGABE = "einschreiben-uebergabe"
    """Einschreiben Übergabe."""
    RUECKSCHEIN = "rueckschein"
    """Einschreiben mit Rückschein: the signed slip proves the day."""
    IN_PERSON = "in-person"
    """Handed over by somebody of the house: notified on that day."""
    COURIER = "courier"
    """Brought by a courier, who is no post: the proven receipt counts and no fiction."""


class Remedy(StrEnum):
    """What the recipient may file against the decision (under the AO a Widerspruch is called Einspruch)."""

    WIDERSPRUCH = "widerspruch"
    KLAGE = "klage"


class Regime(StrEnum):
    """The law of procedure that governs the decision."""

    SGB_X = "sgb-x"
    VWVFG_NRW = "vwvfg-nrw"
    AO = "ao"


@dataclass(frozen=True)
class Fiction:
    """On the `days`-th day, or `months` after dispatch, a decision sent through `channels` is deemed notified.

    `rule` is its paragraph, `exception_rule` the one that lets a proven later receipt count instead.
    Which fiction holds depends on the day of dispatch.
    """

    channels: frozenset[Channel]
    days: int
    months: int
    rule: str
    exception_rule: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class RemedyPeriod:
    """How long a remedy can be filed after notification, in months, and the paragraphs that say so.

    Which period holds depends on the day of notification.
    """

    remedy: Remedy
    name: str
    months: int
    rule: str
    months_abroad: int
    rule_abroad: str
    months_without_notice: int
    rule_without_notice: str
    counting_rule: str
    rolling_rule: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class RegimeRules:
    """One law's rules.

    `shift_rule` moves a deemed day off Saturday, Sunday and holiday (AO); None leaves it where it is (SGB X).
    `proof_rules` are the paragraphs by which the proven day counts.
    """

    fictions: tuple[Fiction, ...]
    periods: tuple[RemedyPeriod, ...]
    proof_rules: Mapping[Channel, str]
    returned_rule: str
    shift_rule: str | None
    doubt: Doubt


@dataclass(frozen=True)
class NotificationRules:
    """All regimes."""

    regimes: Mapping[Regime, RegimeRules]


@dataclass(frozen=True)
class Dispatch:
    """What is known about one piece and its decision.

    `dispatched_on` is the day of *Aufgabe zur Post* (or of sending), `received_on` a proven day of receipt or
    service. `remedy` None: the letter is no decision. `remedy_notice_ok` False: the Rechtsbehelfsbelehrung is
    missing or wrong. `delivery` None: nothing is known about the carrier. `fiction` is what was decided about a piece
    that came back; None: it did not, or its receipt is proven. `unrecorded`: no record says when it was posted, so
    there is no fiction, and only its proven receipt counts; else a missing day is a slip, and an error.
    """

    channel: Channel
    dispatched_on: date | None
    received_on: date | None = None
    returned: bool = False
    remedy: Remedy | None = None
    remedy_notice_ok: bool = True
    regime: Regime = Regime.SGB_X
    delivery: DeliveryPlan | None = None
    fiction: ReturnFiction | None = None
    unrecorded: bool = False


@dataclass(frozen=True)
class Assessment:
    """What follows: day deemed by fiction, day that counts, calculated end, deadline after rolling, and why.

    `disputed`: the piece came back, and nobody has decided yet whether it counts as notified.
    """

    deemed: date | None
    effective: date | None
    raw_end: date | None
    deadline: date | None
    reasons: tuple[str, ...]
    disputed: bool = False

    def as_json(self) -> dict[str, object]:
        """The shape that commands and API print."""
        days = {
            "deemed": self.deemed,
            "effective": self.effective,
            "raw_end": self.raw_end,
            "deadline": self.deadline,
        }
        iso = {name: day.isoformat() if day else None for name, day in days.items()}
        return {**iso, "disputed": self.disputed, "reasons": list(self.reasons)}


def assess(dispatch: Dispatch, rules: NotificationRules, is_holiday: IsHoliday) -> Assessment:
    """Deemed notification and deadline of one piece, with German reasons that name their paragraphs.

    Raises InputError (`deadline-dispatch-missing`, `deadline-received-too-early`, `deadline-date-not-covered`).
    """
    regime = rules.regimes[dispatch.regime]
    _check(dispatch)
    if dispatch.returned or dispatch.fiction is ReturnFiction.VOID:
        reason = (
            "Die Sendung kam zurück: Nichts ist bekannt gegeben, es läuft keine Frist; sie ist neu zu versenden"
            f" ({regime.returned_rule})."
        )
        return Assessment(None, None, None, None, (reason,))
    found = _notification(dispatch, regime, is_holiday)
    if found.effective is not None and dispatch.remedy is not None:
        found = _with_deadline(found, found.effective, dispatch, regime, is_holiday)
    return _weigh_return(found, dispatch, regime)


def _weigh_return(found: Assessment, dispatch: Dispatch, regime: RegimeRules) -> Assessment:
    """The same days, with what is to be said about a piece that came back."""
    if dispatch.fiction is ReturnFiction.DISPUTED:
        said = (
            "Die Sendung kam zurück: Ob sie als bekannt gegeben gilt, ist strittig; bis zur Entscheidung sind"
            f" Bekanntgabe und Frist unsicher ({regime.returned_rule})."
        )
        return replace(found, reasons=(*found.reasons, said), disputed=True)
    if dispatch.fiction is ReturnFiction.HOLDS:
        said = f"Die Sendung kam zurück und gilt nach Entscheidung als zugegangen ({regime.returned_rule})."
        return replace(found, reasons=(*found.reasons, said))
    return found


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or that month's last day if it has no such day (§ 188 Abs. 2, 3 BGB)."""
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_following = date(year + 1, 1, 1) if month_index == 11 else date(year, month_index + 2, 1)
    last = (first_of_following - timedelta(days=1)).day
    return date(year, month_index + 1, min(day.day, last))


def roll(day: date, is_holiday: IsHoliday) -> date:
    """`day`, or the next one that is neither Saturday, Sunday nor holiday (§ 193 BGB, § 64 Abs. 3 SGG)."""
    while day.weekday() >= 5 or is_holiday(day):
        day += timedelta(days=1)
    return day


def _check(dispatch: Dispatch) -> None:
    sent, received = dispatch.dispatched_on, dispatch.received_on
    for day in (sent, received):
        if day is not None and day.year > LAST_YEAR:
            raise _not_covered(day)
    if sent is None and received is None and not dispatch.returned:
        raise _dispatch_missing()
    if sent is not None and received is not None and received < sent:
        raise InputError(
            "deadline-received-too-early",
            "Der Zugang liegt vor der Aufgabe zur Post. Bitte beide Daten prüfen.",
        )


def _notification(dispatch: Dispatch, regime: RegimeRules, is_holiday: IsHoliday) -> Assessment:
    received = dispatch.received_on
    fictions = tuple(fiction for fiction in regime.fictions if dispatch.channel in fiction.channels)
    proof_beats = not fictions or dispatch.channel is Channel.RUECKSCHEIN
    unrecorded = dispatch.unrecorded and dispatch.dispatched_on is None
    if received is not None and (proof_beats or unrecorded):
        reason = f"Zugang nachgewiesen am {_german(received)} ({regime.proof_rules[dispatch.channel]})."
        why = (
            () if proof_beats else ("Der Tag der Aufgabe zur Post ist nicht vermerkt: Es gilt keine Fiktion.",)
        )
        return Assessment(None, received, None, None, (*why, reason))
    if fictions:
        return _deemed(dispatch, fictions, regime, is_holiday)
    reason = (
        "Für diesen Weg gilt keine Fiktion; ohne nachgewiesenen Zugang ist nichts bekannt gegeben"
        f" ({regime.proof_rules[dispatch.channel]})."
    )
    return Assessment(None, None, None, None, (reason,))


def _deemed(
    dispatch: Dispatch, fictions: tuple[Fiction, ...], regime: RegimeRules, is_holiday: IsHoliday
) -> Assessment:
    sent = dispatch.dispatched_on
    if sent is None:
        raise _dispatch_missing()
    fiction = in_force(fictions, sent)
    if fiction is None:
        raise _not_covered(sent)
    deemed = add_months(sent, fiction.months) + timedelta(days=fiction.days)
    span = f"am {fiction.days}. Tag" if fiction.days else _months_german(fiction.months)
    sentence = f"Aufgegeben am {_german(sent)}: gilt {span} danach als bekannt gegeben"
    reasons = [f"{sentence}, also am {_german(deemed)} ({fiction.rule})."]
    if dispatch.delivery and fiction.days and dispatch.channel is not Channel.ELECTRONIC:
        warning = doubt_about(dispatch.delivery, sent, deemed, regime.doubt, is_holiday)
        reasons += [warning] if warning else []
    if regime.shift_rule is None:
        if roll(deemed, is_holiday) != deemed:
            reasons.append("Der Tag der Bekanntgabe verschiebt sich nicht, auch wenn er kein Werktag ist.")
    elif (shifted := roll(deemed, is_holiday)) != deemed:
        reasons.append(f"Kein Werktag: verschoben auf {_german(shifted)} ({regime.shift_rule}).")
        deemed = shifted
    effective, weighed = _weigh_receipt(deemed, dispatch.received_on, fiction)
    return Assessment(deemed, effective, None, None, (*reasons, *weighed))


def _weigh_receipt(deemed: date, received: date | None, fiction: Fiction) -> tuple[date, list[str]]:
    """A proven later receipt counts, an earlier one does not (BSG B 14 AS 12/09 R)."""
    if received is None or received == deemed:
        return deemed, []
    if received > deemed:
        return received, [
            f"Späterer Zugang am {_german(received)} ist nachgewiesen und zählt ({fiction.exception_rule})."
        ]
    return deemed, [f"Der frühere Zugang am {_german(received)} ist unbeachtlich ({fiction.rule})."]


def _with_deadline(
    notified: Assessment, effective: date, dispatch: Dispatch, regime: RegimeRules, is_holiday: IsHoliday
) -> Assessment:
    of_remedy = [period for period in regime.periods if period.remedy is dispatch.remedy]
    period = in_force(of_remedy, effective)
    if period is None:
        raise _not_covered(effective)
    months, reason = _length(period, dispatch)
    raw_end = add_months(effective, months)
    deadline = roll(raw_end, is_holiday)
    reasons = [
        reason,
        f"Der Tag der Bekanntgabe zählt nicht mit; Fristende {_german(raw_end)} ({period.counting_rule}).",
    ]
    if deadline != raw_end:
        reasons.append(
            "Das Fristende fällt auf Samstag, Sonntag oder Feiertag:"
            f" letzter Tag ist {_german(deadline)} ({period.rolling_rule})."
        )
    return replace(notified, raw_end=raw_end, deadline=deadline, reasons=(*notified.reasons, *reasons))


def _length(period: RemedyPeriod, dispatch: Dispatch) -> tuple[int, str]:
    """Months of the period and the reason; a missing or wrong notice beats the place of receipt."""
    if not dispatch.remedy_notice_ok:
        months, why = (
            period.months_without_notice,
            f"Belehrung fehlt oder ist unrichtig, {period.rule_without_notice}",
        )
    elif dispatch.channel is Channel.POST_ABROAD:
        months, why = period.months_abroad, period.rule_abroad
    else:
        months, why = period.months, period.rule
    return months, f"{period.name} ist möglich für {_months_german(months)} nach Bekanntgabe ({why})."


def _dispatch_missing() -> InputError:
    return InputError(
        "deadline-dispatch-missing",
        "Ohne den Tag der Aufgabe zur Post lässt sich nichts berechnen. Bitte das Datum angeben.",
    )


def _not_covered(day: date) -> InputError:
    return InputError(
        "deadline-date-not-covered",
        f"Für den {day:%d.%m.%Y} sind keine Regeln zur Bekanntgabe hinterlegt. Bitte das Datum prüfen.",
    )


def _months_german(months: int) -> str:
    if months == 12:
        return "ein Jahr"
    return "einen Monat" if months == 1 else f"{months} Monate"


def _german(day: date) -> str:
    return f"{('Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa', 'So')[day.weekday()]} {day:%d.%m.%Y}"
