"""The files that the print centre writes into its outbox, as JSON or XML.

`CONSIGNMENT.ack`, `.production`, `.posting`, `DAY.list`, and `returns-DAY-N`. Written beside and renamed, unless a
test wants to see what happens when a centre does not.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from gateway.testing.house.clock import BERLIN
from gateway.testing.print_centre.ledger import Delivery, Letter


def local(moment: datetime) -> str:
    """Berlin time without a zone, as German print houses write it."""
    return moment.astimezone(BERLIN).replace(tzinfo=None).isoformat(timespec="seconds")


def acknowledgement(delivery: Delivery) -> dict[str, Any]:
    """What was taken and what was not, and the hash of what arrived."""
    told: dict[str, Any] = {
        "kind": "acknowledgement",
        "consignment": delivery.consignment,
        "created_at": local(delivery.received_at),
        "sha256": delivery.sha256,
    }
    if delivery.fault:
        return told | {"status": "rejected", "reason": delivery.fault}
    return told | _listed([_accepted(letter) for letter in delivery.letters])


def _accepted(letter: Letter) -> dict[str, str]:
    if letter.fault:
        return {"key": letter.key, "status": "rejected", "reason": letter.fault}
    return {"key": letter.key, "status": "accepted"}


def production(delivery: Delivery, *, started: bool = False) -> dict[str, Any]:
    """What is in production, later what was printed."""
    status = "in_production" if started else "printed"
    moment = delivery.good[0].started_at if started else delivery.good[0].printed_at
    return {
        "kind": "production",
        "consignment": delivery.consignment,
        "created_at": local(moment),
        **_listed([{"key": each.key, "status": status, "at": local(moment)} for each in delivery.good]),
    }


def posting(delivery: Delivery) -> dict[str, Any]:
    """The posting list: number, day, carrier and counts; product, franking id, sheets and pages of every piece."""
    posted_at = delivery.good[0].posted_at
    pieces = [
        {
            "key": letter.key,
            "product": _product(letter),
            "franking_id": f"A0{delivery.number:06d}{number:06d}",
            "sheets": str(letter.sheets),
            "pages": str(letter.pages),
            "sha256": letter.sha256,
        }
        for number, letter in enumerate(delivery.good, start=1)
    ]
    told = _listed(pieces)
    told["counts"] |= {
        "sheets": sum(letter.sheets for letter in delivery.good),
        "pages": sum(letter.pages for letter in delivery.good),
    }
    return {
        "kind": "posting",
        "list_number": f"EL-{delivery.number:06d}",
        "consignment": delivery.consignment,
        "created_at": local(posted_at),
        "posted_on": posted_at.astimezone(BERLIN).date().isoformat(),
        "carrier": "Deutsche Post",
        **told,
    }


def _product(letter: Letter) -> str:
    """By sheets as the post prices them; registered mail is posted as what it was ordered as."""
    if letter.service != "standard":
        return letter.service
    names = ((3, "Standardbrief"), (8, "Kompaktbrief"), (90, "Großbrief"))
    return next((name for most, name in names if letter.sheets <= most), "Maxibrief")


def returns(letters: Sequence[tuple[Letter, str]], moment: datetime) -> dict[str, Any]:
    """What came back, with the carrier's reason."""
    pieces = [
        {"key": letter.key, "consignment": letter.consignment, "reason": reason, "at": local(moment)}
        for letter, reason in letters
    ]
    return {"kind": "returns", "created_at": local(moment), **_listed(pieces)}


def daily_list(day: date, deliveries: Sequence[Delivery], moment: datetime) -> dict[str, Any]:
    """What arrived on a day in Berlin, printed or not; a delivery of which nothing could be read by its name alone."""
    pieces: list[dict[str, Any]] = []
    for delivery in deliveries:
        if delivery.fault:
            pieces.append(
                {
                    "consignment": delivery.consignment,
                    "status": "rejected",
                    "reason": delivery.fault,
                    "pages": 0,
                }
            )
        pieces += [
            {**_accepted(letter), "consignment": delivery.consignment, "pages": letter.pages}
            for letter in delivery.letters
        ]
    counts = {"pieces": len(pieces), "pages": sum(piece["pages"] for piece in pieces)}
    head = {"kind": "list", "day": day.isoformat(), "created_at": local(moment)}
    return {**head, "counts": counts, "pieces": pieces}


def _listed(pieces: list[dict[str, str]]) -> dict[str, Any]:
    return {"counts": {"pieces": len(pieces)}, "pieces": pieces}


Sign = Callable[[bytes], bytes | None]
"""A detached signature over a file, or None for none."""


def write(folder: Path, name: str, told: Mapping[str, Any], *, kind: str, sign: Sign) -> Path:
    """Write `name` whole: beside it first, then renamed."""
    file = folder / f"{name}.{kind}"
    part = folder / f"{name}.{kind}.part"
    part.write_bytes(as_bytes(told, kind))
    if told.get("kind") == "posting":
        # First the companion: what lies there under its own name must already be provable.
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        (folder / f"{file.name}.sha256").write_text(f"{digest}  {file.name}\n", encoding="ascii")
        if signature := sign(part.read_bytes()):
            (folder / f"{file.name}.p7s").write_bytes(signature)
    part.replace(file)
    return file


def as_bytes(told: Mapping[str, Any], kind: str) -> bytes:
    """The content of a file."""
    if kind == "json":
        return json.dumps(told, ensure_ascii=False, indent=1).encode()
    head = {name: value for name, value in told.items() if isinstance(value, str)}
    lines = [f'<?xml version="1.0" encoding="UTF-8"?>\n<report{_attributes(head)}>']
    if "counts" in told:
        lines.append(f" <counts{_attributes(told['counts'])}/>")
    lines += [f" <piece{_attributes(piece)}/>" for piece in told.get("pieces", [])]
    return "\n".join([*lines, "</report>\n"]).encode()


def _attributes(fields: Mapping[str, Any]) -> str:
    return "".join(f" {name.replace('_', '-')}={quoteattr(str(value))}" for name, value in fields.items())
