"""A registry in a temporary folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stoma.storage.database import Database
from tests.fakes import START
from tests.registries import empty_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with empty_database(tmp_path / "stoma.db") as database:
        yield database


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("registry") / "stoma.db"
    database = Database(path)
    database.open(now=START)
    with closing(sqlite3.connect(path)) as found:
        found.row_factory = sqlite3.Row
        yield found
    database.close()
