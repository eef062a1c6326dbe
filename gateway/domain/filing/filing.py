"""What belongs in the case file (*Akte*), purely from what has happened to a letter.

Work is found by comparing these due filings with the keys already filed; so facts may arrive in any order, and
a key, once due, stays due. Must not know how a case-file system stores anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from gateway.domain.letters.letter import LetterState
from gateway.domain.references import for_people


class FilingKind(StrEnum):
    """What happened, as the case file calls it."""

    DOCUMENT = "document"
    """A letter was approved; its document is filed, once for each recipient's copy."""
    TWIN = "twin"
    """The accessible copy that was approved together with a recipient's document."""
    ENCLOSURE = "enclosure"
    """What was approved together with it and goes to all its recipients; filed once."""
    HAND_OVER = "hand-over"
    """A piece was given to the print provider."""
    POSTING = "posting"
    """A piece was given to the carrier: first as the provider reports it (provisional), then as a clerk confirms it."""
    DELIVERY = "delivery"
    """A receipt of a piece was proven, or a record of that corrected."""
    RETURN = "return"
    """A piece came back, and what was decided about that."""
    CANCELLATION = "cancellation"
    """An approved letter will not be posted."""
    INBOUND = "inbound"
    """A scanned document was received."""
    WITHDRAWAL = "withdrawal"
    """A scanned document that lay in the wrong file was taken out of it; the entry says nothing about what it was."""


@dataclass(frozen=True)
class ProofFacts:
    """One record about the receipt of a piece; `number` counts from 1, later ones correct earlier ones."""

    number: int
    recorded_at: datetime
    said: str
    """What it says, as one German line without names."""


@dataclass(frozen=True)
class RecordFacts:
    """A record of posting (*Ab-Vermerk*); later numbers replace earlier ones. No day: it was not posted after all."""

    number: int
    posted_on: date | None
    made_at: datetime
    basis: bool = False
    """Whether a document lies behind it that is about this piece alone; others name other people's pieces too."""


@dataclass(frozen=True)
class SupplementFacts:
    """A number of the carrier's that came after the record of posting; `number` counts from 1 with each piece."""

    number: int
    noted_at: datetime
    said: str


@dataclass(frozen=True)
class RecipientFacts:
    """What is known of one recipient's copy and its mail piece. `no` counts from 1; moments are timezone-aware."""

    no: int
    piece: str | None = None
    handed_over_at: datetime | None = None
    posting_reported_on: date | None = None
    records: tuple[RecordFacts, ...] = ()
    returned_at: datetime | None = None
    return_decided: tuple[datetime, str] | None = None
    """When it was decided whether a piece that came back counts as notified, and how, in German words."""
    replaced: tuple[tuple[datetime, str], ...] = ()
    """When which new letter was written in its place."""
    twin: str | None = None
    """What the accessible copy is called that was signed with the letter; None if there is none."""
    proofs: tuple[ProofFacts, ...] = ()
    by_hand: bool = False
    """It leaves by hand: its posting is never a report, and its hand-over is that to a courier."""
    supplements: tuple[SupplementFacts, ...] = ()


@dataclass(frozen=True)
class Signing:
    """What was signed at one moment: each recipient's document and its twin, and the enclosures.

    More than one if the template version was withdrawn after the first approval. Only the last one is posted; all of
    them were signed, and belong in the file.
    """

    number: int
    approved_at: datetime
    recipients: Sequence[RecipientFacts] = ()
    """Number and twin."""
    enclosures: int = 0


@dataclass(frozen=True)
class LetterFacts:
    """What is known of one letter; moments are timezone-aware."""

    reference: str
    state: LetterState
    approved_at: datetime | None = None
    cancelled_at: datetime | None = None
    recipients: Sequence[RecipientFacts] = ()
    signing: int = 1
    """Which signing counts; another than the first if its template version was withdrawn after an approval."""
    earlier: Sequence[Signing] = ()
    """What was signed before the one that counts."""
    enclosures: int = 0
    """How many were signed with it; numbered from 1."""


