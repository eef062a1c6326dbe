"""Posting lists (*Einlieferungslisten*): what is wrong with one, and with each piece that is said to be posted.

A posting day counts only if it is proven piece by piece (BSG 03.03.2009 B 4 AS 37/08 R); that a provider "always
posts on the next day" proves nothing. Every rule has one stable code. An error keeps a piece from being confirmed
until two people answer for it; a warning is shown.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.domain.findings import Finding, Severity

_SUNDAY = 6


class Evidence(StrEnum):
    """What counts as proof of posting by the contract with a provider."""

    LIST = "list"
    """The provider sends lists of what it gave to the carrier."""
    STATUS_FIELD = "status-field"
    """The contract equates a reported status and its day with posting; the list is drawn up from these reports."""
    NONE = "none"
    """Nothing is agreed: each posting needs two people."""


@dataclass(frozen=True)
class Agreement:
    """What was agreed with one provider; `contract` says where, `carrier` who delivers if a list does not say."""

    evidence: Evidence = Evidence.NONE
    contract: str = ""
    carrier: str = ""


@dataclass(frozen=True)
class PostingRules:
    """Who is responsible for the record of posting, and what was agreed with the providers."""

    responsible: str = "Poststelle"
    agreements: Mapping[str, Agreement] = field(default_factory=dict)

    def with_provider(self, provider: str) -> Agreement:
        """What holds for one provider; nothing is agreed with one that is not named."""
        return self.agreements.get(provider, Agreement())


@dataclass(frozen=True)
class Counts:
    """Pieces, sheets, pages; None where nothing is said."""

    pieces: int | None = None
    sheets: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Item:
    """One line of a list, as the provider wrote it. `key` names the piece, `sha256` its print copy."""

    key: str
    posted_on: date | None
    sheets: int | None = None
    pages: int | None = None
    product: str = ""
    franking_id: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class ListFacts:
    """One list. `told_sha256` is what the provider says about its bytes, empty if nothing.

    `ours` is what was handed over of its pieces; None where a line is no piece of ours, and nothing can be compared.
    `numbers_before` are the numbers of the provider's earlier lists, `same_number` whether another one has this one.
    """

    number: str
    day: date | None
    items: Sequence[Item]
    told: Counts = Counts()
    sha256: str = ""
    told_sha256: str = ""
    ours: Counts = Counts()
    signature: str | None = None
    """What is wrong with the signature that was agreed, as a code, empty if nothing; None if none was agreed."""
    numbers_before: Collection[str] = ()
    same_number: bool = False


@dataclass(frozen=True)
class PieceFacts:
    """What we know of a piece.

    `reported` are the days that the provider named in its statuses, `lists` how many lists name it, `withdrawn`
    whether it said afterwards that the piece was not made.
    """

    handed_over_on: date | None
    reported: frozenset[date]
    sheets: int | None
    pages: int | None
    product: str | None
    print_sha256: str | None
    withdrawn: bool = False
    void: bool = False
    """The hand-over that the list names had been declared void."""
    lists: int = 1
    unsound_list: str = ""
    """Number of its list, if that proves nothing."""
    contradicted: bool = False
    """Another day was reported or listed after its record of posting was written."""


@dataclass(frozen=True)
class Day:
    """Today, and on which days no post is taken in (Sundays are known)."""

    today: date
    is_holiday: Callable[[date], bool]

    def rests(self, day: date) -> bool:
        """Sunday or legal holiday."""
        return day.weekday() == _SUNDAY or self.is_holiday(day)


def check_list(facts: ListFacts, today: date, ours: Collection[str]) -> list[Finding]:
    """What is wrong with a list as a whole; `ours` are those of its keys that are pieces of ours."""
    of_file = [*_of_bytes(facts), *_of_signature(facts)]
    return [*of_file, *_of_numbers(facts), *_of_totals(facts), *_of_items(facts, today, ours)]


def check_piece(piece: PieceFacts, item: Item | None, evidence: Evidence, day: Day) -> list[Finding]:
    """What speaks against confirming that a piece was posted; `item` is its line, None if no list has it."""
    found = [*_of_evidence(piece, item, evidence), *_of_days(piece, item, day)]
    return [*found, *_of_content(piece, item)] if item else found


def is_sound(findings: Iterable[Finding]) -> bool:
    """Whether a list may prove anything. A line that names no piece of ours says nothing against the other lines."""
    return not blocks(finding for finding in findings if finding.code != "item-unknown")


def posting_day(piece: PieceFacts, item: Item | None) -> date | None:
    """The day that would be confirmed: the list's, else the first that was reported."""
    return (item.posted_on if item else None) or min(piece.reported, default=None)


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether two people have to answer for it."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def gap_before(number: str, before: Collection[str]) -> str | None:
    """The numbers that are missing between a list and the one before it, such as `EL-17 bis EL-19`; None if none is."""
    stem, own = _split(number)
    counted = [
        count for other in before if (count := _count_in(other, stem)) is not None and count < (own or 0)
    ]
    if own is None or not counted or own - max(counted) < 2:
        return None
    width = len(number) - len(stem)
    first, last = (f"{stem}{count:0{width}d}" for count in (max(counted) + 1, own - 1))
    return first if first == last else f"{first} bis {last}"


