"""Finished PDFs of other systems, as letters."""

import hashlib
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import Response
from pydantic import Field

from gateway.application.letters.uploading import Upload, import_letter
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.web.api.callers import Strict, Writes
from gateway.web.api.letters import made

router = APIRouter(tags=["letters"])


class FinishedPdf(Strict):
    """The file and what must be said with it.

    `recipient` is a person's reference, given only where the window does not show an address on record.
    """

    pdf: UploadFile
    case: str = Field(min_length=1, max_length=100)
    title: str = Field(min_length=1, max_length=120)
    decision: bool = False
    remedy_notice: bool = True
    recipient: str | None = None
    decision_date: date | None = None
    accept_duplicate: bool = False


@router.post("/finished-pdfs", status_code=201)
def take(caller: Writes, form: Annotated[FinishedPdf, Form()]) -> Response:
    """Take a finished PDF in as a letter, repair what is safe, check it; the answer has the findings."""
    pdf = content_of(form.pdf)
    upload = Upload(
        pdf,
        form.case,
        form.title,
        decision=form.decision,
        remedy_notice=form.remedy_notice,
        recipient=form.recipient,
        decision_date=form.decision_date,
    )
    fields = form.model_dump(mode="json", exclude={"pdf"})
    return caller.once(
        lambda services: import_letter(services, caller.login, upload, accept_duplicate=form.accept_duplicate),
        made(caller),
        fields,
        hashlib.sha256(pdf).hexdigest(),
    )


def content_of(file: UploadFile) -> bytes:
    """The bytes, one more than allowed at most: then the use case refuses them with its own code."""
    return file.file.read(MAX_UPLOAD_BYTES + 1)
