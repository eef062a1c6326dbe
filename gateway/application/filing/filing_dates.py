"""What the case file gets to know about a receipt: everything, since it is where a court looks."""

from gateway.application.reads.showing import RecipientView


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
