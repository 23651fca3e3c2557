"""How runs went over a time, counted. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.schema import format_utc

#: Lengths are taken from so many of the newest runs.
_LENGTHS = 10_000
_AMONG = "task_id IN (SELECT value FROM json_each(?2))"
_COUNTED = "coalesce(outcome, state) AS word, sum(slots), sum(new), sum(updated)"
# By the index, a step for each id that runs have, until there are enough.
_WITH_RUNS = """
    WITH RECURSIVE ids(task_id) AS (
        SELECT min(task_id) FROM runs
        UNION ALL
        SELECT (SELECT min(task_id) FROM runs WHERE task_id > ids.task_id) FROM ids
        WHERE task_id IS NOT NULL ORDER BY 1
    )
    SELECT task_id FROM ids WHERE EXISTS
        (SELECT 1 FROM runs WHERE runs.task_id = ids.task_id AND runs.id >= ?1)
        AND task_id NOT IN (SELECT value FROM json_each(?3)) AND """


@dataclass(frozen=True, slots=True)
class WordCount:
    """How many runs ended in the same way, and what they brought."""

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
        self._seen = "?2 IS NULL" if only is None else _AMONG
        # Left to itself, SQLite goes through all runs of a task, or all that are done.
        index = "NOT INDEXED" if only is None else "INDEXED BY runs_of_task"
        self._runs = f"FROM runs {index} WHERE id >= ?1 AND {self._seen}"

    def words(self) -> list[WordCount]:
        """Return how all runs ended, those that stand for no start left out."""
        rows = self._rows(f"SELECT {_COUNTED} {self._runs} GROUP BY word")
        return [WordCount(*row) for row in rows]

    def worst(self, bad: Iterable[str], *, limit: int) -> list[str]:
        """Return the tasks with the most *bad* words first, then those with none, by id."""
        query = (
            f"SELECT task_id {self._runs} AND coalesce(outcome, state) IN"  # noqa: S608 - fixed texts
            " (SELECT value FROM json_each(?3)) GROUP BY 1 ORDER BY sum(slots) DESC, 1 LIMIT ?4"
        )
        rows = self._rows(query, json.dumps([*bad]), limit)
        found = [row[0] for row in rows]
        if len(found) == limit:
            return found
        well = self._rows(
            f"{_WITH_RUNS}{self._seen} LIMIT ?4", json.dumps(found), limit - len(found)
        )
        return [*found, *(row[0] for row in well)]

    def words_of(self, task_ids: Iterable[str]) -> Mapping[str, list[WordCount]]:
        """Return how the runs of each of some tasks ended."""
        found: dict[str, list[WordCount]] = {task_id: [] for task_id in task_ids}
        query = (
            f"SELECT {_COUNTED}, task_id FROM runs INDEXED BY runs_of_task"  # noqa: S608
            f" WHERE id >= ?1 AND {_AMONG} GROUP BY task_id, word"
        )
        rows = self._connection.execute(query, (self._first_id, json.dumps([*found])))
        for row in rows:
            found[row["task_id"]].append(WordCount(*row[:4]))
        return found

    def seconds(self) -> list[tuple[str, float]]:
        """Return how long the newest runs took that ended, with their tasks."""
        rows = self._rows(
            "SELECT task_id, (julianday(ended_at) - julianday(started_at)) * 86400.0"
            f" {self._runs} AND state = 'done' AND started_at IS NOT NULL"
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

    def _rows(self, query: str, *more: object) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, (self._first_id, self._only, *more)))
