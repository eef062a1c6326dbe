"""What the case file gets to know about posting and receipt: everything, since it is where a court looks."""

from gateway.application.showing import RecipientView
from gateway.domain.filing import DueFiling


def posting_metadata(due: DueFiling, recipient: RecipientView) -> dict[str, object]:
    """A posting, as reported or as confirmed."""
    dates = recipient.assessment
    return {
        "posting_date": due.day.isoformat(),
        "provisional": "yes" if due.provisional else "no",
        "confirmed_by": "" if due.provisional else recipient.posting_confirmed_by or "",
        "deemed_notified_on": dates.deemed.isoformat() if dates and dates.deemed else "",
        "objection_deadline": dates.deadline.isoformat() if dates and dates.deadline else "",
        "reasons": list(dates.reasons) if dates else [],
    } | _by_hand(recipient)


def _by_hand(recipient: RecipientView) -> dict[str, object]:
    """What a person said about a posting of the house's own."""
    hand = recipient.hand
    if hand is None:
        return {}
    return {
        "given_by": hand.given_by or "",
        "carrier": hand.carrier or "",
        "franked_as": hand.product or "",
        "receipt": hand.receipt or "",
        "prints": len(hand.prints),
    }


def proof_metadata(recipient: RecipientView, number: int) -> dict[str, object]:
    """The record `number` (from 1); day and deadline that follow from it, if it is the one that holds."""
    proof = recipient.proofs[number - 1]
    dates = recipient.assessment if number == len(recipient.proofs) else None
    return {
        "proof": proof.kind.value,
        "outcome": proof.outcome,
        "served": {True: "yes", False: "no", None: "nothing-proven"}[proof.served],
        "effective_on": proof.effective_on.isoformat() if proof.effective_on else "",
        "received_at": proof.occurred_at.isoformat() if proof.occurred_at else "",
        "place": proof.place or "",
        "handed_by": proof.handed_by or "",
        "received_by": proof.received_by or "",
        "receipt": ", ".join(str(number) for number in proof.data.values()),
        "recorded_by": proof.recorded_by,
        "correction_reason": proof.reason or "",
        "objection_deadline": dates.deadline.isoformat() if dates and dates.deadline else "",
        "reasons": list(dates.reasons) if dates else [],
    }
