"""The scan centre at work in a folder: takes paper into boxes, scans and delivers it, keeps and destroys the paper.

    ROOT/in         deliveries, READY last; whoever takes them removes them
    ROOT/answers    receipts, feedback, release lists and recalls, as they are written to the centre
    ROOT/reports    certificates of destruction, answers to recalls
    ROOT/centre     the centre's own: ledger and paper

Its time is simulated: `speed` seconds a second, or put forward by `advance`.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from gateway.testing.house.centre import Centre
from gateway.testing.house.clock import local_day
from gateway.testing.house.seals import Seal
from gateway.testing.scan_centre.batch import Draft
from gateway.testing.scan_centre.form import Form
from gateway.testing.scan_centre.ledger import PaperLedger, Place, Sheaf
from gateway.testing.scan_centre.mail import Mail
from gateway.testing.scan_centre.mistakes import spoil
from gateway.testing.scan_centre.packing import READY, write_delivery
from gateway.testing.scan_centre.reports import report_bytes
from gateway.testing.scan_centre.scanner import GOOD, UNREADABLE, Condition, scan
from gateway.testing.scan_centre.sheets import pages_of

_BOX_HOLDS = 50
DESTROYED_AFTER = timedelta(days=2)
"""After the release, the shredder's next tour."""
_TOO_OLD = timedelta(days=2)

OF_CENTRE = frozenset(
    {"gap", "late", "old", "ready-early", "unreadable-scan", "id-again", "bytes-again", "name-again"}
)
"""Mistakes of a delivery that only the centre can make; see `faults`."""


@dataclass
class Script:
    """Mistakes that are asked for: `next_delivery` those of the next batch, the others hold until taken away.

    See `faults`. `level`: that of the destruction. `withhold`: kinds of reports that are not written.
    """

    next_delivery: list[str] = field(default_factory=list)
    level: str = "P-5"
    quantity_off: int = 0
    withhold: set[str] = field(default_factory=set)
    destroys_recalled: bool = False
    loses_recalled: bool = False
    asleep: bool = False


