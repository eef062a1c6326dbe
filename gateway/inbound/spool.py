"""Our own folder of deliveries that were brought here: what a kill left in it is taken in again, or is gone.

SPOOL/NUMBER/NAME      of a claim at a site (see `claims`), and beside it in .looks how it looked there
SPOOL/NAME             of what came another way

Names are the provider's: they need not be UTF-8, and are kept byte by byte.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.durable import FOLDER_MODE, sync_folder
from gateway.inbound.claims import Claim, is_number, place_aside
from gateway.ports.scans import Unread

_GONE = ".gone"
_LOOKS = ".looks"


def left_over(into: Path) -> list[Path]:
    """Deliveries that were brought and not dropped, by name; what was dropped and not yet removed is removed."""
    for path in into.glob(f".*{_GONE}"):
        shutil.rmtree(path, ignore_errors=True)
    return [
        arrival for path in _folders(into) for arrival in (_folders(path) if is_number(path.name) else [path])
    ]


def drop(arrival: Path) -> None:
    """Remove a delivery; one rename takes it out of sight, so that a half-removed one is never read."""
    whole = arrival.parent if is_number(arrival.parent.name) else arrival
    if not whole.exists():
        return
    gone = whole.with_name(f".{whole.name}{_GONE}")
    shutil.rmtree(gone, ignore_errors=True)
    whole.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def unclaimed(left: Sequence[Path], held: Sequence[Claim]) -> list[Path]:
    """What was brought, and is ours at the site no more."""
    numbers = {ours.number for ours in held}
    return [path for path in left if path.parent.name not in numbers]


def bring(into: Path, ours: Claim, looks: Callable[[], str], copy: Callable[[Path], None]) -> Path | None:
    """The delivery of a claim, as it looks at the site by now, whole and on disk; None if it changed meanwhile.

    `copy` puts its files into a folder. Two at once do not disturb each other.
    """
    target, before = into / ours.number / ours.name, looks()
    if target.is_dir():
        if looked(target) == before:
            return target
        drop(target)
    target.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    part.mkdir(mode=FOLDER_MODE)
    copy(part)
    if looks() != before:
        shutil.rmtree(part)
        return None
    note_looks(target, before)
    _sync(part)
    try:
        part.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(part)  # somebody else was quicker
    sync_folder(target.parent)
    return target


def looked(arrival: Path) -> str | None:
    """How it looked at the site when it was brought; None if that is not known."""
    try:
        return os.fsdecode((arrival.parent / _LOOKS).read_bytes())
    except FileNotFoundError:
        return None


def unread(arrival: Path) -> Unread | None:
    """What lies in it and is no file. With it a claimed delivery is set aside when it was taken (`claims.retire`)."""
    count = sum(path.is_symlink() or not path.is_file() for path in arrival.iterdir())
    number = arrival.parent.name
    place = place_aside(number, arrival.name) if is_number(number) else None
    return Unread(count, place) if count else None


def note_looks(arrival: Path, looks: str) -> None:
    """Write down how it looks at the site, before it is where it is read."""
    (arrival.parent / _LOOKS).write_bytes(os.fsencode(looks))


def _sync(folder: Path) -> None:
    """What is removed at the site afterwards survives a power cut here."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
