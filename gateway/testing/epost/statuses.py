"""A letter in the ledger as the interface shows it: `LetterStatus`."""

from datetime import date, datetime, timedelta

from gateway.testing.epost.clock import wire_time
from gateway.testing.epost.codes import error_object
from gateway.testing.epost.ledger import FAILED, Piece
from gateway.testing.house.clock import BERLIN, afternoon_after

_ECHOED = (
    *("testFlag", "testEMail", "testShowRestrictedArea", "registeredLetter", "batchID", "coverLetter"),
    *("custom1", "custom2", "custom3", "custom4", "custom5", "zipCode", "city", "country"),
    *("isColor", "isDuplex", "vendorSystemInformation", "costCenter"),
)
_FLAGS = ("testFlag", "testShowRestrictedArea", "coverLetter", "isColor", "isDuplex")
_DEFAULTS: dict[str, object] = dict.fromkeys(_FLAGS, False) | {"batchID": 0}
_TRACKING = (
    ("POSTED", timedelta(hours=2)),
    ("PASSED_LETTER_CENTER", timedelta(hours=10)),
    ("IN_DELIVERY", timedelta(hours=16)),
)
"""Registered mail after it was posted; delivered at 16:00 of the next working day."""


def letter_status(piece: Piece, now: datetime) -> dict[str, object]:
    """What a status query answers. Dates of stages not yet reached are null; timestamps have no zone."""
    reached = 0 if piece.status == FAILED else piece.status
    if piece.status == FAILED:
        reached = 3 if piece.failure == "E318" else 1
    status = {name: piece.fields.get(name, _DEFAULTS.get(name)) for name in _ECHOED} | {
        "letterID": piece.letter_id,
        "fileName": piece.file_name,
        "statusID": piece.status,
        "statusDetails": _DETAILS[piece.status],
        "createdDate": wire_time(piece.plan.accepted_at),
        "processedDate": wire_time(piece.plan.checked_at) if reached >= 2 else None,
        "printUploadDate": wire_time(piece.plan.at_print_centre_at) if reached >= 3 else None,
        "printFeedbackDate": wire_time(piece.plan.posted_at) if reached >= 4 else None,
        "noOfPages": piece.pages,
        "errorList": [],
        "plugInFeedbackList": [],
    }
    if piece.status == FAILED:
        status["errorList"] = [error_object(piece.failure, now, piece.failure_text)]
    if reached >= 4:
        status["frankierID"] = f"A{piece.letter_id:019X}"
    if reached >= 3 and piece.fields.get("registeredLetter"):
        status |= _registered(piece, now)
    return status


def _registered(piece: Piece, now: datetime) -> dict[str, object]:
    delivered_at = afternoon_after(piece.plan.posted_at, working_days=1)
    steps = [("ANNOUNCED", piece.plan.at_print_centre_at)]
    steps += [(code, piece.plan.posted_at + later) for code, later in _TRACKING]
    steps += [("DELIVERED", delivered_at)]
    code, moment = [step for step in steps if step[1] <= now][-1]
    return {
        "registeredLetterID": f"RG{piece.letter_id:09d}DE",
        "registeredLetterStatus": code,
        "registeredLetterStatusDate": wire_time(moment),
    }


def accepted_on(piece: Piece) -> date:
    """The day on which the letter came in, in Berlin."""
    return piece.plan.accepted_at.astimezone(BERLIN).date()


_DETAILS = {
    1: "Annahme der Sendung",
    2: "Verarbeitung der Sendung",
    3: "Einlieferung in das Druckzentrum",
    4: "Verarbeitung im Druckzentrum",
    FAILED: "Verarbeitungsfehler",
}
