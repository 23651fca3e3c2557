"""What people look at: tasks, runs and the scheduler's state, read without SQLAlchemy.

The commands that are typed all day (`status`, `list-tasks`, `next`, completion) must start as
fast as Python does. SQLite only; opens the registry read-only and never creates it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stoma.domain.task import Json
from stoma.processes import Instance
from stoma.storage.read_rows import (
    AttemptLine,
    DefinitionLine,
    RunLine,
    TaskLine,
    attempt_line,
    definition_line,
    moment,
    run_line,
    sample_line,
    task_line,
)
from stoma.storage.schema import check_file, format_utc, parse_utc, require_current, translated
from stoma.usage import Sample

if TYPE_CHECKING:
    from stoma.storage.read_audit import AuditReader
    from stoma.storage.read_coverage import Proven
    from stoma.storage.read_digest import DigestReader
    from stoma.storage.read_facets import FacetReader
    from stoma.storage.read_items import ItemReader
    from stoma.storage.read_ledger import LedgerReader
    from stoma.storage.read_metrics import MetricsReader
    from stoma.storage.read_outbox import OutboxReader
    from stoma.storage.read_pages import PageReader
    from stoma.storage.read_sources import SourceReader, UnusualLine

#: How many of a task's newest runs its line shows.
STRIP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerLine:
    """The scheduler at work on a registry."""

    instance: Instance
    version: str
    started_at: datetime
    heartbeat_at: datetime
    sample: Sample | None = None  #: what it used at its last heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of a registry at one look."""

    scheduler: SchedulerLine | None  #: the one at work
    tasks: int
    enabled: int
    failing: Sequence[TaskLine]  #: whose newest run, or attempt, ended badly
    late: Sequence[TaskLine]  #: whose slot has passed and is not decided
    coming: Sequence[TaskLine]  #: soonest first
    running: Sequence[RunLine]  #: oldest first
    waiting: int  #: runs that are about to start, or to start again
    recent: Sequence[RunLine]  #: newest first
    items: int
    database_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetail:
    """Everything kept of one task."""

    line: TaskLine
    definitions: Sequence[DefinitionLine]  #: newest first; the first is in force
    created_at: datetime
    updated_at: datetime
    watermark_at: datetime | None  #: every slot up to here has been decided
    runs: int
    items: int
    unusual: Sequence["UnusualLine"] = ()  #: about what it brings


