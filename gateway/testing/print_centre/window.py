"""A window into the print centre: a page on loopback that shows what was printed, and controls to play with it."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.testing.epost.codes import Reject
from gateway.testing.epost.paper import page_png
from gateway.testing.house.exchange import Page, Reply
from gateway.testing.house.server import CONTROL
from gateway.testing.house.window import Window
from gateway.testing.print_centre.centre import PrintCentre
from gateway.testing.print_centre.faults import apply_fault
from gateway.testing.print_centre.ledger import Letter
from gateway.testing.print_centre.page import ledger_page

_FILE = re.compile(
    rf"{CONTROL}/letters/(\d{{1,9}})/([0-9A-Za-z._-]{{1,80}})/(pdf|page-(\d{{1,3}})\.png)", re.ASCII
)


class CentreWindow(Window):
    """A context manager; it serves in threads of this process while it is open."""

    def __init__(self, centre: PrintCentre, port: int = 0) -> None:
        super().__init__(port)
        self._centre = centre

    def _page(self) -> bytes:
        return ledger_page(self._letters(), self._rejected(), self._centre.now())

    def _order(self, what: str, values: Mapping[str, Any]) -> dict[str, object]:
        if what == "/advance":
            span = {unit: float(values.get(unit, 0)) for unit in ("days", "hours")}
            return {"now": self._centre.advance(**span).isoformat()}
        if what == "/faults":
            for each in values["faults"]:
                apply_fault(self._centre, each)
            return {"faults": len(values["faults"])}
        if what == "/returns":
            [letter] = [each for each in self._letters() if each.key == values["key"]]
            self._centre.bring_back(letter, str(values.get("reason", "moved")))
            self._centre.work()
            return {"returned": letter.key}
        raise LookupError(what)

    def _letters(self) -> list[Letter]:
        return [letter for delivery in self._centre.deliveries for letter in delivery.letters]

    def _rejected(self) -> int:
        return sum(bool(delivery.fault) for delivery in self._centre.deliveries)

    def _shown_ledger(self) -> dict[str, object]:
        printed = [
            {
                "key": letter.key,
                "consignment": letter.consignment,
                "sha256": letter.sha256,
                "pages": letter.pages,
            }
            for letter in self._centre.ledger
        ]
        return {"now": self._centre.now().isoformat(), "printed": printed}

    def _file(self, path: str) -> Reply | Page:
        wanted = _FILE.fullmatch(path)
        found = [
            letter
            for letter in self._letters()
            if wanted and (letter.delivery, letter.key) == (int(wanted[1]), wanted[2])
        ]
        if wanted is None or not found:
            return Reply(404, {"error": "not found"})
        pdf = self._centre.pdf(found[0])
        if wanted[3] == "pdf":
            return Page(200, "application/pdf", pdf)
        try:
            return Page(200, "image/png", page_png(pdf, int(wanted[4]), dpi=110))
        except Reject:
            return Reply(404, {"error": "not a PDF"})
