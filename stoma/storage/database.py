"""The connection to the registry: how it is opened, written and read."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from stoma.exceptions import RegistryUnavailableError
from stoma.storage.migrations import back_up, migrate
from stoma.storage.schema import (
    SCHEMA_VERSION,
    check_file,
    check_version,
    damaged,
    translate,
    translated,
)

#: How long a writer waits for another one. Firing and storing a page take milliseconds.
BUSY_TIMEOUT_SECONDS = 15.0


class Database:
    """One SQLite registry.

    WAL with `synchronous=FULL`; a write transaction takes the write lock at its start (BEGIN
    IMMEDIATE), because a deferred one that turns writer fails at once, without waiting.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.path = path
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_timeout_seconds},
        )
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
        if version == SCHEMA_VERSION:
            return
        if not (version or create):
            raise RegistryUnavailableError(str(self.path), "there is no registry")
        if version:
            back_up(self.path, version=version, now=now)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.write() as connection:
            # Another process may have done it since.
            found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if found < SCHEMA_VERSION:
                migrate(connection, found)

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
        with _errors(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent, short, read-only view."""
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

    def _version(self) -> int:
        if not self.path.exists():
            return 0
        connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return check_version(connection, self.path)
        finally:
            connection.close()


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
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("stoma_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