class Reader:
    """A read-only look at one registry."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @cached_property
    def items(self) -> "ItemReader":
        """The collected items."""
        from stoma.storage.read_items import ItemReader  # lists of tasks do without

        return ItemReader(self._connection)

    @cached_property
    def sources(self) -> "SourceReader":
        """How the sources stand."""
        from stoma.storage.read_sources import SourceReader

        return SourceReader(self._connection)

    @cached_property
    def audit(self) -> "AuditReader":
        """Who changed what."""
        from stoma.storage.read_audit import AuditReader

        return AuditReader(self._connection)

    @cached_property
    def metrics(self) -> "MetricsReader":
        """Figures for monitoring."""
        from stoma.storage.read_metrics import MetricsReader

        return MetricsReader(self._connection)

    @cached_property
    def digest(self) -> "DigestReader":
        """What came in between two moments."""
        from stoma.storage.read_digest import DigestReader

        return DigestReader(self._connection)

    @cached_property
    def outbox(self) -> "OutboxReader":
        """What was told, and what waits to be."""
        from stoma.storage.read_outbox import OutboxReader

        return OutboxReader(self._connection)

    @cached_property
    def ledger(self) -> "LedgerReader":
        """What became of single slots."""
        from stoma.storage.read_ledger import LedgerReader

        return LedgerReader(self._connection)

    @cached_property
    def pages(self) -> "PageReader":
        """Pages and days of tasks and runs."""
        from stoma.storage.read_pages import PageReader

        return PageReader(self._connection)

    @cached_property
    def facets(self) -> "FacetReader":
        """How items are spread."""
        from stoma.storage.read_facets import FacetReader

        return FacetReader(self._connection)

    def lines(self, task_ids: Sequence[str], *, strip: int = STRIP) -> list[TaskLine]:
        """Return some tasks, in the order of their ids."""
        return self._tasks(f"id {_AMONG} ORDER BY id", json.dumps([*task_ids]), strip=strip)

    def proven_days(self, task_id: str, query: str) -> "Sequence[Proven]":
        """Return which days one query of a task has provably got whole, by its first days."""
        from stoma.storage.read_coverage import proven_days

        return proven_days(self._connection, task_id, query)

    def tasks(self, *, strip: int = STRIP) -> list[TaskLine]:
        """Return every task, by id, with its newest run and a strip of earlier ones."""
        return self._tasks("1 ORDER BY id", strip=strip)

    def enabled(self) -> list[TaskLine]:
        """Return every enabled task, by id, without what became of it: for schedules."""
        return [
            task_line(row) for row in self._rows("SELECT * FROM tasks WHERE enabled ORDER BY id")
        ]

    def task(self, task_id: str) -> TaskDetail | None:
        """Return one task."""
        for row in self._rows("SELECT * FROM tasks WHERE id = ?", task_id):
            (line,) = self._tasks("tasks.id = ?", task_id, strip=STRIP)
            return TaskDetail(
                line=line,
                definitions=self._definitions(task_id),
                created_at=moment(row["created_at"]),
                updated_at=moment(row["updated_at"]),
                watermark_at=parse_utc(row["watermark_at"]),
                runs=self._count("SELECT count(*) FROM runs WHERE task_id = ?", task_id),
                items=self._count("SELECT count(*) FROM task_items WHERE task_id = ?", task_id),
                unusual=self.sources.unusual(task_id),
            )
        return None

    def task_ids(self) -> list[str]:
        """Return the ids of all tasks."""
        return [row["id"] for row in self._rows("SELECT id FROM tasks ORDER BY id")]

    def task_names(self) -> list[tuple[str, str]]:
        """Return id and name of all tasks: what completion shows."""
        rows = self._rows("SELECT id, name FROM tasks ORDER BY id")
        return [(row["id"], row["name"]) for row in rows]

    def coming(self, *, limit: int) -> list[TaskLine]:
        """Return the enabled tasks with a next run, the soonest first."""
        return self._tasks(
            "enabled AND next_run_at IS NOT NULL ORDER BY next_run_at, id LIMIT ?", limit, strip=0
        )

    def history(
        self, task_id: str | None = None, *, limit: int = 20, outcomes: Iterable[str] = ()
    ) -> list[RunLine]:
        """Return the newest runs, newest first, of one task or of all.

        Args:
            task_id: Only this task's.
            limit: At most so many.
            outcomes: Only runs with one of these outcomes or states.
        """
        where, values = ["1"], []
        if task_id is not None:
            where.append("task_id = ?")
            values.append(task_id)
        words = list(outcomes)
        if words:
            where.append(f"coalesce(outcome, state) IN ({', '.join('?' * len(words))})")
            values += words
        query = f"SELECT * FROM runs WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [run_line(row) for row in self._rows(query, *values, limit)]

    def run(self, run_id: int) -> RunLine | None:
        """Return one run."""
        rows = self._rows("SELECT * FROM runs WHERE id = ?", run_id)
        return next((run_line(row) for row in rows), None)

    def attempts(self, run_id: int) -> list[AttemptLine]:
        """Return the attempts of a run, in order."""
        rows = self._rows("SELECT * FROM attempts WHERE run_id = ? ORDER BY number", run_id)
        return [attempt_line(row) for row in rows]

    def definition(self, task_id: str, version: int) -> Mapping[str, Json] | None:
        """Return one definition of a task, as JSON holds it; None if it is not kept."""
        rows = self._rows(
            "SELECT * FROM task_versions WHERE task_id = ? AND version = ?", task_id, version
        )
        return next((definition_line(row).definition for row in rows), None)

    def fact(self, key: str) -> Json:
        """Return a fact of the registry as a whole; None if it is not set."""
        rows = self._rows("SELECT value FROM state WHERE key = ?", key)
        return next((json.loads(row["value"]) for row in rows), None)

    def scheduler(self) -> SchedulerLine | None:
        """Return the scheduler at work, if there is one."""
        rows = self._rows(
            "SELECT * FROM instances WHERE kind = 'scheduler' AND stopped_at IS NULL"
            " ORDER BY started_at DESC"
        )
        for line in filter(None, map(_scheduler_line, rows)):
            samples = self._rows(_NEWEST_SAMPLE, line.instance.id)
            return replace(line, sample=next(map(sample_line, samples), None))
        return None

    def overview(self, now: datetime, *, coming: int = 5, recent: int = 5) -> Overview:
        """Return what there is to say about the registry as a whole at *now*."""
        failing = [
            task for task in self._tasks(f"{_MAY_FAIL} ORDER BY id", strip=0) if task.failing
        ]
        return Overview(
            scheduler=self.scheduler(),
            tasks=self._count("SELECT count(*) FROM tasks"),
            enabled=self._count("SELECT count(*) FROM tasks WHERE enabled"),
            failing=failing,
            late=self._tasks("enabled AND next_slot_at <= ? ORDER BY id", format_utc(now), strip=0),
            coming=self.coming(limit=coming),
            running=[run_line(row) for row in self._rows(_RUNNING)],
            waiting=self._count(f"SELECT count(*) {_BUSY} AND state <> 'running'"),
            recent=self.history(limit=recent),
            items=self._count("SELECT count(*) FROM items"),
            database_bytes=self._size(),
        )

    def _tasks(self, where: str, *values: object, strip: int) -> list[TaskLine]:
        rows = list(self._rows(f"SELECT * FROM tasks WHERE {where}", *values))  # noqa: S608 - fixed texts
        if not rows:
            return []
        ids = json.dumps([row["id"] for row in rows])
        newest = {row["task_id"]: run_line(row) for row in self._rows(_NEWEST, ids)}
        waiting = {row["task_id"]: run_line(row) for row in self._rows(_WAITING, ids)}
        words: dict[str, str] = {}
        if strip:
            words = {row["id"]: row["words"] or "" for row in self._rows(_STRIPS, strip, ids)}
        return [
            task_line(
                row,
                last=newest.get(row["id"]),
                waiting=waiting.get(row["id"]),
                strip=tuple(filter(None, reversed(words.get(row["id"], "").split(",")))),
            )
            for row in rows
        ]

    def _definitions(self, task_id: str) -> list[DefinitionLine]:
        query = "SELECT * FROM task_versions WHERE task_id = ? ORDER BY version DESC"
        return [definition_line(row) for row in self._rows(query, task_id)]

    def _size(self) -> int:
        """Return the bytes of the file and of what is not yet written back to it."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(each.stat().st_size for each in files if each.exists())

    def _count(self, query: str, *values: object) -> int:
        return int(self._connection.execute(query, values).fetchone()[0])

    def _rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, values))


