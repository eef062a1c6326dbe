"""Claiming: what is ready at a site becomes ours by one rename, before a byte of it counts.

    in/NAME or in/NAME.zip → in/.claimed/NUMBER/…     one rename; the provider's name is free again
    … brought, taken in                               how it looked when it was brought is written down beside it
    in/.claimed/NUMBER → in/.taken/NUMBER → gone      only if it still looks so; else it is brought once more
    in/.claimed/NUMBER → in/.refused/NAME-NUMBER      what could not be brought, and was answered so, or not all of it

So what is removed is what was taken, whatever the provider puts under the same name meanwhile. A kill leaves the claim
where the next look finds it, and of two gateways one has the rename. How the site is reached is given in as a `Shelf`.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.errors import NotSent
from gateway.inbound.delivery import READY

CLAIMED, TAKEN, REFUSED = ".claimed", ".taken", ".refused"
_NUMBER = re.compile(r"\d{19}[0-9a-f]{8}")
_HASH_CHARACTERS = 64


@dataclass(frozen=True)
class Item:
    """A file, a folder or neither (a link, a pipe) at the site. `changed` is when, in the site's own resolution."""

    name: str
    is_folder: bool
    is_file: bool
    size: int
    changed: int


class Shelf(Protocol):
    """The inbox of a site; paths are relative to it. Everything raises `OSError`."""

    def items(self, folder: str) -> list[Item]:
        """What lies in a folder, by name. Raises `FileNotFoundError`."""

    def item(self, path: str) -> Item | None:
        """One of them; None if there is none."""

    def make(self, folder: str) -> None:
        """A folder in one that is there; if it is there already, nothing happens."""

    def move(self, old: str, new: str) -> bool:
        """One atomic rename; False if `old`, or the folder of `new`, is not there (any more)."""

    def remove(self, path: str) -> None:
        """A file, or a folder with all that is in it; nothing if there is none."""

    def remove_empty(self, folder: str) -> None:
        """Only if nothing lies in it."""


