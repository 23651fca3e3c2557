"""Writes down which days a task has provably got whole, with the run that proved it."""

from datetime import datetime

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.sqlite import insert as insert_or

from stoma.domain.coverage import Days
from stoma.domain.run import Run
from stoma.storage.item_tables import COVERAGE


def cover_in(connection: Connection, run: Run, query: str, days: Days, now: datetime) -> None:
    """Note that *run* has proven *days*; what it proves anew is not kept twice."""
    first, last = days.first.isoformat(), days.last.isoformat()
    columns = COVERAGE.c
    connection.execute(
        delete(COVERAGE).where(
            columns.task_id == run.task_id,
            columns.query == query,
            columns.first_day >= first,
            columns.last_day <= last,
        )
    )
    values = {
        "task_id": run.task_id,
        "query": query,
        "first_day": first,
        "last_day": last,
        "run_id": run.id,
        "proven_at": now,
    }
    connection.execute(insert_or(COVERAGE).values(values))
