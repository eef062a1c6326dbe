"""Packing: at a print centre the pieces of a batch go together, and what is wrong with one does not hold the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.runs.submitting import hand_over
from gateway.db import mail
from gateway.db.mail import MailPiece
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import DuplicateGuard, SubmissionState
from gateway.errors import AlreadyReleased, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Capabilities, Consignment, Found, StatusReport, Unit
from tests.world import World

NAME = "epost"
"""The name under which the print centre of these tests stands in for the provider of the configuration."""


CAPABILITIES = Capabilities(
    guard=DuplicateGuard.STAGED,
    settle_time=timedelta(0),
    key_lifetime=timedelta(0),
    services=frozenset(Service),
    can_cancel=False,
    min_poll_interval=timedelta(0),
    unit=Unit.BATCH,
    max_pieces=100,
)


@dataclass
class PrintCentre:
    """Takes consignments; a staged one is printed by one atomic step, and a second step finds nothing to do."""

    staged: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    printed: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    before_staging: Callable[[Consignment], None] = lambda consignment: None
    after_release: Callable[[], None] = lambda: None
    name: str = NAME
    profile: Any = None
    capabilities: Capabilities = CAPABILITIES

    def stage(self, consignment: Consignment) -> str:
        self.before_staging(consignment)
        self.staged[consignment.key] = [(piece.key, piece.pdf) for piece in consignment]
        return f"staging/{consignment.key}"

    def release(self, handle: str, consignment: Consignment) -> str:
        if consignment.key in self.printed:
            raise AlreadyReleased("print-centre", "bereits freigegeben", provider_reference=consignment.key)
        self.printed[consignment.key] = self.staged.pop(handle.removeprefix("staging/"))
        self.after_release()
        return consignment.key

    def find(self, key: str) -> Found | None:
        return Found(key, 1) if key in self.printed else None

    def poll(self, provider_references: Sequence[str]) -> Iterator[StatusReport]:
        return iter(())

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[StatusReport]:
        return []

    def cancel(self, provider_reference: str) -> None:
        raise Refused("print-centre", "zu spät")

    def check(self) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing to close."""

    def pieces(self) -> list[str]:
        """The key of everything printed, in order."""
        return [key for pieces in self.printed.values() for key, _ in pieces]


@pytest.fixture
def centre(world: World) -> PrintCentre:
    """The print centre takes the letters of this authority."""
    centre = PrintCentre(profile=world.services.provider.profile)
    world.services = replace(world.services, providers={NAME: centre})
    return centre


def three_pieces(world: World) -> None:
    """One letter with one recipient, one with two: three pieces of one office."""
    world.approved("F1")
    world.approved("F2")


def states(world: World) -> list[str]:
    return [submission.state.value for submission in world.submissions()]


def keys(world: World) -> list[str]:
    return sorted(submission.key for submission in world.submissions())


def print_copy(world: World, position: int) -> str:
    """Hash of the print copy of the piece at `position`."""
    with world.services.db.reading() as session:
        return list(session.exec(select(MailPiece.print_sha256).order_by(MailPiece.id)).all())[position] or ""  # type: ignore[arg-type]


def test_the_pieces_of_a_batch_travel_in_one_consignment_with_their_bytes(
    world: World, centre: PrintCentre
) -> None:
    three_pieces(world)
    (report,) = world.evening()
    assert report.hand_over.released == 3
    ((key, pieces),) = centre.printed.items()
    assert sorted(piece for piece, _ in pieces) == keys(world)
    assert all(pdf.startswith(b"%PDF") for _, pdf in pieces)
    assert {submission.provider_reference for submission in world.submissions()} == {key}
    assert key not in keys(world)


def test_a_batch_larger_than_a_consignment_travels_in_several(world: World, centre: PrintCentre) -> None:
    centre.capabilities = replace(CAPABILITIES, max_pieces=2)
    three_pieces(world)
    world.evening()
    assert sorted(len(pieces) for pieces in centre.printed.values()) == [1, 2]
    assert sorted(centre.pieces()) == keys(world)


def test_an_answer_that_is_lost_leaves_the_whole_consignment_in_doubt_and_prints_it_once(
    world: World, centre: PrintCentre
) -> None:
    def lose_the_answer() -> None:
        raise OutcomeUnknown("print-centre", "Die Verbindung brach ab.")

    centre.after_release = lose_the_answer
    three_pieces(world)
    (report,) = world.evening()
    assert report.hand_over.in_doubt == 3
    assert states(world) == ["in_doubt"] * 3
    centre.after_release = lambda: None
    assert hand_over(world.services).released == 3
    assert sorted(centre.pieces()) == keys(world)


def test_a_process_that_dies_after_the_release_is_cleared_up_for_all_pieces(
    world: World, centre: PrintCentre
) -> None:
    class Killed(BaseException):
        """The end of the process."""

    def die() -> None:
        raise Killed

    centre.after_release = die
    three_pieces(world)
    with suppress(Killed):
        world.evening()
    assert states(world) == [SubmissionState.RELEASING.value] * 3
    centre.after_release = lambda: None
    assert hand_over(world.services).released == 3
    assert sorted(centre.pieces()) == keys(world)


def test_a_piece_that_the_print_centre_declines_by_itself_does_not_hold_the_others(
    world: World, centre: PrintCentre
) -> None:
    three_pieces(world)

    def decline_one(consignment: Consignment) -> None:
        pieces = [piece.key for piece in consignment]
        if len(pieces) == 3:
            raise Refused("too-many-pages", "Die Sendung hat zu viele Seiten.", piece_key=pieces[1])

    centre.before_staging = decline_one
    (report,) = world.evening()
    assert (report.hand_over.released, report.hand_over.refused) == (2, 1)
    assert sorted(states(world)) == ["refused", "released", "released"]
    refused = next(each for each in world.submissions() if each.state is SubmissionState.REFUSED)
    assert refused.error_code == "too-many-pages"
    assert refused.key not in centre.pieces()


def test_a_piece_whose_stored_bytes_are_damaged_waits_by_itself_and_follows_once_they_are_restored(
    world: World, centre: PrintCentre
) -> None:
    three_pieces(world)
    centre.before_staging = lambda consignment: (_ for _ in ()).throw(NotSent("closed", "geschlossen"))
    world.evening()
    sha256 = print_copy(world, 1)
    file = next((world.settings.data_dir / "documents").rglob(f"{sha256[2:]}*"), None) or next(
        (world.settings.data_dir / "documents").rglob(f"*{sha256}*")
    )
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole[:-1] + b"?")
    centre.before_staging = lambda consignment: None
    report = hand_over(world.services, retry_now=True)
    assert (report.released, report.waiting) == (2, 1)
    assert len(centre.pieces()) == 2
    file.write_bytes(whole)
    assert hand_over(world.services, retry_now=True).released == 1
    assert sorted(centre.pieces()) == keys(world)
    assert len(centre.printed) == 2


def test_a_consignment_moves_as_a_whole_or_not_at_all(world: World, centre: PrintCentre) -> None:
    three_pieces(world)
    centre.before_staging = lambda consignment: (_ for _ in ()).throw(NotSent("closed", "geschlossen"))
    (report,) = world.evening()
    assert report.hand_over.waiting == 3
    with world.services.db.reading() as session:
        assert len(session.exec(select(mail.Consignment)).all()) == 1
    assert states(world) == ["planned"] * 3
    assert len({(each.attempts, each.next_attempt_at) for each in world.submissions()}) == 1
