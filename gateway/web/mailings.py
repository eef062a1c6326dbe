"""Mass mailings: hand in a table, see what every row's check found, decide, watch, and approve together."""

import csv
import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import UploadFile

from gateway.application.mailings.mailing import begin, discard
from gateway.application.mailings.mailing_accept import accept
from gateway.application.mailings.mailing_approve import sample_letters
from gateway.application.mailings.mailing_view import (
    fault_counts,
    list_mailings,
    mailing_view,
    offers,
    row_faults,
    sample,
)
from gateway.application.reads.showing import letter_view
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import REPLACEABLE, MailingState
from gateway.domain.permission import Action
from gateway.errors import Conflict, GatewayError, InputError, NotPermitted
from gateway.web.failing import status_of
from gateway.web.letters import documents_of
from gateway.web.visiting import SignedIn, Visit, path_to, takes_file

router = APIRouter()
_SHOWN = 100
_CSV = "text/csv; charset=utf-8"


@router.get("/serienbriefe")
def mailings(visit: SignedIn) -> Response:
    """The list, and the form for a new table."""
    return _list(visit)


@router.post("/serienbriefe")
@takes_file
def hand_in(visit: SignedIn) -> Response:
    """Take a table on; its rows are checked in the background."""
    upload = visit.form.get("table")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return _list(visit, InputError("table-missing", "Bitte eine Datei wählen."))
    file = _kept(upload)
    repeat = visit.text("wiederholung") == "ja"
    try:
        number = begin(visit.services, visit.login, file, template=visit.text("template"), accept_repeat=repeat)
    except GatewayError as error:
        file.close()
        if isinstance(error, Conflict | InputError):
            return _list(visit, error)
        raise
    visit.web.mailings.check(number, file)
    return visit.to(path_to("serienbriefe", number))


@router.get("/serienbriefe/tabelle/{template}.csv")
def table(visit: SignedIn, template: str) -> Response:
    """The table to begin with."""
    visit.who.require(Action.WRITE_LETTER)
    lines = sample(visit.services, template)
    return _csv(f"{visit.services.renderer.template(template).name}.csv", _lines(lines))


@router.get("/serienbriefe/{number}")
def mailing(visit: SignedIn, number: int) -> Response:
    """One mailing."""
    view = mailing_view(visit.services, visit.login, number)
    return visit.page(
        "mailing.html.j2",
        mailing=view,
        faults=list(islice(row_faults(visit.services, visit.login, number), _SHOWN)),
        codes=fault_counts(visit.services, visit.login, number),
        samples=_samples(visit, number) if view.letter_states.get(LetterState.READY) else [],
        can_decide=view.mine and view.state is MailingState.CHECKED,
        can_discard=view.mine and view.state in REPLACEABLE,
    )


@router.get("/serienbriefe/{number}/befunde.csv")
def report(visit: SignedIn, number: int) -> Response:
    """Every finding of every row; rows, columns and codes, nothing of the people."""
    faults = row_faults(visit.services, visit.login, number)
    lines = ([str(one.row), one.column or "", one.code, one.message] for one in faults)
    return _csv(f"serienbrief-{number}-befunde.csv", _lines([["Zeile", "Spalte", "Code", "Befund"]], lines))


@router.post("/serienbriefe/{number}/annehmen")
def take(visit: SignedIn, number: int) -> Response:
    """Write the letters: all, or those of the good rows."""
    accept(visit.services, visit.login, number, only_good=visit.text("umfang") == "fehlerfreie")
    visit.web.mailings.carry_on(number)
    return visit.to(path_to("serienbriefe", number), "Der Serienbrief ist angenommen.")


@router.post("/serienbriefe/{number}/verwerfen")
def drop(visit: SignedIn, number: int) -> Response:
    """Give it up."""
    discard(visit.services, visit.login, number)
    return visit.to(path_to("serienbriefe"), "Der Serienbrief ist verworfen; seine Zeilen sind gelöscht.")


@router.post("/serienbriefe/{number}/freigeben")
def sign(visit: SignedIn, number: int) -> Response:
    """Approve all that are ready, if the letters that were looked at are still the same."""
    if not (seen := _samples(visit, number)) or visit.text("documents") != _hashes(seen):
        raise InputError(
            "documents-changed",
            "Die gezeigten Schreiben haben sich inzwischen geändert. Bitte neu ansehen und dann entscheiden.",
        )
    visit.web.mailings.approve(visit.login, number)
    return visit.to(path_to("serienbriefe", number), "Die Freigabe läuft; die Zahlen unten zeigen den Stand.")


Samples = list[tuple[str, str]]


def _samples(visit: Visit, number: int) -> Samples:
    """Reference and document hashes of the letters to look at; none if the user may not approve them."""
    try:
        references = sample_letters(visit.services, visit.login, number)
    except NotPermitted:
        return []
    return [(one, documents_of(letter_view(visit.services, visit.login, one))) for one in references]


def _hashes(samples: Samples) -> str:
    return " ".join(hashes for _, hashes in samples)


def _kept(upload: UploadFile) -> BinaryIO:
    """A copy without a name that outlives the request; a process that dies leaves nothing behind."""
    file = TemporaryFile()  # noqa: SIM115 - the work in the background closes it
    with upload.file:
        shutil.copyfileobj(upload.file, file)
    return file


def _list(visit: Visit, error: Conflict | InputError | None = None) -> Response:
    return visit.page(
        "mailings.html.j2",
        status=status_of(error) if error else 200,
        mailings=list_mailings(visit.services, visit.login),
        offers=offers(visit.services) if visit.who.may(Action.WRITE_LETTER) else [],
        chosen=visit.text("template"),
        error=error,
    )


def _csv(name: str, lines: Iterator[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=_CSV, headers=headers)


def _lines(*parts: Iterable[Sequence[str]]) -> Iterator[str]:
    """As spreadsheets in Germany open it: a byte order mark, semicolons."""
    yield "\ufeff"
    for part in parts:
        for line in part:
            out = io.StringIO()
            csv.writer(out, delimiter=";").writerow(line)
            yield out.getvalue()
