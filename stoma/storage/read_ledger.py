"""What the ledger says of single slots, and of how long runs take. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from stoma.domain.run import GOOD, Outcome
from stoma.domain.task import Json
from stoma.storage.read_rows import RunLine, run_line
from stoma.storage.schema import format_utc, parse_utc

#: So many of a task's newest runs say how long the next one takes.
_RECENT = 50
_GOOD = frozenset({*GOOD, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the newest runs of a task took."""

    runs: int  #: how many ended well; with none, nobody knows how long one takes
    seconds: float = 0.0  #: median of those that ended well
    requests: float = 0.0  #: the same
    failed: float = 0.0  #: share of attempts that failed
    error_kind: str = ""  #: how they did most often


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task stands in its schedule."""

    next_slot_at: datetime | None
    watermark_at: datetime | None
    disabled_until: datetime | None
    overlap: str
    catch_up: str
    grace_seconds: float | None  #: None: by the schedule
    timeout_seconds: float
    conditions: int  #: how many have to hold when it is to start


class LedgerReader:
    """Questions about slots to one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def place(self, task_id: str) -> Place | None:
        """Return where a task stands; None if it is not registered."""
        for row in self._rows("SELECT * FROM tasks WHERE id = ?", task_id):
            return Place(
                next_slot_at=parse_utc(row["next_slot_at"]),
                watermark_at=parse_utc(row["watermark_at"]),
                disabled_until=parse_utc(row["disabled_until"]),
                overlap=row["overlap"],
                catch_up=row["catch_up"],
                grace_seconds=row["misfire_grace_seconds"],
                timeout_seconds=row["timeout_seconds"],
                conditions=len(json.loads(row["only_if"])),
            )
        return None

    def before(self, task_id: str, at: datetime, *, limit: int) -> list[RunLine]:
        """Return the newest *limit* rows of slots up to and with *at*, oldest first."""
        found = self._runs(
            "task_id = ? AND due_at <= ? ORDER BY due_at DESC LIMIT ?",
            task_id,
            format_utc(at),
            limit,
        )
        return list(found)[::-1]

    def between(self, task_id: str, first: datetime, last: datetime) -> list[RunLine]:
        """Return the rows of slots in [first, last], and of stretches that touch it."""
        bounds = (format_utc(first), format_utc(last))
        own = self._runs("task_id = ? AND due_at BETWEEN ? AND ? ORDER BY due_at", task_id, *bounds)
        over = self._runs(
            "task_id = ? AND due_at < ? AND due_to >= ? ORDER BY due_at",
            task_id,
            bounds[0],
            bounds[0],
        )
        return [*over, *own]

    def state(self, key: str) -> Json:
        """Return a fact that holds for the scheduler as a whole; None if it is not set."""
        for row in self._rows("SELECT value FROM state WHERE key = ?", key):
            found: Json = json.loads(row["value"])
            return found
        return None

    def usage(self) -> Mapping[str, Usage]:
        """Return what the newest runs of every task took, by its id."""
        ids = [row["id"] for row in self._rows("SELECT id FROM tasks")]
        return {task_id: self.usage_of(task_id) for task_id in ids}

    def usage_of(self, task_id: str) -> Usage:
        """Return what the newest runs of one task took."""
        done = self._runs(
            "task_id = ? AND state = 'done' AND started_at IS NOT NULL ORDER BY id DESC LIMIT ?",
            task_id,
            _RECENT,
        )
        return _usage(list(done))

    def _runs(self, where: str, *values: object) -> Iterator[RunLine]:
        rows = self._rows(f"SELECT * FROM runs WHERE {where}", *values)  # noqa: S608 - fixed texts
        return map(run_line, rows)

    def _rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, values))


def _usage(runs: Sequence[RunLine]) -> Usage:
    good = [run for run in runs if run.outcome in _GOOD]
    attempts = sum(max(run.attempts, 1) for run in runs)
    kinds = Counter(run.error_kind for run in runs if run.error_kind)
    return Usage(
        runs=len(good),
        seconds=median(run.duration_seconds or 0.0 for run in good) if good else 0.0,
        requests=median(run.requests for run in good) if good else 0.0,
        failed=(attempts - len(good)) / attempts if attempts else 0.0,
        error_kind=kinds.most_common(1)[0][0] if kinds else "",
    )
