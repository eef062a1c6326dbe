"""The small authority of `tests.world`, anew for every test."""

import os
from collections.abc import Generator, Iterator
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the simulator's server is no unit test, wherever it stands."""
    for item in items:
        if "simulator" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On a laptop a missing tool skips a test, and the summary says so; in CI that is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped in CI: {report.longrepr}"
    return report
