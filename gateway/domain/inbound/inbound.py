"""Finds the case that a scanned document belongs to.

Evidence, strongest first: our own code on the paper, the file number that the scan provider typed, the file number
in the text layer. A code says which letter a *sheet* belongs to, not who sent it: on a reply slip that lies on top it
says both, on a copy that somebody encloses it does not. Wherever the evidence contradicts itself, or could be about
somebody else, a person decides: a document in the wrong citizen's file is worse than one in the tray.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.domain.inbound.file_numbers import file_numbers_in, labelled_in_head, normalise_file_number
from gateway.domain.inbound.inbound_classes import CERTIFICATE_OF_SERVICE, REPLY_SLIP, RETURNED_MAIL
from gateway.domain.inbound.match_strength import Confidence, Evidence
from gateway.domain.receipt.returning import PERHAPS_WORDS, Perhaps, may_have_come_back
from gateway.domain.references import decode_reply_code, decode_sheet_code, for_people, read_reference

Case = TypeVar("Case")
"""However the caller names a case: an id or a reference."""
_ON_TOP = 2
"""The last page of the sheet that lies on top, scanned on both sides."""
_COMES_BACK = frozenset({RETURNED_MAIL, CERTIFICATE_OF_SERVICE})
"""Classes of paper that carry the code of a letter because they are about it."""


@dataclass(frozen=True)
class Seen:
    """What was read off a document: codes as (page from 1, text), index field, text layer, class of the manifest.

    `pages`: how many it has; 0: not known. `envelope`: one with a piece of ours in its window lies on top, and the
    reference of that piece stands among the codes.
    """

    codes: Sequence[tuple[int, str]] = ()
    index_file_number: str | None = None
    text: str = ""
    document_class: str = ""
    pages: int = 0
    envelope: bool = False


@dataclass(frozen=True)
class Known(Generic[Case]):
    """What there is to find: letter → case, piece → its letters, normalised number → every case that has it.

    `named` are the cases of whose members one is named in the text, given name and family name.
    """

    letters: Mapping[str, Case] = field(default_factory=dict)
    pieces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, Sequence[Case]] = field(default_factory=dict)
    named: Collection[Case] = frozenset()


@dataclass(frozen=True)
class Proposal(Generic[Case]):
    """A case that something points to, and a German sentence why; `letter` where the paper answers or is about one."""

    case: Case
    evidence: Evidence
    reason: str
    letter: str | None = None


@dataclass(frozen=True)
class Match(Generic[Case]):
    """Result of matching. `reason` is a German sentence for the tray; it names no person.

    `letter` is the reference of the letter answered or returned, if exactly one is known; `returned` is set where
    the paper is of ours and came back, or may have. `proposals` are all cases that anything points to, likeliest first.
    """

    case: Case | None
    letter: str | None
    confidence: Confidence
    reason: str
    returned: bool = False
    evidence: Evidence = Evidence.NOTHING
    proposals: tuple[Proposal[Case], ...] = ()
    perhaps: Perhaps | None = None
    """Why it may have come back, where it came as citizens' mail."""

    @property
    def candidates(self) -> tuple[Case, ...]:
        """All cases that anything points to."""
        return tuple(proposal.case for proposal in self.proposals)


def match(seen: Seen, known: Known[Case]) -> Match[Case]:
    """Find the case of a document."""
    codes = _read_codes(seen, known)
    number = normalise_file_number(seen.index_file_number or "")
    return _Judgement(
        seen, known, codes, tuple(known.numbers.get(number, ())), _read_text(seen.text, known)
    ).judge()


@dataclass(frozen=True)
class _Codes(Generic[Case]):
    proposals: tuple[Proposal[Case], ...] = ()
    letters: tuple[str, ...] = ()
    """Those that the paper answers; without a reply slip all whose sheets are there."""
    replies: tuple[int, ...] = ()
    """Pages with a code of a reply slip."""
    unknown: bool = False
    """A code of our form that leads to no letter of ours."""


def _read_codes(seen: Seen, known: Known[Case]) -> _Codes[Case]:
    replies = {letter: page for page, code in reversed(seen.codes) if (letter := decode_reply_code(code))}
    found = [
        (letter, f"Antwortbogen zu {for_people(letter)} auf Seite {page}.")
        for letter, page in reversed(replies.items())
    ]
    unknown = False
    for page, code in seen.codes:
        if decode_reply_code(code) is not None:
            continue
        inside = _letters_in(code, known.pieces)
        unknown = unknown or (decode_sheet_code(code) is not None and not inside)
        # A reply slip says which letter of the envelope it belongs to; without one all of them may be meant.
        found += (
            []
            if set(inside) & set(replies)
            else [
                (letter, f"Blatt unseres Schreibens {for_people(letter)} auf Seite {page}.")
                for letter in inside
            ]
        )
    unknown = unknown or any(letter not in known.letters for letter, _ in found)
    names = seen.document_class in _COMES_BACK
    proposals = [
        Proposal(known.letters[letter], Evidence.CODE, said, letter if names or letter in replies else None)
        for letter, said in found
        if letter in known.letters
    ]
    there = _distinct(letter for letter, _ in found if letter in known.letters)
    letters = tuple(letter for letter in there if letter in replies) or there
    return _Codes(tuple(proposals), letters, tuple(sorted(replies.values())), unknown)


