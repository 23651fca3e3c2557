"""What became of the slots of days and hours: listed, and counted. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.read_rows import RunLine, run_line
from stoma.storage.schema import format_utc

Only = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many slots of one day, or hour, ended in the same way."""

    bucket: int  #: which of the intervals that were asked about
    word: str
    trigger: str
    count: int


class DayReader:
    """Questions about stretches of time to one registry.

    Args:
        connection: On the registry.
        only: About the runs of these tasks; None: of all.
    """

    def __init__(self, connection: sqlite3.Connection, only: Only) -> None:
        self._connection = connection
        self._only = None if only is None else json.dumps(sorted(only))

    def between(self, first: datetime, until: datetime, *, limit: int) -> list[RunLine]:
        """Return the runs of slots in [first, until), and those started by hand then, by time.

        A stretch of slots that share a row is not among them: see `stretches`.
        """
        return self._runs(_BETWEEN, *self._bounds([first, until]), limit)

    def tallies(self, bounds: Sequence[datetime]) -> list[Tally]:
        """Return how the slots of each interval between neighbours of *bounds* ended."""
        inner = bounds[1:-1]
        marks = [f"?{number}" for number in range(6, 6 + 2 * len(inner))]
        due, by_hand = _which("due_at", marks[::2], 0), _which("runs.id", marks[1::2], 0)
        both = [each for at in inner for each in (format_utc(at), first_id(self._connection, at))]
        query = _TALLIES.format(due=due, by_hand=by_hand)
        rows = self._connection.execute(query, (*self._bounds(bounds), *both))
        return [Tally(*row) for row in rows]

    def stretches(self, first: datetime, until: datetime) -> list[RunLine]:
        """Return the rows that stand for several slots and touch [first, until)."""
        return self._runs(_STRETCHES, format_utc(first), format_utc(until), self._only)

    def _bounds(self, bounds: Sequence[datetime]) -> tuple[object, ...]:
        ends = (bounds[0], bounds[-1])
        ids = [first_id(self._connection, each) for each in ends]
        return *map(format_utc, ends), *ids, self._only

    def _runs(self, query: str, *values: object) -> list[RunLine]:
        return [run_line(row) for row in self._connection.execute(query, values)]


def first_id(connection: sqlite3.Connection, moment: datetime) -> int:
    """Return the lowest number of a run that was decided at or after *moment*.

    Numbers grow with time, so twenty looks find it, where a scan would read a million rows.
    """
    # Not min and max: SQLite would scan for both together.
    newest = connection.execute("SELECT id FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    low, high = 1, newest[0] + 1 if newest else 1
    wanted = format_utc(moment)
    query = "SELECT id, created_at FROM runs WHERE id >= ? ORDER BY id LIMIT 1"
    while low < high:
        middle = (low + high) // 2
        found, created_at = connection.execute(query, (middle,)).fetchone()
        if created_at < wanted:
            low = found + 1
        else:
            high = middle
    return int(low)


def _which(column: str, marks: Sequence[str], first: int) -> str:
    """Return SQL for the number of the interval that *column* is in, *first* before all *marks*.

    By bisection: five comparisons a row for the days of a month.
    """
    if not marks:
        return str(first)
    middle = len(marks) // 2
    before = _which(column, marks[:middle], first)
    after = _which(column, marks[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {column} < {marks[middle]} THEN {before} ELSE {after} END"


# A seek per task: the ids that runs have are walked by the index, one step each.
_CHOSEN = """
    WITH RECURSIVE ids(id) AS (
        SELECT min(task_id) FROM runs
        UNION ALL
        SELECT (SELECT min(task_id) FROM runs WHERE task_id > ids.id) FROM ids WHERE id IS NOT NULL
    ), chosen AS (
        SELECT id FROM ids WHERE id IS NOT NULL
        AND (?5 IS NULL OR id IN (SELECT value FROM json_each(?5)))
    )
"""
_DUE = "chosen CROSS JOIN runs ON task_id = chosen.id AND due_at >= ?1 AND due_at < ?2"
_BY_HAND = (
    "chosen CROSS JOIN runs"
    " ON task_id = chosen.id AND due_at IS NULL AND runs.id >= ?3 AND runs.id < ?4"
)
# The index says when what is due; rows are read of those only that are returned.
_BETWEEN = f"""
    {_CHOSEN}, found AS (
        SELECT runs.id, due_at AS at FROM {_DUE} WHERE runs.id NOT IN
            (SELECT id FROM runs WHERE slots > 1 AND due_at >= ?1 AND due_at < ?2)
        UNION ALL
        SELECT runs.id, coalesce(started_at, created_at) FROM {_BY_HAND}
        ORDER BY 2, 1 LIMIT ?6
    )
    SELECT runs.* FROM found CROSS JOIN runs ON runs.id = found.id ORDER BY found.at, found.id
"""  # noqa: S608 - fixed texts
_TALLIES = f"""
    {_CHOSEN}, touched AS (
        SELECT {{due}} AS bucket, outcome, state, trigger FROM {_DUE} WHERE slots = 1
        UNION ALL
        SELECT {{by_hand}}, outcome, state, trigger FROM {_BY_HAND}
    )
    SELECT bucket, coalesce(outcome, state) AS word, trigger, count(*) FROM touched
    GROUP BY bucket, word, trigger
"""  # noqa: S608 - fixed texts
_STRETCHES = """
    SELECT * FROM runs WHERE slots > 1 AND due_at < ?2 AND due_to >= ?1
    AND (?3 IS NULL OR task_id IN (SELECT value FROM json_each(?3))) ORDER BY due_at, id
"""
