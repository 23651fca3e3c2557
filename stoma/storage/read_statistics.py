"""How runs went over a time, counted. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.schema import format_utc

#: Lengths are taken from so many of the newest runs.
_LENGTHS = 10_000


@dataclass(frozen=True, slots=True)
class WordCount:
    """How many runs of a task ended in the same way, and what they brought."""

    task_id: str
    word: str
    runs: int
    new: int
    updated: int


class StatisticsReader:
    """Counts over the runs of one registry.

    Args:
        connection: On the registry.
        first_id: Only runs from this number on.
        only: Only runs of these tasks; None: of all.
    """

    def __init__(
        self, connection: sqlite3.Connection, first_id: int, only: frozenset[str] | None
    ) -> None:
        self._connection = connection
        self._first_id = first_id
        self._only = None if only is None else json.dumps(sorted(only))

    def words(self) -> list[WordCount]:
        """Return how the runs of each task ended, those that stand for no start left out."""
        rows = self._rows(
            "SELECT task_id, coalesce(outcome, state), sum(slots), sum(new), sum(updated)"
            " FROM runs WHERE id >= ?1 AND"
            " (?2 IS NULL OR task_id IN (SELECT value FROM json_each(?2)))"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [WordCount(*row) for row in rows]

    def seconds(self) -> list[tuple[str, float]]:
        """Return how long the newest runs took that ended, with their tasks."""
        rows = self._rows(
            "SELECT task_id, (julianday(ended_at) - julianday(started_at)) * 86400.0 FROM runs"  # noqa: S608 - a number of ours
            " WHERE id >= ?1 AND state = 'done' AND started_at IS NOT NULL"
            " AND (?2 IS NULL OR task_id IN (SELECT value FROM json_each(?2)))"
            f" ORDER BY id DESC LIMIT {_LENGTHS}"
        )
        return [(row[0], max(0.0, row[1])) for row in rows if row[1] is not None]

    def due_until(self, moment: datetime) -> int:
        """Return how many enabled tasks have a slot up to *moment*."""
        row = self._connection.execute(
            "SELECT count(*) FROM tasks WHERE enabled AND next_run_at <= ?1"
            " AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))",
            (format_utc(moment), self._only),
        ).fetchone()
        return int(row[0])

    def _rows(self, query: str) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, (self._first_id, self._only)))
