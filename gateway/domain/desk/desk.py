"""The desk (*Klärungsliste*): which problems need a person, and what that person may safely do about each.

An action is offered only where nothing can be printed twice by it: planning again, cancelling and handing back
need the certainty that the piece was not and will not be posted, or two people who answer for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import NextAction, SubmissionState

WITHDRAWN = "withdrawn"
"""Fault code of a piece that was taken back before release: it is never assembled, certified or handed over."""

UNREADABLE = frozenset({"document-not-found", "document-hash-mismatch"})
"""What the document store says when stored bytes are gone or damaged."""

FOREIGN_TEXT = "foreign-text"
"""Fault of a piece whose pages carry another case's number: its documents are wrong, assembling anew heals nothing."""

PATIENCE_AFTER_SETTLING = timedelta(hours=24)
"""How long an unanswered lookup may go on before a person may decide instead; a provider's outage is shorter."""


class Problem(StrEnum):
    """Why something is on the desk."""

    LETTER_FAULTY = "letter-faulty"
    TOO_LATE = "too-late"
    """A run held it because it would come too late, or it waited after its run until it would."""
    TEMPLATE_WITHDRAWN = "template-withdrawn"
    """It was held together with its template version; it is healed with a mended one, or cancelled."""
    SUSPENDED = "recipient-suspended"
    """Held: mail to the person at this address came back."""
    NEEDLESS = "reissue-needless"
    """It replaces a letter that, as it turned out, never came back: to be discarded, or kept."""
    PIECE_FAULTY = "piece-faulty"
    UNREADABLE = "bytes-unreadable"
    REFUSED = "refused"
    IN_DOUBT = "in-doubt"
    FAILED = "failed"
    RETURNED = "returned"
    SEVERAL = "provider-holds-several"
    CANCEL_UNKNOWN = "cancel-outcome-unknown"
    """The provider was asked to take it back, and gave no clear answer."""
    CONTRADICTED = "reported-after-void"
    """The provider reported progress on a submission that had been declared void."""
    LATE_HAND_OVER = "overdue-hand-over"
    LATE_PRODUCTION = "overdue-production"
    LATE_POSTING = "overdue-posting"
    LATE_RECEIPT = "overdue-receipt"
    """It was given away, and whether it was received is to be proven, but nobody has."""
    NO_END = "no-delivery-told"
    """Registered mail was posted, and nobody said within the term whether it was delivered or came back."""


class DeskAction(StrEnum):
    """What a person may do about it."""

    PLAN_AGAIN = "plan-again"
    CANCEL = "cancel"
    HAND_BACK = "hand-back"
    PROVIDER_HAS_IT = "provider-has-it"
    PROVIDER_HAS_IT_NOT = "provider-has-it-not"
    TRY_AGAIN = "try-again"
    RESTORE = "restore"
    ACKNOWLEDGE = "acknowledge"
    REISSUE = "reissue"
    """Lay a draft with the same content before whoever decides, in the place of this one."""
    SERVE = "serve"
    """The same, to be served with a certificate."""


WRITING = frozenset({DeskAction.REISSUE, DeskAction.SERVE})
"""Decisions by which another letter is written; they count as long as that is not discarded."""
SETTLING = frozenset({DeskAction.ACKNOWLEDGE, *WRITING})
"""Decisions after which the problem is no task any more, although the rows still show it."""


NEEDS_SECOND = frozenset({DeskAction.PROVIDER_HAS_IT, DeskAction.PROVIDER_HAS_IT_NOT})
"""Decisions that rest on somebody's word about an unknown outcome: two people answer for them."""