class ScanCentre(Centre):
    """A context manager; a thread of this process works while it is open, if `automatic`.

    `root` keeps everything from one start to the next; without it, all vanishes at the end. `form`: how it delivers.
    `condition`: how paper is scanned, or a function of the sheaf.
    """

    KIND = "scan-centre"
    FOLDERS: ClassVar[tuple[str, ...]] = ("in", "answers", "reports", "centre/held-back")
    LOOK_EVERY_S = 0.2

    def __init__(
        self,
        root: Path | None = None,
        *,
        source: str = "scan-centre",
        speed: float = 1.0,
        start: datetime | None = None,
        automatic: bool = False,
        form: Form | None = None,
        condition: Condition | Callable[[Sheaf], Condition] = GOOD,
    ) -> None:
        super().__init__(root, speed=speed, start=start, automatic=automatic)
        self.source = source
        self.script = Script()
        self.form = form or Form()
        self._condition = condition
        self._ledger = PaperLedger(self.root / "centre")
        self.seal = Seal(self.root / "centre" / "seal") if self.form.sealed else None

    @property
    def ledger(self) -> list[Sheaf]:
        """Every paper that ever arrived, in order."""
        return list(self._ledger.sheaves)

    def advance_to(self, moment: datetime) -> None:
        """Put the clock forward and do what became due."""
        self._clock = self._clock.put_to(moment)
        self.work()

    def advance_by(self, **span: float) -> None:
        """The same by a span of time."""
        self.advance_to(self.now() + timedelta(**span))

    def lay(self, *mails: Mail) -> list[Sheaf]:
        """Paper arrives and is put into boxes."""
        with self._lock:
            return [self._lay(mail) for mail in mails]

    def deliver(self) -> Path | None:
        """Scan whatever was not delivered yet, or is to be scanned again; the delivery's folder, READY last, or ZIP.

        None if there is nothing to deliver. A delivery that is held back (fault `late`) lies in `centre/held-back`.
        """
        with self._lock:
            waiting = [each for each in self._ledger.sheaves if _waits(each)]
            return self._deliver(waiting) if waiting else None

    def hand_in_late(self) -> list[Path]:
        """Deliver what was held back."""
        with self._lock:
            moved = [
                Path(shutil.move(each, self.root / "in" / each.name))
                for each in sorted((self.root / "centre" / "held-back").iterdir())
            ]
            return [each for each in moved if not each.name.endswith(READY)]

    def work(self) -> None:
        """Read what was answered, and do what is due: destroy, send back."""
        with self._lock:
            if not self.script.asleep:
                for file in sorted((self.root / "answers").iterdir()):
                    if file.name not in self._ledger.seen and not file.name.endswith(".part"):
                        self._read(file)
                self._destroy_due()
                self._ledger.save()

    def destroy(self, sheaves: Iterable[Sheaf]) -> str:
        """Shred paper, released or not, and certify it; the number of the certificate."""
        with self._lock:
            return self._destroy(list(sheaves))

    def report(self, name: str, content: bytes) -> None:
        """Put a file where it is fetched, whatever it says."""
        part = self.root / "reports" / f".{name}.part"
        part.write_bytes(content)
        part.replace(self.root / "reports" / name)

    def picture(self, sheaf: Sheaf) -> bytes:
        """The paper as a PDF."""
        return self._ledger.paper(sheaf)[0]

    def _lay(self, mail: Mail) -> Sheaf:
        number = len(self._ledger.sheaves) + 1
        sheaf = Sheaf(
            number=number,
            what=mail.what,
            document_class=mail.document_class,
            case=mail.case,
            box=f"K-{(number - 1) // _BOX_HOLDS + 1:04d}",
            arrived_at=self.now(),
            pages=pages_of(mail.pdf),
        )
        self._ledger.add(sheaf, mail.pdf, mail.text, mail.file_number, mail.reason, mail.keyed)
        return sheaf

    def _deliver(self, sheaves: Sequence[Sheaf]) -> Path:
        mistakes, self.script.next_delivery = self.script.next_delivery, []
        self._ledger.sequence += 2 if "gap" in mistakes else 1
        sequence, before = self._ledger.sequence, self._delivered_before(mistakes)
        name = f"{local_day(self.now()).isoformat()}-{sequence:03d}"
        draft = Draft(self.source, name, sequence, self.now(), self.form, self.seal or bytes)
        if "old" in mistakes:
            draft.at -= _TOO_OLD
        if before and "name-again" in mistakes:
            draft.delivery = before.delivery
        for position, sheaf in enumerate(sheaves):
            entry, first = self._entry(sheaf, draft.delivery), position == 0
            scan = self._scan(sheaf, spoiled=first and "unreadable-scan" in mistakes)
            if first and before and "id-again" in mistakes:
                entry["document_id"] = before.document_id
            if first and before and "bytes-again" in mistakes:
                scan = self._scan(before, spoiled=False)
            draft.add(entry, scan)
        for mistake in mistakes:
            if mistake not in OF_CENTRE:
                spoil(draft, mistake)
        return self._write(draft, mistakes)

    def _delivered_before(self, mistakes: Sequence[str]) -> Sheaf | None:
        """A paper that was delivered, for mistakes that repeat something."""
        if not {"id-again", "bytes-again", "name-again"} & set(mistakes):
            return None
        return next((each for each in self._ledger.sheaves if each.receipt == "accepted"), None)

    def _entry(self, sheaf: Sheaf, delivery: str) -> dict[str, Any]:
        earlier = sheaf.document_id
        _, _, file_number, _ = self._ledger.paper(sheaf)
        sheaf.ids.append(str(uuid5(NAMESPACE_URL, f"{self.source}:{sheaf.number}:{len(sheaf.ids)}")))
        sheaf.delivery, sheaf.scanned_at, sheaf.receipt = delivery, self.now(), ""
        entry = {
            "document_id": sheaf.document_id,
            "class": sheaf.document_class,
            "received_on": local_day(sheaf.arrived_at).isoformat(),
            "scanned_at": self.now().isoformat(),
            "file_number": file_number,
            "box": sheaf.box,
            "quality": "ok",
            **self._ledger.keyed(sheaf),
        }
        return {**entry, "replaces": earlier} if earlier else entry

    def _scan(self, sheaf: Sheaf, *, spoiled: bool) -> bytes:
        pdf, text, _, _ = self._ledger.paper(sheaf)
        condition = self._condition if isinstance(self._condition, Condition) else self._condition(sheaf)
        seed = f"{self.source}:{sheaf.number}:{len(sheaf.ids)}"
        return scan(pdf, UNREADABLE if spoiled else condition, seed=seed, text=() if spoiled else text)

    def _write(self, draft: Draft, mistakes: Sequence[str]) -> Path:
        place = self.root / ("centre/held-back" if "late" in mistakes else "in")
        written = write_delivery(place, draft, mistakes)
        self._ledger.save()
        return written

    def _read(self, file: Path) -> None:
        self._ledger.seen.add(file.name)
        try:
            said = json.loads(file.read_bytes())
            kind = str(said.get("schema", "")).partition("/")[0]
        except (ValueError, AttributeError):
            return
        if kind == "release-destruction":
            self._released(said)
        elif kind == "original-recall":
            self._recalled(said)
        elif said.get("result") == "refused":
            self._refused(str(said.get("delivery")), str(said.get("code")))
        elif "documents" in said:
            self._answered(said["documents"])

    def _refused(self, delivery: str, code: str) -> None:
        """Nothing of a delivery was taken: its papers are delivered anew, under the same ids."""
        for sheaf in self._ledger.sheaves:
            if sheaf.delivery == delivery and sheaf.receipt == "":
                sheaf.ids.pop()
                sheaf.delivery, sheaf.receipt = "", code

    def _answered(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Receipts and feedback: a document that was refused, or of which a new scan is wanted, is scanned again."""
        for each in documents:
            sheaf = self._ledger.by_id(str(each.get("document_id")))
            if sheaf is None or each.get("document_id") != sheaf.document_id:
                continue
            result = str(each.get("result") or each.get("wanted") or "")
            sheaf.receipt = result if result == "accepted" else str(each.get("code") or result)
            if result in {"rejected", "rescan"}:
                sheaf.rescans += 1

    def _released(self, said: Mapping[str, Any]) -> None:
        for each in said["documents"]:
            sheaf = self._ledger.by_id(each["document_id"])
            if sheaf is not None and sheaf.place is Place.BOX and not sheaf.released_by:
                sheaf.released_by, sheaf.released_at = said["list"], self.now()

    def _recalled(self, said: Mapping[str, Any]) -> None:
        sheaf = self._ledger.by_id(said["document_id"])
        if sheaf is None or self.script.loses_recalled:
            self._reply(said["recall"], "not-found")
        elif sheaf.place is not Place.BOX:
            self._reply(said["recall"], "destroyed")
        elif not self.script.destroys_recalled:
            sheaf.recalled_by, sheaf.place = said["recall"], Place.SENT_BACK
            self._reply(said["recall"], "sent", f"Wertsendung {sheaf.number:05d}")

    def _reply(self, recall: str, answer: str, shipment: str = "") -> None:
        if "recall-answer" in self.script.withhold:
            return
        told = {"recall": recall, "answer": answer, "shipment": shipment}
        self._report(f"{recall}.answer", {"schema": "recall-answer/1", "answers": [told]})

    def _destroy_due(self) -> None:
        due = [
            each
            for each in self._ledger.sheaves
            if each.place is Place.BOX
            and each.released_at is not None
            and self.now() - each.released_at >= DESTROYED_AFTER
        ]
        if due:
            self._destroy(due)

    def _destroy(self, sheaves: Sequence[Sheaf]) -> str:
        self._ledger.certificates += 1
        number, day = f"VN-{self._ledger.certificates:05d}", local_day(self.now())
        for sheaf in sheaves:
            sheaf.place, sheaf.destroyed_on, sheaf.certificate = Place.DESTROYED, day, number
        self._ledger.save()
        if "certificate" not in self.script.withhold:
            self._report(number, self._certificate(number, sheaves))
        return number

    def _report(self, name: str, told: Mapping[str, object]) -> None:
        """In the format that was agreed for manifests."""
        self.report(f"{name}.{self.form.manifest}", report_bytes(told, self.form.manifest))

    def _certificate(self, number: str, sheaves: Sequence[Sheaf]) -> dict[str, object]:
        return {
            "schema": "destruction-certificate/1",
            "source": self.source,
            "certificate": number,
            "destroyed_on": local_day(self.now()).isoformat(),
            "container": f"B-{random.Random(number).randrange(1000):03d}",  # noqa: S311 - a made-up number
            "seal": f"PL-{hashlib.sha256(number.encode()).hexdigest()[:8]}",
            "process": "Schreddern beim Dienstleister, DIN 66399-3 Variante 3b",
            "level": self.script.level,
            "quantity": len(sheaves) + self.script.quantity_off,
            "signed_by": "M. Vernichter",
            "documents": [{"delivery": each.delivery, "document_id": each.document_id} for each in sheaves],
        }


def _waits(sheaf: Sheaf) -> bool:
    """Never delivered, or asked for again."""
    return sheaf.place is Place.BOX and len(sheaf.ids) <= sheaf.rescans
