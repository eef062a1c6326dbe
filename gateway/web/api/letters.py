"""Letters over the API: write, see, list, open, approve, hold, let go, cancel, bring forward."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from gateway.application.access.answering import Answer, Effect
from gateway.application.clearing.forwarding import bring_forward
from gateway.application.clearing.withholding import cancel, hold, let_go
from gateway.application.letters.approving import approve, reject
from gateway.application.letters.drafting import write_letter
from gateway.application.letters.rendering import render_letter
from gateway.application.services import Services
from gateway.application.views.opening import open_document
from gateway.application.views.searching import LetterFilter, find_letters
from gateway.application.views.shaping import line_json
from gateway.domain.account.standing import Standing
from gateway.errors import Conflict, InputError
from gateway.web.api.callers import Approves, Caller, Opens, Reads, Strict, Withholds, Writes

router = APIRouter(tags=["letters"])


class NewLetter(Strict):
    """A letter from a template. `recipients` are references of persons; without them the case says who."""

    case: str = Field(min_length=1, max_length=100)
    template: str = Field(min_length=1, max_length=100)
    data: dict[str, Any]
    recipients: list[str] | None = Field(None, min_length=1, max_length=20)
    decision_date: date | None = None
    accept_duplicate: bool = False


class Wanted(Strict):
    """What a list is narrowed to; days are decision dates, both included.

    `number` is part of a reference or file number; no names, since addresses of requests end up in logs.
    """

    status: Standing | None = None
    office: str | None = None
    number: str = Field("", max_length=100, pattern=r"^[0-9A-Za-z./-]*$")
    decided_from: date | None = None
    decided_until: date | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,18}$")


class Signature(Strict):
    """What was looked at: `document_sha256` of every recipient, and `sha256` of every enclosure."""

    documents: list[str] = Field(min_length=1, max_length=200)


class Because(Strict):
    """Why; it stands in the audit trail."""

    reason: str = Field(min_length=1, max_length=500)


class Nothing(Strict):
    """An empty object."""


@router.post("/letters", status_code=201)
def write(caller: Writes, new: NewLetter) -> Response:
    """Write a letter and submit it for approval; the answer has the findings of its check."""

    def do(services: Services) -> str:
        return write_letter(
            services,
            caller.login,
            case=new.case,
            template=new.template,
            data=new.data,
            recipients=new.recipients,
            decision_date=new.decision_date,
            submitted=True,
            accept_duplicate=new.accept_duplicate,
        )

    return caller.once(do, made(caller), new.model_dump(mode="json"))


@router.get("/letters")
def find(caller: Reads, wanted: Annotated[Wanted, Query()]) -> Response:
    """Letters that the account may see, newest first; `next_cursor` continues the list, null at its end."""
    narrowed = LetterFilter(
        standing=wanted.status,
        office=wanted.office,
        text=wanted.number,
        first_day=wanted.decided_from,
        last_day=wanted.decided_until,
    )
    before = int(wanted.cursor) if wanted.cursor else None
    page = find_letters(caller.services, caller.login, narrowed, limit=wanted.limit, before=before)
    following = str(page.next_before) if page.next_before is not None else None
    return JSONResponse({"letters": [line_json(line) for line in page.lines], "next_cursor": following})


@router.get("/letters/{reference}")
def show(caller: Reads, reference: str) -> Response:
    """One letter: status, dates, hashes, findings."""
    return JSONResponse(caller.letter(reference))


@router.get("/letters/{reference}/recipients/{number}/document.pdf", response_class=Response)
def document(caller: Opens, reference: str, number: int) -> Response:
    """The archived bytes; every reading is written to the audit trail."""
    opened = open_document(caller.services, caller.login, reference, number)
    disposition = f'attachment; filename="{opened.name}"'
    return Response(opened.content, media_type="application/pdf", headers={"Content-Disposition": disposition})


@router.post("/letters/{reference}/approve")
def sign(caller: Approves, reference: str, signature: Signature) -> Response:
    """Approve exactly these documents: the next run takes the letter. Four eyes hold as for people."""

    def do(services: Services) -> None:
        _must_be_signed(caller, reference, signature)
        approve(services, caller.login, reference)

    return caller.once(do, _as_it_stands(caller, reference), signature.model_dump())


@router.post("/letters/{reference}/reject")
def give_back(caller: Approves, reference: str, because: Because) -> Response:
    """Give a letter back to its author."""
    return _with_reason(caller, reference, because, reject)


@router.post("/letters/{reference}/hold")
def keep(caller: Withholds, reference: str, because: Because) -> Response:
    """Keep a letter out of the runs."""
    return _with_reason(caller, reference, because, hold)


@router.post("/letters/{reference}/let-go")
def release(caller: Withholds, reference: str, nothing: Nothing) -> Response:
    """End the holding."""
    return caller.once(
        lambda services: let_go(services, caller.login, reference),
        _as_it_stands(caller, reference),
        nothing.model_dump(),
    )


@router.post("/letters/{reference}/cancel")
def drop(caller: Withholds, reference: str, because: Because) -> Response:
    """Cancel a letter: here before its release, after it through the provider, where it offers that."""
    return _with_reason(caller, reference, because, cancel)


@router.post("/letters/{reference}/bring-forward")
def forward(caller: Withholds, reference: str, nothing: Nothing) -> Response:
    """Let a letter that waits in the provider's hold basket go to print now."""
    return caller.once(
        lambda services: bring_forward(services, caller.login, reference),
        _as_it_stands(caller, reference),
        nothing.model_dump(),
    )


def made(caller: Caller) -> Callable[[Services, Effect], Answer]:
    """The answer to a new letter; finishes its rendering, should that have been cut off."""

    def tell(services: Services, effect: Effect) -> Answer:
        render_letter(services, effect.subject)
        return Answer(201, caller.letter(effect.subject))

    return tell


def _as_it_stands(caller: Caller, reference: str) -> Callable[[Services, Effect], Answer]:
    return lambda _services, _effect: Answer(200, caller.letter(reference))


def _with_reason(
    caller: Caller, reference: str, because: Because, do: Callable[[Services, str, str, str], None]
) -> Response:
    return caller.once(
        lambda services: do(services, caller.login, reference, because.reason),
        _as_it_stands(caller, reference),
        because.model_dump(),
    )


def _must_be_signed(caller: Caller, reference: str, signature: Signature) -> None:
    letter = caller.letter(reference)
    documents = [one["document_sha256"] for one in letter["recipients"]]
    if None in documents:
        raise Conflict("letter-not-ready", "Zu diesem Schreiben gibt es noch kein geprüftes Dokument.")
    if sorted(signature.documents) != sorted([*documents, *(one["sha256"] for one in letter["enclosures"])]):
        raise InputError(
            "documents-changed",
            "Die genannten Prüfsummen sind nicht die der Dokumente, wie sie jetzt sind. Bitte neu ansehen.",
        )
