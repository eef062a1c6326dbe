"""Certificates of service as the print centre gets them from the carrier and publishes them: data, and a picture."""

import base64
import hashlib
import io
from datetime import date, datetime, timedelta
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from gateway.testing.print_centre.answers import local

CERTIFIED_AFTER = timedelta(days=2)
"""After the posting."""
_A4_PT = (595.276, 841.89)


def certificate(
    reference: str, number: str, outcome: str, day: date | None, at: datetime, *, sha256: str | None = None
) -> dict[str, Any]:
    """What stands in the file of one certificate; another `sha256` than the picture's is a mistake asked for."""
    image = _picture(reference, outcome, day)
    told = {
        "kind": "certificate",
        "number": number,
        "reference": reference,
        "outcome": outcome,
        "at": local(at),
        "sha256": sha256 or hashlib.sha256(image).hexdigest(),
        "image": base64.b64encode(image).decode(),
    }
    return told | ({"effective_on": day.isoformat()} if day else {})


def _picture(reference: str, outcome: str, day: date | None) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=_A4_PT, invariant=1)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(70, 760, "Zustellungsurkunde")
    canvas.setFont("Helvetica", 11)
    for line, text in enumerate((f"Kennung: {reference}", f"[X] {outcome}", f"Tag: {day or '-'}")):
        canvas.drawString(70, 720 - 22 * line, text)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
