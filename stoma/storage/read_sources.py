"""How the sources stand: what their budgets have left, who waits for them, what is unusual."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.read_rows import moment
from stoma.storage.schema import parse_utc

#: A fact of the registry that tells what is unusual about a task begins so; its id follows.
UNUSUAL = "unusual:"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One budget, as it was last used."""

    source: str
    next_at: datetime  #: when one request more than the burst would be due
    interval_seconds: float
    burst: int
    held_until: datetime | None = None  #: the source asked for a pause
    limit: int | None = None  #: what the source itself counts, as it last said
    remaining: int | None = None
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredLine:
    """A run that waits for a budget."""

    run_id: int
    task_id: str
    not_before: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualLine:
    """Something unusual about what a task brings."""

    task_id: str
    kind: str  #: `volume` or `silence`
    text: str
    since: datetime


class SourceReader:
    """What there is to know of sources."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def budgets(self) -> list[BudgetLine]:
        """Return every budget that was used, by name."""
        rows = self._connection.execute(
            "SELECT * FROM budgets WHERE interval_seconds IS NOT NULL ORDER BY source"
        )
        return [
            BudgetLine(
                source=row["source"],
                next_at=moment(row["next_at"]),
                interval_seconds=row["interval_seconds"],
                burst=row["burst"],
                held_until=parse_utc(row["held_until"]),
                limit=row["rate_limit"],
                remaining=row["remaining"],
                reset_at=parse_utc(row["reset_at"]),
            )
            for row in rows
        ]

    def deferred(self) -> list[DeferredLine]:
        """Return the runs that wait for a budget, the first to go on first."""
        rows = self._connection.execute(
            "SELECT id, task_id, not_before FROM runs"
            " WHERE state = 'pending' AND reason = 'budget' ORDER BY not_before, id"
        )
        return [
            DeferredLine(
                run_id=row["id"],
                task_id=row["task_id"],
                not_before=parse_utc(row["not_before"]),
            )
            for row in rows
        ]

    def unusual(self, task_id: str | None = None) -> list[UnusualLine]:
        """Return what is unusual about what enabled tasks bring, or about one task."""
        return list(self._unusual(task_id))

    def _unusual(self, task_id: str | None) -> Iterator[UnusualLine]:
        rows = self._connection.execute(
            "SELECT tasks.id, state.value FROM state JOIN tasks ON tasks.id = substr(state.key, ?)"
            " WHERE state.key >= ? AND state.key < ? AND (enabled OR tasks.id = ?)"
            " AND (? IS NULL OR tasks.id = ?) ORDER BY tasks.id",
            (len(UNUSUAL) + 1, UNUSUAL, f"{UNUSUAL}\uffff", task_id, task_id, task_id),
        )
        for row in rows:
            for kind, fact in json.loads(row["value"]).items():
                yield UnusualLine(
                    task_id=row["id"],
                    kind=kind,
                    text=fact["text"],
                    since=datetime.fromisoformat(fact["since"]),
                )
