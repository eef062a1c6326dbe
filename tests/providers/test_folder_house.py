"""The adapter for in-house print rooms: a local or mounted folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.findings import Finding
from gateway.errors import AlreadyReleased, NotSent, OutcomeUnknown
from gateway.providers import folder_shelf
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.testing.print_centre import PrintCentre
from tests.providers.house import JSON, PROFILE, consignment


@pytest.fixture
def centre() -> Iterator[PrintCentre]:
    with PrintCentre(speed=0, automatic=False) as made:
        yield made


def provider(root: Path) -> FolderProvider:
    return FolderProvider(root, JSON, HouseRules(), PROFILE)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_every_byte_lies_in_the_print_room_once(centre: PrintCentre) -> None:
    made = provider(centre.root)
    handle = made.stage(consignment())
    assert made.release(handle, consignment()) == "C1"
    assert [file.name for file in (centre.root / "in").iterdir()] == ["C1.zip"]
    with pytest.raises(AlreadyReleased):
        made.release(handle, consignment())
    centre.advance(days=1)
    assert [centre.pdf(letter) for letter in centre.ledger] == [piece.pdf for piece in consignment()]


def test_a_share_that_is_not_mounted_is_not_sent(centre: PrintCentre) -> None:
    made = provider(centre.root / "elsewhere")
    assert codes(made.check()) == ["folder-missing"]
    with pytest.raises(NotSent, match="folder-missing"):
        made.stage(consignment())


def test_a_disk_that_fails_after_the_rename_leaves_it_open(
    centre: PrintCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = provider(centre.root)
    handle = made.stage(consignment())

    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(folder_shelf, "sync_folder", fail)
        with pytest.raises(OutcomeUnknown, match="folder-release-unclear"):
            made.release(handle, consignment())
    with pytest.raises(AlreadyReleased):
        made.release(handle, consignment())


def test_an_inbox_on_another_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system only")
    for name in ("staging", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in").symlink_to(other, target_is_directory=True)
    assert codes(provider(tmp_path).check()) == ["folder-other-file-system"]


def test_an_inbox_that_vanishes_before_the_release_is_not_sent(centre: PrintCentre) -> None:
    made = provider(centre.root)
    handle = made.stage(consignment())
    (centre.root / "in").rmdir()
    with pytest.raises(NotSent, match="folder-missing"):
        made.release(handle, consignment())
    (centre.root / "in").mkdir()
    assert made.release(handle, consignment()) == "C1"
