"""The small authority of `tests.world`, anew for every test."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway.testing.epost import EpostSimulator
from tests.opencmis.server import CmisMissing, OpenCmis, opencmis
from tests.postgres import PostgresMissing, PostgresServer, postgres
from tests.world import MONDAY, Prototype, World, at

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
"""How fast a machine is, or how busy, fails no test."""


@pytest.fixture(scope="session")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Prototype:
    return Prototype.build(tmp_path_factory.mktemp("prototype"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server for all test processes of this session; without PostgreSQL the test skips, and in CI fails."""
    base = tmp_path_factory.getbasetemp()
    try:
        with postgres(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as server:
            yield server
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def opencmis_server() -> Iterator[OpenCmis]:
    """A real CMIS server; without Java, Maven and `make test` the test skips, and in CI fails."""
    try:
        with opencmis() as server:
            yield server
    except CmisMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres_prototype(prototype: Prototype, postgres_server: PostgresServer) -> Prototype:
    return prototype.on(postgres_server)


@pytest.fixture
def backend() -> str:
    """The database below a test; modules marked `both_databases` play each test on both."""
    return "sqlite"


@pytest.fixture
def simulator() -> Iterator[EpostSimulator]:
    """The print provider: a real HTTP server; its clock is put forward together with ours."""
    with EpostSimulator(speed=0, start=at(MONDAY, "08:00"), poll_interval_s=0) as simulator:
        yield simulator


@pytest.fixture
def world(
    request: pytest.FixtureRequest, backend: str, tmp_path: Path, simulator: EpostSimulator
) -> Iterator[World]:
    prototype: Prototype = request.getfixturevalue(
        "postgres_prototype" if backend == "postgresql" else "prototype"
    )
    with prototype.world(tmp_path / "data", simulator) as world:
        yield world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play the tests of modules marked `both_databases` on SQLite and on PostgreSQL."""
    if "backend" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        on_postgres = pytest.param("postgresql", marks=[pytest.mark.slow])
        metafunc.parametrize("backend", ["sqlite", on_postgres])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the simulator's server is no unit test, wherever it stands."""
    for item in items:
        if "simulator" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On a laptop a missing tool skips a test, and the summary says so; in CI that is a failure.

    What an interface does not have is skipped everywhere, with the reason that its bench declares.
    """
    report = yield
    not_offered = "not offered: " in str(report.longrepr)
    if report.skipped and not not_offered and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped in CI: {report.longrepr}"
    return report
