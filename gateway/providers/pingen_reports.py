"""What Pingen says about a letter, normalised: letters as they stand, events, and webhooks.

Read tolerantly: the provider has renamed types without notice (letters_events became deliverables_events), so only
ids and codes are relied on, never the names of types. An event has the same dedup key whether it was polled or came
by webhook.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.runs.status import Status
from gateway.ports.provider import StatusReport
from gateway.providers.pingen_codes import POSTING_CODES, event_meaning, status_meaning

BERLIN = ZoneInfo("Europe/Berlin")
FILE_SUFFIX = ".pdf"

Now = Callable[[], datetime]


def text(mapping: object, *path: str) -> str:
    """A text somewhere inside a JSON document; empty where there is none."""
    for name in path:
        mapping = mapping.get(name) if isinstance(mapping, Mapping) else None
    return mapping if isinstance(mapping, str) else ""


def letter_status(letter: Mapping[str, Any]) -> str:
    """The status word of a letter resource."""
    return text(letter, "attributes", "status")


def key_of(letter: Mapping[str, Any]) -> str:
    """Our key, out of the file name that we gave; empty where the letter is not ours or does not tell."""
    name = text(letter, "attributes", "file_original_name")
    return name.removesuffix(FILE_SUFFIX) if name.endswith(FILE_SUFFIX) else ""


def letter_report(letter: Mapping[str, Any], now: Now) -> StatusReport:
    """What a letter's own status states."""
    word, letter_id = letter_status(letter), text(letter, "id")
    status, sentence = status_meaning(word)
    return StatusReport(
        key=key_of(letter),
        provider_reference=letter_id,
        status=status,
        provider_status=word or "-",
        occurred_at=moment(text(letter, "attributes", "updated_at")) or now(),
        dedup_key=f"letter:{letter_id}:{word}",
        raw=dict(letter),
        reason=sentence,
    )


def event_report(
    event: Mapping[str, Any],
    now: Now,
    *,
    category: str = "",
    letter_id: str = "",
    key: str = "",
    raw: Mapping[str, Any] | None = None,
    fallback_key: str = "",
) -> StatusReport:
    """What an event states. `raw` is what arrived, if that is more; `fallback_key` names an event without an id."""
    code = text(event, "attributes", "code")
    status, sentence = event_meaning(code, category)
    at = moment(text(event, "attributes", "emitted_at")) or moment(text(event, "attributes", "created_at"))
    names_posting = code in POSTING_CODES or (not code and category == "sent")
    return StatusReport(
        key=key,
        provider_reference=letter_id or letter_id_of(event),
        status=status,
        provider_status=code or category or "-",
        occurred_at=at or now(),
        dedup_key=f"event:{text(event, 'id')}" if text(event, "id") else fallback_key,
        raw=dict(raw if raw is not None else event),
        posted_on=at.astimezone(BERLIN).date()
        if at and names_posting and status is Status.HANDED_TO_POST
        else None,
        reason=sentence,
        delivered_on=at.astimezone(BERLIN).date() if at and status is Status.DELIVERED else None,
    )


def letter_id_of(resource: Mapping[str, Any]) -> str:
    """The letter that an event or a webhook is about; the relationship was renamed once."""
    for name in ("deliverable", "letter"):
        if found := text(resource, "relationships", name, "data", "id"):
            return found
    return ""


def webhook_reports(document: Mapping[str, Any], now: Now, *, fallback_key: str) -> Iterator[StatusReport]:
    """What one webhook states: the event it is about, by its code if that is included, else by its category."""
    data = document.get("data")
    if not isinstance(data, Mapping):
        return
    included = document.get("included")
    parts = [part for part in included if isinstance(part, Mapping)] if isinstance(included, list) else []
    event_id = text(data, "relationships", "event", "data", "id")
    letter_id = letter_id_of(data)
    event: Mapping[str, Any] = next((part for part in parts if event_id and text(part, "id") == event_id), {})
    letter: Mapping[str, Any] = next(
        (part for part in parts if letter_id and text(part, "id") == letter_id), {}
    )
    attributes = {"created_at": text(data, "attributes", "created_at")}
    yield event_report(
        event or ({"id": event_id} if event_id else {}) | {"attributes": attributes},
        now,
        category=text(data, "type").removeprefix("webhook_"),
        letter_id=letter_id or letter_id_of(event),
        key=key_of(letter),
        raw=document,
        fallback_key=fallback_key,
    )


def moment(value: str) -> datetime | None:
    """A timestamp of the provider in UTC; without a zone it means UTC."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
