"""Which print houses the crash suite plays with: an adapter joins by one entry in `HOUSES`.

    "mine": House(open=…, make=…, mishaps=(…))

`open(trial, folder, start)` is a context manager that starts the house (a simulator with a ledger) beside the processes
that are killed; its clock stands still. What it yields knows the `recipe` (values of JSON) from which `make` builds the
adapter in a process of its own, puts its clock forward, spoils the n-th release and counts what it `printed`, by the
keys of the pieces. Everything else is the same for all: kills, pauses and recoveries around every commit, every call of
the adapter and in the middle of its writing to sockets; `writes` names what it writes files with.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import DuplicateGuard
from gateway.ports.provider import Provider, Unit
from gateway.providers import epost, epost_letter
from gateway.providers.epost import EpostProvider
from gateway.providers.epost_account import EpostSettings
from gateway.providers.folder import FolderProvider
from gateway.providers.pingen import PingenProvider, PingenSettings
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.testing.epost import CREDENTIALS, EpostSimulator
from gateway.testing.pingen import CREDENTIALS as PINGEN
from gateway.testing.pingen import PingenSimulator
from gateway.testing.print_centre import PrintCentre, SftpPrintCentre, sshd_path
from tests.crash.press import Press, PressProvider
from tests.crash.trial import Trial


class OpenHouse(Protocol):
    """A house that runs."""

    recipe: Mapping[str, Any]

    def rest(self) -> None:
        """Wait until all that had reached it is worked through, also what a process sent that was killed since."""

    def advance_to(self, moment: datetime) -> None:
        """Let its time pass."""

    def spoil(self, kind: str, skip: int) -> None:
        """Let the release after the next `skip` go wrong."""

    def printed(self) -> Counter[str]:
        """How often each piece was printed, in the end."""


@dataclass(frozen=True)
class House:
    """One entry."""

    open: Callable[[Trial, Path, datetime], AbstractContextManager[OpenHouse]]
    make: Callable[[Mapping[str, Any]], Provider]
    mishaps: tuple[str, ...]
    writes: tuple[tuple[Any, str], ...] = ()
    available: Callable[[], bool] = lambda: True
    disarm: Callable[[], None] = lambda: None
    """Takes the house's own guards away, for a process that ends with its run: it changes modules."""


class _OpenPress:
    def __init__(self, press: Press) -> None:
        self._press = press
        self.recipe: Mapping[str, Any] = {"port": press.port}
        self.rest = press.rest
        self.spoil = press.spoil
        self.printed = press.printed

    def advance_to(self, moment: datetime) -> None:
        self._press.now = moment


def _press(guard: DuplicateGuard, unit: Unit = Unit.PIECE, max_pieces: int = 1) -> House:
    @contextmanager
    def opened(trial: Trial, _folder: Path, start: datetime) -> Iterator[OpenHouse]:
        with Press(guard, start, lag=timedelta(seconds=trial.lag_s)) as press:
            yield _OpenPress(press)

    def make(recipe: Mapping[str, Any]) -> Provider:
        return PressProvider(recipe["port"], guard, unit=unit, max_pieces=max_pieces)

    return House(opened, make, ("drop-before", "drop-after", "busy"))


class _OpenEpost:
    def __init__(self, simulator: EpostSimulator, connections: int) -> None:
        self._simulator = simulator
        self.recipe: Mapping[str, Any] = {"base_url": simulator.base_url, "connections": connections}
        self.rest = simulator.rest

    def advance_to(self, moment: datetime) -> None:
        self._simulator.advance_to(moment)

    def spoil(self, kind: str, skip: int) -> None:
        self._simulator.plan_fault("POST /api/Letter", kind, skip=skip)

    def printed(self) -> Counter[str]:
        self._simulator.advance(days=4)
        return Counter(piece.custom1 for piece in self._simulator.ledger)


def _epost(connections: int) -> House:
    @contextmanager
    def opened(trial: Trial, folder: Path, start: datetime) -> Iterator[OpenHouse]:
        with EpostSimulator(
            folder=folder / "epost", speed=0, start=start, poll_interval_s=0, lookup_lag_s=trial.lag_s
        ) as simulator:
            yield _OpenEpost(simulator, connections)

    return House(opened, _make_epost, _HTTP_MISHAPS, disarm=_disarm_epost)


def _disarm_epost() -> None:
    """Without the simulator's own guards: another file name in each process, no failsafe."""

    def file_name(key: str) -> str:
        return f"{key}-{os.getpid()}.pdf"

    def letter_from(*arguments: Any) -> dict[str, object]:
        return original(*arguments) | {"activateDuplicateFailsafe": False}

    original = epost_letter.letter_from
    for owner, name, value in (
        (epost_letter, "file_name", file_name),
        (epost, "file_name", file_name),
        (epost, "letter_from", letter_from),
    ):
        setattr(owner, name, value)


def _make_epost(recipe: Mapping[str, Any]) -> Provider:
    settings = EpostSettings(
        base_url=recipe["base_url"],
        vendor_id=CREDENTIALS["vendorID"],
        ekp=CREDENTIALS["ekp"],
        secret=CREDENTIALS["secret"],
        password=CREDENTIALS["password"],
        min_poll_interval=timedelta(0),
        connect_timeout_s=5,
        read_timeout_s=30,
        connections=recipe["connections"],
    )
    return EpostProvider(settings, load_profile("epost"))


