"""The print centre at work in a folder: takes what lies in `in`, prints it into the ledger, answers in `out`.

    ROOT/staging    not looked at: where the sender prepares
    ROOT/in         watched; only whole `*.zip` files are expected here
    ROOT/out        acknowledgement, production, posting and return files, and after each day its list
    ROOT/centre     the centre's own: work in progress, ledger, clock

Its time is simulated: `speed` seconds a second, or put forward by `advance`.
"""

import hashlib
import random
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.testing.house.centre import Centre
from gateway.testing.house.clock import local_day
from gateway.testing.house.seals import Seal
from gateway.testing.print_centre import answers
from gateway.testing.print_centre.certificates import CERTIFIED_AFTER, certificate
from gateway.testing.print_centre.intake import (
    Batch,
    BatchRejected,
    check_collated,
    cut_out,
    fault_of,
    read_batch,
)
from gateway.testing.print_centre.ledger import Delivery, Ledger, Letter


@dataclass
class Script:
    """Misbehaviour that a test asks for.

    `reject_next`: reason for rejecting the next delivery as a whole. `reject_keys`: pieces and why. `withhold`: kinds
    of files that are not written ("ack", "production", "posting", "list", "certificate"). `asleep`: nothing is taken
    out of the inbox. `list_signature`: what posting lists carry (sound, missing, foreign, other-bytes, expired).
    """

    reject_next: str = ""
    reject_keys: dict[str, str] = field(default_factory=dict)
    withhold: set[str] = field(default_factory=set)
    list_signature: str = "sound"
    asleep: bool = False