OpenShelf = Callable[[], AbstractContextManager[Shelf]]


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours, under a number that no other has; the lower one is the older one."""

    number: str
    item: Item

    @property
    def name(self) -> str:
        """What the delivery is called."""
        return delivery_name(self.item)

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"{CLAIMED}/{self.number}/{self.item.name}"

    @property
    def age_s(self) -> float:
        """How long it has been ours."""
        return time.time() - int(self.number[:19]) / 1e9


def is_number(name: str) -> bool:
    """It is the number of a claim."""
    return _NUMBER.fullmatch(name) is not None


def delivery_name(item: Item) -> str:
    """The name of a delivery, packed or not."""
    return item.name.removesuffix(".zip")


def deliveries(shelf: Shelf) -> list[Item]:
    """What may be a delivery, ready or not, by name."""
    found = (item for item in shelf.items("") if not item.name.startswith("."))
    return [item for item in found if item.is_folder or (item.is_file and item.name.endswith(".zip"))]


def is_ready(shelf: Shelf, item: Item) -> bool:
    """Its marker is there. In a folder, one shorter than a hash is being written yet; beside a ZIP it may be empty."""
    marker = shelf.item(f"{item.name}/{READY}" if item.is_folder else _marker(item))
    return marker is not None and marker.is_file and (not item.is_folder or marker.size >= _HASH_CHARACTERS)


def claimed(open_shelf: OpenShelf, held: Sequence[Claim], ready: Sequence[Item]) -> Iterator[Claim]:
    """What is ours, then what is `ready`, each made ours when it is asked for; of a name that is `held`, nothing new.

    Raises `NotSent` delivery-not-movable in the end, if there is something that we may not move.
    """
    yield from held
    names, stuck = {ours.name for ours in held}, 0
    for item in ready:
        if delivery_name(item) in names:
            continue
        with open_shelf() as shelf:
            try:
                ours = claim(shelf, item)
            except PermissionError:
                stuck += 1
                continue
        if ours is not None:
            yield ours
    if stuck:
        raise NotSent(
            "delivery-not-movable",
            f"{stuck} fertige Scanlieferungen lassen sich bei der Scanstelle nicht übernehmen: Unser Konto darf sie"
            " dort nicht umbenennen. Bitte die Rechte am Eingangsordner richten lassen; die Lieferungen warten.",
        )


def claim(shelf: Shelf, item: Item) -> Claim | None:
    """Make a ready delivery ours; None if somebody else has it. Raises `PermissionError` where we may not move it."""
    ours = _numbered(shelf, item)
    return ours if _moved(shelf, item.name, ours) else None


def claims(shelf: Shelf) -> list[Claim]:
    """What is ours and not taken yet, the oldest first. What a kill left half done is finished."""
    _remove_taken(shelf)
    found = (_found(shelf, item.name) for item in _inside(shelf, CLAIMED) if is_number(item.name))
    held = [ours for ours in found if ours is not None]
    for ours in held:
        _take_marker(shelf, ours)
    return held


def looks(shelf: Shelf, ours: Claim) -> str:
    """Name, size and moment of the last change of each of its files."""
    files = shelf.items(ours.path) if ours.item.is_folder else [shelf.item(ours.path) or ours.item]
    return "".join(f"{item.name} {item.size} {item.changed}\n" for item in files)


def retire(shelf: Shelf, number: str, looked: str | None) -> None:
    """Remove a claim that was taken, if it looks as it `looked` when it was brought; else it is brought once more.

    Folders and links in it were never read: with them it is set aside, for whoever put them there.
    """
    ours = _found(shelf, number)
    if ours is not None and looks(shelf, ours) == looked:
        if ours.item.is_folder and not all(item.is_file for item in shelf.items(ours.path)):
            set_aside(shelf, number)
            return
        shelf.make(TAKEN)
        shelf.move(f"{CLAIMED}/{number}", f"{TAKEN}/{number}")
    _remove_taken(shelf)


def set_aside(shelf: Shelf, number: str) -> None:
    """A claim that cannot be brought goes where it does not arrive; no byte of it is deleted."""
    ours = _found(shelf, number)
    if ours is not None:
        shelf.make(REFUSED)
        if shelf.move(ours.path, place_aside(number, ours.item.name)):
            _found(shelf, number)


def place_aside(number: str, name: str) -> str:
    """Where a claim of this number lies once it is set aside."""
    return f"{REFUSED}/{name}-{number}"


def claim_again(shelf: Shelf, name: str) -> Claim | None:
    """What was set aside under this name, unless the provider delivers it anew; None if nothing of it is ready."""
    held = next((ours for ours in claims(shelf) if ours.name == name), None)
    if held is not None:
        return held
    there = next((item for item in deliveries(shelf) if delivery_name(item) == name), None)
    if there is None:
        return _put_back(shelf, name)
    return claim(shelf, there) if is_ready(shelf, there) else None


def _put_back(shelf: Shelf, name: str) -> Claim | None:
    aside = [item for item in _inside(shelf, REFUSED) if _was(item) in (name, f"{name}.zip")]
    if not aside:
        return None
    newest = max(aside, key=lambda item: item.name.rpartition("-")[2])
    ours = _numbered(shelf, replace(newest, name=_was(newest)))
    return ours if _moved(shelf, f"{REFUSED}/{newest.name}", ours) else None


def _remove_taken(shelf: Shelf) -> None:
    for item in _inside(shelf, TAKEN):
        shelf.remove(f"{TAKEN}/{item.name}")


def _numbered(shelf: Shelf, item: Item) -> Claim:
    shelf.make(CLAIMED)
    ours = Claim(f"{time.time_ns():019d}{secrets.token_hex(4)}", item)
    shelf.make(f"{CLAIMED}/{ours.number}")
    return ours


def _moved(shelf: Shelf, path: str, ours: Claim) -> bool:
    """The rename that decides; then the marker of a ZIP follows it."""
    is_ours = False
    try:
        is_ours = shelf.move(path, ours.path)
    finally:
        if not is_ours:
            shelf.remove_empty(f"{CLAIMED}/{ours.number}")
    if is_ours:
        _take_marker(shelf, ours)
    return is_ours


def _take_marker(shelf: Shelf, ours: Claim) -> None:
    """Where the provider has put another ZIP there meanwhile, the marker may be of that one, and goes back."""
    marker = _marker(ours.item)
    held = f"{CLAIMED}/{ours.number}/{marker}"
    if (
        ours.item.is_file
        and shelf.item(held) is None
        and shelf.move(marker, held)
        and shelf.item(ours.item.name) is not None
    ):
        shelf.move(held, marker)


def _found(shelf: Shelf, number: str) -> Claim | None:
    """The claim of a number; a folder without a delivery is what a kill left, or one that another gateway just made."""
    inside = _inside(shelf, f"{CLAIMED}/{number}")
    ours = next((item for item in inside if item.is_folder or item.name.endswith(".zip")), None)
    if ours is not None:
        return Claim(number, ours)
    for item in inside:
        shelf.remove(f"{CLAIMED}/{number}/{item.name}")
    shelf.remove_empty(f"{CLAIMED}/{number}")
    return None


def _inside(shelf: Shelf, folder: str) -> Sequence[Item]:
    try:
        return shelf.items(folder)
    except FileNotFoundError:
        return ()


def _marker(item: Item) -> str:
    return f"{item.name}.{READY}"


def _was(aside: Item) -> str:
    """The name under which it was delivered."""
    return aside.name.rpartition("-")[0]
