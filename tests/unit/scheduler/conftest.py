"""An app on a registry in a temporary folder, on a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.app import App
from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.registries import opened_app


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        yield app
