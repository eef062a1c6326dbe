"""What commands share: settings, services for one command, and printing."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.config import Settings, load_settings
from gateway.domain.trail.trail import Entrance
from gateway.errors import DataInvalid, InputError

if TYPE_CHECKING:
    from gateway.application.services import Services

_RUN = re.compile(r"(\d{4}-\d\d-\d\d)(?:-(\d+))?")

console = Console(soft_wrap=True, highlight=False)
"""For results that people read."""

notes = Console(stderr=True, soft_wrap=True, highlight=False)
"""For messages and progress."""


@dataclass(frozen=True)
class Context:
    """Options of the command line that every command shares."""

    config: Path | None
    data_dir: Path | None

    def settings(self) -> Settings:
        """The settings in force."""
        return load_settings(self.config, data_dir=self.data_dir)


@contextmanager
def services_for(context: typer.Context) -> Iterator["Services"]:
    """Services for the duration of one command."""
    from gateway import bootstrap  # noqa: PLC0415 - slow to import; commands that only compute do not need it

    with bootstrap.gateway(context.obj.settings()) as services:
        yield replace(services, door=Entrance.COMMAND)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def read_json(file: Path) -> Any:
    """A JSON file; raises `DataInvalid` ('json-unreadable') with the line at fault, never its content."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise DataInvalid("json-unreadable", f"Die Datei {file} ist nicht lesbar.") from None
    except UnicodeDecodeError:
        raise DataInvalid("json-unreadable", f"Die Datei {file} ist kein UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataInvalid(
            "json-unreadable", f"Die Datei {file} ist kein JSON (Zeile {error.lineno})."
        ) from None


def write_bytes(file: Path, content: bytes, *, private: bool = False) -> None:
    """Write what a command was asked for; `private`: a new file is for its owner's eyes only.

    Raises `InputError` ('file-not-writable').
    """
    try:
        if private:
            file.touch(mode=0o600)
        file.write_bytes(content)
    except OSError:
        raise InputError("file-not-writable", f"Die Datei {file} lässt sich nicht schreiben.") from None


def run_named(name: str) -> tuple[date, int]:
    """Day and number of a run; without a number the first. Raises `InputError` ('run-name-invalid')."""
    found = _RUN.fullmatch(name)
    try:
        if found:
            return date.fromisoformat(found[1]), int(found[2] or 1)
    except ValueError:
        pass
    raise InputError("run-name-invalid", "Ein Tageslauf heißt nach Tag und Nummer, etwa 2026-11-20-1.")


@contextmanager
def progress_bar(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, shown on a terminal only; yields a function told how many are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)
