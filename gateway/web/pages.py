"""Turning values into HTML: the template environment (autoescape on, undefined names are errors) and its filters."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.domain.references import for_people
from gateway.domain.trail.trail import ENTRANCES
from gateway.web import paper_words, words
from gateway.web.schema_form import Kind

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


class Pages:
    """Renders pages; times are shown at the authority's seat."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "day": lambda value: _day(value, zone),
            "moment": lambda value: _moment(value, zone),
            "ref": lambda value: for_people(value) if value else "–",
            "eur": _eur,
            "word_of_role": lambda role: words.ROLES[role],
            "document_class": lambda value: words.DOCUMENT_CLASSES.get(value, value),
        }
        self._environment.globals |= {
            "words": words,
            "paper_words": paper_words,
            "Kind": Kind,
            "entrances": ENTRANCES,
        }

    def html(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page as response."""
        return HTMLResponse(self._environment.get_template(template).render(**values), status_code=status)


def _day(value: date | None, zone: ZoneInfo) -> str:
    local = value.astimezone(zone) if isinstance(value, datetime) else value
    return f"{local:%d.%m.%Y}" if local else "–"


def _moment(value: datetime | None, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%d.%m.%Y %H:%M}" if value else "–"


def _eur(value: Decimal | None) -> str:
    return f"{value:.2f} €".replace(".", ",") if value is not None else "–"
