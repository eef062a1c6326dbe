"""The shape of a letter as commands and API print it: stable names, and no addresses."""

from datetime import date, datetime
from typing import Any

from gateway.application.reads.history import HandView, ProofView
from gateway.application.reads.requests import request_json
from gateway.application.reads.returned import ReturnState
from gateway.application.reads.showing import LetterView, RecipientView
from gateway.application.views.listing import LetterLine
from gateway.db.retention import LetterRetention
from gateway.domain.references import for_people


def as_json(view: LetterView) -> dict[str, Any]:
    """A letter with its recipients; addresses stay out of it."""
    return {
        "reference": for_people(view.reference),
        "case": view.case,
        "file_number": view.file_number,
        "office": view.office,
        "title": view.title,
        "template": view.template,
        "template_version": view.template_version,
        "state": view.state,
        "status": view.standing.value,
        "author": view.author,
        "approved_by": view.approved_by,
        "decision_date": view.decision_date.isoformat(),
        "approved_at": _iso(view.approved_at),
        "held": view.held_at is not None,
        "note": view.note,
        "recipients": [_recipient_json(recipient) for recipient in view.recipients],
        "request": request_json(view.request) if view.request else None,
        "left_by_retention": _left_json(view.left) if view.left else None,
    }


def line_json(line: LetterLine) -> dict[str, Any]:
    """A letter in a list."""
    return {
        "reference": for_people(line.reference),
        "file_number": line.file_number,
        "office": line.office,
        "title": line.title,
        "status": line.standing.value,
        "decision_date": line.decision_date.isoformat(),
        "handed_over_at": _iso(line.handed_over_at),
        "posted_on": _iso(line.posted_on),
        "confirmed": line.confirmed,
    }


def _recipient_json(view: RecipientView) -> dict[str, Any]:
    dates = view.assessment
    return {
        "number": view.number,
        "piece": for_people(view.piece) if view.piece else None,
        "status": view.standing.value,
        "document_sha256": view.document_sha256,
        "approved_sha256": view.approved_sha256,
        "twin_sha256": view.twin_sha256,
        "print_sha256": view.print_sha256,
        "pages": view.pages,
        "sheets": view.sheets,
        "product": view.product,
        "provider": view.provider,
        "provider_reference": view.provider_reference,
        "franking_id": view.numbers.franking_id or None,
        "tracking_number": view.numbers.tracking_number or None,
        "run_day": _iso(view.run_day),
        "handed_over_at": _iso(view.handed_over_at),
        "posting_reported_on": _iso(view.posting_reported_on),
        "posting_confirmed_on": _iso(view.posting_confirmed_on),
        "posting_confirmed_by": view.posting_confirmed_by,
        "posted_on": _iso(view.posted_on),
        "not_posted": view.not_posted,
        "carrier": view.carrier,
        "posting_records": [
            {
                "number": record.number,
                "posted_on": _iso(record.posted_on),
                "how": record.how.value,
                "list": record.list_number or None,
                "confirmed_at": record.confirmed_at.isoformat(),
                "text": record.text,
                "emptied_at": _iso(record.emptied_at),
                "supplements": [
                    {
                        "franking_id": added.franking_id or None,
                        "tracking_number": added.tracking_number or None,
                        "source": added.source,
                        "noted_by": added.noted_by,
                        "noted_at": added.noted_at.isoformat(),
                        "emptied_at": _iso(added.emptied_at),
                    }
                    for added in record.supplements
                ],
            }
            for record in view.records
        ],
        "deemed": _iso(dates.deemed) if dates else None,
        "effective": _iso(dates.effective) if dates else None,
        "deadline": _iso(dates.deadline) if dates else None,
        "provisional": view.provisional,
        "disputed": dates.disputed if dates else False,
        "returned": _return_json(view.came_back) if view.came_back else None,
        "written_anew": [for_people(each) for each in view.written_anew],
        "reasons": list(dates.reasons) if dates else [],
        "by_hand": _hand_json(view.hand) if view.hand else None,
        "proofs": [_proof_json(proof) for proof in view.proofs],
        "problem": view.problem,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "page": finding.page,
                "box_mm": finding.box_mm,
                "message": finding.message,
            }
            for finding in view.findings
        ],
        "events": [
            {
                "occurred_at": event.occurred_at.isoformat(),
                "status": event.status.value,
                "provider_status": event.provider_status,
            }
            for event in view.events
        ],
    }


def _left_json(left: LetterRetention) -> dict[str, Any]:
    """When what left by the rules of retention; the case file has it."""
    return {
        "documents_at": _iso(left.content_left_at),
        "payloads_at": _iso(left.payloads_left_at),
        "personal_at": _iso(left.emptied_at),
    }


def _return_json(found: ReturnState) -> dict[str, Any]:
    return {
        "reason": found.reason.value,
        "came_back_on": found.came_back_on.isoformat(),
        "fiction": found.fiction.value,
        "action": found.action.value if found.action else None,
        "replaced_by": [for_people(each) for each in found.replaced_by],
    }


def _hand_json(hand: HandView) -> dict[str, Any]:
    return {
        "wanted": hand.wanted.value,
        "reason": hand.reason,
        "prints": len(hand.prints),
        "channel": hand.channel.value if hand.channel else None,
        "left_on": _iso(hand.left_on),
        "left_at": _iso(hand.left_at),
        "carrier": hand.carrier,
        "product": hand.product,
        "receipt": hand.receipt,
        "recorded_by": hand.recorded_by,
    }


def _proof_json(proof: ProofView) -> dict[str, Any]:
    """A record about the receipt; who took it stays out of it, as addresses do."""
    return {
        "kind": proof.kind.value,
        "outcome": proof.outcome,
        "served": proof.served,
        "effective_on": _iso(proof.effective_on),
        "occurred_at": _iso(proof.occurred_at),
        "document_sha256": proof.document_sha256,
        "reason": proof.reason,
        "recorded_by": proof.recorded_by,
        "recorded_at": _iso(proof.recorded_at),
        "emptied_at": _iso(proof.emptied_at),
    }


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None
