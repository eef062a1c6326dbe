"""What the scan site says about paper: certificates of destruction and answers to recalls, judged.

A certificate (ISO/IEC 21964-3) names container and seal, day, process and security level. Social data need level P-5
at least (ISO/IEC 21964-1, protection class 3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from gateway.domain.paper.originals import Paper

_LONGEST = 200
LEVELS = tuple(f"P-{number}" for number in range(1, 8))


class PaperFinding(StrEnum):
    """What is wrong with a certificate, a line of it, an answer, or the paper itself."""

    NOT_RELEASED = "destroyed-without-release"
    RECALLED = "destroyed-although-recalled"
    TWICE = "destroyed-twice"
    UNKNOWN = "destroyed-unknown"
    TOO_EARLY = "destroyed-before-release"
    LEVEL = "destruction-level-too-low"
    COUNT = "destruction-count-differs"
    UNREADABLE = "scan-report-unreadable"
    DIFFERS = "scan-report-differs"
    OVERDUE = "destruction-overdue"
    NO_ANSWER = "recall-unanswered"
    NO_CERTIFICATE = "destruction-without-certificate"
    NOT_FOUND = "recalled-not-found"


class TooLate(StrEnum):
    """Why destroyed paper would be wanted back, although it was destroyed rightly."""

    SCAN_BAD = "destroyed-scan-bad"
    MOVED = "destroyed-and-moved"
    LOCKED = "destroyed-case-locked"


MEANING: Mapping[StrEnum, str] = {
    TooLate.SCAN_BAD: "Ein Scan wurde beanstandet, dessen Original schon vernichtet ist. Bitte klären, was noch "
    "vorliegt, und es zur Akte vermerken.",
    TooLate.MOVED: "Ein Dokument lag im falschen Fall, und sein Original ist schon vernichtet. Bitte am Scan prüfen, "
    "ob es vollständig ist.",
    TooLate.LOCKED: "In einem Fall gilt eine Löschsperre, und ein Original ist schon vernichtet. Bitte der Stelle "
    "mitteilen, die das Original verlangt.",
    PaperFinding.NOT_RELEASED: "Die Scanstelle hat ein Original vernichtet, das nicht freigegeben war. Bitte sofort "
    "die Leitung und die oder den Datenschutzbeauftragten unterrichten.",
    PaperFinding.RECALLED: "Die Scanstelle hat ein Original vernichtet, obwohl es zurückgefordert war.",
    PaperFinding.TWICE: "Zu einem Original gibt es zwei Vernichtungsnachweise. Bitte mit der Scanstelle klären.",
    PaperFinding.UNKNOWN: "Ein Vernichtungsnachweis nennt ein Dokument, das nie geliefert wurde.",
    PaperFinding.TOO_EARLY: "Ein Original wurde an einem Tag vernichtet, an dem es noch nicht freigegeben war.",
    PaperFinding.LEVEL: "Die Sicherheitsstufe der Vernichtung liegt unter der vereinbarten (ISO/IEC 21964).",
    PaperFinding.COUNT: "Die Stückzahl des Vernichtungsnachweises stimmt nicht mit seiner Liste überein.",
    PaperFinding.UNREADABLE: "Eine Meldung der Scanstelle ist nicht lesbar. Bitte neu anfordern.",
    PaperFinding.DIFFERS: "Die Scanstelle hat eine Meldung mit anderem Inhalt wiederholt. Es gilt die erste.",
    PaperFinding.OVERDUE: "Freigegebene Originale sind nicht rechtzeitig als vernichtet gemeldet.",
    PaperFinding.NO_ANSWER: "Auf eine Rückforderung hat die Scanstelle nicht rechtzeitig geantwortet.",
    PaperFinding.NO_CERTIFICATE: "Ein zurückgefordertes Original soll vernichtet sein; der Nachweis fehlt.",
    PaperFinding.NOT_FOUND: "Die Scanstelle findet ein zurückgefordertes Original nicht.",
}

GRAVE = frozenset({PaperFinding.NOT_RELEASED, PaperFinding.RECALLED, PaperFinding.TOO_EARLY})
"""Paper is gone that should be there: nothing can mend it."""


class RecallAnswer(StrEnum):
    """What the scan site did about a recall."""

    SENT = "sent"
    DESTROYED = "destroyed"
    NOT_FOUND = "not-found"


@dataclass(frozen=True)
class CertificateLine:
    """One destroyed paper."""

    delivery: str
    document_id: str


@dataclass(frozen=True)
class Certificate:
    """A certificate of destruction (*Vernichtungsnachweis*), as it was reported."""

    number: str
    destroyed_on: date
    container: str
    seal: str
    process: str
    level: str
    quantity: int
    signed_by: str
    lines: tuple[CertificateLine, ...]


@dataclass(frozen=True)
class RecallReply:
    """An answer to recalls: their name, what was done, and under which number it travels."""

    recall: str
    answer: RecallAnswer
    shipment: str = ""


def faults_of(certificate: Certificate, least: str) -> Iterator[PaperFinding]:
    """What is wrong with the certificate as a whole; `least` is the level that was agreed."""
    known = certificate.level in LEVELS
    if not known or LEVELS.index(certificate.level) < LEVELS.index(least):
        yield PaperFinding.LEVEL
    if certificate.quantity != len(certificate.lines):
        yield PaperFinding.COUNT


def fault_of_line(
    paper: Paper, released_on: date | None, recalled_on: date | None, destroyed_on: date
) -> PaperFinding | None:
    """What is wrong with the destruction of one paper; None if it was right.

    A paper that was released and is destroyed before the day of its recall was destroyed rightly: the letters crossed.
    """
    if paper is Paper.DESTROYED:
        return PaperFinding.TWICE
    if released_on is None:
        return PaperFinding.RECALLED if paper in {Paper.RECALLED, Paper.RETURNED} else PaperFinding.NOT_RELEASED
    if destroyed_on < released_on:
        return PaperFinding.TOO_EARLY
    if paper is Paper.RETURNED or (recalled_on is not None and destroyed_on >= recalled_on):
        return PaperFinding.RECALLED
    return None


Report = Certificate | list[RecallReply]


def read_report(said: Mapping[str, Any]) -> Report:
    """What a report says, in the shape of its JSON. Raises `ValueError`, `KeyError` or `TypeError` where it is not so.

    `destruction-certificate/1`: certificate, destroyed_on, container, seal, process, level, quantity, signed_by,
    documents [{delivery, document_id}]. `recall-answer/1`: answers [{recall, answer, shipment}].
    """
    match said["schema"]:
        case "destruction-certificate/1":
            return _certificate(said)
        case "recall-answer/1":
            return [_reply(each) for each in said["answers"]]
        case _:
            raise ValueError("unknown schema")


def _certificate(said: Mapping[str, Any]) -> Certificate:
    lines = tuple(
        CertificateLine(_text(each, "delivery"), _text(each, "document_id")) for each in said["documents"]
    )
    texts = {name: _text(said, name) for name in ("container", "seal", "process", "level", "signed_by")}
    day, quantity = date.fromisoformat(_text(said, "destroyed_on")), said["quantity"]
    if not isinstance(quantity, int) or not lines:
        raise ValueError("quantity is a number, documents are not empty")
    return Certificate(
        number=_text(said, "certificate"), destroyed_on=day, quantity=quantity, lines=lines, **texts
    )


def _reply(said: Mapping[str, Any]) -> RecallReply:
    return RecallReply(_text(said, "recall"), RecallAnswer(said["answer"]), str(said.get("shipment") or ""))


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise ValueError(f"{name} is a short text")
    return value
