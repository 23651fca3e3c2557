"""Changes of the ledger inside a transaction of the caller's.

Every change of state is one UPDATE that names the state and the fence it starts from.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Update, bindparam, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from stoma.domain.ledger import Firing
from stoma.domain.run import Counts, Outcome, Run, RunState
from stoma.domain.task import Json
from stoma.exceptions import LostClaimError
from stoma.redaction import redacted
from stoma.storage.run_rows import run_to_row
from stoma.storage.tables import ATTEMPTS, RUNS, TASKS

#: What a run that nobody holds has in the columns of its holder.
FREE: Mapping[str, Any] = {"owner": None, "lease_until": None}

# Built once: building a statement costs more than carrying it out.
_ADVANCE = (
    update(TASKS)
    .where(TASKS.c.id == bindparam("task"), TASKS.c.enabled)
    .where(TASKS.c.version == bindparam("seen_version"))
    .where(TASKS.c.next_slot_at.is_not_distinct_from(bindparam("seen_slot")))
    .values(
        next_slot_at=bindparam("next_slot"),
        next_run_at=bindparam("next_run"),
        watermark_at=bindparam("watermark"),
    )
)
_ADD = insert_or_ignore(RUNS).on_conflict_do_nothing()


def advance(connection: Connection, firing: Firing) -> bool:
    """Move a task on to its next slot; False if it is no longer what the planner saw."""
    moved = connection.execute(
        _ADVANCE,
        {
            "task": firing.task_id,
            "seen_version": firing.task_version,
            "seen_slot": firing.seen_next_slot_at,
            "next_slot": firing.next_slot_at,
            "next_run": firing.next_run_at,
            "watermark": firing.watermark_at,
        },
    )
    return moved.rowcount == 1


def add_decided(connection: Connection, firings: Iterable[Firing], now: datetime) -> int:
    """Add what was decided, slots that have a row already left out; return how many were added."""
    rows = [
        run_to_row(firing, decision, now) for firing in firings for decision in firing.decisions
    ]
    return connection.execute(_ADD, rows).rowcount if rows else 0


def progress_in(
    connection: Connection, run: Run, counts: Counts, checkpoint: Mapping[str, Json]
) -> None:
    """Add what one page brought to a running run, in the caller's transaction.

    Raises:
        LostClaimError: The run is no longer held with this fence; the caller must roll back.
    """
    change = (
        update(RUNS)
        .where(RUNS.c.state == RunState.RUNNING)
        .values(
            new=RUNS.c.new + counts.new,
            updated=RUNS.c.updated + counts.updated,
            unchanged=RUNS.c.unchanged + counts.unchanged,
            requests=RUNS.c.requests + counts.requests,
            pages=RUNS.c.pages + counts.pages,
            checkpoint=dict(checkpoint),
        )
    )
    hit(connection, run, change)


def finish_in(
    connection: Connection, run: Run, outcome: Outcome, *, now: datetime, detail: str = ""
) -> None:
    """End a running run, in the caller's transaction."""
    change = move(RunState.RUNNING, RunState.DONE).values(
        **FREE,
        outcome=outcome,
        ended_at=now,
        detail=redacted(detail),
        error="",
        error_kind="",
        checkpoint={},
    )
    hit(connection, run, change)
    end_attempt(connection, run, now, outcome=outcome)


def move(before: RunState, after: RunState) -> Update:
    """Return the statement that takes runs from one state to another."""
    return update(RUNS).where(RUNS.c.state == before).values(state=after)


def hit(connection: Connection, run: Run, change: Update) -> None:
    """Execute *change* on the one row that is still held as *run* says, or not at all."""
    held = change.where(RUNS.c.id == run.id, RUNS.c.fence == run.fence)
    if connection.execute(held).rowcount != 1:
        raise LostClaimError(run.id, run.fence)


def end_attempt(connection: Connection, run: Run, now: datetime, **values: Any) -> None:
    """End the attempt that is open under the run's fence."""
    connection.execute(
        update(ATTEMPTS)
        .where(ATTEMPTS.c.run_id == run.id, ATTEMPTS.c.fence == run.fence)
        .where(ATTEMPTS.c.ended_at.is_(None))
        .values(ended_at=now, **values)
    )
