"""Returned mail (*Rückläufer*): what a reason means, which address it speaks against, and what a person may decide.

That a piece came back says that it was not received as it was meant to be; whether the fiction of notification is void
is a decision of law, proposed here by reason and made by a person. Until then the deadline is disputed. What speaks
against an address speaks against *this person at this address*, never against others who live there.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.addresses.address_text import HOME_COUNTRY, SALUTATIONS
from gateway.domain.references import decode_sheet_code, read_reference
from gateway.errors import Conflict, InputError

SUSPENDED = "recipient-suspended"
"""Code of a hold: mail to this person at this address came back."""


NEEDLESS = "reissue-needless"
"""Code of a hold: the letter that this one replaces never came back."""


class ReturnReason(StrEnum):
    """Why a piece came back, as carriers write it on the envelope."""

    MOVED = "moved"
    UNKNOWN = "unknown"
    """Not to be found at the address."""
    REFUSED = "refused"
    NOT_COLLECTED = "not-collected"
    DECEASED = "deceased"
    INCOMPLETE = "incomplete"
    """The address is incomplete or wrong."""
    OTHER = "other"
    """Another reason, or none that could be read."""


class ReturnFiction(StrEnum):
    """Whether the piece counts as notified although it came back."""

    DISPUTED = "disputed"
    """Nobody has decided yet."""
    VOID = "void"
    """Nothing is notified, no deadline runs."""
    HOLDS = "holds"
    """It counts as received: the deadline holds."""


class ReturnAction(StrEnum):
    """How the task ends."""

    REISSUE = "reissue"
    """A new letter to the present address."""
    SERVE = "serve"
    """A new letter by Postzustellungsauftrag."""
    CLOSE = "close"
    """Nothing more is to be done."""


class ReturnSource(StrEnum):
    """Who told us."""

    SCAN = "scan"
    PROVIDER = "provider"
    PROOF = "proof"
    """A certificate of service that says that it could not be served."""
    PERSON = "person"


@dataclass(frozen=True)
class ReturnRule:
    """What a reason means. `proposal` None: a person weighs it; `suspends`: whether it speaks against the address."""

    proposal: ReturnFiction | None
    rule: str
    suspends: bool


@dataclass(frozen=True)
class ReturnRules:
    """One rule for every reason."""

    of: Mapping[ReturnReason, ReturnRule] = field(default_factory=dict)


_WRITTEN: Sequence[tuple[str, ReturnReason]] = (
    ("verstorben|deceased|decede", ReturnReason.DECEASED),
    ("verweiger|refused", ReturnReason.REFUSED),
    ("abgeholt|not[- _]?collected|lagerfrist|unclaimed", ReturnReason.NOT_COLLECTED),
    (r"unvollst|incomplete|ungenügend|insufficient|hausnummer", ReturnReason.INCOMPLETE),
    ("unbekannt verzogen|unbekannt|unknown|nicht zu ermitteln|nicht zu finden", ReturnReason.UNKNOWN),
    ("verzogen|moved|umgezogen", ReturnReason.MOVED),
)
"""Words of carriers, scan and print providers; the first that fits. "Unbekannt verzogen" names no new address."""


def reason_in(text: str | None) -> ReturnReason:
    """The reason that a provider's or scan provider's words mean; OTHER where nothing is understood."""
    said = (text or "").casefold()
    return next((reason for words, reason in _WRITTEN if re.search(words, said)), ReturnReason.OTHER)


def reason_keyed(text: str | None) -> ReturnReason:
    """The same of what somebody typed: one of our codes, or words."""
    return ReturnReason(text) if text in set(ReturnReason) else reason_in(text)


def agreed(said: Iterable[ReturnReason]) -> ReturnReason:
    """What several looks at one paper say; OTHER where they contradict each other: a person looks at the picture."""
    known = {reason for reason in said if reason is not ReturnReason.OTHER}
    return known.pop() if len(known) == 1 else ReturnReason.OTHER


_REFERENCE = re.compile(r"(?<![0-9A-Z])([0-9A-Z]{4})\s?[-–—]\s?([0-9A-Z]{4})(?![0-9A-Z])")
_LOOSE = re.compile(r"(?<![0-9A-Z])([0-9A-Z]{4})\s?[-–—]?\s?([0-9A-Z]{4})(?![0-9A-Z])")


def references_in(text: str, *, loose: bool = False) -> tuple[str, ...]:
    """Piece references as they stand in the window, `7K4M-9QXZ`, whose check character is right; in order, once each.

    The hyphen is asked for: eight characters in a row are found by chance in any text; `loose` does without it, where
    something else must fit as well. O and I may stand for 0 and 1,
    as `read_reference` reads them.
    """
    found = (
        read_reference("".join(groups)) for groups in (_LOOSE if loose else _REFERENCE).findall(text.upper())
    )
    return tuple(dict.fromkeys(reference for reference in found if reference))


_ANOTHER = re.compile(r"(?<![0-9A-Z])(?:[0-9]{5}|[0-9A-Z]{4}\s?[-–—]\s?[0-9A-Z]{4})(?![0-9A-Z])")


def may_name_another(text: str) -> bool:
    """Whether a rough look around the window shows anything like a second one: a postcode, or a reference's form.

    The check character is not asked for: a rough look misreads, and only says whether to look closely.
    """
    return _ANOTHER.search(text.upper()) is not None


class Perhaps(StrEnum):
    """Why a paper that came as citizens' mail may be a piece of ours that came back: only a person says whether."""

    WHOLE = "whole-letter"
    """It is our whole letter."""
    PART = "part-of-letter"
    """It consists of sheets of ours, and nothing else."""
    ENVELOPE = "envelope-on-top"
    """On top lies an envelope with one of our pieces in its window."""


