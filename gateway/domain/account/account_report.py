"""The account as people get it (*Saldenblatt*): the balance, what is not explained and why, inbound, and the sweep."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.account import links, sweep
from gateway.domain.account.account import Account
from gateway.domain.runs import tally

INBOUND_GONE = "inbound-document-missing"
INBOUND_NOT_FILED = "inbound-filing-missing"


def inbound_code(fault: str) -> str:
    """The account's code for a stored scan that is missing or damaged."""
    return f"inbound-scan-{fault}"


_OTHERS = {
    INBOUND_GONE: "Das Dokument ist der Scanstelle bestätigt, und nicht mehr verzeichnet.",
    INBOUND_NOT_FILED: "Das Dokument gilt als abgelegt; die Bestätigung der Akte ist nicht mehr vorhanden.",
    inbound_code(sweep.MISSING): "Der Scan liegt nicht mehr in der Dokumentenablage.",
    inbound_code(sweep.DAMAGED): "Der Scan in der Dokumentenablage ist beschädigt.",
    "letter-missing": "Das Schreiben selbst ist nicht mehr vorhanden; seine Freigabe ist es noch.",
    "recipient-missing": "Ein Empfänger eines freigegebenen Schreibens ist nicht mehr vorhanden.",
}
_MEANING: dict[str, str] = {
    **{code.value: text for code, text in links.MEANING.items()},
    **{code.value: text for code, text in tally.MEANING.items()},
    **sweep.MEANING,
    **_OTHERS,
}


def meaning_of(code: str) -> str:
    """What a code of the account says; one that is not known stays a code."""
    return _MEANING.get(code, code)


@dataclass(frozen=True)
class InboundBalance:
    """One scan delivery: scanned (its manifest says) = filed + to be filed + on the desk + quarantined + given back.

    `given_back` went back to the scan site, or a later scan took its place before it was filed. `unexplained` are
    documents that a line counts wrongly or none counts: name (delivery/document) and code.
    """

    source: str
    delivery: str
    received_on: date
    scanned: int
    filed: int
    to_file: int
    desk: int
    quarantined: int
    oldest_days: int
    """Days since the oldest document that is not in a case file yet came in; 0 if all are."""
    given_back: int = 0
    unexplained: tuple[tuple[str, str], ...] = ()
    refused: str = ""
    """Of a delivery that lies in quarantine as a whole, and nobody has decided about: the code why. It counts none."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Scanned, filed, to be filed, on the desk, quarantined, given back, missing: as the lines are shown."""
        lines = (self.filed, self.to_file, self.desk, self.quarantined, self.given_back)
        return (self.scanned, *lines, self.missing)

    @property
    def missing(self) -> int:
        """Documents that the manifest names and no row explains."""
        lines = self.filed + self.to_file + self.desk + self.quarantined + self.given_back
        return self.scanned - lines

    @property
    def is_open(self) -> bool:
        """Whether something of it waits, or does not balance."""
        return bool(self.missing or self.desk or self.to_file or self.unexplained or self.refused)


_DAYS = 31


def by_day(balances: Iterable[InboundBalance]) -> list[InboundBalance]:
    """The sums of each day of arrival, the newest first; `delivery` says of how many deliveries.

    The newest days, and older ones of which something is open.
    """
    days: dict[date, list[InboundBalance]] = defaultdict(list)
    for one in balances:
        days[one.received_on].append(one)
    sums = [_sum(day, days[day]) for day in sorted(days, reverse=True)]
    return [one for number, one in enumerate(sums) if number < _DAYS or one.is_open]


def _sum(day: date, of_day: Sequence[InboundBalance]) -> InboundBalance:
    count = "1 Lieferung" if len(of_day) == 1 else f"{len(of_day)} Lieferungen"

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in of_day)

    return InboundBalance(
        source="",
        delivery=count,
        received_on=day,
        scanned=total("scanned"),
        filed=total("filed"),
        to_file=total("to_file"),
        desk=total("desk"),
        quarantined=total("quarantined"),
        oldest_days=max(one.oldest_days for one in of_day),
        given_back=total("given_back"),
        unexplained=tuple(each for one in of_day for each in one.unexplained),
        refused=", ".join(sorted({one.refused for one in of_day} - {""})),
    )


@dataclass(frozen=True)
class AccountReport:
    """The account with what it is about, who made it, and how far the sweep was then."""

    about: str
    made_at: datetime
    made_by: str
    account: Account
    offices: Sequence[tuple[str, str]]
    """Keys and names."""
    inbound: Sequence[InboundBalance]
    inbound_days: Sequence[InboundBalance]
    """The same, summed by day of arrival, of all deliveries."""
    documents_overdue: int
    filed_overdue: int
    rows_checked_at: datetime | None

    @property
    def sha256(self) -> str:
        """Of everything that the sheet says: it stands in the audit trail, so that no other sheet can be shown."""
        account = self.account
        said = {
            "about": self.about,
            "made_at": self.made_at.isoformat(),
            "made_by": self.made_by,
            "approved": account.approved,
            "lines": {line.value: count for line, count in account.lines.items()},
            "returned": account.returned,
            "offices": {
                key: {line.value: n for line, n in each.items()} for key, each in account.offices.items()
            },
            "returned_of": dict(account.returned_of),
            "unexplained": account.unexplained,
            "copies": account.digest,
            "inbound": [
                (one.source, one.delivery, one.scanned, one.missing, one.unexplained) for one in self.inbound
            ],
            "inbound_days": [
                (one.received_on.isoformat(), one.delivery, *one.counts) for one in self.inbound_days
            ],
        }
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
