"""The case files keep the shipped contract: a folder, and CMIS against a real server, with types and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.testing.casefile_bench import CaseFileBench
from gateway.testing.casefile_contract import CaseFileContract
from gateway.testing.house.proxy import Proxy
from tests.contracts.casefile_benches import CmisBench, FolderBench, PlainCmisBench, cmis_proxy
from tests.opencmis.server import OpenCmis

ON_A_SERVER = [pytest.mark.slow, pytest.mark.xdist_group("opencmis")]


@pytest.fixture
def proxy(opencmis_server: OpenCmis) -> Iterator[Proxy]:
    with cmis_proxy(opencmis_server) as proxy:
        yield proxy


class TestFolder(CaseFileContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> CaseFileBench:
        return FolderBench(tmp_path)


class TestCmis(CaseFileContract):
    pytestmark = ON_A_SERVER

    @pytest.fixture
    def bench(self, opencmis_server: OpenCmis, proxy: Proxy) -> CaseFileBench:
        return CmisBench(opencmis_server, proxy)


class TestPlainCmis(CaseFileContract):
    pytestmark = ON_A_SERVER

    @pytest.fixture
    def bench(self, opencmis_server: OpenCmis, proxy: Proxy) -> CaseFileBench:
        return PlainCmisBench(opencmis_server, proxy)
