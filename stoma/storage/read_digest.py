"""What came in between two moments, read without SQLAlchemy: for digests."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.read_rows import moment
from stoma.storage.schema import format_utc, parse_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItem:
    """A thing that was collected for the first time."""

    title: str
    url: str
    kind: str
    people: str  #: authors, owners, filers: as one text
    summary: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTake:
    """What a task brought that was not known before."""

    task_id: str
    name: str
    count: int
    items: Sequence[FoundItem]  #: the newest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrouble:
    """A task whose runs ended badly."""

    task_id: str
    name: str
    count: int
    run_id: int  #: the newest of them
    outcome: str
    error: str
    last_at: datetime
    well_since: datetime | None  #: a good run came afterwards


class DigestReader:
    """A read-only look at the newest part of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def takes(self, since: datetime, until: datetime, *, shown: int) -> list[TaskTake]:
        """Return what each task brought first, the task with the most things first."""
        between = (format_utc(since), format_utc(until))
        return [
            TaskTake(
                task_id=row["task_id"],
                name=row["name"],
                count=row["number"],
                items=self._items(row["task_id"], between, shown),
            )
            for row in self._connection.execute(_TAKES, between)
        ]

    def troubles(self, since: datetime, until: datetime) -> list[TaskTrouble]:
        """Return the tasks of which a run ended badly, the newest trouble first."""
        rows = self._connection.execute(_TROUBLES, (format_utc(since), format_utc(until)))
        return [
            TaskTrouble(
                task_id=row["task_id"],
                name=row["name"],
                count=row["number"],
                run_id=row["id"],
                outcome=row["outcome"],
                error=row["error"],
                last_at=moment(row["ended_at"]),
                well_since=parse_utc(row["well_since"]),
            )
            for row in rows
        ]

    def runs(self, since: datetime, until: datetime) -> tuple[int, int]:
        """Return how many runs ended, and how many slots were missed."""
        between = (format_utc(since), format_utc(until))
        ended = self._connection.execute(_ENDED, between).fetchone()[0]
        missed = self._connection.execute(_MISSED, between).fetchone()[0]
        return int(ended), int(missed)

    def _items(self, task_id: str, between: tuple[str, str], shown: int) -> list[FoundItem]:
        rows = self._connection.execute(_ITEMS, (*between, task_id, shown))
        return [
            FoundItem(
                title=row["title"],
                url=row["url"],
                kind=row["kind"],
                people=row["contributors_text"],
                summary=row["summary"] or "",
                published_at=parse_utc(row["published_at"]),
            )
            for row in rows
        ]


# A thing that several tasks found belongs to the one whose run found it first.
_NEW = (
    "FROM items JOIN task_items ON task_items.item_id = items.id"
    " AND task_items.first_run_id = items.first_run_id"
    " LEFT JOIN tasks ON tasks.id = task_items.task_id"
    " WHERE items.first_seen_at >= ? AND items.first_seen_at < ?"
)
_TAKES = (
    "SELECT task_items.task_id, coalesce(tasks.name, task_items.task_id) AS name,"
    f" count(*) AS number {_NEW} GROUP BY task_items.task_id ORDER BY number DESC, task_id"
)
_ITEMS = (
    f"SELECT items.* {_NEW} AND task_items.task_id = ?"
    " ORDER BY items.published_at DESC, items.id LIMIT ?"
)
_BAD = "('failed', 'dead', 'timed_out', 'interrupted')"
_TROUBLES = (
    "SELECT runs.*, max(runs.id), count(*) AS number,"  # noqa: S608 - fixed texts
    " coalesce(tasks.name, runs.task_id) AS name,"
    " (SELECT min(later.ended_at) FROM runs AS later WHERE later.task_id = runs.task_id"
    " AND later.id > max(runs.id) AND later.outcome IN ('succeeded', 'empty')) AS well_since"
    " FROM runs LEFT JOIN tasks ON tasks.id = runs.task_id"
    f" WHERE runs.ended_at >= ? AND runs.ended_at < ? AND runs.outcome IN {_BAD}"
    " GROUP BY runs.task_id ORDER BY runs.id DESC"
)
_ENDED = "SELECT count(*) FROM runs WHERE state = 'done' AND ended_at >= ? AND ended_at < ?"
_MISSED = (
    "SELECT coalesce(sum(slots), 0) FROM runs"
    " WHERE state = 'missed' AND created_at >= ? AND created_at < ?"
)
