"""What the cell of a table means: dates, money and numbers as people in Germany write them."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

Schema = Mapping[str, Any]

_GERMAN_MONEY = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d{1,2})?")
_PLAIN_MONEY = re.compile(r"-?\d+\.\d{2}")
_MOST_MONEY = 1e10
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH = re.compile(r"(?:(\d{4})-(\d{2})|(\d{1,2})[./](\d{4}))")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::00)?(?: ?Uhr)?")
_YES = frozenset({"ja", "j", "x", "wahr", "true", "1", "yes"})
_NO = frozenset({"nein", "n", "falsch", "false", "0", "no"})


class Unusable(Enum):
    """What a spreadsheet cell can hold that is no value."""

    FORMULA = "cell-formula"
    ERROR = "cell-error"


Cell = str | int | float | bool | datetime | date | time | Unusable | None


class Kind(Enum):
    """What a cell of a column means; the value is the code of the finding if it does not."""

    TEXT = "cell-not-text"
    DATE = "cell-not-date"
    MONTH = "cell-not-month"
    TIME = "cell-not-time"
    MONEY = "cell-not-money"
    INTEGER = "cell-not-integer"
    YES_NO = "cell-not-yes-no"
    IBAN = "cell-not-iban"


def kind_of(schema: Schema) -> Kind:
    """What a cell of this field means."""
    types, pattern = schema.get("type", "string"), str(schema.get("pattern", ""))
    if "boolean" in types:
        return Kind.YES_NO
    if "integer" in types:
        return Kind.INTEGER
    if schema.get("format") in {"date", "iban"}:
        return Kind.DATE if schema["format"] == "date" else Kind.IBAN
    if pattern.endswith(r"\.[0-9]{2}$"):
        return Kind.MONEY
    if "(0[1-9]|1[0-2])" in pattern:
        return Kind.MONTH
    return Kind.TIME if pattern.endswith(":[0-5][0-9]$") else Kind.TEXT


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def typed(kind: Kind, cell: Cell) -> str | int | bool | Kind:
    """The value of a cell as letter data has it, or `kind` itself if the cell holds no such thing."""
    if isinstance(cell, str):
        cell = cell.strip()
    value = _READERS[kind](cell)
    return kind if value is None else value


def _date(cell: Cell) -> str | None:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else None
    if isinstance(cell, date):
        return cell.isoformat()
    if not isinstance(cell, str):
        return None
    if found := _GERMAN_DATE.fullmatch(cell):
        year, month, day = found[3], found[2], found[1]
    elif found := _ISO_DATE.fullmatch(cell):
        year, month, day = found[1], found[2], found[3]
    else:
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _month(cell: Cell) -> str | None:
    if isinstance(cell, date):
        return f"{cell:%Y-%m}"
    found = _MONTH.fullmatch(cell) if isinstance(cell, str) else None
    if not found:
        return None
    month = int(found[2] or found[3])
    return f"{found[1] or found[4]}-{month:02}" if 1 <= month <= 12 else None


def _time(cell: Cell) -> str | None:
    if isinstance(cell, time):
        return f"{cell:%H:%M}" if not cell.second else None
    found = _TIME.fullmatch(cell) if isinstance(cell, str) else None
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return f"{int(found[1]):02}:{found[2]}"


def _money(cell: Cell) -> str | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not abs(cell) < _MOST_MONEY:  # neither is what is no number
            return None
        cents = round(cell * 100)
        return f"{Decimal(cents) / 100:.2f}" if abs(cell * 100 - cents) < 1e-4 else None
    if not isinstance(cell, str):
        return None
    text = cell.removesuffix("€").removesuffix("EUR").strip()
    if _PLAIN_MONEY.fullmatch(text):
        return f"{Decimal(text):.2f}"
    if _GERMAN_MONEY.fullmatch(text):
        return f"{Decimal(text.replace('.', '').replace(',', '.')):.2f}"
    return None


def _integer(cell: Cell) -> int | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else None
    found = isinstance(cell, str) and re.fullmatch(r"-?[0-9]{1,12}", cell)
    return int(str(cell)) if found else None


def _yes_no(cell: Cell) -> bool | None:
    if isinstance(cell, bool):
        return cell
    text = str(cell).casefold()
    return True if text in _YES else False if text in _NO else None


def _text(cell: Cell) -> str | None:
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n")
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.12g}".replace(".", ",")
    if isinstance(cell, datetime):
        return f"{cell:%d.%m.%Y}" if cell.time() == time() else f"{cell:%d.%m.%Y %H:%M}"
    return f"{cell:%d.%m.%Y}" if isinstance(cell, date) else str(cell)


def _iban(cell: Cell) -> str | None:
    return "".join(cell.split()).upper() if isinstance(cell, str) else None


_READERS = {
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.MONTH: _month,
    Kind.TIME: _time,
    Kind.MONEY: _money,
    Kind.INTEGER: _integer,
    Kind.YES_NO: _yes_no,
    Kind.IBAN: _iban,
}