def _of_bytes(facts: ListFacts) -> Iterator[Finding]:
    if facts.told_sha256 and facts.told_sha256 != facts.sha256:
        yield _error(
            "list-hash-differs",
            "Die Liste kam anders an, als der Dienstleister sie gezeichnet hat (Prüfsumme). Bitte neu anfordern.",
        )


SIGNATURE_FAULTS: Mapping[str, str] = {
    "signature-missing": "Die vereinbarte Signatur der Liste fehlt. Bitte beim Dienstleister anfordern.",
    "signature-broken": "Die Signatur passt nicht zur Liste: Sie wurde nach dem Zeichnen geändert oder falsch "
    "gezeichnet. Bitte neu anfordern.",
    "signature-expired": "Das Zertifikat des Unterzeichners ist abgelaufen. Bitte beim Dienstleister eine neu "
    "gezeichnete Liste und das neue Zertifikat anfordern (list_signed_by).",
    "signature-untrusted": "Die Liste hat jemand anderes gezeichnet als vereinbart. Bitte beim Dienstleister klären.",
}


def _of_signature(facts: ListFacts) -> Iterator[Finding]:
    if facts.signature:
        yield _error(f"list-{facts.signature}", SIGNATURE_FAULTS[facts.signature])


def _of_numbers(facts: ListFacts) -> Iterator[Finding]:
    if facts.same_number:
        yield _error(
            "list-number-repeated",
            f"Die Nummer {facts.number} trägt auch eine andere Liste. Bitte klären, welche gilt.",
        )
    if gap := gap_before(facts.number, facts.numbers_before):
        yield _warning(
            "list-number-gap", f"Davor fehlt in der Zählung {gap}. Bitte beim Dienstleister anfordern."
        )


def _of_totals(facts: ListFacts) -> Iterator[Finding]:
    told, items = facts.told, facts.items
    sums = (
        ("Sendungen", told.pieces, len(items)),
        ("Blatt", told.sheets, _sum(item.sheets for item in items)),
        ("Seiten", told.pages, _sum(item.pages for item in items)),
    )
    for what, said, counted in sums:
        if said is not None and counted is not None and said != counted:
            yield _error(
                "list-total-differs",
                f"Die Liste nennt zusammen {said} {what}, ihre Zeilen {counted}. Bitte eine richtige anfordern.",
            )
    for what, said, own in (
        ("Blatt", told.sheets, facts.ours.sheets),
        ("Seiten", told.pages, facts.ours.pages),
    ):
        if said is not None and own is not None and said != own:
            yield _error(
                "list-counts-differ",
                f"Die Liste nennt zusammen {said} {what}, übergeben wurden für diese Sendungen {own}.",
            )


def _of_items(facts: ListFacts, today: date, ours: Collection[str]) -> Iterator[Finding]:
    counted = Counter(item.key for item in facts.items)
    if repeated := sorted(key for key, count in counted.items() if count > 1):
        yield _error("item-repeated", f"Mehrfach in der Liste: {', '.join(repeated[:5])}.")
    if unknown := sorted(set(counted) - set(ours)):
        yield _error(
            "item-unknown",
            f"{len(unknown)} Zeilen nennen keine Sendung von hier, etwa {unknown[0]}. Bitte beim Dienstleister klären.",
        )
    if facts.day is not None and facts.day > today:
        yield _error("list-day-in-future", f"Der Tag der Liste, {facts.day:%d.%m.%Y}, liegt in der Zukunft.")


