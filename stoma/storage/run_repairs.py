"""The ledger put right, each time in one transaction: after the clock went back, and by hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from stoma.domain.refill import Refill, Split
from stoma.domain.run import Run, RunState, Trigger
from stoma.exceptions import ConflictError
from stoma.storage.run_queries import RunQueries
from stoma.storage.run_rows import run_from_row
from stoma.storage.tables import INSTANCES, RUNS, TASKS
from stoma.storage.tasks import Next

#: States of a slot that a rule, or nothing at all, has kept from running.
IDLE = (RunState.SKIPPED, RunState.COALESCED, RunState.MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewind:
    """What the ledger has to look like once the clock has gone back."""

    now: datetime
    by: timedelta  #: what waits for a moment ahead waits so much less
    next_by_task: Mapping[str, Next]
    chained: Collection[str]  #: tasks whose slots come from ends, not from the clock: they stay
    cuts: Mapping[int, tuple[datetime | None, int]]  #: stretch -> its new last slot, and number


class RunRepairs(RunQueries):
    """Changes of what is written already."""

    def stretches(
        self, task_id: str | None, first: datetime, last: datetime | None = None
    ) -> list[Run]:
        """Return the rows that stand for several slots and touch [first, last]."""
        query = select(RUNS).where(RUNS.c.slots > 1, RUNS.c.due_to >= first)
        if task_id is not None:
            query = query.where(RUNS.c.task_id == task_id)
        if last is not None:
            query = query.where(RUNS.c.due_at <= last)
        with self._database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query).mappings()]

    def decided(self, task_id: str, first: datetime, last: datetime | None = None) -> set[datetime]:
        """Return the slots of a task in [first, last] that have a row of their own."""
        query = select(RUNS.c.due_at).where(
            RUNS.c.task_id == task_id, RUNS.c.due_at >= first, RUNS.c.slots == 1
        )
        if last is not None:
            query = query.where(RUNS.c.due_at <= last)
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def singles(self, task_id: str, first: datetime, last: datetime) -> dict[datetime, Run]:
        """Return the rows of single slots of a task in [first, last], by slot."""
        query = select(RUNS).where(
            RUNS.c.task_id == task_id, RUNS.c.due_at.between(first, last), RUNS.c.slots == 1
        )
        with self._database.read() as connection:
            return {
                row["due_at"]: run_from_row(row) for row in connection.execute(query).mappings()
            }

    def refill(self, change: Refill, *, now: datetime) -> int:
        """Let slots of the past run after all; each keeps its one row.

        Returns:
            How many runs wait then.

        Raises:
            ConflictError: The ledger has changed since it was looked at; nothing was written.
        """
        waits = {
            "state": RunState.PENDING,
            "outcome": None,
            "trigger": Trigger.BACKFILL,
            "task_version": change.task_version,
            "priority": change.priority,
            "not_before": now,
            "reason": "backfill",
            "settled": False,
            "cancel_requested": False,
        }
        row: dict[str, Any] = {**waits, "task_id": change.task_id, "created_at": now, "params": {}}
        row["max_attempts"] = change.attempts
        added = dict.fromkeys(change.fresh, "")
        with self._database.write() as connection:
            for split in change.splits:
                _take_out(connection, split)
                added |= dict.fromkeys(split.taken, _was(split.run))
            for run in change.reopened:
                values = {**waits, "max_attempts": run.attempts + change.attempts}
                _as_seen(connection, run, {**values, "detail": _was(run)})
            rows = [{**row, "due_at": slot, "detail": added[slot]} for slot in sorted(added)]
            if rows:
                connection.execute(insert(RUNS), rows)
        return len(rows) + len(change.reopened)

    def rewind(self, change: Rewind) -> int:
        """Void what was decided of slots that lie ahead again and have not run.

        Returns:
            How many rows were voided.
        """
        with self._database.write() as connection:
            voided = connection.execute(
                delete(RUNS).where(
                    RUNS.c.due_at > change.now,
                    RUNS.c.attempts == 0,
                    RUNS.c.state.in_([RunState.PENDING, *IDLE]),
                    RUNS.c.task_id.not_in(change.chained),
                )
            )
            for run_id, (due_to, slots) in change.cuts.items():
                values = {"due_to": due_to, "slots": slots}
                connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(values))
            _wait_less(connection, change)
            for task_id, coming in change.next_by_task.items():
                connection.execute(
                    update(TASKS).where(TASKS.c.id == task_id).values(coming.columns())
                )
            connection.execute(
                update(TASKS)
                .where(TASKS.c.watermark_at > change.now)
                .values(watermark_at=change.now)
            )
            for column in (INSTANCES.c.heartbeat_at, INSTANCES.c.stopped_at):
                connection.execute(
                    update(INSTANCES).where(column > change.now).values({column: change.now})
                )
        return voided.rowcount


def _as_seen(connection: Connection, run: Run, values: Mapping[str, Any]) -> None:
    """Change a row that still is what was seen of it."""
    changed = connection.execute(
        update(RUNS)
        .where(RUNS.c.id == run.id, RUNS.c.state == run.state, RUNS.c.slots == run.slots)
        .where(RUNS.c.due_at == run.due_at, RUNS.c.fence == run.fence)
        .values(**values)
    )
    if changed.rowcount != 1:
        raise ConflictError(
            f"run {run.id} has changed while the backfill was planned", hint="try again"
        )


def _was(run: Run) -> str:
    """Return what became of a slot before it runs after all."""
    return f"was {run.outcome or run.state}: {run.detail or run.error}"


def _take_out(connection: Connection, split: Split) -> None:
    """Make a row stand for what is left of it; what is taken gets rows of its own."""
    run, left = split.run, list(split.left)
    if not left:
        # Nothing is left: the row goes, and each of its slots gets one.
        _as_seen(connection, run, {"due_to": None, "slots": 1})
        connection.execute(delete(RUNS).where(RUNS.c.id == run.id))
        return
    first, *others = left
    _as_seen(connection, run, {"due_at": first.first, "due_to": first.last, "slots": first.count})
    copied = {
        "task_id": run.task_id,
        "task_version": run.task_version,
        "trigger": run.trigger,
        "state": run.state,
        "reason": run.reason,
        "detail": run.detail,
        "priority": run.priority,
        "max_attempts": run.max_attempts,
        "created_at": run.created_at,
        "params": {},
    }
    if others:
        pieces = [{"due_at": e.first, "due_to": e.last, "slots": e.count} for e in others]
        connection.execute(insert(RUNS), [{**copied, **piece} for piece in pieces])


def _wait_less(connection: Connection, change: Rewind) -> None:
    waiting = select(RUNS.c.id, RUNS.c.not_before).where(
        RUNS.c.state == RunState.PENDING, RUNS.c.not_before > change.now
    )
    for row in connection.execute(waiting).all():
        earlier = max(change.now, row.not_before - change.by)
        connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(not_before=earlier))
