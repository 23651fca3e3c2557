"""The connection to the registry: how it is opened, written and read."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from stoma.exceptions import RegistryUnavailableError
from stoma.storage.migrations import STEPS, Steps, back_up, migrate, newest
from stoma.storage.schema import (
    check_file,
    check_version,
    damaged,
    translate,
    translated,
)

#: How long a writer waits for another one. Firing and storing a page take milliseconds.
BUSY_TIMEOUT_SECONDS = 15.0


class _Held(threading.local):
    """The transactions that this thread has open in `together`, by database."""

    def __init__(self) -> None:
        self.connections: dict[int, Connection] = {}


_HELD = _Held()


class Database:
    """One SQLite registry.

    WAL with `synchronous=FULL`; a write transaction takes the write lock at its start (BEGIN
    IMMEDIATE), because a deferred one that turns writer fails at once, without waiting.
    """

    #: Whether what is written is there for anybody, later.
    lasting = True

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS,
        steps: Steps = STEPS,
    ) -> None:
        self.path = path
        self._steps = steps
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_timeout_seconds},
            json_serializer=_json,
        )
        event.listen(self._engine, "do_connect", self._aim)
        self._watcher: sqlite3.Connection | None = None
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    def open(self, *, now: datetime, create: bool = True) -> None:
        """Create the file if there is none, migrate an older one; check what is there.

        Raises:
            RegistryError: It can not be used as it is. Nothing was changed.
        """
        check_file(self.path)
        with translated(self.path):
            version = self._version()
        if version == newest(self._steps):
            return
        if not (version or create):
            raise RegistryUnavailableError(str(self.path), "there is no registry")
        if version:
            back_up(self.path, version=version, now=now)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.write() as connection:
            # Another process may have done it since.
            found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if found < newest(self._steps):
                migrate(connection, found, self._steps)

    @contextmanager
    def elsewhere(self, path: Path) -> Iterator[None]:
        """Be the registry at *path* in the body; what was compiled there serves here too."""
        here, self.path = self.path, path
        try:
            yield
        finally:
            self.close()
            self.path = here

    def check(self) -> None:
        """Read every page of the file.

        Raises:
            DamagedRegistryError: Something in it is damaged.
        """
        with self.read() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise damaged(self.path, str(found))

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that may write; commit at the end, roll back on an error."""
        held = _HELD.connections.get(id(self))
        with _errors(self.path):
            if held is not None:
                with _point(held):
                    yield held
            else:
                with self._engine.begin() as connection:
                    yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what this thread writes in the body one transaction: all of it, or nothing.

        A write in it that fails, and whose error is caught, is undone alone. What this thread
        reads in the body includes what it has written. Keep the body short: others wait.
        """
        if id(self) in _HELD.connections:
            yield
            return
        with self.write() as connection:
            _HELD.connections[id(self)] = connection
            try:
                yield
            finally:
                del _HELD.connections[id(self)]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent, short, read-only view."""
        held = _HELD.connections.get(id(self))
        if held is not None:
            with _errors(self.path):
                yield held
            return
        with _errors(self.path), self._engine.connect() as connection:
            yield connection.execution_options(stoma_reads=True)

    def data_version(self) -> int:
        """Return a number that changes with every commit, of any connection and process.

        Costs a few microseconds; for one thread. https://sqlite.org/pragma.html#pragma_data_version
        """
        with translated(self.path):
            if self._watcher is None:
                self._watcher = sqlite3.connect(
                    f"{self.path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _aim(self, dialect: object, record: object, args: list[Any], options: object) -> None:
        args[0] = str(self.path)

    def _version(self) -> int:
        if not self.path.exists():
            return 0
        connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return check_version(connection, self.path, newest(self._steps))
        finally:
            connection.close()


def _json(value: object) -> str:
    """Return *value* as JSON. Most lists and tables are empty, and need no encoder."""
    if not value and isinstance(value, list | dict):
        return "[]" if isinstance(value, list) else "{}"
    return json.dumps(value)


@contextmanager
def _point(connection: Connection) -> Iterator[None]:
    """Undo the body alone if it fails, inside a transaction that goes on."""
    point = connection.begin_nested()
    try:
        yield
    except BaseException:
        # A full disk has made SQLite undo the whole transaction, and the point with it.
        with suppress(DBAPIError):
            point.rollback()
        raise
    point.commit()


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        cause = error.orig or error
        found = translate(path, cause)
        raise error if found is cause else found from error


def _prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    # SQLAlchemy still opens legacy transactions for sqlite3; we begin them ourselves.
    connection.isolation_level = None
    # First of all: it counts only before a new file gets its first page.
    for pragma in (
        "auto_vacuum=INCREMENTAL",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-16000",  # kB: indexes of many items are written all over the place
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("stoma_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
