"""What the provider puts under a name while a delivery of that name is being taken is never removed unseen."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from gateway.errors import NotSent
from gateway.inbound.claims import Claim, Item, claim, claimed, claims
from gateway.inbound.folder_shelf import FolderShelf
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.sftp_site import SftpSite
from gateway.sftp_line import SftpSettings
from gateway.testing.house.sshd import Sshd

Put = Callable[[bytes], None]
Site = FolderSite | SftpSite


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    sshd = Sshd(tmp_path_factory.mktemp("ssh"), tmp_path_factory.mktemp("served"))
    sshd.start()
    yield sshd
    sshd.stop()


@pytest.fixture
def inbox(server: Sshd, request: pytest.FixtureRequest) -> Path:
    """Of this test alone; the provider writes here."""
    root = Path(server._served, request.node.name)
    for name in ("in", "answers"):
        (root / name).mkdir(parents=True)
    return root / "in"


@pytest.fixture(params=["folder", "sftp"])
def site(request: pytest.FixtureRequest, server: Sshd, inbox: Path) -> Site:
    root = inbox.parent
    if request.param == "folder":
        return FolderSite("west", answers=root / "answers", inbox=inbox)
    line = SftpSettings("127.0.0.1", server.port, server.user, (server.host_key,), server.key_file)
    return SftpSite("west", line, inbox=f"{root.name}/in", answers=f"{root.name}/answers")


@pytest.fixture(params=["zip", "in-place", "folder"])
def put(request: pytest.FixtureRequest, inbox: Path) -> Put:
    """Delivers L-1 with one file of this content: a ZIP that is renamed there, one that is overwritten, or a folder."""

    def packed(content: bytes) -> None:
        target = inbox / "L-1.zip"
        (inbox / "L-1.zip.READY").unlink(missing_ok=True)
        part = inbox / ".part" if request.param == "zip" else target
        part.write_bytes(archive(content))
        part.replace(target)
        (inbox / "L-1.zip.READY").touch()

    def folder(content: bytes) -> None:
        target = inbox / "L-1"
        if target.exists():
            target.rename(inbox / f".old-{content.decode()}")
        target.mkdir()
        (target / "one.pdf").write_bytes(content)
        (target / "READY").write_text("0" * 64)

    return folder if request.param == "folder" else packed


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def archive(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("one.pdf", content)
    return packed.getvalue()


def content(arrival: object) -> bytes:
    assert isinstance(arrival, Path)
    if (arrival / "one.pdf").exists():
        return (arrival / "one.pdf").read_bytes()
    with zipfile.ZipFile(arrival / "delivery.zip") as file:
        return file.read("one.pdf")


def everywhere(inbox: Path) -> set[bytes]:
    """All that lies in the inbox, seen or not."""
    plain = {path.read_bytes() for path in inbox.rglob("one.pdf")}
    return plain | {zipfile.ZipFile(path).read("one.pdf") for path in inbox.rglob("*.zip")}


def test_what_replaces_a_delivery_while_it_is_taken_is_an_arrival_of_its_own(
    site: Site, put: Put, inbox: Path, spool: Path
) -> None:
    put(b"first")
    taken = []
    for arrival in site.arrivals(spool):
        taken.append(content(arrival))
        put(b"second")  # between fetching and removing
        assert isinstance(arrival, Path)
        site.taken(arrival)
    assert b"second" in everywhere(inbox)
    for arrival in site.arrivals(spool):
        taken.append(content(arrival))
        assert isinstance(arrival, Path)
        site.taken(arrival)
    assert taken == [b"first", b"second"]
    assert list(site.arrivals(spool)) == list(spool.iterdir()) == []


def test_what_replaces_a_delivery_before_a_kill_waits_until_the_one_at_hand_is_taken(
    site: Site, put: Put, spool: Path
) -> None:
    put(b"first")
    list(site.arrivals(spool))  # fetched, and killed
    put(b"second")
    for expected in (b"first", b"first"):
        (arrival,) = site.arrivals(spool)
        assert content(arrival) == expected
    assert isinstance(arrival, Path)
    site.taken(arrival)
    site.taken(arrival)
    (after,) = site.arrivals(spool)
    assert content(after) == b"second"


def test_what_was_brought_before_a_kill_and_removed_there_never_stands_for_the_next_of_its_name(
    site: Site, put: Put, inbox: Path, spool: Path
) -> None:
    """The kill fell between removing at the site and removing here; the provider delivers the same name anew."""
    put(b"first")
    list(site.arrivals(spool))
    for number in (inbox / ".claimed").iterdir():
        number.rename(inbox / f".gone-{number.name}")
    put(b"second")
    taken = []
    for _ in range(2):
        for arrival in site.arrivals(spool):
            taken.append(content(arrival))
            assert isinstance(arrival, Path)
            site.taken(arrival)
    assert taken[-1] == b"second"
    assert taken.count(b"second") == 1


def test_what_still_grows_after_it_was_claimed_is_not_removed_and_is_brought_whole(
    site: Site, inbox: Path, spool: Path
) -> None:
    """The provider left its old marker there and writes the new ZIP in place."""
    whole = archive(b"new" * 100)
    (inbox / "L-1.zip.READY").touch()
    with (inbox / "L-1.zip").open("wb") as file:
        file.write(whole[:50])
        file.flush()
        (half,) = site.arrivals(spool)
        assert isinstance(half, Path)
        assert (half / "delivery.zip").read_bytes() == whole[:50]
        file.write(whole[50:])
    site.taken(half)  # it was refused
    (arrival,) = site.arrivals(spool)
    assert content(arrival) == b"new" * 100


def test_folders_in_a_delivery_are_not_read_and_not_deleted(site: Site, inbox: Path, spool: Path) -> None:
    folder = inbox / "L-1"
    (folder / "more").mkdir(parents=True)
    (folder / "more" / "two.pdf").write_bytes(b"second")
    (folder / "one.pdf").write_bytes(b"first")
    (folder / "READY").write_text("0" * 64)
    (arrival,) = site.arrivals(spool)
    assert content(arrival) == b"first"
    assert isinstance(arrival, Path)
    site.taken(arrival)
    assert list(site.arrivals(spool)) == []
    (aside,) = (inbox / ".refused").iterdir()
    assert aside.name.startswith("L-1-")
    assert (aside / "more" / "two.pdf").read_bytes() == b"second"


@pytest.mark.parametrize("stray", [b"M\xfcller.pdf", b"a\nb \r.pdf"])
def test_names_that_are_no_utf_8_are_brought_like_all_others(
    site: Site, inbox: Path, spool: Path, stray: bytes
) -> None:
    """As an old program of the provider writes them: of the delivery, and of a file that nobody named."""
    folder = inbox / os.fsdecode(b"M\xfcnster-1")
    folder.mkdir()
    (folder / os.fsdecode(stray)).write_bytes(b"more")
    (folder / "one.pdf").write_bytes(b"first")
    (folder / "READY").write_text("0" * 64)
    (arrival,) = site.arrivals(spool)
    assert isinstance(arrival, Path)
    assert os.fsencode(arrival.name) == b"M\xfcnster-1"
    assert stray in [os.fsencode(path.name) for path in arrival.iterdir()]
    site.taken(arrival)
    assert list(site.arrivals(spool)) == []
    assert list((inbox / ".claimed").iterdir()) == []


def test_of_two_gateways_one_has_the_delivery(site: Site, put: Put, inbox: Path, tmp_path: Path) -> None:
    put(b"first")
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (mine,) = site.arrivals(one)
    (same,) = site.arrivals(other)
    assert content(mine) == content(same) == b"first"
    assert isinstance(mine, Path)
    assert isinstance(same, Path)
    site.taken(mine)
    put(b"second")
    site.taken(same)
    (after,) = site.arrivals(other)
    assert content(after) == b"second"


def test_a_kill_around_the_rename_leaves_what_the_next_look_takes(site: Site, inbox: Path, spool: Path) -> None:
    number = f"{1_700_000_000_000_000_000}{'0' * 8}"
    (inbox / ".claimed" / f"{number[:-1]}1").mkdir(parents=True)  # made, and nothing moved
    (inbox / ".claimed" / number).mkdir()
    (inbox / ".claimed" / number / "L-1.zip").write_bytes(archive(b"first"))  # moved, and not its marker
    (inbox / "L-1.zip.READY").touch()
    (arrival,) = site.arrivals(spool)
    assert content(arrival) == b"first"
    assert not (inbox / "L-1.zip.READY").exists(), "it would call a ZIP ready that is still being written"
    assert [path.name for path in (inbox / ".claimed").iterdir()] == [number]
    assert isinstance(arrival, Path)
    site.taken(arrival)
    assert list((inbox / ".claimed").iterdir()) == []


class Quick(FolderShelf):
    """The provider is quicker than the marker's rename: it puts the next ZIP there, and its marker."""

    def __init__(self, inbox: Path) -> None:
        super().__init__(inbox)
        self.inbox = inbox

    def move(self, old: str, new: str) -> bool:
        done = super().move(old, new)
        if old == "L-1.zip":
            (self.inbox / "L-1.zip").write_bytes(b"next")
            (self.inbox / "L-1.zip.READY").touch()
        return done