def may_have_come_back(codes: Sequence[tuple[int, str]], pages: int, *, envelope: bool) -> Perhaps | None:
    """Why a paper under a class of citizens' mail was perhaps returned and wrongly classed; None if nothing says so.

    `codes`: page from 1, and text, of `pages` pages; `envelope`: whether one of ours shows on top.
    """
    if envelope:
        return Perhaps.ENVELOPE
    if is_whole_letter(codes):
        return Perhaps.WHOLE
    return Perhaps.PART if _is_of_our_sheets(codes, pages) else None


def _is_of_our_sheets(codes: Sequence[tuple[int, str]], pages: int) -> bool:
    """Whether sheets of ours and their backs are all there is: who encloses a copy writes something."""
    if any(decode_sheet_code(code) is None for _, code in codes):
        return False
    sheets = {page for page, _ in codes}
    return 1 in sheets and all({page, page - 1} & sheets for page in range(2, pages + 1))


def is_whole_letter(codes: Sequence[tuple[int, str]]) -> bool:
    """Whether a paper is a piece of ours from its first sheet on top to its last, and nothing else of ours.

    Under a class of citizens' mail it was perhaps returned and wrongly classed: whoever answers sends a reply slip, and
    who encloses a copy lays it behind something. `codes`: page from 1, and text.
    """
    sheets = [(page, sheet) for page, code in codes if (sheet := decode_sheet_code(code))]
    if not sheets or len(sheets) < len(codes):
        return False
    (page, first), *_ = sorted(sheets, key=lambda each: each[0])
    found = {(sheet.piece, sheet.sheet) for _, sheet in sheets}
    whole = {(first.piece, number) for number in range(1, first.of + 1)}
    return page == 1 and first.sheet == 1 and found == whole


def address_key(lines: Sequence[str], country: str = HOME_COUNTRY) -> str:
    """What identifies the address of a piece: a hash of its lines without form of address and name, SHA-256.

    Case, blanks, punctuation and the spelling of "Straße" do not count, nor does another family name; c/o, floor,
    house number, postcode and place do.
    """
    rest = [line for line in lines if line.strip()]
    if rest and rest[0].strip().casefold() in _FORMS:
        rest = rest[1:]
    rest = rest[1:] or rest
    plain = "\n".join(_plain(line) for line in [*rest, country])
    return hashlib.sha256(plain.encode()).hexdigest()


