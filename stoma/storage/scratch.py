"""A registry in memory: a copy of what decides the future, to be tried out and thrown away."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, StaticPool, Table, create_engine

from stoma.storage.database import Database
from stoma.storage.migrations import migrate
from stoma.storage.schema import require_current, translated
from stoma.storage.tables import (
    ATTEMPTS,
    INSTANCES,
    RUNS,
    STATE,
    TASK_VERSIONS,
    TASKS,
    UPSTREAMS,
)

#: What a scheduler looks at besides the runs; copied whole.
_WHOLE = (TASKS, UPSTREAMS, TASK_VERSIONS, STATE, INSTANCES)
#: Of the runs, those that can still matter: that may do something or have followers to come,
#: that are of slots not yet looked at, and the newest, which conditions and chains ask about.
_WANTED = """
    SELECT id FROM source.runs WHERE state IN ('pending', 'queued', 'running')
    UNION SELECT id FROM source.runs WHERE state = 'done' AND NOT settled
    UNION SELECT runs.id FROM source.tasks JOIN source.runs AS runs ON runs.task_id = tasks.id
        WHERE runs.due_at >= tasks.next_slot_at
    UNION SELECT (SELECT max(id) FROM source.runs AS r
        WHERE r.task_id = tasks.id AND r.state = 'done') FROM source.tasks
    UNION SELECT (SELECT max(id) FROM source.runs AS r
        WHERE r.task_id = tasks.id AND r."trigger" = 'dependency') FROM source.tasks
"""


class ScratchDatabase(Database):
    """A registry that lives as long as this object, on one connection, for one thread.

    The rest of the program can not tell it from a file, except that nothing lasts and all is fast.
    """

    lasting = False

    def __init__(self, name: Path) -> None:
        """Begin empty; *name* is what messages call it."""
        self.path = name
        self._memory = sqlite3.connect(":memory:", uri=True, isolation_level=None)
        self._engine = create_engine(
            "sqlite://", creator=lambda: self._memory, poolclass=StaticPool
        )
        connection = self._engine.connect()
        self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        self._connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        self._commits = 0
        self._depth = 0

    def open(self, *, now: datetime, create: bool = True) -> None:
        """Create the tables, if they are not there yet."""
        with self.write() as connection:
            if not connection.exec_driver_sql("PRAGMA user_version").scalar_one():
                migrate(connection, 0)

    def copy(self, source: Path, *, now: datetime) -> None:
        """Take over from the registry at *source* what decides its future; it is only read.

        Raises:
            RegistryError: It can not be used as it is. One that is not there is an empty one.
        """
        self.open(now=now)
        if not source.exists():
            return
        with translated(source):
            memory = self._memory
            memory.execute("ATTACH ? AS source", [f"{source.resolve().as_uri()}?mode=ro"])
            try:
                self._take(source)
            finally:
                memory.execute("DETACH source")

    def _take(self, source: Path) -> None:
        memory = self._memory
        probe = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
        try:
            if not require_current(probe, source):
                return
        finally:
            probe.close()
        memory.execute("BEGIN")  # one consistent view of a registry at work
        for table in _WHOLE:
            memory.execute(_copy(table))
        memory.execute(f"{_copy(RUNS)} WHERE id IN ({_WANTED})")
        memory.execute(f"{_copy(ATTEMPTS)} WHERE run_id IN (SELECT id FROM runs)")  # noqa: S608
        memory.execute("DELETE FROM sqlite_sequence")
        memory.execute("INSERT INTO sqlite_sequence SELECT * FROM source.sqlite_sequence")
        memory.execute("COMMIT")

    @property
    def writing(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that may write; commit at the end, roll back on an error.

        One inside another is a part of it that can be undone alone.
        """
        name = f"depth_{self._depth}"
        self._memory.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN")
        self._depth += 1
        try:
            yield self._connection
        except BaseException:
            self._depth -= 1
            self._memory.execute(f"ROLLBACK TO {name}" if self._depth else "ROLLBACK")
            if self._depth:
                self._memory.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        self._memory.execute(f"RELEASE {name}" if self._depth else "COMMIT")
        self._commits += not self._depth

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is written in the body one transaction: all of it, or nothing."""
        with self.write():
            yield

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a view."""
        yield self._connection

    def check(self) -> None:
        """Do nothing: memory is not damaged."""

    def data_version(self) -> int:
        """Return a number that changes with every commit."""
        return self._commits

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
        self._engine.dispose()
        self._memory.close()


def _copy(table: Table) -> str:
    # By name: a registry that was migrated may have its columns in another order.
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM source.{table.name}"  # noqa: S608
