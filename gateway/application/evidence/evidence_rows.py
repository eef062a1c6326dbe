"""Rows as they stand, as parts of a posting file."""

import json
from typing import Any

from sqlalchemy import inspect as sa_inspect
from sqlmodel import SQLModel

from gateway.domain.account.evidence import Part


def as_row(row: SQLModel, *without: str) -> dict[str, Any]:
    """A row as it stands, but for the numbers by which rows know one another."""
    columns = sa_inspect(type(row)).columns
    numbers = {
        one.name for one in columns if one.name == "id" or (one.foreign_keys and one.name.endswith("_id"))
    }
    hidden = numbers | set(without)
    return row.model_dump(mode="json", exclude=hidden)


def rows_part(name: str, what: str, content: object) -> Part:
    """A part of JSON that people can read."""
    return Part(name, what, json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8") + b"\n")
