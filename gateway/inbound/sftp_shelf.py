"""The inbox of a site behind SFTP, by one connection."""

import stat
from contextlib import suppress
from pathlib import PurePosixPath

import paramiko

from gateway.durable import FOLDER_MODE
from gateway.inbound.claims import Item


class SftpShelf:
    """Implements `Shelf`. OpenSSH's plain rename is link and unlink; only posix-rename is one step."""

    def __init__(self, client: paramiko.SFTPClient, inbox: PurePosixPath) -> None:
        self._client = client
        self._inbox = inbox

    def items(self, folder: str) -> list[Item]:
        """By name; a name that is none (a path) is not ours to follow."""
        found = self._client.listdir_attr(str(self._inbox / folder))
        plain = (each for each in found if "/" not in each.filename and each.filename not in (".", ".."))
        return sorted((_item(each.filename, each) for each in plain), key=lambda item: item.name)

    def item(self, path: str) -> Item | None:
        """None if there is none."""
        place = self._inbox / path
        try:
            return _item(place.name, self._client.lstat(str(place)))
        except FileNotFoundError:
            return None

    def make(self, folder: str) -> None:
        """Of one that is there, the server says that it failed, not why."""
        try:
            self._client.mkdir(str(self._inbox / folder), FOLDER_MODE)
        except OSError:
            if self.item(folder) is None:
                raise

    def move(self, old: str, new: str) -> bool:
        """One posix-rename."""
        try:
            self._client.posix_rename(str(self._inbox / old), str(self._inbox / new))
        except FileNotFoundError:
            return False
        return True

    def remove(self, path: str) -> None:
        """A file, or a folder with all that is in it."""
        item = self.item(path)
        if item is not None and item.is_folder:
            for each in self.items(path):
                self.remove(f"{path}/{each.name}")
            self._client.rmdir(str(self._inbox / path))
        elif item is not None:
            with suppress(FileNotFoundError):
                self._client.remove(str(self._inbox / path))

    def remove_empty(self, folder: str) -> None:
        """Only if nothing lies in it: the server refuses the rest."""
        with suppress(OSError):
            self._client.rmdir(str(self._inbox / folder))


def _item(name: str, status: paramiko.SFTPAttributes) -> Item:
    mode = status.st_mode or 0
    return Item(name, stat.S_ISDIR(mode), stat.S_ISREG(mode), status.st_size or 0, status.st_mtime or 0)