@dataclass(frozen=True)
class Facts:
    """What is known about one recipient's copy, and what hangs together with it."""

    letter: LetterState
    submission: SubmissionState | None = None
    status: Status = Status.UNKNOWN
    fault: str | None = None
    """Fault code of the piece."""
    error: str | None = None
    """Last error code of the submission."""
    recovery: NextAction = NextAction.NOTHING
    """What the automatic recovery does next."""
    lookups_exhausted: bool = False
    """The settle time has long been over, and nobody answered the lookup."""
    printed: bool = False
    """The provider reported at some time that it printed or posted the piece."""
    others_left: bool = False
    """Another copy of the letter has left the house, or may have."""
    alone_in_handover: bool = True
    """No other piece shares the external effect that a provider's `cancel` would undo."""
    awaits_receipt: bool = False
    """It left, and only a proof of receipt will say what became of it."""
    return_task: bool = False
    """It came back, and what is to be done is decided there."""
    can_be_redrafted: bool = True
    """Written from a template here, not handed in as a finished PDF."""
    not_served: str = ""
    """Why it cannot be served with a certificate, in German; empty if it can."""


def may_be_taken_back(facts: Facts) -> bool:
    """Whether it is certain that the piece was not released, or was refused, or failed before it was printed."""
    if facts.submission is None or facts.submission in {
        SubmissionState.PLANNED,
        SubmissionState.STAGED,
        SubmissionState.REFUSED,
    }:
        return True
    return facts.submission is SubmissionState.RELEASED and facts.status is Status.FAILED and not facts.printed


def recovery_can_decide(facts: Facts) -> bool:
    """Whether an unknown outcome will be cleared up without a person."""
    if facts.submission not in {SubmissionState.RELEASING, SubmissionState.IN_DOUBT}:
        return True
    if facts.recovery is NextAction.LOOK_UP:
        return not facts.lookups_exhausted
    return facts.recovery is not NextAction.ASK_CLERK


def lookups_exhausted(
    recovery: NextAction, *, releasing_at: datetime | None, now: datetime, settle_time: timedelta
) -> bool:
    """Whether a lookup has been possible for so long, without an answer, that a person may ask by telephone."""
    if recovery is not NextAction.LOOK_UP or releasing_at is None:
        return False
    return now - releasing_at >= settle_time + PATIENCE_AFTER_SETTLING


def actions_for(problem: Problem, facts: Facts) -> dict[DeskAction, str]:
    """The safe actions on a problem, each with the reason why it is safe, in German."""
    if facts.letter is LetterState.CANCELLED and problem is not Problem.CONTRADICTED:
        return {}
    return {action: why for action, why in _RULES[problem](facts).items() if why}


def _of_letter(facts: Facts) -> dict[DeskAction, str]:
    """Who says that nobody has it looks at the hand-over first."""
    if facts.submission is not None:
        return _of_free_piece(facts)
    return {DeskAction.CANCEL: "Das Schreiben ist in keinem Tageslauf; niemand hat es."}


def _of_suspended(facts: Facts) -> dict[DeskAction, str]:
    offers = _of_letter(facts)
    if facts.submission is None and facts.can_be_redrafted:
        offers[DeskAction.HAND_BACK] = (
            "Niemand hat das Schreiben; der neue Entwurf nimmt beim Einreichen die berichtigte Anschrift."
        )
    return offers


def _of_needless(facts: Facts) -> dict[DeskAction, str]:
    """What has left, or may have, cannot be discarded; that two deadlines run is at least known."""
    keep = {
        DeskAction.ACKNOWLEDGE: "Das Schreiben bleibt und wird nicht mehr angehalten; es hat eine eigene Frist."
    }
    if facts.letter is LetterState.BATCHED or facts.submission is not None:
        return keep
    return {DeskAction.CANCEL: "Niemand hat das Schreiben; das frühere gilt weiter.", **keep}


def _of_free_piece(facts: Facts) -> dict[DeskAction, str]:
    if facts.fault == WITHDRAWN or facts.letter is not LetterState.BATCHED or not may_be_taken_back(facts):
        return {}
    offers = {
        DeskAction.CANCEL: "Die Sendung ist sicher nicht gedruckt und wird es nach der Stornierung nicht."
    }
    if not facts.others_left and facts.can_be_redrafted:
        offers[DeskAction.HAND_BACK] = (
            "Kein Exemplar hat das Haus verlassen; die Verfasserin bekommt einen neuen Entwurf."
        )
    return offers


