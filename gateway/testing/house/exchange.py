"""Requests and answers of a simulated interface, without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """A request as it came in; `query` holds the first value of each parameter, header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str | None
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """An answer: status and JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """An answer that is no JSON: a picture, a page, or nonsense."""

    status: int
    content_type: str
    body: bytes
