"""JSON:API documents of the simulated interface: letters, events, collections, errors, webhooks."""

import hashlib
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.testing.house.clock import BERLIN
from gateway.testing.house.exchange import Request
from gateway.testing.pingen.ledger import Letter
from gateway.testing.pingen.life import Event, may_cancel

_ECHOED = (
    *("file_original_name", "address_position", "delivery_product"),
    *("print_mode", "print_spectrum", "sender_address", "meta_data"),
)


class Reject(Exception):
    """The request is declined with an errors document."""

    def __init__(self, status: int, code: str, title: str, pointer: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.document = {
            "errors": [
                {"code": code, "title": title, "detail": title}
                | ({"source": {"pointer": pointer}} if pointer else {})
            ]
        }


def attributes_of(request: Request) -> Mapping[str, Any]:
    """The attributes of the resource in a request; raises `Reject`."""
    try:
        attributes = json.loads(request.body)["data"]["attributes"]
    except (ValueError, KeyError, TypeError):
        raise Reject(400, "malformed", "Malformed document") from None
    if not isinstance(attributes, dict):
        raise Reject(400, "malformed", "Malformed document")
    return attributes


def letter_resource(letter: Letter, now: datetime, organisation: str) -> dict[str, object]:
    """A letter as the interface shows it."""
    facts = letter.facts
    return {
        "id": letter.letter_id,
        "type": "letters",
        "attributes": {
            **{name: letter.attributes.get(name) for name in _ECHOED},
            "status": letter.status,
            "file_pages": letter.pages,
            "price_currency": "EUR",
            "price_value": 1.25 if facts.submitted_at else None,
            "source": "api",
            "submitted_at": wire_time(facts.submitted_at) if facts.submitted_at else None,
            "created_at": wire_time(facts.created_at),
            "updated_at": wire_time(now),
        },
        "relationships": {
            "organisation": {"data": {"id": organisation, "type": "organisations"}},
            "events": {"links": {"related": {"href": f"/letters/{letter.letter_id}/events"}}},
        },
        "meta": {
            "abilities": {
                "self": {
                    "cancel": "ok" if may_cancel(facts, now) else "state",
                    "send": "ok" if letter.status == "valid" else "state",
                }
            }
        },
    }


def event_resource(event: Event, kind: str) -> dict[str, object]:
    """An event; `kind` is the name of its type, which the provider has changed before."""
    return {
        "id": event.event_id,
        "type": kind,
        "attributes": {
            "code": event.code,
            "name": event.name,
            "producer": "Printcenter" if event.category == "sent" else "Pingen",
            "location": "",
            "has_image": False,
            "data": [],
            "emitted_at": wire_time(event.at),
            "created_at": wire_time(event.at),
            "updated_at": wire_time(event.at),
        },
        "relationships": {"letter": {"data": {"id": event.letter_id, "type": "letters"}}},
    }


def collection(resources: Sequence[Mapping[str, object]], query: Mapping[str, str]) -> dict[str, object]:
    """One page of a collection: `page[number]` from 1, `page[limit]`."""
    number, limit = int(query.get("page[number]", "1")), int(query.get("page[limit]", "20"))
    last = max(1, math.ceil(len(resources) / limit))
    shown = resources[(number - 1) * limit : number * limit]
    return {
        "data": list(shown),
        "links": {},
        "meta": {"current_page": number, "last_page": last, "per_page": limit, "total": len(resources)},
    }


def webhook_call(
    event: Event,
    letter: Letter,
    now: datetime,
    organisation: str,
    *,
    key: str,
    kind: str,
    made_at: datetime,
) -> tuple[dict[str, str], bytes]:
    """Headers and body of the call about an event; signed over the raw body."""
    relationships: dict[str, Any] = {
        "organisation": {"data": {"id": organisation, "type": "organisations"}},
        "deliverable": {"data": {"id": letter.letter_id, "type": "letters"}},
        "letter": {"data": {"id": letter.letter_id, "type": "letters"}},
        "event": {"data": {"id": event.event_id, "type": kind}},
    }
    attributes = {"url": "https://example.org/hook", "created_at": wire_time(made_at)}
    if event.category in {"issues", "undeliverable"}:
        attributes["reason"] = event.name
    data = {
        "id": f"wh-{event.event_id}",
        "type": f"webhook_{event.category}",
        "attributes": attributes,
        "relationships": relationships,
    }
    included = [event_resource(event, kind), letter_resource(letter, now, organisation)]
    body = json.dumps({"data": data, "included": included}, ensure_ascii=False).encode()
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/vnd.api+json", "Signature": signature}, body


def wire_time(moment: datetime) -> str:
    """As the interface writes it: local time with its offset, without a colon."""
    return moment.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S%z")