def _of_stuck_piece(facts: Facts) -> dict[DeskAction, str]:
    offers = _of_free_piece(facts)
    if offers and facts.fault != FOREIGN_TEXT:
        again = "Die Sendung ist sicher nicht gedruckt; sie bekommt eine neue Übergabe mit neuem Schlüssel."
        offers = {DeskAction.PLAN_AGAIN: again, **offers}
    return offers


def _of_unreadable(facts: Facts) -> dict[DeskAction, str]:
    if facts.submission not in {None, SubmissionState.PLANNED, SubmissionState.STAGED}:
        return {}
    return {
        DeskAction.TRY_AGAIN: "Es ist noch nichts übergeben; nach der Reparatur der Ablage wird neu gelesen.",
        DeskAction.RESTORE: "Es ist noch nichts übergeben; nur Dateien mit derselben Prüfsumme werden angenommen.",
        **_of_free_piece(facts),
    }


def _of_doubt(facts: Facts) -> dict[DeskAction, str]:
    if recovery_can_decide(facts):
        return {}
    why = "Die Automatik kann es nicht mehr klären; die Auskunft des Dienstleisters entscheidet, zwei Personen bürgen."
    return {DeskAction.PROVIDER_HAS_IT: why, DeskAction.PROVIDER_HAS_IT_NOT: why}


def _of_failure(facts: Facts) -> dict[DeskAction, str]:
    return {
        **_of_stuck_piece(facts),
        DeskAction.ACKNOWLEDGE: "Der Fehler bleibt am Schreiben vermerkt; auf der Liste steht er nicht mehr.",
    }


def _of_known(_facts: Facts) -> dict[DeskAction, str]:
    return {
        DeskAction.ACKNOWLEDGE: "Es ändert nichts am Schreiben; eine neue Meldung bringt es wieder auf die Liste."
    }


def _of_return(facts: Facts) -> dict[DeskAction, str]:
    return {} if facts.return_task else _of_known(facts)


def _of_unended(facts: Facts) -> dict[DeskAction, str]:
    """It has left and may have been received: nothing is taken back, and what is written anew has its own deadline."""
    offers: dict[DeskAction, str] = {}
    anew = "Das frühere bleibt mit seinem Nachweis bestehen; der neue Entwurf hat eigene Aufgabe und Frist"
    if facts.can_be_redrafted:
        offers[DeskAction.REISSUE] = f"{anew}. Wird die Zustellung doch noch gemeldet, wird er angehalten."
    if facts.can_be_redrafted and not facts.not_served:
        offers[DeskAction.SERVE] = f"{anew} und wird mit Zustellungsurkunde zugestellt (§ 3 LZG NRW)."
    return {**offers, **_of_known(facts)}


def _of_cancelling(facts: Facts) -> dict[DeskAction, str]:
    return {
        DeskAction.CANCEL: "Der Auftrag zur Rücknahme darf wiederholt werden: Er kann nichts drucken.",
        **_of_known(facts),
    }


_Rule = Callable[[Facts], dict[DeskAction, str]]

_RULES: Mapping[Problem, _Rule] = {
    Problem.LETTER_FAULTY: _of_letter,
    Problem.TOO_LATE: _of_letter,
    Problem.TEMPLATE_WITHDRAWN: _of_letter,
    Problem.SUSPENDED: _of_suspended,
    Problem.NEEDLESS: _of_needless,
    Problem.PIECE_FAULTY: _of_stuck_piece,
    Problem.UNREADABLE: _of_unreadable,
    Problem.REFUSED: _of_stuck_piece,
    Problem.IN_DOUBT: _of_doubt,
    Problem.FAILED: _of_failure,
    Problem.RETURNED: _of_return,
    Problem.SEVERAL: _of_known,
    Problem.CANCEL_UNKNOWN: _of_cancelling,
    Problem.CONTRADICTED: _of_known,
    Problem.LATE_HAND_OVER: _of_free_piece,
    Problem.LATE_PRODUCTION: _of_known,
    Problem.LATE_POSTING: _of_known,
    Problem.LATE_RECEIPT: _of_known,
    Problem.NO_END: _of_unended,
}


POST_ROOM = "Poststelle"
"""Owner of what nobody else owns: it matches no letter, or its author is not active any more."""
