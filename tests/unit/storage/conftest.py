"""A registry in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.storage.database import Database
from tests.fakes import START


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "stoma.db")
    database.open(now=START)
    yield database
    database.close()
