"""The canary letter (*Testschreiben*): what a provider answers to a known letter, and how that differs from before.

Providers change their rules without notice. Before the run each of them gets the same fictional letter in its test
mode, where nothing is printed; what it says tells more than its documentation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Change(StrEnum):
    """What is not as known."""

    NOT_HANDED_OVER = "canary-not-handed-over"
    NO_ANSWER = "canary-no-answer"
    REFUSED = "canary-refused"
    PRINTED = "canary-printed"
    PAGES = "canary-pages-differ"
    NEW_REMARK = "canary-remark-new"
    REMARK_GONE = "canary-remark-gone"
    TEXT = "canary-text-differs"


MEANING: Mapping[Change, str] = {
    Change.NOT_HANDED_OVER: "Das Testschreiben konnte nicht übergeben werden.",
    Change.NO_ANSWER: "Zum Testschreiben kam bis zum Tageslauf keine Antwort.",
    Change.REFUSED: "Der Druckdienstleister lehnt das Testschreiben ab. Die Schreiben von heute Abend würden es auch.",
    Change.PRINTED: "Der Druckdienstleister druckt das Testschreiben, obwohl es als Test bezeichnet war.",
    Change.PAGES: "Der Druckdienstleister zählt eine andere Seitenzahl als übergeben wurde.",
    Change.NEW_REMARK: "Der Druckdienstleister hat Hinweise, die er bisher nicht hatte.",
    Change.REMARK_GONE: "Hinweise, die der Druckdienstleister bisher hatte, fehlen.",
    Change.TEXT: "Was gedruckt würde, liest sich anders als das übergebene Testschreiben.",
}
"""What people read."""

ALWAYS = frozenset({Change.NOT_HANDED_OVER, Change.NO_ANSWER, Change.REFUSED, Change.PRINTED, Change.PAGES})
"""Wrong whatever was before: it can never become the known answer."""


@dataclass(frozen=True)
class CanaryRules:
    """Which providers get a test letter, from which template, and how long before the run.

    `stops`: a difference stops the provider until a person lifts that, or the next answer is as known.
    """

    providers: Sequence[str] = ()
    template: str = "eingangsbestaetigung"
    lead: timedelta = timedelta(hours=1)
    stops: bool = False


@dataclass(frozen=True)
class Answer:
    """What a provider said about the test letter.

    `pages` None: not told. `remarks`: its codes, warnings and notes alike. `same_text`: whether what it would print
    reads as what it got; None if it does not show that.
    """

    accepted: bool
    pages: int | None = None
    remarks: Sequence[str] = ()
    same_text: bool | None = None
    printed: bool = False


def changes(answer: Answer | None, pages: int, known: Answer | None) -> list[Change]:
    """What is not as it should be: of a letter of `pages` pages, and against the answer that is known, if one is."""
    if answer is None:
        return [Change.NO_ANSWER]
    found = [
        (Change.REFUSED, not answer.accepted),
        (Change.PRINTED, answer.printed),
        (Change.PAGES, answer.pages not in {None, pages}),
        (Change.TEXT, answer.same_text is False and (known is None or known.same_text is not False)),
    ]
    if known is not None:
        before, now = set(known.remarks), set(answer.remarks)
        found += [(Change.NEW_REMARK, bool(now - before)), (Change.REMARK_GONE, bool(before - now))]
    return [change for change, holds in found if holds]


def may_become_known(found: Sequence[Change]) -> bool:
    """Whether a person may say that the provider answers like this from now on."""
    return not ALWAYS & set(found)
