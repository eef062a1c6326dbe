"""Rows of columns instead of models: SQLAlchemy's `select`, for queries that the database counts and joins by itself.

SQLModel's types do not know that the attributes of a model are columns, so a query made here is not typed.
"""

from typing import Any

import sqlalchemy


def columns(*chosen: object) -> Any:
    """`SELECT chosen`."""
    return sqlalchemy.select(*chosen)  # type: ignore[call-overload]
