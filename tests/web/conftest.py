"""A running server for every test."""

from collections.abc import Iterator

import pytest

from tests.web.site import Site, serve
from tests.world import World


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with serve(world) as site:
        yield site
