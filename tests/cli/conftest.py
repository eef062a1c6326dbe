"""Runs commands in this process on the small authority of `tests.world`."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from gateway import bootstrap
from gateway.cli import main
from tests.world import ROOT, World


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def gateway(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`gateway ARGUMENTS` as a shell would run it, but on the clock and the renderer of the tests."""
    epost = world.settings.provider.epost
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "config.toml"))
    monkeypatch.setenv("GATEWAY_PROVIDER__EPOST__BASE_URL", epost.base_url)
    monkeypatch.setenv("GATEWAY_PROVIDER__EPOST__MIN_POLL_INTERVAL_S", "0")
    monkeypatch.setenv("GATEWAY_RENDERING__WORKERS", "0")
    monkeypatch.setenv("GATEWAY_RENDERING__TEMPLATES_DIR", str(ROOT / "letter_templates"))
    monkeypatch.setattr(bootstrap, "LocalRenderer", lambda *_a, **_k: world.services.renderer)
    monkeypatch.setattr(bootstrap.SystemClock, "now", lambda _self: world.clock.now())
    monkeypatch.setattr(structlog, "configure", lambda **_: None)

    def run(*arguments: object) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["gateway", "--data-dir", str(world.settings.data_dir), *words])
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main.run()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(bool(end.code))
        return Ended(code, out.getvalue(), err.getvalue())

    return run
