"""Plays runs in processes of their own, which die or are stopped at chosen points.

Started once as a process without threads, it loads everything, then forks for every order that it reads from standard
input. What is changed in the child is only: its clock and its references, what the renderer has made of the same input
before, the points at which it may die, and on demand a mutant of the protocol.
"""

import hashlib
import json
import os
import pickle
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from gateway import bootstrap
from gateway.application.runs.running import run
from gateway.application.services import Services
from gateway.blobs.folder import FolderBlobs
from gateway.casefiles.folder import FolderCaseFile
from gateway.db.engine import Database
from gateway.db.locks import locks_for
from gateway.db.postgres import PostgresOptions
from gateway.domain.pieces.routing import Routing
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import GatewayError
from gateway.ports.renderer import PreflightReport, PrintCopy
from gateway.testing.clock import ManualClock
from tests.crash.houses import HOUSES
from tests.crash.mutants import MUTANTS
from tests.crash.points import Points
from tests.world import world_settings

DONE, UNFINISHED, DATABASE, BROKEN = 0, 75, 76, 99
"""How a run ends, if it is not killed; else the exit code of a `GatewayError`."""
_CALLS = ("stage", "release", "find")


class Remembering:
    """The real renderer; what it once made of the same input is kept on disk for all processes."""

    def __init__(self, services: Services, folder: Path) -> None:
        self._renderer = services.renderer
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def assemble(
        self, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool
    ) -> PrintCopy:
        """As the renderer does."""
        made: PrintCopy = self._once(
            ("assemble", *documents, piece, profile.name, duplex),
            lambda: self._renderer.assemble(documents, piece=piece, profile=profile, duplex=duplex),
        )
        return made

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        """As the renderer does; a house with another profile than the one checked for asks again."""
        made: PreflightReport = self._once(
            ("preflight", pdf, profile.name, *(expected_address or ())),
            lambda: self._renderer.preflight(pdf, profile, expected_address),
        )
        return made

    def page_texts(self, pdf: bytes) -> list[str]:
        """As the renderer does."""
        texts: list[str] = self._once(("texts", pdf), lambda: self._renderer.page_texts(pdf))
        return texts

    def _once(self, key: object, make: Callable[[], Any]) -> Any:
        file = self._folder / hashlib.sha256(repr(key).encode()).hexdigest()
        if not file.exists():
            part = file.with_name(f"{file.name}.{os.getpid()}")
            part.write_bytes(pickle.dumps(make()))
            part.rename(file)
        return pickle.loads(file.read_bytes())


def _services(warm: Services, order: dict[str, Any]) -> Services:
    folder = Path(order["folder"])
    house = HOUSES[order["house"]]
    house.disarm()
    provider = house.make(order["recipe"])
    database = Database(order["url"], PostgresOptions(lock_timeout_s=5))
    services = replace(
        warm,
        db=database,
        blobs=FolderBlobs(folder / "documents"),
        providers={provider.name: provider},
        routing=Routing(otherwise=provider.name),
        casefile=FolderCaseFile(folder / "case-files"),
        clock=ManualClock(datetime.fromisoformat(order["moment"])),
        locks=locks_for(database, folder / "locks"),
        random_bits=random.Random(order["number"]).getrandbits,
        receipts_dir=folder / "receipts",
    )
    return MUTANTS[order["mutant"]](services, folder) if order["mutant"] else services


def _points(order: dict[str, Any], services: Services) -> Points:
    points = Points(order["kill_at"], order["stop_at"])
    points.around_commits()
    for method in _CALLS:
        points.around(type(services.provider), method)
    for owner, method in HOUSES[order["house"]].writes:
        points.around(owner, method)
    points.around(FolderBlobs, "put")
    points.within_writes()
    return points


def _play(warm: Services, order: dict[str, Any]) -> int:
    try:
        services = _services(warm, order)
        points = _points(order, services)
        report = run(services).hand_over
        if order["number"] == 0:
            Path(order["points"]).write_text(json.dumps(points.names))
    except GatewayError as error:
        print(error, flush=True)  # noqa: T201
        return error.exit_code
    except DBAPIError:
        traceback.print_exc()
        return DATABASE
    return UNFINISHED if report.waiting or report.in_doubt else DONE


def _child(warm: Services, order: dict[str, Any]) -> int:
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        return _play(warm, order)
    except BaseException:  # noqa: BLE001  (the driver reads it in the output)
        traceback.print_exc()
        return BROKEN


def _answer(warm: Services, order: dict[str, Any]) -> int:
    if order["do"] == "wait":
        status = os.waitpid(order["process"], os.WUNTRACED)[1]
        return 1000 if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
    child = os.fork()
    if child == 0:
        os._exit(_child(warm, order))
    return child


def serve(folder: Path) -> None:
    """`start` forks and tells the process number; `wait` tells how it ended, or 1000 when it is stopped."""
    warm = bootstrap.build(world_settings(folder / "warm"))
    warm = replace(warm, renderer=Remembering(warm, folder / "made"))
    run(warm)  # of nothing: whatever is loaded late is loaded once
    warm.locks.close()
    warm.db.close()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        print(_answer(warm, json.loads(line)), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