def _of_evidence(piece: PieceFacts, item: Item | None, evidence: Evidence) -> Iterator[Finding]:
    if evidence is Evidence.NONE:
        yield _error(
            "evidence-not-agreed",
            "Mit diesem Dienstleister ist kein Nachweis der Aufgabe zur Post vereinbart.",
        )
    if _is_unreported(piece, item):
        yield _error(
            "posting-not-reported",
            "Der Dienstleister hat keine Aufgabe zur Post gemeldet, und keine Einlieferungsliste nennt die Sendung.",
        )
    elif evidence is Evidence.LIST and item is None:
        yield _error("posting-not-listed", "Als aufgegeben gemeldet, aber in keiner Einlieferungsliste.")
    if piece.withdrawn:
        yield _error(
            "posting-contradicted",
            "Nach der Aufgabe zur Post meldete der Dienstleister, die Sendung sei nicht hergestellt.",
        )
    if piece.contradicted:
        yield _error(
            "record-contradicted",
            "Nach dem Ab-Vermerk wurde ein anderer Tag gemeldet oder gelistet. Bitte berichtigen, wenn er gilt.",
        )
    if piece.void:
        yield _error("item-void", "Die Liste nennt eine Übergabe, die hier aufgehoben ist.")
    if piece.unsound_list:
        yield _error(
            "list-not-sound", f"Die Einlieferungsliste {piece.unsound_list} ist selbst nicht in Ordnung."
        )
    if piece.lists > 1:
        yield _error("piece-on-two-lists", f"Die Sendung steht in {piece.lists} Einlieferungslisten.")


def _of_days(piece: PieceFacts, item: Item | None, day: Day) -> Iterator[Finding]:
    said = sorted(piece.reported | ({item.posted_on} if item and item.posted_on else set()))
    if len(said) > 1:
        yield _error(
            "posting-days-differ",
            f"Verschiedene Tage sind gemeldet: {', '.join(f'{one:%d.%m.%Y}' for one in said)}.",
        )
    posted = posting_day(piece, item)
    if _is_unreported(piece, item):
        return
    if posted is None:
        yield _error("posting-day-missing", "Es ist kein Tag der Aufgabe zur Post genannt.")
        return
    if posted > day.today:
        yield _error("posted-in-future", f"Der Tag der Aufgabe, {posted:%d.%m.%Y}, liegt in der Zukunft.")
    if piece.handed_over_on is None or posted < piece.handed_over_on:
        yield _error(
            "posted-before-hand-over", "Der Tag der Aufgabe liegt vor der Übergabe an den Dienstleister."
        )
    if day.rests(posted):
        yield _error("posted-on-rest-day", f"Der {posted:%d.%m.%Y} ist ein Sonntag oder gesetzlicher Feiertag.")


def _is_unreported(piece: PieceFacts, item: Item | None) -> bool:
    return item is None and not piece.reported


def _of_content(piece: PieceFacts, item: Item) -> Iterator[Finding]:
    if item.sheets is not None and piece.sheets is not None and item.sheets != piece.sheets:
        yield _error("sheets-differ", f"Die Liste nennt {item.sheets} Blatt, übergeben wurden {piece.sheets}.")
    if item.pages is not None and piece.pages is not None and item.pages != piece.pages:
        yield _error("pages-differ", f"Die Liste nennt {item.pages} Seiten, übergeben wurden {piece.pages}.")
    if item.sha256 and piece.print_sha256 and item.sha256 != piece.print_sha256:
        yield _error("print-hash-differs", "Gedruckt wurde eine andere Datei als die übergebene (Prüfsumme).")
    if item.product and piece.product and item.product.casefold() != piece.product.casefold():
        yield _warning("product-differs", f"Aufgegeben als {item.product}, berechnet als {piece.product}.")


def _sum(values: Iterable[int | None]) -> int | None:
    """None if a line does not say: then nothing can be compared."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _split(number: str) -> tuple[str, int | None]:
    digits = re.search(r"\d{1,18}$", number, re.ASCII)
    return (number[: digits.start()], int(digits[0])) if digits else (number, None)


def _count_in(number: str, stem: str) -> int | None:
    own_stem, count = _split(number)
    return count if own_stem == stem else None


def _error(code: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, message)


def _warning(code: str, message: str) -> Finding:
    return Finding(code, Severity.WARNING, message)
