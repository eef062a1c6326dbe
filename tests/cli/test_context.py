"""What commands share: names of runs, and files that are written."""

from datetime import date
from pathlib import Path

import pytest

from gateway.cli.context import run_named, write_bytes
from gateway.errors import InputError


def test_a_run_is_named_by_its_day_and_its_number() -> None:
    assert run_named("2026-11-20-2") == (date(2026, 11, 20), 2)
    assert run_named("2026-11-20") == (date(2026, 11, 20), 1)


@pytest.mark.parametrize("name", ["2026-11-31-1", "gestern", "2026-11-20-", "20.11.2026"])
def test_what_names_no_run_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(InputError) as error:
        run_named(name)
    assert error.value.code == "run-name-invalid"
    assert "2026-11-20-1" in error.value.message


def test_what_holds_personal_data_is_for_its_owner_only(tmp_path: Path) -> None:
    write_bytes(tmp_path / "posting.zip", b"PK", private=True)
    assert (tmp_path / "posting.zip").read_bytes() == b"PK"
    assert (tmp_path / "posting.zip").stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        write_bytes(tmp_path / "missing" / "saldo.pdf", b"")
    assert error.value.code == "file-not-writable"
