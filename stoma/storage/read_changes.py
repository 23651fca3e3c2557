"""What changed in a registry, asked again and again: a connection that stays. No SQLAlchemy."""

import json
import sqlite3
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from stoma.storage.read_rows import RunLine, run_line
from stoma.storage.schema import translated


class ChangeReader:
    """One watcher for any number of followers: used by one thread at a time, whichever."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int:
        """Return a number that changes with every commit, of any process. Takes microseconds."""
        with self._lock, translated(self._path):
            return int(self._open().execute("PRAGMA data_version").fetchone()[0])

    def runs(self, ids: Collection[int]) -> Mapping[int, RunLine]:
        """Return runs by their numbers; those that are gone are left out."""
        query = "SELECT * FROM runs WHERE id IN (SELECT value FROM json_each(?))"
        with self._lock, translated(self._path):
            rows = self._open().execute(query, (json.dumps(sorted(ids)),)).fetchall()
        return {row["id"]: run_line(row) for row in rows}

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
        return self._connection
