"""Scan deliveries of providers that upload, and the answers that they fetch."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import Response

from gateway.application.answering import Answer, Effect
from gateway.application.services import Services
from gateway.application.uploading_scans import answer_content, answer_names, receipt_of, take_upload
from gateway.web.api.callers import Delivers, DeliversOnce

router = APIRouter(tags=["scans"])


@router.post("/scan-deliveries")
def deliver(caller: DeliversOnce, packed: Annotated[bytes, Body(media_type="application/zip")]) -> Response:
    """Take in a delivery as ZIP (manifest, documents, READY); the answer is its receipt, 422 if it was refused."""

    def tell(services: Services, effect: Effect) -> Answer:
        receipt = receipt_of(services, caller.login, effect.subject)
        return Answer(200 if receipt["result"] == "accepted" else 422, receipt)

    digest = hashlib.sha256(packed).hexdigest()
    return caller.once(lambda services: take_upload(services, caller.login, packed), tell, digest)


@router.get("/scan-answers")
def answers(caller: Delivers) -> dict[str, list[str]]:
    """Names of the answers for this source, newest first: receipts, feedback, release lists."""
    return {"answers": answer_names(caller.services, caller.login)}


@router.get("/scan-answers/{name}")
def answer(caller: Delivers, name: str) -> Response:
    """One answer."""
    return Response(answer_content(caller.services, caller.login, name), media_type="application/json")
