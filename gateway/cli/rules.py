"""The commands that only calculate: `deadlines`, `postage`, `address check`.

They need neither database nor provider. What is printed with `--json` is stable; without it the same is said in
German.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gateway.cli.options import Json
from gateway.domain.addresses.address import HOME_COUNTRY, check_lines, normalise_lines, zone
from gateway.domain.addresses.address import as_json as address_json
from gateway.domain.findings import Finding, has_error
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import Postage
from gateway.domain.pieces.postage import postage as calculate_postage
from gateway.domain.receipt.deadlines import Assessment, Channel, Dispatch, Regime, Remedy, assess
from gateway.errors import DataInvalid, InputError
from gateway.facts import (
    is_holiday_nrw,
    load_countries,
    load_notification_rules,
    load_places,
    load_postage_table,
)

if TYPE_CHECKING:
    from gateway.rendering.fonts import FontMetrics

ADDRESS_SIZE_PT = 10.0
"""Font size of the address; 10 to 12 pt is what sorting machines read."""

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="JJJJ-MM-TT")]


def register(app: typer.Typer) -> None:
    """Add the commands to the `gateway` command."""
    app.command("deadlines")(deadlines)
    app.command("postage")(postage)
    address = typer.Typer(no_args_is_help=True, help="Anschriften prüfen.")
    address.command("check")(address_check)
    address.callback()(_address)
    app.add_typer(address, name="address")


def _address() -> None:
    """Anschriften prüfen."""


def deadlines(
    *,
    channel: Annotated[Channel, typer.Option(help="Versandweg.")],
    dispatched: Day = None,
    received: Day = None,
    returned: Annotated[bool, typer.Option("--returned", help="Die Sendung kam zurück.")] = False,
    remedy: Annotated[Remedy | None, typer.Option(help="Rechtsbehelf; ohne: kein Bescheid.")] = None,
    no_remedy_notice: Annotated[
        bool, typer.Option("--no-remedy-notice", help="Rechtsbehelfsbelehrung fehlt oder ist unrichtig.")
    ] = False,
    regime: Annotated[Regime, typer.Option(help="Verfahrensrecht.")] = Regime.SGB_X,
    as_json: Json = False,
) -> None:
    """Bekanntgabe und Frist eines Schreibens, aus Aufgabe zur Post oder nachgewiesenem Zugang."""
    dispatch = Dispatch(
        channel=channel,
        dispatched_on=_date(dispatched),
        received_on=_date(received),
        returned=returned,
        remedy=remedy,
        remedy_notice_ok=not no_remedy_notice,
        regime=regime,
    )
    assessment = assess(dispatch, load_notification_rules(), is_holiday_nrw)
    if as_json:
        _print_json(assessment.as_json())
    else:
        _print_assessment(assessment)


def postage(
    *,
    sheets: Annotated[int, typer.Option(help="Blätter A4.")],
    inserts_g: Annotated[str, typer.Option(metavar="GRAMM", help="Gewicht der Beilagen in Gramm.")] = "0",
    service: Annotated[Service, typer.Option(help="Versandart.")] = Service.STANDARD,
    country: Annotated[str, typer.Option(metavar="ISO", help="Zielland, zwei Buchstaben.")] = "DE",
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Gewicht, Umschlag, Produkt und Porto einer Sendung."""
    if country.upper() not in load_countries().names:
        raise InputError(
            "country-unknown",
            "Dieses Land gibt es nicht. Bitte zwei Buchstaben nach ISO 3166 angeben, etwa NL.",
        )
    day = _date(on) or datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date()
    result = calculate_postage(sheets, _grams(inserts_g), service, country, on=day, table=load_postage_table())
    if as_json:
        _print_json(result.as_json())
    else:
        _print_postage(result)


def address_check(*, as_json: Json = False) -> None:
    """Prüft die Zeilen einer Anschrift von der Standardeingabe; mit --json eine JSON-Liste von Listen."""
    from gateway.rendering.fonts import FontMetrics, default_fonts_dir  # noqa: PLC0415 - reading fonts is slow

    fonts = FontMetrics(default_fonts_dir())
    checked = [_check_address(lines, fonts) for lines in _read_addresses(as_json=as_json)]
    if as_json:
        _print_json([address_json(lines, findings, load_countries()) for lines, findings in checked])
    else:
        for lines, findings in checked:
            _print_address(lines, findings)
    if any(has_error(findings) for _, findings in checked):
        raise typer.Exit(1)


def _check_address(lines: list[str], fonts: "FontMetrics") -> tuple[list[str], list[Finding]]:
    clean = normalise_lines(lines)
    country = load_countries().read(clean[-1]) if clean else None
    findings = check_lines(
        lines,
        width_mm=lambda text: fonts.width_mm(text, ADDRESS_SIZE_PT),
        missing_glyphs=fonts.missing,
        country=country or HOME_COUNTRY,
        places=load_places(),
    )
    return clean, findings


def _read_addresses(*, as_json: bool) -> list[list[str]]:
    """Addresses from standard input. With --json plain lines are taken too, if the input is clearly no JSON."""
    try:
        text = typer.get_binary_stream("stdin").read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataInvalid("address-input-not-utf8", "Die Eingabe ist kein UTF-8. Bitte umwandeln.") from error
    if as_json and text.lstrip()[:1] in {"[", "{", '"'}:
        return _parse_addresses(text)
    return [text.strip("\r\n").splitlines()]


def _parse_addresses(text: str) -> list[list[str]]:
    try:
        addresses = json.loads(text)
    except ValueError as error:
        raise DataInvalid("address-input-not-json", f"Die Eingabe ist kein gültiges JSON: {error}") from error
    if not isinstance(addresses, list) or not all(_is_lines(lines) for lines in addresses):
        raise DataInvalid(
            "address-input-wrong-shape",
            'Erwartet wird eine Liste von Listen von Zeilen: [["Zeile 1", "Zeile 2"]].',
        )
    return addresses


def _is_lines(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _grams(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except ArithmeticError as error:
        raise typer.BadParameter("keine Zahl", param_hint="--inserts-g") from error


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _print_assessment(assessment: Assessment) -> None:
    labels = {
        "Bekanntgabe (Fiktion)": assessment.deemed,
        "Bekanntgabe (maßgeblich)": assessment.effective,
        "Fristende rechnerisch": assessment.raw_end,
        "Letzter Tag der Frist": assessment.deadline,
    }
    for label, day in labels.items():
        typer.echo(f"{label:<26}{day:%d.%m.%Y}" if day else f"{label:<26}–")
    for reason in assessment.reasons:
        typer.echo(f"  · {reason}")


def _print_postage(result: Postage) -> None:
    typer.echo(f"Gewicht   {result.grams:.2f} g".replace(".", ","))
    typer.echo(f"Umschlag  {result.envelope}")
    typer.echo(f"Produkt   {result.product}")
    typer.echo(f"Porto     {result.price_eur} EUR".replace(".", ","))


def _print_address(lines: list[str], findings: list[Finding]) -> None:
    zones = {"domestic": "Inland", "europe": "Europa", "world": "Welt"}
    for line in lines:
        typer.echo(f"  {line}")
    typer.echo(f"Zone: {zones[zone(lines, load_countries())]}")
    for finding in findings:
        typer.echo(f"{finding.severity.value}: {finding.message} ({finding.code})")
    if not findings:
        typer.echo("Keine Befunde.")
