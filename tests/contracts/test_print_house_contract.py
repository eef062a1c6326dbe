"""The print centre behind a real OpenSSH server, and the in-house folder, against the provider contract."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.ports.provider import Provider
from gateway.providers import folder_shelf
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.testing.house.clock import local_day, midnight_after
from gateway.testing.print_centre import PrintCentre, SftpPrintCentre, sshd_path
from gateway.testing.provider_bench import Fault, Lack, ListFlaw, Printed, ProviderBench, Step
from gateway.testing.provider_contract import ProviderContract

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SERVICES = frozenset({Service.STANDARD, Service.EINWURF, Service.UEBERGABE, Service.RUECKSCHEIN})
RULES = HouseRules(max_pieces=50)
JSON = Packing("pieces", "json", SERVICES)
PASSPHRASE = "offen-gesagt-geheim"

needs_sshd = pytest.mark.skipif(
    sshd_path() is None and "CI" not in os.environ, reason="sshd is missing: apt-get install openssh-server"
)


class HouseBench(ProviderBench):
    """What SFTP and folder have together; the centre's time stands still until it is put forward."""

    centre: PrintCentre
    no_server_errors = "a rename is done or refused; refusals have tests of their own"

    def __init__(self) -> None:
        self.lacks = {
            Lack.WEBHOOKS: "the house writes files",
            Lack.CANCEL: "what lies in the inbox may be taken at any moment",
            Lack.TOO_MANY: "no file transfer says so",
            Lack.SERVER_ERRORS: self.no_server_errors,
            Lack.NONSENSE: "the transport proves its own integrity",
        }

    def printed_in_the_end(self) -> Sequence[Printed]:
        self.centre.advance(days=7)
        return [Printed(letter.key, letter.sha256) for letter in self.centre.ledger]

    def advance(self, span: timedelta) -> None:
        self.centre.advance(hours=span.total_seconds() / 3600)

    def life(self) -> Sequence[tuple[timedelta, Status]]:
        return (
            (timedelta(0), Status.ACCEPTED),
            (timedelta(hours=2), Status.IN_PRODUCTION),
            (timedelta(hours=2), Status.PRINTED),
            (timedelta(days=4), Status.HANDED_TO_POST),
        )

    def end_day(self) -> date:
        today = local_day(self.centre.now())
        left = midnight_after(self.centre.now()) - self.centre.now()
        self.centre.advance(hours=left.total_seconds() / 3600)
        return today

    def publish_list(self, flaw: ListFlaw) -> None:
        self.centre.script.list_signature = flaw.value
        consignment = self.consignment("K1")
        self.provider.release(self.provider.stage(consignment), consignment)
        self.centre.advance(days=7)
        then = time.time() - 120  # a file that was written just now may still be changing
        for file in (self.centre.root / "out").iterdir():
            os.utime(file, (then, then))

    def demanding(self) -> Provider:
        trusted = (self.centre.trust_file.read_bytes(), self.centre.expired_trust_file.read_bytes())
        return self.with_rules(replace(RULES, list_signers=trusted))

    def with_rules(self, rules: HouseRules) -> Provider:
        """The adapter with what was agreed with the house."""
        raise NotImplementedError

    def certify(self, piece: str, number: str, outcome: str, day: date | None) -> None:
        self.centre.certify(piece, number, outcome, day)

    def spoil_list(self, day: date) -> None:
        self.centre.drop(f"{day}.list.json", b'{"kind": "list", "pieces": [')

    def say_unknown(self, reference: str) -> None:
        self.centre.say(
            f"{reference}.odd", {"kind": "production", "consignment": reference, "status": "gefaltet"}
        )


class SftpBench(HouseBench):
    """A key with a passphrase opens the account."""

    secrets = (PASSPHRASE,)

    def __init__(self, centre: SftpPrintCentre, packing: Packing) -> None:
        super().__init__()
        self.centre: SftpPrintCentre = centre
        self._packing = packing
        self.provider = self.fresh()

    def inject(self, step: Step, fault: Fault) -> None:
        if fault is Fault.SLOW:
            self.centre.line.delay_s = 20
        elif fault is Fault.LOST_ANSWER and step is Step.RELEASE:
            self.centre.lose_answer_to_release()
        elif fault is Fault.LOST_ANSWER:
            self.centre.line.cut_after(9_000)
        else:
            self.centre.line.refuse()

    def fresh(self) -> Provider:
        return self._provider(self.centre.port)

    def with_rules(self, rules: HouseRules) -> Provider:
        return self._provider(self.centre.port, rules)

    def unreachable(self) -> Provider:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return self._provider(int(listener.getsockname()[1]))

    def _provider(self, port: int, rules: HouseRules = RULES) -> SftpProvider:
        settings = SftpSettings(
            host=self.centre.host,
            port=port,
            user=self.centre.user,
            host_keys=(self.centre.host_key,),
            key_file=self.centre.key_file,
            passphrase=PASSPHRASE,
            connect_timeout_s=3,
            read_timeout_s=self.wait_s,
        )
        return SftpProvider(settings, self._packing, rules, load_profile("sftp"))


class FolderBench(HouseBench):
    """A share that can vanish, and a disk that fails after the rename."""

    slow_steps = frozenset[Step]()
    """A file system answers or hangs; no program can end its waiting."""

    def __init__(self, centre: PrintCentre, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.centre = centre
        self._monkeypatch = monkeypatch
        self._inbox = centre.root / "in"
        self.provider = self.fresh()

    def inject(self, step: Step, fault: Fault) -> None:
        if fault is Fault.LOST_ANSWER and step is Step.RELEASE:
            self._monkeypatch.setattr(folder_shelf, "sync_folder", self._fail)
        elif fault is not Fault.SLOW:
            self._inbox.rename(self._inbox.with_name("unmounted"))

    def _fail(self, _: Path) -> None:
        self._monkeypatch.undo()
        raise OSError(5, "Input/output error")

    def printed_in_the_end(self) -> Sequence[Printed]:
        self._mount()
        return super().printed_in_the_end()

    def fresh(self) -> Provider:
        self._mount()
        return FolderProvider(self.centre.root, JSON, RULES, load_profile("sftp"))

    def with_rules(self, rules: HouseRules) -> Provider:
        return FolderProvider(self.centre.root, JSON, rules, load_profile("sftp"))

    def unreachable(self) -> Provider:
        return FolderProvider(self.centre.root / "nowhere", JSON, RULES, load_profile("sftp"))

    def _mount(self) -> None:
        unmounted = self._inbox.with_name("unmounted")
        if unmounted.exists():
            unmounted.rename(self._inbox)


@needs_sshd
class TestSftp(ProviderContract):
    @pytest.fixture
    def bench(self) -> Iterator[ProviderBench]:
        with SftpPrintCentre(speed=0, start=MONDAY, automatic=False, passphrase=PASSPHRASE) as centre:
            yield SftpBench(centre, JSON)


class TestFolder(ProviderContract):
    @pytest.fixture
    def bench(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderBench]:
        with PrintCentre(speed=0, start=MONDAY, automatic=False) as centre:
            yield FolderBench(centre, monkeypatch)
