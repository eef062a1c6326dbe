"""What a print house writes back: acknowledgement, production, posting, return and list files, as status reports.

A file is JSON or XML of the same shape (attributes and simple elements of XML are the fields of JSON):

    kind            acknowledgement, production, posting, returns; list: see `print_lists`; certificate: see
                    `print_certificates`
    consignment     the key of the consignment, if the file is about one
    created_at      when it was written
    status, reason, text, posted_on, carrier, product      hold for every piece that does not say otherwise
    sha256          in an acknowledgement: of the ZIP that arrived
    counts.pieces   how many entries `pieces` has
    pieces          key and any of: consignment, status, at, reason, text, posted_on, carrier, product, franking_id …

A statement without `pieces` is about the whole consignment. Fields that are missing or unknown do no harm; a file
that contradicts itself, or cannot be read, raises `ReportUnreadable`: nobody believes half of it, and it stays
where it lies. XML is read without document types, so there are no entities and nothing is fetched.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from xml.parsers import expat
from zoneinfo import ZoneInfo

from gateway.domain.runs.status import Status
from gateway.ports.provider import StatusReport
from gateway.providers.print_status import meaning, reason_text

BERLIN = ZoneInfo("Europe/Berlin")

_KINDS = {"acknowledgement", "production", "posting", "returns", "list", "certificate"}
_IMPLIED = {"posting": "posted", "returns": "returned"}
"""What being in the list means where an entry has no status of its own."""
_COMMON = ("consignment", "status", "reason", "text", "posted_on", "carrier", "product")
_MOST_LEVELS = 8
_MOST_DIGITS = 9


class ReportUnreadable(Exception):
    """A file that cannot be believed; the code is stable and goes into a finding."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ReportFile:
    """One file, read. `pieces` have the fields of the whole file filled in; `about_all` is set without pieces.

    `day` is that of a list.
    """

    kind: str
    day: date | None
    consignment: str
    sha256: str
    created_at: datetime | None
    pieces: Sequence[Mapping[str, object]]
    about_all: Mapping[str, object] | None


def read_report(name: str, content: bytes) -> ReportFile:
    """The file `name` (its ending says JSON or XML). Raises `ReportUnreadable`."""
    fields = fields_of(name, content)
    kind = _text(fields.get("kind"))
    if kind not in _KINDS:
        raise ReportUnreadable("report-kind-unknown")
    pieces = fields.get("pieces")
    if pieces is not None and not (isinstance(pieces, list) and all(isinstance(each, dict) for each in pieces)):
        raise ReportUnreadable("report-shape")
    _check_counts(kind, fields.get("counts"), pieces or [])
    given = {field: fields[field] for field in _COMMON if field in fields}
    given.setdefault("status", _IMPLIED.get(kind, ""))
    return ReportFile(
        kind=kind,
        day=_day(fields.get("day")),
        consignment=_text(fields.get("consignment")),
        sha256=_text(fields.get("sha256")).lower(),
        created_at=_moment(fields.get("created_at")),
        pieces=[{**given, **each} for each in pieces or []],
        about_all=given if pieces is None and kind not in {"list", "certificate"} else None,
    )


def fields_of(name: str, content: bytes) -> dict[str, object]:
    """What a file says, in the shape of JSON; its name says what it is. Raises `ReportUnreadable`."""
    return _from_xml(content) if name.lower().endswith(".xml") else _from_json(content)


def statements(file: ReportFile, members: Sequence[str], now: Callable[[], datetime]) -> Iterator[StatusReport]:
    """What the file says piece by piece. `members` are the keys of its consignment, for what is about all of it."""
    entries = file.pieces if file.about_all is None else [{**file.about_all, "key": key} for key in members]
    for entry in entries:
        key = _text(entry.get("key"))
        if key:
            yield _statement(file, entry, key, now)


