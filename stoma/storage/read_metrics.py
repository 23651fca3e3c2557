"""Figures for monitoring: what can be counted at little cost. No SQLAlchemy."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from stoma.storage.read_rows import moment
from stoma.storage.schema import format_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What has been decided since a moment."""

    runs: Mapping[str, int]  #: by outcome, or state where there is none
    new_items: int
    requests: int


class MetricsReader:
    """A read-only look at the figures of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def decided(self) -> int:
        """Return how many runs there ever were; it never goes down, whatever is removed."""
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
        return next((int(row["seq"]) for row in rows), 0)

    def active(self) -> dict[str, int]:
        """Return how many runs wait or are at work, by state."""
        return self._counts(
            "SELECT state, count(*) FROM runs"
            " WHERE state IN ('pending', 'queued', 'running') GROUP BY state"
        )

    def since(self, at: datetime) -> DayFigures:
        """Return what has been decided since *at*."""
        # Backwards from the newest, so that only what is asked for is looked at.
        before = "SELECT id FROM runs WHERE created_at < ? ORDER BY id DESC LIMIT 1"
        first = next((row["id"] for row in self._rows(before, format_utc(at))), 0)
        rows = list(
            self._rows(
                "SELECT coalesce(outcome, state) AS word, sum(slots) AS runs, sum(new) AS new,"
                " sum(requests) AS requests FROM runs WHERE id > ? GROUP BY word",
                first,
            )
        )
        return DayFigures(
            runs={row["word"]: row["runs"] for row in rows},
            new_items=sum(row["new"] for row in rows),
            requests=sum(row["requests"] for row in rows),
        )

    def last_successes(self) -> dict[str, datetime]:
        """Return when the newest good run of each task ended."""
        rows = self._rows(
            "SELECT id, (SELECT ended_at FROM runs WHERE task_id = tasks.id"
            " AND outcome IN ('succeeded', 'empty') ORDER BY runs.id DESC LIMIT 1) AS at FROM tasks"
        )
        return {row["id"]: moment(row["at"]) for row in rows if row["at"]}

    def start_delays(self, *, limit: int = 1000) -> list[float]:
        """Return how long after its slot each of the newest runs started, in seconds, sorted."""
        rows = self._rows(
            "SELECT due_at, started_at FROM runs WHERE trigger = 'schedule' AND attempts = 1"
            " AND started_at IS NOT NULL AND due_at IS NOT NULL ORDER BY id DESC LIMIT ?",
            limit,
        )
        found = (moment(row["started_at"]) - moment(row["due_at"]) for row in rows)
        return sorted(max(each.total_seconds(), 0.0) for each in found)

    def items(self) -> dict[str, int]:
        """Return how many items there are, by source."""
        return self._counts("SELECT source, count(*) FROM items GROUP BY source")

    def budgets(self) -> dict[str, datetime]:
        """Return when each source may be asked next."""
        rows = self._rows("SELECT source, next_at FROM budgets ORDER BY source")
        return {row["source"]: moment(row["next_at"]) for row in rows}

    def notices(self) -> dict[str, int]:
        """Return how many notifications there are, by state."""
        return self._counts("SELECT state, count(*) FROM outbox GROUP BY state")

    def _counts(self, query: str) -> dict[str, int]:
        return {row[0]: row[1] for row in self._rows(query)}

    def _rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        return iter(self._connection.execute(query, values))
