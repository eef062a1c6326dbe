"""Reads a transfer note in the DRV's XML form, from beside a PDF or from within it (PDF/A-3).

    <Transfervermerk>
      <Auftragnehmer><Name>…</Name><Ort>…</Ort><Organisationseinheit>…</Organisationseinheit></Auftragnehmer>
      <Stapel name="…" erstellt="2026-11-20T14:00:00+01:00">
        <Verfahren><Bezeichnung>…</Bezeichnung><Auspraegung>…</Auspraegung><Version>…</Version></Verfahren>
        <PositionDesDokuments>Abbild 5 bis 9 von 201</PositionDesDokuments>
        <Prozessschritte><Prozessschritt name="Scannen" zeitpunkt="…"><Durchfuehrung>…</Durchfuehrung>
          <ITSystem>…</ITSystem><AttributListe><Attribut name="…" auffaelligkeit="false">…</Attribut></AttributListe>
        </Prozessschritt>…</Prozessschritte></Stapel>
      <Dokument><Seiten>2</Seiten><AttributListe>
        <Attribut name="Dokument-ID">…</Attribut><Attribut name="SHA-256">…</Attribut>…</AttributListe></Dokument>
    </Transfervermerk>

The DRV's form leaves the names of attributes to the agreement; those that are read here stand below. Judges nothing:
that is `gateway.domain.inbound.transfer_note`.
"""

import io
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element

import pikepdf

from gateway.domain.inbound.transfer_note import TransferNote
from gateway.inbound.strict_xml import NotXml, local, parse_xml

MAX_NOTE_BYTES = 1_000_000
_MAX_ODD_BYTES = 20_000
"""Packed in a way that hardly anybody uses and cannot be unpacked in part; the old ones pack a thousand to one."""
ROOT = "Transfervermerk"
_CAPTURE = ("scannen", "erfassung", "digitalisierung")
_QUALITY = ("qualität", "qualitaet", "qs")
_MATCH = "übereinstimmung"
_ID, _HASH = ("dokument-id", "dokumentid"), ("sha-256", "sha256")
_YES = frozenset({"ja", "true", "1", "wahr", "bestätigt"})
_NO = frozenset({"nein", "false", "0", "falsch"})


def read_note(content: bytes) -> TransferNote | None:
    """The note in these bytes; None if they are none."""
    if len(content) > MAX_NOTE_BYTES:
        return None
    try:
        root = parse_xml(content)
    except NotXml:
        return None
    return _note(root) if local(root.tag) == ROOT else None


def attached_note(pdf: bytes) -> bytes | None:
    """The XML of a transfer note that a PDF carries; the first one, if there are several."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            for attachment in document.attachments.values():
                content = _content(attachment.get_file().obj)
                if ROOT.encode() in content and read_note(content) is not None:
                    return content
    except (pikepdf.PikepdfError, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _content(stream: pikepdf.Object) -> bytes:
    """Of a file in a PDF, one byte more than a note may have at most: 400 kB may hold 400 MB of nothing."""
    raw, filters = bytes(stream.read_raw_bytes()), stream.get("/Filter")
    if filters is None:
        return raw[: MAX_NOTE_BYTES + 1]
    names = [str(each) for each in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if names == ["/FlateDecode"] and "/DecodeParms" not in stream:
        return zlib.decompressobj().decompress(raw, MAX_NOTE_BYTES + 1)
    return bytes(stream.read_bytes()) if len(raw) < _MAX_ODD_BYTES and len(names) == 1 else b""


def _note(root: Element) -> TransferNote:
    attributes = {_name(each): (each.text or "").strip() for each in _all(root, "Attribut")}
    steps = list(_all(root, "Prozessschritt"))
    capture = next((step for step in steps if _is(step, _CAPTURE)), None)
    quality = next((step for step in steps if _is(step, _QUALITY)), None)
    stack = next(_all(root, "Stapel"), None)
    return TransferNote(
        creator=_text(capture, "Durchfuehrung"),
        organisation=_text(next(_all(root, "Auftragnehmer"), None), "Name"),
        environment=tuple(
            dict.fromkeys(
                (each.text or "").strip() for each in _all(root, "ITSystem") if (each.text or "").strip()
            )
        ),
        procedure=" ".join(
            text for part in ("Bezeichnung", "Auspraegung", "Version") if (text := _text(root, part))
        ),
        anomalies=_anomalies(root),
        captured_at=_moment(capture.get("zeitpunkt") if capture is not None else None)
        or _moment(stack.get("erstellt") if stack is not None else None),
        quality=_quality(quality, attributes),
        matches_paper=_match(attributes),
        document_id=_first(attributes, _ID).lower(),
        sha256=_first(attributes, _HASH).lower(),
        pages=_pages(_text(next(_all(root, "Dokument"), None), "Seiten")),
    )


def _quality(step: Element | None, attributes: dict[str, str]) -> str:
    said = [text for name, text in attributes.items() if name.startswith(_QUALITY) and text]
    if said or step is None:
        return ", ".join(said)
    return ", ".join((each.text or "").strip() for each in _all(step, "Attribut") if (each.text or "").strip())


def _anomalies(root: Element) -> tuple[str, ...] | None:
    """Names of the attributes that are marked; None if no attribute says whether it is one."""
    marked = [(_name(each), each.get("auffaelligkeit", "").lower()) for each in _all(root, "Attribut")]
    if not any(mark for _, mark in marked):
        return None
    return tuple(name for name, mark in marked if mark in _YES)


def _match(attributes: dict[str, str]) -> bool | None:
    said = next((text.lower() for name, text in attributes.items() if _MATCH in name), "")
    return True if said in _YES else False if said in _NO else None


def _all(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if local(each.tag) == name)


def _text(element: Element | None, name: str) -> str:
    found = next(_all(element, name), None) if element is not None else None
    return (found.text or "").strip() if found is not None else ""


def _name(element: Element) -> str:
    return element.get("name", "").strip().lower()


def _is(step: Element, words: tuple[str, ...]) -> bool:
    return _name(step).startswith(words)


def _first(attributes: dict[str, str], names: tuple[str, ...]) -> str:
    return next((attributes[name] for name in names if attributes.get(name)), "")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _pages(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None