class PrintCentre(Centre):
    """A context manager; a thread of this process looks into the inbox while it is open.

    `root` keeps everything from one start to the next; without it, all vanishes at the end. `answer` is the format
    of what it writes. With `automatic` off it works only when `work` or `advance` is called.
    """

    KIND = "print-centre"
    FOLDERS = ("staging", "in", "out", "centre/work", "centre/rejected")
    LOOK_EVERY_S = 0.05

    def __init__(
        self,
        root: Path | None = None,
        *,
        speed: float = 1.0,
        start: datetime | None = None,
        answer: str = "json",
        automatic: bool = True,
    ) -> None:
        super().__init__(root, speed=speed, start=start, automatic=automatic)
        self.script = Script()
        self._answer = answer
        self._ledger = Ledger(self.root / "centre")
        self._seal = Seal(self.root / "centre", "Druckzentrum (Simulator)")
        self._opened_on = self._ledger.opened_on(self._today())
        self._written = {
            file.stem.removesuffix(".json").removesuffix(".xml") for file in (self.root / "out").iterdir()
        }
        self._returned: list[tuple[Letter, str]] = []

    @property
    def deliveries(self) -> list[Delivery]:
        """Every file that was taken out of the inbox."""
        return self._ledger.deliveries()

    @property
    def ledger(self) -> list[Letter]:
        """Every letter that went through the printer by now, in order."""
        now = self.now()
        good = (letter for delivery in self.deliveries for letter in delivery.good)
        return [letter for letter in good if letter.printed_at <= now]

    def pdf(self, letter: Letter) -> bytes:
        """What was printed."""
        return self._ledger.pdf(letter)

    def advance(self, *, days: float = 0, hours: float = 0) -> datetime:
        """Work off what lies there, put the clock forward, and do what is due then."""
        self.work()
        with self._lock:
            self._clock = self._clock.put_to(self.now() + timedelta(days=days, hours=hours))
        self.work()
        return self.now()

    def work(self) -> None:
        """Take what lies in the inbox, and write what is due."""
        with self._lock:
            if not self.script.asleep:
                for file in sorted((self.root / "in").iterdir()):
                    self._take(file)
            for delivery in self.deliveries:
                self._write(self._due(delivery))
            self._write(self._daily_lists())
            self._write_returns()

    def bring_back(self, letter: Letter, reason: str = "moved") -> None:
        """The carrier brings a letter back; it stands in the next return file."""
        with self._lock:
            self._returned.append((letter, reason))

    def certify(
        self, reference: str, number: str, outcome: str, day: date | None, *, sha256: str | None = None
    ) -> Path:
        """The carrier certifies formal service, whatever it certified before; another `sha256` is a mistake."""
        told = certificate(reference, number, outcome, day, self.now(), sha256=sha256)
        return self.say(f"{number}.certificate", told)

    def say(self, name: str, told: dict[str, Any], *, kind: str | None = None) -> Path:
        """Write any file into the outbox."""
        return answers.write(self.root / "out", name, told, kind=kind or self._answer, sign=self._sign)

    @property
    def expired_trust_file(self) -> Path:
        """The certificate that it signed with once (PEM); it ended, and has been trusted too."""
        return self._ended().trust_file

    def _ended(self) -> Seal:
        return Seal(self.root / "centre" / "ended", "Druckzentrum (Simulator)", expired=True)

    @property
    def trust_file(self) -> Path:
        """The certificate of its signatures on posting lists (PEM)."""
        return self._seal.trust_file

    def _sign(self, content: bytes) -> bytes | None:
        """Posting lists carry its signature; the script may forget it, or do it in one of the wrong ways."""
        if self.script.list_signature == "missing":
            return None
        if self.script.list_signature == "foreign":
            return Seal(self.root / "centre" / "foreign", "Fremdes Druckhaus (Simulator)").beside(content)
        if self.script.list_signature == "expired":
            return self._ended().beside(content)
        return self._seal.beside(content + b" " if self.script.list_signature == "other-bytes" else content)

    def drop(self, name: str, content: bytes) -> Path:
        """Put bytes into the outbox as they are: nonsense, halves, what is still being written."""
        file = self.root / "out" / name
        file.write_bytes(content)
        return file

    def repeat_everything(self, seed: int = 0) -> None:
        """Write every answer again, late: under another name, its pieces in another order."""
        order = random.Random(seed)  # noqa: S311 - no secret
        for delivery in self.deliveries:
            for name, told in self._due(delivery):
                pieces = list(told.get("pieces", []))
                order.shuffle(pieces)
                self.say(f"repeat-{order.randrange(10**9)}-{name}", {**told, "pieces": pieces})

    @contextmanager
    def sleeping(self) -> Iterator[None]:
        """Leave the inbox alone for a while."""
        self.script.asleep = True
        try:
            yield
        finally:
            self.script.asleep = False

    def _take(self, file: Path) -> None:
        number = self._ledger.next_number()
        taken = self.root / "centre" / "work" / f"{number:06d}-{file.name}"
        file.rename(taken)
        with taken.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        letters: tuple[Letter, ...] = ()
        fault = ""
        try:
            letters = self._received(taken, number, file.stem)
        except BatchRejected as rejected:
            fault = rejected.reason
        self._ledger.add(Delivery(number, file.stem, sha256, self.now(), letters, fault))
        taken.unlink()

    def _received(self, path: Path, number: int, name: str) -> tuple[Letter, ...]:
        if self.script.reject_next:
            reason, self.script.reject_next = self.script.reject_next, ""
            raise BatchRejected(reason)
        batch = read_batch(path, name)
        with zipfile.ZipFile(path) as archive:
            pdfs = _collated(batch, archive) if batch.packaging == "collated" else _single(batch, archive)
            letters = []
            for item, (pdf, fault) in zip(batch.items, pdfs, strict=True):
                self._ledger.keep_pdf(number, item.key, pdf)
                letters.append(
                    Letter(
                        delivery=number,
                        consignment=name,
                        key=item.key,
                        sha256=item.sha256
                        if batch.packaging == "collated"
                        else hashlib.sha256(pdf).hexdigest(),
                        pages=item.pages,
                        service=item.service,
                        cost_centre=item.cost_centre,
                        address=item.address,
                        received_at=self.now(),
                        fault=self.script.reject_keys.get(item.key, fault),
                        sheets=(item.pages + 1) // 2 if item.duplex else item.pages,
                        reference=item.order.get("reference", ""),
                    )
                )
        return tuple(letters)

    def _write(self, due: Iterator[tuple[str, dict[str, Any]]]) -> None:
        for name, told in due:
            if name not in self._written and name.rpartition(".")[2] not in self.script.withhold:
                self.say(name, told)
                self._written.add(name)

    def _due(self, delivery: Delivery) -> Iterator[tuple[str, dict[str, Any]]]:
        """The files that are due by now, by their names without ending."""
        yield f"{delivery.consignment}.ack", answers.acknowledgement(delivery)
        if not delivery.good:
            return
        first = delivery.good[0]
        if first.started_at <= self.now():
            yield f"{delivery.consignment}.started", answers.production(delivery, started=True)
        if first.printed_at <= self.now():
            yield f"{delivery.consignment}.production", answers.production(delivery)
        if first.posted_at <= self.now():
            yield f"{delivery.consignment}.posting", answers.posting(delivery)
        for letter in delivery.good:
            served_at = letter.posted_at + CERTIFIED_AFTER
            if letter.reference and served_at <= self.now():
                told = certificate(
                    letter.reference, f"ZU-{letter.key}", "mailbox", local_day(served_at), served_at
                )
                yield f"{letter.key}.certificate", told

    def _daily_lists(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """One for each day that is over since the centre was opened."""
        day = self._opened_on
        while day < self._today():
            name = f"{day}.list"
            if name not in self._written:
                arrived = [each for each in self.deliveries if local_day(each.received_at) == day]
                yield name, answers.daily_list(day, arrived, self.now())
            day += timedelta(days=1)

    def _today(self) -> date:
        return local_day(self.now())

    def _write_returns(self) -> None:
        if self._returned:
            name = f"returns-{self.now():%Y%m%d}-{len(self._written)}"
            self.say(name, answers.returns(self._returned, self.now()))
            self._written.add(name)
            self._returned = []


def _single(batch: Batch, archive: zipfile.ZipFile) -> Iterator[tuple[bytes, str]]:
    names = set(archive.namelist())
    for item in batch.items:
        pdf = archive.read(item.file) if item.file in names else b""
        yield pdf, fault_of(item, pdf) if item.file in names else "file-missing"


def _collated(batch: Batch, archive: zipfile.ZipFile) -> Iterator[tuple[bytes, str]]:
    pdf = archive.read(str(batch.collated["file"]))
    check_collated(batch, pdf)
    for item in batch.items:
        yield cut_out(pdf, item.first_page, item.pages), ""
