"""Registries for less: an empty one is made once and copied, connections compile their SQL once."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from stoma.app import App, open_app
from stoma.clock import Clock
from stoma.settings import Loaded
from stoma.storage.database import Database
from tests.fakes import START

#: What is not in use. A test may have several registries open at a time.
_FREE: list[Database] = []


@cache
def _empty() -> Path:
    """Return an empty registry that nobody has open."""
    folder = Path(tempfile.mkdtemp(prefix="stoma-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(folder / "stoma.db")
    database.open(now=START)
    database.close()
    return database.path


def place_empty(path: Path) -> None:
    """Put an empty registry at *path* if there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_empty(), path)


@contextmanager
def empty_database(path: Path) -> Iterator[Database]:
    """Be at the registry at *path*, an empty one at first, and close it afterwards."""
    place_empty(path)
    database = _FREE.pop() if _FREE else Database(path)
    with database.elsewhere(path):
        yield database
    _FREE.append(database)  # not after an error: nobody knows what it is left with


@contextmanager
def opened_app(loaded: Loaded, *, clock: Clock | None = None) -> Iterator[App]:
    """Open the registry that the settings name as `open_app` does."""
    with (
        empty_database(loaded.paths.database) as database,
        open_app(loaded, clock=clock, database=database) as app,
    ):
        yield app