class _OpenPingen:
    def __init__(self, simulator: PingenSimulator, folder: Path) -> None:
        self._simulator = simulator
        self.recipe: Mapping[str, Any] = {"base_url": simulator.base_url, "cursor": str(folder / "cursor.json")}
        self.rest = simulator.rest

    def advance_to(self, moment: datetime) -> None:
        self._simulator.advance_to(moment)

    def spoil(self, kind: str, skip: int) -> None:
        letters = f"/organisations/{PINGEN['organisation']}/deliveries/letters"
        self._simulator.plan_fault(f"PATCH {letters}", kind, skip=skip)

    def printed(self) -> Counter[str]:
        self._simulator.advance(days=7)
        return Counter(letter.name.removesuffix(".pdf") for letter in self._simulator.ledger)


@contextmanager
def _open_pingen(_trial: Trial, folder: Path, start: datetime) -> Iterator[OpenHouse]:
    with PingenSimulator(speed=0, start=start) as simulator:
        yield _OpenPingen(simulator, folder)


def _make_pingen(recipe: Mapping[str, Any]) -> Provider:
    settings = PingenSettings(
        base_url=recipe["base_url"],
        identity_url=recipe["base_url"],
        organisation=PINGEN["organisation"],
        client_id=PINGEN["client_id"],
        client_secret=PINGEN["client_secret"],
        connect_timeout_s=5,
        read_timeout_s=30,
        cursor_file=Path(recipe["cursor"]),
    )
    return PingenProvider(settings, load_profile("pingen"))


_PACKING = Packing("pieces", "json", frozenset({Service.STANDARD}))
_RULES = HouseRules(max_pieces=2)


class _OpenCentre:
    def __init__(self, centre: PrintCentre, recipe: Mapping[str, Any]) -> None:
        self.centre = centre
        self.recipe = recipe

    def rest(self) -> None:
        """What is staged is released once and at one stroke, however late: nothing needs to be waited for."""

    def advance_to(self, moment: datetime) -> None:
        self.centre.advance(hours=(moment - self.centre.now()).total_seconds() / 3600)

    def spoil(self, kind: str, skip: int) -> None:
        if isinstance(self.centre, SftpPrintCentre) and kind == "drop-after":
            self.centre.lose_answer_to_release()
        elif isinstance(self.centre, SftpPrintCentre) and kind == "refuse":
            self.centre.line.refuse()
        elif isinstance(self.centre, SftpPrintCentre) and kind.startswith("cut:"):
            self.centre.line.cut_after(int(kind.removeprefix("cut:")))

    def printed(self) -> Counter[str]:
        self.centre.advance(days=7)
        return Counter(letter.key for letter in self.centre.ledger)


@contextmanager
def _open_folder(_trial: Trial, folder: Path, start: datetime) -> Iterator[OpenHouse]:
    root = folder / "centre"
    root.mkdir()
    with PrintCentre(root, speed=0, start=start, automatic=False) as centre:
        yield _OpenCentre(centre, {"root": str(root)})


def _make_folder(recipe: Mapping[str, Any]) -> Provider:
    return FolderProvider(Path(recipe["root"]), _PACKING, _RULES, load_profile("sftp"))


@contextmanager
def _open_sftp(_trial: Trial, folder: Path, start: datetime) -> Iterator[OpenHouse]:
    root = folder / "centre"
    root.mkdir()
    with SftpPrintCentre(root, speed=0, start=start, automatic=False) as centre:
        yield _OpenCentre(
            centre,
            {
                "host": centre.host,
                "port": centre.port,
                "user": centre.user,
                "host_key": centre.host_key,
                "key_file": str(centre.key_file),
            },
        )


def _make_sftp(recipe: Mapping[str, Any]) -> Provider:
    settings = SftpSettings(
        host=recipe["host"],
        port=recipe["port"],
        user=recipe["user"],
        host_keys=(recipe["host_key"],),
        key_file=Path(recipe["key_file"]),
        connect_timeout_s=10,
        read_timeout_s=20,
    )
    return SftpProvider(settings, _PACKING, _RULES, load_profile("sftp"))


_HTTP_MISHAPS = (
    *("drop-after-accept", "drop-before", "5xx-after-accept", "5xx-before", "cut-answer", "nonsense", "429"),
)

HOUSES: Mapping[str, House] = {
    "press-lookup": _press(DuplicateGuard.LOOKUP),
    "press-key": _press(DuplicateGuard.KEY),
    "press-staged": _press(DuplicateGuard.STAGED),
    "press-staged-batch": _press(DuplicateGuard.STAGED, Unit.BATCH, 2),
    "press-none": _press(DuplicateGuard.NONE),
    "epost": _epost(1),
    "epost-parallel": _epost(3),
    "pingen": House(_open_pingen, _make_pingen, _HTTP_MISHAPS),
    "folder": House(_open_folder, _make_folder, ()),
    "sftp": House(
        _open_sftp,
        _make_sftp,
        ("drop-after", "refuse", "cut:2000", "cut:20000", "cut:60000"),
        available=lambda: sshd_path() is not None,
    ),
}
