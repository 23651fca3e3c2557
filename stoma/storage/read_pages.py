"""What dashboards ask of tasks and runs: pages of them, days of them. Read-only, no SQLAlchemy.

Everything takes *only*: the ids of the tasks that somebody may see, or None for all of them.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stoma.domain.run import RunState
from stoma.storage.read_days import DayReader, Only, Tally, first_id
from stoma.storage.read_rows import RunLine, run_line
from stoma.storage.read_statistics import StatisticsReader
from stoma.storage.schema import format_utc, parse_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks; every condition given must hold."""

    text: str = ""  #: occurs in the id, the name or the description
    state: str = ""  #: `enabled`, `disabled`, `running` or `failing`
    type: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs; every condition given must hold."""

    task_id: str | None = None
    words: Sequence[str] = ()  #: outcomes and states; empty: any
    before: int | None = None  #: with a lower number
    trigger: str = ""
    since: datetime | None = None  #: decided at or after
    until: datetime | None = None  #: decided before


@dataclass(frozen=True, slots=True)
class Sample:
    """How one run of a task went, as drawings need it."""

    id: int
    word: str
    trigger: str
    due_at: datetime | None
    seconds: float | None
    new: int


class PageReader:
    """Questions that pages ask of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def owners(self) -> Mapping[str, str]:
        """Return whose each task is."""
        return {row["id"]: row["owner"] for row in self._rows("SELECT id, owner FROM tasks")}

    def names(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Return what some tasks are called; those that are gone are left out."""
        wanted = json.dumps(sorted({*task_ids}))
        query = "SELECT id, name FROM tasks WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: row["name"] for row in self._rows(query, wanted)}

    def types(self) -> list[str]:
        """Return the types that tasks have."""
        return [row["type"] for row in self._rows("SELECT DISTINCT type FROM tasks ORDER BY 1")]

    # --- tasks -------------------------------------------------------------------------------

    def task_ids(
        self, wanted: TaskFilter, *, only: Only = None, limit: int, offset: int = 0
    ) -> list[str]:
        """Return the ids of tasks that fit, in their order."""
        where, values = _task_conditions(wanted, only)
        query = f"SELECT id FROM tasks WHERE {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 - fixed texts
        return [row["id"] for row in self._rows(query, *values, limit, offset)]

    def task_count(self, wanted: TaskFilter, *, only: Only = None) -> int:
        """Return how many tasks fit."""
        where, values = _task_conditions(wanted, only)
        return self._count(f"SELECT count(*) FROM tasks WHERE {where}", *values)  # noqa: S608

    # --- runs --------------------------------------------------------------------------------

    def runs(self, wanted: RunFilter, *, only: Only = None, limit: int) -> list[RunLine]:
        """Return the newest runs that fit, newest first."""
        where, values = _run_conditions(wanted, only)
        index = " INDEXED BY runs_by_state" if _are_states(wanted.words) else ""
        query = f"SELECT * FROM runs{index} WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [run_line(row) for row in self._rows(query, *values, limit)]

    def waiting(self, *, only: Only = None) -> int:
        """Return how many runs are about to start, or to start again."""
        among, values = _among("task_id", only)
        query = f"SELECT count(*) FROM runs WHERE state IN ('pending', 'queued') AND {among}"  # noqa: S608
        return self._count(query, *values)

    def samples(self, task_id: str, *, limit: int) -> list[Sample]:
        """Return how the newest runs of a task went, oldest first."""
        query = (
            "SELECT id, coalesce(outcome, state) AS word, trigger, due_at, started_at, ended_at,"
            " new FROM runs WHERE task_id = ? ORDER BY id DESC LIMIT ?"
        )
        return [_sample(row) for row in self._rows(query, task_id, limit)][::-1]

    def since(
        self, moment: datetime, words: Iterable[str], *, only: Only, limit: int
    ) -> list[RunLine]:
        """Return the newest runs decided at or after *moment* with one of these *words*."""
        among, values = _among("task_id", only)
        query = (
            f"SELECT * FROM runs WHERE id >= ? AND {_WORD} IN (SELECT value FROM json_each(?))"  # noqa: S608
            f" AND {among} ORDER BY id DESC LIMIT ?"
        )
        bound = (self._first_id(moment), json.dumps([*words]), *values, limit)
        return [run_line(row) for row in self._rows(query, *bound)]

    def decided(self, moment: datetime, *, only: Only = None) -> list[Tally]:
        """Return how runs and slots decided at or after *moment* ended, all in bucket 0."""
        among, values = _among("task_id", only)
        query = (
            f"SELECT 0 AS bucket, {_WORD} AS word, trigger, sum(slots) AS count FROM runs"  # noqa: S608
            f" WHERE id >= ? AND {among} GROUP BY word, trigger"
        )
        return [Tally(*row) for row in self._rows(query, self._first_id(moment), *values)]

    # --- days and hours ----------------------------------------------------------------------

    def between(
        self, first: datetime, until: datetime, *, only: Only = None, limit: int
    ) -> list[RunLine]:
        """Return the runs of slots in [first, until), and those started by hand then, by time.

        A stretch of slots that share a row is not among them: see `stretches`.
        """
        return DayReader(self._connection, only).between(first, until, limit=limit)

    def tallies(self, bounds: Sequence[datetime], *, only: Only = None) -> list[Tally]:
        """Return how the slots of each interval between neighbours of *bounds* ended."""
        return DayReader(self._connection, only).tallies(bounds)

    def stretches(self, first: datetime, until: datetime, *, only: Only = None) -> list[RunLine]:
        """Return the rows that stand for several slots and touch [first, until)."""
        return DayReader(self._connection, only).stretches(first, until)

    def statistics(self, moment: datetime, *, only: Only = None) -> StatisticsReader:
        """Return how runs decided at or after *moment* went, to be counted."""
        return StatisticsReader(self._connection, self._first_id(moment), only)

    def last_owner(self, task_id: str) -> str | None:
        """Return whose a task is, or was when it was removed; None: there never was one."""
        query = (
            "SELECT json_extract(definition, '$.owner') AS owner FROM task_versions"
            " WHERE task_id = ? ORDER BY version DESC LIMIT 1"
        )
        return next((row["owner"] or "" for row in self._rows(query, task_id)), None)

    def _first_id(self, moment: datetime) -> int:
        return first_id(self._connection, moment)

    def _count(self, query: str, *values: object) -> int:
        return int(self._connection.execute(query, values).fetchone()[0])

    def _rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, values))


_WORD = "coalesce(outcome, state)"
_LISTED = " IN (SELECT value FROM json_each(?))"

_RUNNING = "id IN (SELECT task_id FROM runs WHERE state = 'running')"
#: As `TaskLine.failing`: the newest run that started ended badly, or waits to be tried again.
_FAILING = (
    "enabled AND EXISTS (SELECT 1 FROM runs WHERE id = (SELECT max(id) FROM runs AS r"  # noqa: S608
    " WHERE r.task_id = tasks.id AND (r.state IN ('running', 'done') OR r.attempts > 0))"
    f" AND ({_WORD} IN ('failed', 'dead', 'timed_out', 'interrupted')"
    " OR (state IN ('pending', 'queued') AND reason = 'retry')))"
)
_STATES = {
    "enabled": "enabled",
    "disabled": "NOT enabled",
    "running": _RUNNING,
    "failing": _FAILING,
}


def _task_conditions(wanted: TaskFilter, only: Only) -> tuple[str, list[object]]:
    among, values = _among("id", only)
    where = [among]
    for word in wanted.text.split():
        where.append("(instr(lower(id || ' ' || name || ' ' || description), lower(?)) > 0)")
        values.append(word)
    if wanted.state:
        where.append(_STATES.get(wanted.state, "0"))
    if wanted.type:
        where.append("type = ?")
        values.append(wanted.type)
    if wanted.tag:
        where.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)")
        values.append(wanted.tag)
    return " AND ".join(where), values


def _run_conditions(wanted: RunFilter, only: Only) -> tuple[str, list[object]]:
    among, values = _among("task_id", only)
    where = [among]
    if wanted.task_id is not None:
        where.append("task_id = ?")
        values.append(wanted.task_id)
    if wanted.words:
        where.append(("state" if _are_states(wanted.words) else _WORD) + _LISTED)
        values.append(json.dumps([*wanted.words]))
    if wanted.trigger:
        where.append("trigger = ?")
        values.append(wanted.trigger)
    for sign, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment is not None:
            where.append(f"created_at {sign} ?")
            values.append(format_utc(moment))
    if wanted.before is not None:
        where.append("id < ?")
        values.append(wanted.before)
    return " AND ".join(where), values


def _are_states(words: Sequence[str]) -> bool:
    """Return whether *words* are all states of runs that are not done: an index finds those.

    Without being told to, SQLite would go through all that ended lately, which may be everything.
    """
    return bool(words) and _OPEN.issuperset(words)


_OPEN = frozenset(str(state) for state in RunState if state is not RunState.DONE)


def _among(column: str, only: Only) -> tuple[str, list[object]]:
    if only is None:
        return "1", []
    return column + _LISTED, [json.dumps(sorted(only))]


def _sample(row: sqlite3.Row) -> Sample:
    started, ended = parse_utc(row["started_at"]), parse_utc(row["ended_at"])
    seconds = (ended - started).total_seconds() if started and ended else None
    return Sample(
        id=row["id"],
        word=row["word"],
        trigger=row["trigger"],
        due_at=parse_utc(row["due_at"]),
        seconds=None if seconds is None else max(seconds, 0.0),
        new=row["new"],
    )
