"""The nightly run with print houses that take whole batches: one consignment, one release, every letter followed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from gateway.application.account.reconciling import account
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking.tracking import poll
from gateway.domain.account.standing import Standing
from gateway.domain.pieces.routing import Routing
from gateway.domain.runs.submission import SubmissionState
from gateway.ports.provider import Provider
from gateway.providers.folder import FolderProvider
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.testing.print_centre import PrintCentre, SftpPrintCentre, sshd_path
from tests.providers.house import JSON, PROFILE
from tests.world import INVITATION, MONDAY, REQUEST, World, at

pytestmark = pytest.mark.slow


@contextmanager
def house(kind: str, packing: Packing = JSON) -> Iterator[tuple[PrintCentre, Provider]]:
    start = at(MONDAY, "08:00")
    if kind == "folder":
        with PrintCentre(speed=0, start=start, automatic=False) as centre:
            yield centre, FolderProvider(centre.root, packing, HouseRules(), PROFILE)
        return
    if sshd_path() is None and "CI" not in os.environ:
        pytest.skip("sshd is missing: apt-get install openssh-server")
    with SftpPrintCentre(speed=0, start=start, automatic=False) as served:
        wire = SftpSettings(served.host, served.port, served.user, (served.host_key,), served.key_file)
        yield served, SftpProvider(wire, packing, HouseRules(), PROFILE)


def with_house(world: World, provider: Provider) -> World:
    services = replace(
        world.services, providers={provider.name: provider}, routing=Routing(provider.name, [], {})
    )
    return replace(world, services=services)


@pytest.mark.parametrize("kind", ["folder", "sftp"])
def test_the_letters_of_a_night_go_as_one_file_and_are_followed_to_their_return(
    world: World, kind: str
) -> None:
    with house(kind) as (centre, provider):
        town = with_house(world, provider)
        letters = [town.approved("F1", REQUEST), town.approved("F1", INVITATION, appointment_time="11:30")]
        town.evening()

        assert {each.state for each in town.submissions()} == {SubmissionState.RELEASED}
        assert len({each.consignment_id for each in town.submissions()}) == 1
        centre.advance(hours=10)
        assert {letter.key for letter in centre.ledger} == {each.key for each in town.submissions()}
        assert len(centre.ledger) == 2
        assert len(centre.deliveries) == 1

        centre.advance(days=4)
        town.advance(days=4)
        assert poll(town.services) > 0
        assert [town.only(letter).standing for letter in letters] == [Standing.POSTED] * 2
        assert poll(town.services) == 0

        centre.bring_back(centre.ledger[0], "moved")
        centre.work()
        assert poll(town.services) == 1
        by_key = {each.key: each for each in town.submissions()}
        returned = [letter for letter in letters if town.only(letter).standing is Standing.RETURNED]
        assert len(returned) == 1
        assert centre.ledger[0].key in by_key
        assert account(town.services).balanced


def test_a_lost_answer_is_cleared_up_by_the_next_pass_and_prints_once(world: World) -> None:
    with house("sftp") as (centre, provider):
        assert isinstance(centre, SftpPrintCentre)
        town = with_house(world, provider)
        town.approved("F1", INVITATION)
        centre.lose_answer_to_release()
        town.evening()
        assert {each.state for each in town.submissions()} == {SubmissionState.IN_DOUBT}
        centre.work()
        hand_over(town.services, retry_now=True)
        assert {each.state for each in town.submissions()} == {SubmissionState.RELEASED}
        centre.advance(days=1)
        assert len(centre.ledger) == 1


def test_a_doubt_does_not_end_because_the_house_cannot_be_reached(world: World) -> None:
    """Else the letter would count as never sent, and could be given to another provider while it is being printed."""
    with house("sftp") as (centre, provider):
        assert isinstance(centre, SftpPrintCentre)
        town = with_house(world, provider)
        town.approved("F1", INVITATION)
        centre.lose_answer_to_release()
        town.evening()
        centre.line.refuse()
        report = hand_over(town.services, retry_now=True)
        assert report.stopped_by == "sftp-handshake"
        assert {each.state for each in town.submissions()} == {SubmissionState.IN_DOUBT}
        hand_over(town.services, retry_now=True)
        assert {each.state for each in town.submissions()} == {SubmissionState.RELEASED}
        centre.advance(days=1)
        assert len(centre.ledger) == 1