_AMONG = "IN (SELECT value FROM json_each(?))"
# Each is an index seek per task. The newest run that started counts; a task of which none ever
# did (its collector is not there yet, say) shows the newest that was decided.
_NEWEST_ID = (
    "coalesce((SELECT max(id) FROM runs AS r WHERE r.task_id = tasks.id"
    " AND (r.state IN ('running', 'done') OR r.attempts > 0)),"
    " (SELECT max(id) FROM runs AS r WHERE r.task_id = tasks.id))"
)
_NEWEST = f"SELECT runs.* FROM tasks JOIN runs ON runs.id = {_NEWEST_ID} WHERE tasks.id {_AMONG}"  # noqa: S608 - fixed text
_NEWEST_SAMPLE = "SELECT * FROM samples WHERE instance_id = ? ORDER BY at DESC LIMIT 1"
_BUSY = "FROM runs WHERE state IN ('pending', 'queued', 'running')"
_RUNNING = f"SELECT * {_BUSY} AND state = 'running' ORDER BY id"
# The plus keeps SQLite at the few that wait, away from all runs of these tasks.
_WAITING = f"SELECT * {_BUSY} AND state <> 'running' AND +task_id {_AMONG} ORDER BY id"
_STRIPS = (
    "SELECT tasks.id, (SELECT group_concat(word) FROM (SELECT coalesce(outcome, state) AS word"
    " FROM runs AS r WHERE r.task_id = tasks.id ORDER BY r.id DESC LIMIT ?)) AS words FROM tasks"
    " WHERE tasks.id IN (SELECT value FROM json_each(?))"
)
_MAY_FAIL = (
    "enabled AND EXISTS (SELECT 1 FROM runs WHERE runs.id = "  # noqa: S608 - fixed text
    f"{_NEWEST_ID} AND coalesce(outcome, '') NOT IN ('succeeded', 'empty', 'partial'))"
)


@contextmanager
def reading(path: Path) -> Iterator[Reader | None]:
    """Look at the registry at *path*; None if there is none yet.

    Raises:
        RegistryError: The file can not be used, or is not of this version.
    """
    check_file(path)
    if not path.exists():
        yield None
        return
    with translated(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        with closing(connection):
            yield Reader(connection, path) if require_current(connection, path) else None


def _scheduler_line(row: sqlite3.Row) -> SchedulerLine | None:
    names = ("id", "kind", "host", "boot_id", "pid", "pid_started")
    instance = Instance(**{name: row[name] for name in names})
    if not instance.is_alive:
        return None
    return SchedulerLine(
        instance=instance,
        version=row["version"],
        started_at=moment(row["started_at"]),
        heartbeat_at=moment(row["heartbeat_at"]),
    )