_FORMS = frozenset(word.casefold() for word in SALUTATIONS)


def _plain(line: str) -> str:
    text = unicodedata.normalize("NFKC", line).casefold()
    text = re.sub(r"str(?:asse|\.)(?!\w)", "str", text)
    return "".join(character for character in text if character.isalnum())


def merged(known: ReturnReason, told: Iterable[ReturnReason]) -> ReturnReason:
    """The reason after more was told: the first that says anything stays."""
    if known is not ReturnReason.OTHER:
        return known
    return next((reason for reason in told if reason is not ReturnReason.OTHER), known)


def check_decision(
    fiction: ReturnFiction,
    wanted: ReturnFiction | None,
    action: ReturnAction | None,
    done: ReturnAction | None,
    reason: str,
) -> ReturnFiction:
    """Whether such a decision may be made; returns what then holds about the notification.

    Re-issuing says that nothing was notified. Raises `InputError` ('reason-missing', 'return-decision-missing',
    'return-fiction-open'), `Conflict` ('return-closed', 'return-reissued-is-void').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    if wanted is ReturnFiction.DISPUTED or (wanted is None and action is None):
        raise InputError(
            "return-decision-missing", "Bitte entscheiden: Bekanntgabe, neues Schreiben oder abschließen."
        )
    if done is not None and action is not None:
        raise Conflict("return-closed", "Dieser Rückläufer ist schon abgeschlossen. Es wurde nichts geändert.")
    then = wanted or fiction
    new_letter = {ReturnAction.REISSUE, ReturnAction.SERVE}
    if then is ReturnFiction.HOLDS and (action in new_letter or done in new_letter):
        raise Conflict(
            "return-reissued-is-void",
            "Was als zugegangen gilt, wird nicht neu bekannt gegeben: Es gäbe zwei Fristen. Bitte eines wählen.",
        )
    if then is ReturnFiction.DISPUTED and action in new_letter:
        return ReturnFiction.VOID
    if then is ReturnFiction.DISPUTED:
        raise InputError(
            "return-fiction-open",
            "Bitte zuerst entscheiden, ob das Schreiben trotz Rücklauf als bekannt gegeben gilt.",
        )
    return then


PERHAPS_WORDS: Mapping[StrEnum, str] = {
    Perhaps.WHOLE: "Unser ganzes Schreiben liegt obenauf; vielleicht ist es ein Rückläufer.",
    Perhaps.PART: "Das Papier besteht aus Blättern unseres Schreibens; vielleicht ist es ein Rückläufer.",
    Perhaps.ENVELOPE: "Obenauf liegt ein Umschlag mit unserer Sendung im Fenster; vielleicht ist es ein Rückläufer.",
}

REASON_WORDS: Mapping[StrEnum, str] = {
    ReturnReason.MOVED: "verzogen",
    ReturnReason.UNKNOWN: "unbekannt, nicht zu ermitteln",
    ReturnReason.REFUSED: "Annahme verweigert",
    ReturnReason.NOT_COLLECTED: "nicht abgeholt",
    ReturnReason.DECEASED: "verstorben",
    ReturnReason.INCOMPLETE: "Anschrift unvollständig",
    ReturnReason.OTHER: "anderer oder kein lesbarer Grund",
}

FICTION_WORDS: Mapping[StrEnum, str] = {
    ReturnFiction.DISPUTED: "strittig",
    ReturnFiction.VOID: "nicht bekannt gegeben",
    ReturnFiction.HOLDS: "gilt als zugegangen",
}

ACTION_WORDS: Mapping[StrEnum, str] = {
    ReturnAction.REISSUE: "berichtigt neu versenden",
    ReturnAction.SERVE: "förmlich zustellen",
    ReturnAction.CLOSE: "abschließen",
}

SOURCE_WORDS: Mapping[StrEnum, str] = {
    ReturnSource.SCAN: "Scan",
    ReturnSource.PROVIDER: "Meldung des Dienstleisters",
    ReturnSource.PROOF: "Zustellungsurkunde",
    ReturnSource.PERSON: "von Hand vermerkt",
}