def _letters_in(code: str, pieces: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The letters of the piece whose sheet code or reference this is."""
    sheet = decode_sheet_code(code)
    piece = sheet.piece if sheet else read_reference(code)
    return pieces.get(piece, ()) if piece else ()


@dataclass(frozen=True)
class _Text(Generic[Case]):
    plain: tuple[Case, ...] = ()
    broken: tuple[Case, ...] = ()
    numbers: Mapping[str, Sequence[Case]] = field(default_factory=dict)
    """The known numbers that stand plainly in the text."""


def _read_text(text: str, known: Known[Case]) -> _Text[Case]:
    found = {number: plain for number, plain in file_numbers_in(text).items() if number in known.numbers}
    return _Text(
        _distinct(case for number, plain in found.items() if plain for case in known.numbers[number]),
        _distinct(case for number, plain in found.items() if not plain for case in known.numbers[number]),
        {number: known.numbers[number] for number, plain in found.items() if plain},
    )


@dataclass(frozen=True)
class _Judgement(Generic[Case]):
    seen: Seen
    known: Known[Case]
    codes: _Codes[Case]
    indexed: tuple[Case, ...]
    text: _Text[Case]

    def judge(self) -> Match[Case]:
        cases = _distinct(proposal.case for proposal in self.codes.proposals)
        if cases:
            return self._by_code(cases)
        if self.codes.unknown:
            return self._doubt("Der Code auf dem Papier gehört zu keinem bekannten Schreiben.", self._first())
        if len(self.indexed) > 1:
            return self._doubt("Das Aktenzeichen der Scanstelle haben mehrere Fälle.", None)
        if self.indexed:
            return self._by_index(self.indexed[0])
        return self._by_text()

    def _by_code(self, cases: tuple[Case, ...]) -> Match[Case]:
        if len(cases) > 1:
            return self._doubt(
                "Die Codes gehören zu verschiedenen Fällen; vielleicht wurden zwei Schreiben zusammen gescannt, oder "
                "sie lagen in einem Umschlag.",
                None,
            )
        case = cases[0]
        if (against := self._what_speaks_against(case)) is not None:
            return self._doubt(against, case)
        if self.seen.document_class in _COMES_BACK:
            return self._certain("Der Code weist das Papier als ein eigenes Blatt aus, das zurückkam.", case)
        if (perhaps := self._perhaps()) is not None:
            return self._doubt(PERHAPS_WORDS[perhaps], case)
        agrees = self.indexed == (case,)
        return (self._by_slip if self.codes.replies else self._by_sheet)(case, agrees=agrees)

    def _what_speaks_against(self, case: Case) -> str | None:
        if self.codes.unknown:
            return "Ein weiterer Code gehört zu keinem bekannten Schreiben."
        if self.indexed and case not in self.indexed:
            return "Der Code und das Aktenzeichen der Scanstelle gehören zu verschiedenen Fällen."
        if self.text.plain and case not in self.text.plain:
            return "Der Code und das Aktenzeichen im Text gehören zu verschiedenen Fällen."
        return None

    def _by_slip(self, case: Case, *, agrees: bool) -> Match[Case]:
        on_top = self.codes.replies[0] <= _ON_TOP or self.seen.document_class == REPLY_SLIP
        if on_top or agrees:
            return self._certain("Der Code weist das Papier als einen Antwortbogen aus.", case)
        return self._doubt(
            "Der Antwortbogen liegt nicht obenauf; vielleicht wurden zwei Sendungen zusammen gescannt.", case
        )

    def _by_sheet(self, case: Case, *, agrees: bool) -> Match[Case]:
        """One of our own letters among the papers: perhaps a copy that somebody else encloses."""
        if agrees:
            return self._certain(
                "Code eines eigenen Blatts und Aktenzeichen der Scanstelle stimmen überein.", case
            )
        return self._doubt(
            "Auf dem Papier ist der Code eines Schreibens von uns, es ist aber weder Rückläufer noch Antwortbogen; "
            "vielleicht hat jemand eine Kopie beigelegt.",
            case,
        )

    def _by_index(self, case: Case) -> Match[Case]:
        if self.text.plain and case not in self.text.plain:
            return self._doubt(
                "Das Aktenzeichen der Scanstelle und das im Text gehören zu verschiedenen Fällen.", case
            )
        if len(self.text.plain) > 1:
            return self._doubt("Im Text stehen auch Aktenzeichen anderer Fälle.", case)
        return self._certain("Die Scanstelle hat das Aktenzeichen erfasst.", case, Evidence.INDEX)

    def _by_text(self) -> Match[Case]:
        plain, broken = self.text.plain, self.text.broken
        index = self.seen.index_file_number
        if len(_distinct((*plain, *broken))) > 1:
            return self._doubt("Im Text stehen Aktenzeichen verschiedener Fälle.", None)
        if not plain and broken:
            return self._doubt("Das Aktenzeichen im Text ist nicht eindeutig geschrieben.", broken[0])
        if plain and index:
            return self._doubt(
                "Das Aktenzeichen der Scanstelle ist unbekannt; im Text steht ein bekanntes.", plain[0]
            )
        if plain:
            return self._by_number(plain[0])
        if index:
            return self._nothing(
                "Das Aktenzeichen der Scanstelle ist unbekannt, und im Text steht kein bekanntes."
            )
        return self._nothing("Kein Code und kein bekanntes Aktenzeichen gefunden.")

    def _by_number(self, case: Case) -> Match[Case]:
        """A number without a check digit, read by a machine, counts only beside a second fact about the case."""
        if not labelled_in_head(self.seen.text, self.text.numbers):
            return self._doubt(
                "Das Aktenzeichen steht nicht als Zeichen des Absenders im Kopf des Schreibens.", case
            )
        if case not in self.known.named and len(self.text.numbers) < 2:
            return self._doubt(
                "Im Text steht genau ein bekanntes Aktenzeichen, aber weder BG-Nummer noch Name bestätigen es.",
                case,
            )
        return self._certain(
            "Aktenzeichen im Kopf des Schreibens, bestätigt durch Name oder BG-Nummer.", case, Evidence.TEXT
        )

    def _certain(self, reason: str, case: Case, by: Evidence = Evidence.CODE) -> Match[Case]:
        return self._match(case, Confidence.CERTAIN, reason, by)

    def _doubt(self, reason: str, case: Case | None) -> Match[Case]:
        likely = next((each.evidence for each in self._proposals(case) if each.case == case), Evidence.NOTHING)
        return self._match(case, Confidence.DOUBTFUL, reason, likely)

    def _nothing(self, reason: str) -> Match[Case]:
        return self._match(None, Confidence.NONE, reason, Evidence.NOTHING)

    def _match(self, case: Case | None, confidence: Confidence, reason: str, by: Evidence) -> Match[Case]:
        letter = self._letter() if case is not None else None
        perhaps = self._perhaps()
        returned = perhaps is not None or (
            self.seen.document_class == RETURNED_MAIL and bool(self.codes.letters)
        )
        return Match(case, letter, confidence, reason, returned, by, self._proposals(case), perhaps)

    def _perhaps(self) -> Perhaps | None:
        """Why it may have come back although the scan site did not say so."""
        if self.seen.document_class in {REPLY_SLIP, *_COMES_BACK} or not self.codes.letters:
            return None
        return may_have_come_back(self.seen.codes, self.seen.pages, envelope=self.seen.envelope)

    def _letter(self) -> str | None:
        """Only what answers a letter, or is about it, names it; a copy that is enclosed does not."""
        names = self.codes.replies or self.seen.document_class in _COMES_BACK
        return self.codes.letters[0] if names and len(self.codes.letters) == 1 else None

    def _proposals(self, first: Case | None) -> tuple[Proposal[Case], ...]:
        every = [
            *self.codes.proposals,
            *(
                Proposal(case, Evidence.INDEX, "Aktenzeichen, das die Scanstelle erfasst hat.")
                for case in self.indexed
            ),
            *(Proposal(case, Evidence.TEXT, "Aktenzeichen im Text.") for case in self.text.plain),
            *(
                Proposal(case, Evidence.TEXT, "Aktenzeichen im Text, nicht eindeutig geschrieben.")
                for case in self.text.broken
            ),
        ]
        merged = [
            _merged([one for one in every if one.case == case]) for case in _distinct(one.case for one in every)
        ]
        return tuple(sorted(merged, key=lambda proposal: proposal.case != first))

    def _first(self) -> Case | None:
        return next((proposal.case for proposal in self._proposals(None)), None)


def _merged(about_one_case: Sequence[Proposal[Case]]) -> Proposal[Case]:
    """One proposal from all that points to a case, strongest first."""
    strongest = about_one_case[0]
    letters = _distinct(proposal.letter for proposal in about_one_case if proposal.letter)
    reason = " ".join(_distinct(proposal.reason for proposal in about_one_case))
    return Proposal(strongest.case, strongest.evidence, reason, letters[0] if len(letters) == 1 else None)


Value = TypeVar("Value")


def _distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(values))
