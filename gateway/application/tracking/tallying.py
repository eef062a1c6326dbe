"""Tallying: every night our rows against the list of each provider that has one, both ways.

What is found stands in the rows and makes the account name the letter; this is no second account. A provider that
does not answer is asked again; a working day without a comparison is an alarm.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, delete, func, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.runs.trying import canary_keys
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Submission
from gateway.db.tallies import ProviderTally, TallyFinding
from gateway.domain.runs.submission import SubmissionState
from gateway.domain.runs.tally import Difference, HandedOver, Held, Tally, compare
from gateway.errors import InputError, ProviderError
from gateway.ports.provider import Listing

_DAYS_BACK = 10
"""How long after a day its comparison is still made up for; older days are settled by the invoice."""
_DUE_AT = time(6)
"""The morning after: what was accepted in the evening is listed by then."""
_AT_ONCE = 500
_EDGE = timedelta(days=1)


@dataclass(frozen=True)
class Tallied:
    """A comparison as it stands in the rows."""

    provider: str
    day: date
    ours: int
    theirs: int
    our_pages: int
    their_pages: int
    found: tuple[tuple[str, Difference], ...]


@dataclass(frozen=True)
class ProductTotal:
    """Pieces of one product in a period; products are what invoices have lines for."""

    product: str
    pieces: int
    pages: int


@dataclass(frozen=True)
class Totals:
    """What was handed over to a provider in a period, to be held against an invoice.

    `listed_*` is what its own lists count, as far as days were compared; `not_compared` are the days that were not.
    """

    provider: str
    pieces: int
    pages: int
    sheets: int
    products: tuple[ProductTotal, ...]
    listed_pieces: int
    listed_pages: int
    not_compared: tuple[date, ...]


def tally_day(services: Services, provider: str, day: date) -> Tallied:
    """Compare one day with one provider's list, and keep the result.

    Raises `ProviderError`: nothing is kept then; `InputError` 'provider-has-no-list'.
    """
    listing = _lists(services).get(provider)
    if listing is None:
        raise InputError(
            "provider-has-no-list", f"„{provider}“ ist nicht angebunden oder gibt keine Liste seiner Sendungen."
        )
    theirs = list(listing.holdings(day))
    with services.db.transaction() as session:
        trials = canary_keys(session, provider)
        theirs = [each for each in theirs if each.key not in trials]
        result = compare(day, _ours(session, services, provider, day, theirs), theirs)
        comparison = _replace(session, services, provider, day, result)
        _turned_up(session, provider, {each.key for each in theirs})
        for each in result.found:
            session.add(
                TallyFinding(
                    tally_id=row_id(comparison),
                    key=each.key,
                    difference=each.difference,
                    provider_reference=each.provider_reference,
                )
            )
        audit(
            *(session, services, SYSTEM, "provider-tallied", f"{provider}@{day}"),
            ours=result.ours,
            theirs=result.theirs,
            differences=len(result.found),
        )
        session.flush()
        return _view(session, comparison)


def tally_due(services: Services) -> list[Tallied]:
    """Make every comparison that is due and was not made. A provider that does not answer is asked next time."""
    made = []
    for provider, day in missing(services):
        try:
            made.append(tally_day(services, provider, day))
        except ProviderError:
            continue
    return made


def missing(services: Services) -> list[tuple[str, date]]:
    """Providers and days, newest first, of which no comparison was made although it was due: alarms."""
    with services.db.reading() as session:
        done = set(session.exec(select(col(ProviderTally.provider), col(ProviderTally.day))).all())
        began = session.exec(select(func.min(Submission.planned_at))).one()
    if began is None:
        return []
    days = [day for day in _days_due(services) if day >= services.day_of(began)]
    return [(name, day) for day in days for name in _lists(services) if (name, day) not in done]


def tallies(services: Services, *, last: int = 30) -> list[Tallied]:
    """The newest comparisons."""
    with services.db.reading() as session:
        query = select(ProviderTally).order_by(col(ProviderTally.day).desc(), col(ProviderTally.provider))
        return [_view(session, row) for row in session.exec(query.limit(last)).all()]


def totals(services: Services, provider: str, first: date, last: date) -> Totals:
    """What was released to a provider from `first` to `last` (local days, both included)."""
    with services.db.reading() as session:
        query = (
            select(MailPiece.product, func.count(), func.sum(MailPiece.pages), func.sum(MailPiece.sheets))
            .select_from(Submission)
            .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
            .where(
                Submission.provider == provider,
                Submission.state == SubmissionState.RELEASED,
                col(Submission.released_at) >= _midnight(services, first),
                col(Submission.released_at) < _midnight(services, last + _EDGE),
            )
            .group_by(MailPiece.product)
        )
        lines = sorted(
            (product or "", count, pages or 0, sheets or 0)
            for product, count, pages, sheets in session.exec(query)
        )
        of_period = select(ProviderTally).where(ProviderTally.provider == provider)
        compared = session.exec(of_period.where(ProviderTally.day >= first, ProviderTally.day <= last)).all()
    days = {each.day for each in compared}
    return Totals(
        provider,
        pieces=sum(line[1] for line in lines),
        pages=sum(line[2] for line in lines),
        sheets=sum(line[3] for line in lines),
        products=tuple(ProductTotal(product, count, pages) for product, count, pages, _ in lines),
        listed_pieces=sum(each.theirs for each in compared),
        listed_pages=sum(each.their_pages for each in compared),
        not_compared=tuple(
            day for back in range((last - first).days + 1) if (day := first + back * _EDGE) not in days
        ),
    )


def difference_of(session: Session, submission: Submission) -> Difference | None:
    """What the newest comparison found about a submission; the account names its letter then."""
    query = (
        select(col(TallyFinding.difference))
        .join(ProviderTally, col(ProviderTally.id) == TallyFinding.tally_id)
        .where(TallyFinding.key == submission.key, ProviderTally.provider == submission.provider)
        .order_by(col(ProviderTally.day).desc())
    )
    return session.exec(query.limit(1)).first()


def _lists(services: Services) -> dict[str, Listing]:
    """The providers that have a list."""
    return {
        name: provider
        for name, provider in services.providers.items()
        if isinstance(provider, Listing) and provider.capabilities.has_list
    }


def _days_due(services: Services) -> Iterator[date]:
    """The last days whose morning after has come, newest first."""
    now = services.clock.now()
    for back in range(1, _DAYS_BACK + 1):
        day = services.today() - timedelta(days=back)
        if now >= datetime.combine(day + _EDGE, _DUE_AT, services.schedule.zone):
            yield day


def _ours(
    session: Session, services: Services, provider: str, day: date, theirs: Sequence[Held]
) -> list[HandedOver]:
    """The submissions released on the day, and all that the provider names."""
    of_provider = select(Submission, MailPiece.pages).join(MailPiece, col(MailPiece.id) == Submission.piece_id)
    of_provider = of_provider.where(Submission.provider == provider)
    rows = list(
        session.exec(
            of_provider.where(
                col(Submission.released_at) >= _midnight(services, day),
                col(Submission.released_at) < _midnight(services, day + _EDGE),
            )
        ).all()
    )
    for keys in _chunks(sorted({each.key for each in theirs})):
        rows += session.exec(of_provider.where(col(Submission.key).in_(keys))).all()
    return [
        HandedOver(
            submission.key,
            submission.state,
            pages,
            services.day_of(submission.released_at) if submission.released_at else None,
        )
        for submission, pages in rows
    ]


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))


def _replace(session: Session, services: Services, provider: str, day: date, result: Tally) -> ProviderTally:
    earlier = session.exec(
        select(ProviderTally).where(ProviderTally.provider == provider, ProviderTally.day == day)
    ).one_or_none()
    row = earlier or ProviderTally(
        provider=provider, day=day, made_at=services.clock.now(), ours=0, theirs=0, our_pages=0, their_pages=0
    )
    row.made_at = services.clock.now()
    row.ours, row.theirs = result.ours, result.theirs
    row.our_pages, row.their_pages = result.our_pages, result.their_pages
    session.add(row)
    session.flush()
    session.exec(delete(TallyFinding).where(col(TallyFinding.tally_id) == row.id))
    return row


def _turned_up(session: Session, provider: str, keys: Collection[str]) -> None:
    """What was missing from the list of another day, and is listed now, is missing no more."""
    missed = (
        select(TallyFinding)
        .join(ProviderTally, col(ProviderTally.id) == TallyFinding.tally_id)
        .where(ProviderTally.provider == provider, TallyFinding.difference == Difference.MISSING_THERE)
    )
    for finding in session.exec(missed).all():
        if finding.key in keys:
            session.delete(finding)
    session.flush()


def _view(session: Session, row: ProviderTally) -> Tallied:
    found = session.exec(
        select(col(TallyFinding.key), col(TallyFinding.difference))
        .where(TallyFinding.tally_id == row.id)
        .order_by(col(TallyFinding.id))
    ).all()
    return Tallied(
        row.provider,
        row.day,
        row.ours,
        row.theirs,
        row.our_pages,
        row.their_pages,
        tuple((key, difference) for key, difference in found),
    )


def _midnight(services: Services, day: date) -> datetime:
    return datetime.combine(day, time(0), services.schedule.zone)