def _statement(
    file: ReportFile, entry: Mapping[str, object], key: str, now: Callable[[], datetime]
) -> StatusReport:
    word = _text(entry.get("status"))
    status = meaning(word).status
    posted_on = _day(entry.get("posted_on")) if status is Status.HANDED_TO_POST else None
    at = _moment(entry.get("at"))
    reason = reason_text(_text(entry.get("reason")), _text(entry.get("text")))
    consignment = _text(entry.get("consignment"))
    stamp = at.isoformat(timespec="seconds") if at else "-"
    return StatusReport(
        key=key,
        provider_reference=consignment,
        status=status,
        provider_status=word or f"{file.kind} ?",
        occurred_at=at or _noon(posted_on) or file.created_at or now(),
        dedup_key=":".join([key, file.kind, word, stamp, str(posted_on or "-"), _text(entry.get("reason"))]),
        raw={"kind": file.kind, **entry},
        posted_on=posted_on,
        reason=reason,
        delivered_on=at.astimezone(BERLIN).date() if at and status is Status.DELIVERED else None,
    )


def entry_text(entry: Mapping[str, object], name: str) -> str:
    """A field of an entry as text; empty if it has none."""
    return _text(entry.get(name))


def entry_day(entry: Mapping[str, object], name: str) -> date | None:
    """A field of an entry as day; None if it has none."""
    return _day(entry.get(name))


def entry_moment(entry: Mapping[str, object], name: str) -> datetime | None:
    """A field of an entry as moment; None if it has none."""
    return _moment(entry.get(name))


def entry_number(entry: Mapping[str, object], name: str) -> int | None:
    """A field of an entry that counts something; None if it has none."""
    return _number(entry.get(name))


def _check_counts(kind: str, counts: object, pieces: Sequence[Mapping[str, object]]) -> None:
    """A file that was cut, or copied together from two, does not have the pieces that it counts.

    A list says how many, also if there are none: one that does not may be half a file.
    """
    told = counts if isinstance(counts, dict) else {}
    if kind == "list" and _number(told.get("pieces")) is None:
        raise ReportUnreadable("report-count-missing")
    pages = [_number(piece.get("pages")) for piece in pieces]
    is_other = told.get("pieces") is not None and _number(told["pieces"]) != len(pieces)
    if None not in pages and told.get("pages") is not None:
        is_other = is_other or _number(told["pages"]) != sum(each or 0 for each in pages)
    if is_other:
        raise ReportUnreadable("report-count-mismatch")


def _from_json(content: bytes) -> dict[str, object]:
    try:
        fields = json.loads(content, parse_constant=_refuse_constant)
        kept = json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ReportUnreadable("report-not-json") from None
    if b"\\u0000" in kept:
        raise ReportUnreadable("report-not-text")
    if not isinstance(fields, dict):
        raise ReportUnreadable("report-shape")
    return fields


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are no JSON, and no database would keep them."""
    raise ValueError(name)


def _from_xml(content: bytes) -> dict[str, object]:
    reader = _XmlReader()
    try:
        return reader.read(content)
    except (expat.ExpatError, LookupError, ValueError):
        raise ReportUnreadable("report-not-xml") from None


class _XmlReader:
    """XML to the shape of JSON: attributes and text elements become fields, every `piece` an entry of `pieces`."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, object], list[str]]] = []
        self._root: dict[str, object] = {}

    def read(self, content: bytes) -> dict[str, object]:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.buffer_text = True
        parser.Parse(content, True)
        return self._root

    def _refuse_document_type(self, *_: object) -> None:
        raise ReportUnreadable("report-has-doctype")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= _MOST_LEVELS:
            raise ReportUnreadable("report-shape")
        fields: dict[str, object] = {_field(key): value for key, value in attributes.items()}
        self._open.append((_field(name), fields, []))

    def _characters(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        name, fields, texts = self._open.pop()
        if not self._open:
            self._root = fields
            return
        parent = self._open[-1][1]
        if name == "piece":
            pieces = parent.setdefault("pieces", [])
            if isinstance(pieces, list):
                pieces.append(fields)
        elif name == "pieces":
            parent["pieces"] = fields.get("pieces", [])
        else:
            parent.setdefault(name, fields or "".join(texts).strip())


def _field(name: str) -> str:
    """An XML name as the field of JSON, without a namespace's prefix."""
    return name.rpartition(":")[2].replace("-", "_")


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _number(value: object) -> int | None:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _moment(value: object) -> datetime | None:
    """A moment of the house in UTC; without a zone it means Europe/Berlin. Second 60 has been seen in the field."""
    text = _text(value)
    if text[16:19] == ":60":
        text = f"{text[:16]}:59{text[19:]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)
    except OverflowError:
        return None


def _day(value: object) -> date | None:
    text = _text(value)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _noon(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN).astimezone(UTC) if day else None
