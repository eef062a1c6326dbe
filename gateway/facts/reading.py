"""Reading a facts file: TOML to plain tables, with an error that names the file when something is wrong.

Decimal fractions stay exact. This module knows no facts.
"""

import tomllib
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from gateway.domain.validity import Dated, fault_in
from gateway.errors import ConfigError

Table = dict[str, Any]
T = TypeVar("T")


def read_facts(shipped: str, path: Path | None, build: Callable[[Table], T]) -> T:
    """What `build` makes of the file `path`, or of the one of that name that ships with the gateway.

    Raises ConfigError (`facts-unreadable`, `facts-invalid`).
    """
    name = path.name if path else shipped
    try:
        text = (path or resources.files(__package__).joinpath(shipped)).read_text(encoding="utf-8")
        table = tomllib.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise ConfigError("facts-unreadable", f"Die Datei {name} lässt sich nicht lesen: {error}") from error
    try:
        return build(table)
    except KeyError as error:
        raise ConfigError(
            "facts-invalid", f"In der Datei {name} fehlt oder stört die Angabe {error}."
        ) from error
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise ConfigError("facts-invalid", f"Die Datei {name} enthält eine falsche Angabe: {error}") from error


def take(table: Table, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """The table itself, if it has exactly these keys; a KeyError names the first that is missing or unknown."""
    for key in required:
        if key not in table:
            raise KeyError(key)
    for key in table:
        if key not in required and key not in optional:
            raise KeyError(key)
    return table


def without_fault(facts: Sequence[Dated], what: str) -> None:
    """Raise ValueError if facts that follow one another overlap or leave a gap."""
    if fault := fault_in(facts):
        raise ValueError(f"{what}: {fault}")
