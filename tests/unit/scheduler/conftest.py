"""An app on a registry in a temporary folder, on a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.app import App, open_app
from stoma.settings import load_settings
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with open_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        yield app