def test_a_marker_that_came_with_the_next_zip_stays_with_it(inbox: Path) -> None:
    shelf = Quick(inbox)
    (inbox / "L-1.zip").write_bytes(b"first")
    (inbox / "L-1.zip.READY").touch()
    ours = claim(shelf, Item("L-1.zip", False, True, 5, 0))
    assert isinstance(ours, Claim)
    assert (inbox / ours.path).read_bytes() == b"first"
    assert (inbox / "L-1.zip").read_bytes() == b"next"
    assert (inbox / "L-1.zip.READY").exists()
    assert claim(shelf, Item("nie.zip", False, True, 5, 0)) is None
    assert [each.number for each in claims(FolderShelf(inbox))] == [ours.number]


class Locked(FolderShelf):
    """L-1 is the provider's, and we may not move it."""

    def move(self, old: str, new: str) -> bool:
        if old == "L-1":
            raise PermissionError
        return super().move(old, new)


def test_what_we_may_not_move_is_said_and_holds_up_nothing_else(inbox: Path) -> None:
    shelf, ready = Locked(inbox), [Item(name, True, False, 0, 0) for name in ("L-1", "L-2")]
    for item in ready:
        (inbox / item.name).mkdir()
    found = claimed(lambda: nullcontext(shelf), [], ready)
    assert next(found).name == "L-2"
    with pytest.raises(NotSent) as refused:
        next(found)
    assert refused.value.code == "delivery-not-movable"
    assert [each.name for each in claims(shelf)] == ["L-2"]
    assert (inbox / "L-1").is_dir()
    assert len(list((inbox / ".claimed").iterdir())) == 1
