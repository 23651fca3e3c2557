"""Which days a task has provably got whole. Read-only, no SQLAlchemy."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stoma.domain.coverage import Days
from stoma.storage.read_rows import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A stretch of days, and which run proved it when."""

    days: Days
    run_id: int
    proven_at: datetime


def proven_days(connection: sqlite3.Connection, task_id: str, query: str) -> Sequence[Proven]:
    """Return what is proven of one query of a task, by its first days."""
    rows = connection.execute(
        "SELECT * FROM coverage WHERE task_id = ? AND query = ? ORDER BY first_day, last_day",
        (task_id, query),
    )
    return [
        Proven(
            days=Days(date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"])),
            run_id=row["run_id"],
            proven_at=moment(row["proven_at"]),
        )
        for row in rows
    ]