@dataclass(frozen=True)
class DueFiling:
    """One entry that must be in the case file. `key` is unique for ever; `title` is one German line.

    `recipient_no` is None where the entry is about the whole letter. `occurred` is when it happened; of a posting
    only the day is known. A `provisional` posting is what the provider reports and nobody has confirmed.
    """

    kind: FilingKind
    key: str
    title: str
    occurred: datetime | date
    recipient_no: int | None = None
    provisional: bool = False
    enclosure_no: int | None = None
    signing: int = 1
    """To which signing a document belongs."""
    proof_no: int | None = None
    record_no: int | None = None
    basis: bool = False
    """It brings the document that the record `record_no` rests on."""
    supplement_no: int | None = None


_APPROVED_ONCE = frozenset({LetterState.APPROVED, LetterState.BATCHED, LetterState.CANCELLED})


def filing_key(what: str, *parts: str | int) -> str:
    """`WHAT:PART:PART`, such as `document:7K4M9QXZ:1`. A part with a colon or a blank would not be unique."""
    words = [what, *map(str, parts)]
    if not parts or any(not word or ":" in word or word.split() != [word] for word in words):
        raise ValueError("a part of a filing key is empty or has a colon or a blank")
    return ":".join(words)


def inbound_filing_key(source: str, document_id: str, placing: int = 1) -> str:
    """The key of a scanned document: unique at its source; another each time that it is put into a file."""
    return filing_key(FilingKind.INBOUND, source, document_id, *([placing] if placing > 1 else []))


def withdrawal_filing_key(source: str, document_id: str, placing: int) -> str:
    """The key of the entry that says that a scanned document was taken out of a file again."""
    return filing_key(FilingKind.WITHDRAWAL, source, document_id, placing)


def due_filings(letter: LetterFacts) -> list[DueFiling]:
    """Everything about a letter that must be in the case file by now, in the order of time.

    A letter that never was approved leaves nothing: drafts are not part of the file.
    """
    due = [filing for earlier in letter.earlier for filing in _of_signing(letter.reference, earlier)]
    if letter.state in _APPROVED_ONCE:
        if letter.approved_at is not None:
            last = Signing(letter.signing, letter.approved_at, letter.recipients, letter.enclosures)
            due += _of_signing(letter.reference, last)
            for recipient in letter.recipients:
                if recipient.piece is not None:
                    due += _of_piece(letter.reference, recipient, recipient.piece)
        # Approved once, healed, and cancelled before it was approved again: what was signed will not be posted.
        if letter.approved_at is not None or letter.earlier:
            due += _cancellation(letter)
    return sorted(due, key=_by_time)


def _cancellation(letter: LetterFacts) -> Iterator[DueFiling]:
    if letter.cancelled_at is not None:
        key = filing_key("cancellation", letter.reference)
        yield DueFiling(FilingKind.CANCELLATION, key, "Schreiben storniert", letter.cancelled_at)


def _of_signing(letter: str, signed: Signing) -> Iterator[DueFiling]:
    """What was signed together. The key of a later signing is told from the first one's; both stay in the file."""
    anew = [f"signing-{signed.number}"] if signed.number > 1 else []
    again = ", ersetzt die frühere Fassung" if anew else ""

    def due(kind: FilingKind, what: int, title: str, recipient_no: int | None = None) -> DueFiling:
        key = filing_key(kind.value, letter, what, *anew)
        return DueFiling(kind, key, title, signed.approved_at, recipient_no, signing=signed.number)

    for recipient in signed.recipients:
        note = f" (Empfänger {recipient.no} von {len(signed.recipients)})" if len(signed.recipients) > 1 else ""
        yield due(FilingKind.DOCUMENT, recipient.no, f"Schreiben freigegeben{again}{note}", recipient.no)
        if recipient.twin is not None:
            yield due(FilingKind.TWIN, recipient.no, f"{recipient.twin} freigegeben{note}", recipient.no)
    for number in range(1, signed.enclosures + 1):
        yield replace(due(FilingKind.ENCLOSURE, number, f"Anlage {number} freigegeben"), enclosure_no=number)


