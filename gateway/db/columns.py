"""Rows of columns instead of models: SQLAlchemy's tables and `select`, for what the database does by itself, and a lot.

SQLModel's types do not know that the attributes of a model are columns, so a query made here is not typed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy
from sqlmodel import SQLModel

T = TypeVar("T", int, str)
_AT_ONCE = 500


def columns(*chosen: object) -> Any:
    """`SELECT chosen`."""
    return sqlalchemy.select(*chosen)  # type: ignore[call-overload]


def table_of(model: type[SQLModel]) -> Any:
    """The table of a model: rows of it are quicker than objects, which a million of them need."""
    return model.__table__  # type: ignore[attr-defined]


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """No more at once than a statement may name."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
