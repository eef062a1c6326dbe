"""What only calculates: deadlines, postage, addresses, PDFs. Nothing is kept, so keys have nothing to guard here."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Body, Form, Query, UploadFile
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from gateway.domain.addresses.address import HOME_COUNTRY, as_json, check_lines, normalise_lines
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import postage
from gateway.domain.receipt.deadlines import Channel, Dispatch, Regime, Remedy, assess
from gateway.errors import DocumentInvalid, InputError
from gateway.web.api.callers import Asks, Caller, Checks, Strict
from gateway.web.api.pdfs import content_of

router = APIRouter(tags=["checks"])


class Dispatched(Strict):
    """How and when a letter went out; the names are those of `gateway deadlines`."""

    channel: Channel
    dispatched: date | None = None
    received: date | None = None
    returned: bool = False
    remedy: Remedy | None = None
    no_remedy_notice: bool = False
    regime: Regime = Regime.SGB_X


class Piece(Strict):
    """A mail piece; the names are those of `gateway postage`."""

    sheets: int = Field(ge=1, le=1000)
    inserts_g: Decimal = Field(Decimal(0), ge=0, le=10_000)
    service: Service = Service.STANDARD
    country: str = Field("DE", pattern=r"^[A-Za-z]{2}$")
    on: date | None = None


class Pdf(Strict):
    """A PDF."""

    pdf: UploadFile


Line = Annotated[str, Field(max_length=200)]
Lines = Annotated[list[Line], Field(max_length=20)]


@router.get("/deadlines")
def deadlines(caller: Asks, wanted: Annotated[Dispatched, Query()]) -> Response:
    """Deemed notification and deadline, with the reasons."""
    dispatch = Dispatch(
        channel=wanted.channel,
        dispatched_on=wanted.dispatched,
        received_on=wanted.received,
        returned=wanted.returned,
        remedy=wanted.remedy,
        remedy_notice_ok=not wanted.no_remedy_notice,
        regime=wanted.regime,
    )
    services = caller.services
    return JSONResponse(assess(dispatch, services.notification, services.is_holiday).as_json())


@router.get("/postage")
def price(caller: Asks, piece: Annotated[Piece, Query()]) -> Response:
    """Weight, envelope, product and price."""
    services, country = caller.services, piece.country.upper()
    if country not in services.countries.names:
        raise InputError(
            "country-unknown",
            "Dieses Land gibt es nicht. Bitte zwei Buchstaben nach ISO 3166 angeben, etwa NL.",
        )
    on = piece.on or services.today()
    found = postage(piece.sheets, piece.inserts_g, piece.service, country, on=on, table=services.postage)
    return JSONResponse(found.as_json())


@router.post("/addresses/check")
def addresses(caller: Checks, lists: Annotated[list[Lines], Body(max_length=1000)]) -> Response:
    """Normalise and check addresses, each a list of lines."""
    return JSONResponse([_checked(caller, lines) for lines in lists])


@router.post("/preflights")
def preflight(caller: Checks, form: Annotated[Pdf, Form()]) -> Response:
    """Check a PDF as the run would, without keeping it."""
    content = content_of(form.pdf)
    if len(content) > MAX_UPLOAD_BYTES:
        raise DocumentInvalid("pdf-too-large", f"Die Datei ist größer als {MAX_UPLOAD_BYTES // 1_000_000} MB.")
    services = caller.services
    report = services.renderer.preflight(content, services.provider.profile, None)
    return JSONResponse(report.as_json(duplex=services.duplex))


def _checked(caller: Caller, lines: list[str]) -> dict[str, object]:
    services, clean = caller.services, normalise_lines(lines)
    country = services.countries.read(clean[-1]) if clean else None
    findings = check_lines(
        lines,
        width_mm=services.text.width_mm,
        missing_glyphs=services.text.missing_glyphs,
        country=country or HOME_COUNTRY,
        places=services.places,
    )
    return as_json(clean, findings, services.countries)
