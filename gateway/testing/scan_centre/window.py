"""A window into the scan centre: what lies in which box and what was destroyed, and controls to play with it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from html import escape
from typing import Any

from gateway.testing.epost.page import shown_moment
from gateway.testing.epost.paper import page_png
from gateway.testing.house.exchange import Page, Reply
from gateway.testing.house.server import CONTROL
from gateway.testing.house.window import Window
from gateway.testing.scan_centre.centre import ScanCentre
from gateway.testing.scan_centre.faults import apply_fault
from gateway.testing.scan_centre.ledger import Place, Sheaf
from gateway.testing.scan_centre.mail import FOREIGN, foreign, identity_paper, letter_naming

_PICTURE = re.compile(rf"{CONTROL}/papers/(\d{{1,9}})\.png", re.ASCII)
_PLACES = {
    Place.BOX: "im Karton",
    Place.SENT_BACK: "zurückgesandt",
    Place.DESTROYED: "vernichtet",
    Place.LOST: "verloren",
}
_STYLE = """
body { font: 16px/1.5 "Noto Sans", "Segoe UI", sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
  color: #1c1c1c; background: #f5f5f3; }
h1 { font-size: 1.5rem; margin-bottom: 0; } .note { color: #555; margin-top: .25rem; }
.box { background: #fff; border: 1px solid #d5d5d0; border-radius: 8px; padding: .5rem 1rem; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; padding: .15rem .6rem; }
tr.destroyed { color: #999; text-decoration: line-through; } .bad { color: #a01010; }
"""


class ScanWindow(Window):
    """A context manager; it serves in threads of this process while it is open."""

    def __init__(self, centre: ScanCentre, port: int = 0) -> None:
        super().__init__(port)
        self._centre = centre

    def _page(self) -> bytes:
        return centre_page(self._centre)

    def _shown_ledger(self) -> dict[str, object]:
        return {"now": self._centre.now().isoformat(), "papers": self._papers()}

    def _order(self, what: str, values: Mapping[str, Any]) -> dict[str, object]:
        if what == "/advance":
            self._centre.advance_by(**{unit: float(values.get(unit, 0)) for unit in ("days", "hours")})
            return {"now": self._centre.now().isoformat()}
        if what == "/faults":
            for each in values["faults"]:
                apply_fault(self._centre, each)
            return {"faults": len(values["faults"])}
        if what == "/mail":
            return {"papers": [each.number for each in self._centre.lay(*_mails(values, self._centre))]}
        if what == "/deliver":
            folder = self._centre.deliver()
            return {"delivery": folder.name if folder else None}
        raise LookupError(what)

    def _papers(self) -> list[dict[str, object]]:
        return [
            {
                "number": each.number,
                "what": each.what,
                "class": each.document_class,
                "box": each.box,
                "place": each.place.value,
                "document_ids": each.ids,
                "delivery": each.delivery,
                "receipt": each.receipt,
                "released_by": each.released_by,
                "certificate": each.certificate,
            }
            for each in self._centre.ledger
        ]

    def _file(self, path: str) -> Reply | Page:
        wanted = _PICTURE.fullmatch(path)
        found = [each for each in self._centre.ledger if wanted and each.number == int(wanted[1])]
        if not found:
            return Reply(404, {"error": "not found"})
        return Page(200, "image/png", page_png(self._centre.picture(found[0]), 1, dpi=60))


def centre_page(centre: ScanCentre) -> bytes:
    """German HTML: every box with its papers."""
    boxes: dict[str, list[Sheaf]] = defaultdict(list)
    for each in centre.ledger:
        boxes[each.box].append(each)
    gone = sum(each.place is Place.DESTROYED for each in centre.ledger)
    note = (
        f"Simulierte Zeit: {shown_moment(centre.now())} · Papiere: {len(centre.ledger)} · vernichtet: {gone}."
    )
    body = "".join(_box(name, papers) for name, papers in boxes.items()) or "<p>Noch ist kein Papier da.</p>"
    return f"""<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Scanstelle: Kartons</title><style>{_STYLE}</style></head><body>
<h1>Scanstellen-Simulator</h1><p class="note">{note} Hier wird nichts gescannt und nichts vernichtet.</p>
{body}</body></html>""".encode()


def _box(name: str, papers: list[Sheaf]) -> str:
    left = sum(each.place is Place.BOX for each in papers)
    heads = ("Nr.", "Was", "Klasse", "Seiten", "Lieferung", "Quittung", "Freigabe", "Wo", "Nachweis")
    head = "".join(f"<th>{each}</th>" for each in heads)
    rows = "".join(_row(each) for each in papers)
    title = f"Karton {escape(name)}: {left} von {len(papers)} Papieren"
    return f'<div class="box"><h2>{title}</h2><table><tr>{head}</tr>{rows}</table></div>'


def _row(sheaf: Sheaf) -> str:
    picture = f'<a href="{CONTROL}/papers/{sheaf.number}.png">{sheaf.number}</a>'
    cells = (
        escape(sheaf.what),
        escape(sheaf.document_class),
        str(sheaf.pages),
        escape(sheaf.delivery or "–"),
        escape(sheaf.receipt or "–"),
        escape(sheaf.released_by or "–"),
        _PLACES[sheaf.place],
        escape(sheaf.certificate or "–"),
    )
    return (
        f'<tr class="{sheaf.place.value}"><td>{picture}</td>'
        + "".join(f"<td>{each}</td>" for each in cells)
        + "</tr>"
    )


def _mails(values: Mapping[str, Any], centre: ScanCentre) -> list[Any]:
    """`{"kind": "letter", "file_number": …}`, `{"kind": "original"}`, or a kind of foreign mail; `count` of them."""
    kind, count = str(values.get("kind")), int(values.get("count", 1))
    if kind == "letter":
        return [letter_naming(str(values["file_number"])) for _ in range(count)]
    if kind == "original":
        return [identity_paper() for _ in range(count)]
    if kind not in FOREIGN:
        raise ValueError(f"unknown kind of mail: {kind}")
    start = len(centre.ledger)
    return [foreign(kind, f"{kind}:{start + number}") for number in range(count)]
