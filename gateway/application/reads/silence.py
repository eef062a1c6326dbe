"""Silence: what should have been said about a piece by now, in words, from whoever has it."""

from collections.abc import Mapping
from datetime import date

from sqlmodel import Session

from gateway.db.by_hand import ByHand
from gateway.db.mail import Submission
from gateway.domain.desk.desk import Problem
from gateway.domain.runs.by_hand import BY_HAND

_BY_PROVIDER: Mapping[Problem, str] = {
    Problem.LATE_HAND_OVER: "Die Sendung ist im Tageslauf, aber nicht übergeben.",
    Problem.LATE_PRODUCTION: "Übergeben, aber der Druckdienstleister meldet keine Produktion.",
    Problem.LATE_POSTING: "In der Produktion, aber es ist keine Aufgabe zur Post gemeldet. Bitte nachfragen; "
    "liegt ein anderer Beleg vor, halten zwei Personen der Poststelle den Tag unter „Aufgabe zur Post“ fest.",
    Problem.LATE_RECEIPT: "Zugestellt werden sollte gegen Nachweis, aber es liegt keiner vor.",
    Problem.NO_END: "Zur Post gegeben, aber weder Auslieferung noch Rücksendung gemeldet; der Dienstleister wird nicht "
    "mehr gefragt. Bitte beim Zusteller nachforschen lassen und den Beleg vermerken, oder das Schreiben neu erlassen.",
}

_BY_HAND: Mapping[Problem, str] = {
    Problem.LATE_HAND_OVER: "Für den Versand von Hand vorgesehen, aber noch nicht gedruckt.",
    Problem.LATE_POSTING: "Im Haus gedruckt, aber weder Aufgabe noch Übergabe ist vermerkt. Bitte unter „Von Hand“ "
    "vermerken oder zurücknehmen.",
    Problem.LATE_RECEIPT: "Dem Kurier übergeben, aber der Empfang ist nicht vermerkt.",
    Problem.NO_END: "Zur Post gegeben, aber keine Auslieferung vermerkt. Bitte beim Zusteller nachforschen lassen und "
    "den Beleg vermerken, oder das Schreiben neu erlassen.",
}


def what_is_missing(problem: Problem, provider: str) -> str | None:
    """What nobody has said about a piece that `provider` has."""
    return (_BY_HAND if provider == BY_HAND else _BY_PROVIDER).get(problem)


def left_by_hand_on(session: Session, submission: Submission) -> date | None:
    """The day on which a person gave the piece away, if one did."""
    hand = session.get(ByHand, submission.piece_id) if submission.provider == BY_HAND else None
    return hand.left_on if hand else None