def _of_piece(letter: str, recipient: RecipientFacts, piece: str) -> Iterator[DueFiling]:
    """Each letter of a piece has entries of its own: it may lie in another case than the others."""
    name, no = for_people(piece), recipient.no
    if (moment := recipient.handed_over_at) is not None:
        whom = "einem Kurier" if recipient.by_hand else "an den Druckdienstleister"
        title = f"Sendung {name} {whom} übergeben"
        yield DueFiling(FilingKind.HAND_OVER, filing_key("hand-over", piece, letter), title, moment, no)
    if (day := recipient.posting_reported_on) is not None and not recipient.by_hand:
        title = f"Sendung {name}: Aufgabe zur Post am {day:%d.%m.%Y} gemeldet (vorläufig)"
        key = filing_key("posting-reported", piece, letter)
        yield DueFiling(FilingKind.POSTING, key, title, day, no, provisional=True)
    for record in recipient.records:
        yield _of_record(letter, recipient, piece, record)
        if record.basis:
            key = filing_key("posting-basis", piece, letter, record.number)
            title = f"Sendung {name}: Beleg zum Ab-Vermerk Nr. {record.number}"
            kind = FilingKind.POSTING
            yield DueFiling(kind, key, title, record.made_at, no, record_no=record.number, basis=True)
    for added in recipient.supplements:
        key = filing_key("posting-supplement", piece, letter, added.number)
        title = f"Sendung {name}: Ab-Vermerk ergänzt um {added.said}"
        yield DueFiling(FilingKind.POSTING, key, title, added.noted_at, no, supplement_no=added.number)
    for proof in recipient.proofs:
        key = filing_key("delivery", piece, letter, proof.number)
        again = " (Berichtigung)" if proof.number > 1 else ""
        title = f"Sendung {name}, Zugangsnachweis{again}: {proof.said}"
        yield DueFiling(FilingKind.DELIVERY, key, title, proof.recorded_at, no, proof_no=proof.number)
    if (moment := recipient.returned_at) is not None:
        title = f"Sendung {name} kam zurück (Rückläufer); Bekanntgabe strittig"
        yield DueFiling(FilingKind.RETURN, filing_key("return", piece, letter), title, moment, no)
    if recipient.return_decided is not None:
        decided_at, said = recipient.return_decided
        key = filing_key("return-decided", piece, letter, f"{decided_at:%Y%m%d%H%M%S}")
        title = f"Sendung {name}, Rückläufer: {said}"
        yield DueFiling(FilingKind.RETURN, key, title, decided_at, no)
    for moment, new in recipient.replaced:
        title = f"Sendung {name}, Rückläufer: neu verfasst als Schreiben {for_people(new)}"
        yield DueFiling(FilingKind.RETURN, filing_key("return-replaced", piece, letter, new), title, moment, no)


def _of_record(letter: str, recipient: RecipientFacts, piece: str, record: RecordFacts) -> DueFiling:
    """Each record is an entry of its own: what was in the file stays there, a correction comes beside it."""
    name, day = for_people(piece), record.posted_on
    first = record.number == 1
    parts = (piece, letter) if first else (piece, letter, record.number)
    key = filing_key("posting-confirmed" if first else "posting-corrected", *parts)
    verb = ("von Hand vermerkt" if recipient.by_hand else "bestätigt") if first else "berichtigt"
    what = f"Aufgabe zur Post am {day:%d.%m.%Y} {verb}" if day else "doch nicht zur Post gegeben"
    number = "" if first else f" Nr. {record.number}"
    # A correction stands in the file when it was made; the first one on the day that it proves.
    occurred = day if first and day else record.made_at
    title = f"Sendung {name}: {what} (Ab-Vermerk{number})"
    return DueFiling(FilingKind.POSTING, key, title, occurred, recipient.no, record_no=record.number)


_IN_LIFE = (
    FilingKind.DOCUMENT,
    FilingKind.TWIN,
    FilingKind.ENCLOSURE,
    FilingKind.HAND_OVER,
    FilingKind.POSTING,
    FilingKind.DELIVERY,
    FilingKind.RETURN,
    FilingKind.CANCELLATION,
)


def _by_time(filing: DueFiling) -> tuple[date, int, bool, int, int]:
    """By day; within a day in the order of a letter's life, because of a posting only the day is known."""
    occurred = filing.occurred
    day = occurred.astimezone(UTC).date() if isinstance(occurred, datetime) else occurred
    number = filing.recipient_no or 0
    return day, _IN_LIFE.index(filing.kind), not filing.provisional, filing.signing, number
