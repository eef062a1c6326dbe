"""Column types that both databases keep the same way."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment, stored in UTC; a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone must not be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite forgets the zone; it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(
    enum: type[StrEnum],
    name: str,
    *,
    default: StrEnum | None = None,
    optional: bool = False,
    index: bool = False,
) -> Any:
    """A text column that can only hold the values of `enum`, by check constraint `name`; NULL only if `optional`."""
    column: Column[Any] = Column(
        Enum(
            enum,
            name=name,
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
        nullable=optional,
        index=index,
    )
    if default is None and not optional:
        return Field(sa_column=column)
    return Field(default=default, sa_column=column)


def moment(*, optional: bool = False, index: bool = False) -> Any:
    """A column for a timezone-aware moment."""
    if optional:
        return Field(default=None, sa_type=UtcDateTime, index=index)
    return Field(sa_type=UtcDateTime, index=index)


def json_value(*, optional: bool = False) -> Any:
    """A JSON column."""
    column: Column[Any] = Column(JSON(none_as_null=True), nullable=optional)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)
