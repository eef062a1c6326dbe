"""The small authority of `tests.world`, anew for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.testing.epost import EpostSimulator
from tests.world import MONDAY, Prototype, World, at


@pytest.fixture(scope="session")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Prototype:
    return Prototype.build(tmp_path_factory.mktemp("prototype"))


@pytest.fixture
def simulator() -> Iterator[EpostSimulator]:
    """The print provider: a real HTTP server; its clock is put forward together with ours."""
    with EpostSimulator(speed=0, start=at(MONDAY, "08:00"), poll_interval_s=0) as simulator:
        yield simulator


@pytest.fixture
def world(prototype: Prototype, tmp_path: Path, simulator: EpostSimulator) -> Iterator[World]:
    with prototype.world(tmp_path / "data", simulator) as world:
        yield world
