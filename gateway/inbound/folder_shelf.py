"""The inbox of a site that is a folder of ours, or a mounted drive."""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from gateway.durable import FOLDER_MODE, sync_folder
from gateway.inbound.claims import Item


class FolderShelf:
    """Implements `Shelf`."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    def items(self, folder: str) -> list[Item]:
        """By name."""
        with os.scandir(self._inbox / folder) as found:
            items = [_item(entry.name, entry.stat(follow_symlinks=False)) for entry in found]
        return sorted(items, key=lambda item: item.name)

    def item(self, path: str) -> Item | None:
        """None if there is none."""
        place = self._inbox / path
        try:
            return _item(place.name, place.lstat())
        except FileNotFoundError:
            return None

    def make(self, folder: str) -> None:
        """For the owner only."""
        with suppress(FileExistsError):
            (self._inbox / folder).mkdir(mode=FOLDER_MODE)

    def move(self, old: str, new: str) -> bool:
        """On disk when this returns."""
        source, target = self._inbox / old, self._inbox / new
        try:
            source.rename(target)
        except FileNotFoundError:
            return False
        sync_folder(target.parent)
        sync_folder(source.parent)
        return True

    def remove(self, path: str) -> None:
        """A file, or a folder with all that is in it."""
        item, place = self.item(path), self._inbox / path
        if item is not None and item.is_folder:
            shutil.rmtree(place, ignore_errors=True)  # the rest goes the next time
        else:
            place.unlink(missing_ok=True)

    def remove_empty(self, folder: str) -> None:
        """Only if nothing lies in it."""
        with suppress(OSError):
            (self._inbox / folder).rmdir()


def _item(name: str, status: os.stat_result) -> Item:
    mode = status.st_mode
    return Item(name, stat.S_ISDIR(mode), stat.S_ISREG(mode), status.st_size, status.st_mtime_ns)
