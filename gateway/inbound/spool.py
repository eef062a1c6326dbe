"""Our own folder of deliveries that were brought here: what a kill left in it is taken in again, or is gone."""

import shutil
from pathlib import Path

_GONE = ".gone"


def left_over(into: Path) -> list[Path]:
    """Deliveries that were brought and not dropped, by name; what was dropped and not yet removed is removed."""
    for path in into.glob(f".*{_GONE}"):
        shutil.rmtree(path, ignore_errors=True)
    return sorted(path for path in into.iterdir() if path.is_dir() and not path.name.startswith("."))


def drop(arrival: Path) -> None:
    """Remove a delivery; one rename takes it out of sight, so that a half-removed one is never read."""
    if not arrival.exists():
        return
    gone = arrival.with_name(f".{arrival.name}{_GONE}")
    shutil.rmtree(gone, ignore_errors=True)
    arrival.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
