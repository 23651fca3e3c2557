"""A home of its own for every test, and nothing of the developer's environment."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.registries import opened_app
from tests.unit.cli.support import Cli, Registry


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("STOMA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STOMA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cli(home: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys, clock)


@pytest.fixture
def registry(home: Path, clock: FakeClock) -> Iterator[Registry]:
    with opened_app(load_settings(home=home, environ={}), clock=clock) as app:
        yield Registry(app, clock)
