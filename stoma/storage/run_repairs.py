"""The ledger put right, in one transaction, after the clock went back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from stoma.domain.run import Run, RunState
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


def _wait_less(connection: Connection, change: Rewind) -> None:
    waiting = select(RUNS.c.id, RUNS.c.not_before).where(
        RUNS.c.state == RunState.PENDING, RUNS.c.not_before > change.now
    )
    for row in connection.execute(waiting).all():
        earlier = max(change.now, row.not_before - change.by)
        connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(not_before=earlier))
