"""Runs, read: what the loop, recovery and the tasks after a task ask the ledger."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, select

from stoma.domain.run import ACTIVE, HELD, Attempt, Outcome, Run, RunState, Trigger
from stoma.domain.task import Json, Overlap
from stoma.domain.volume import Volume
from stoma.storage.database import Database
from stoma.storage.lookup import unknown_run
from stoma.storage.run_rows import run_from_row
from stoma.storage.tables import ATTEMPTS, RUNS, TASKS

#: Ends that say what a task usually brings.
_USUAL = (Outcome.SUCCEEDED, Outcome.EMPTY)


def _room() -> ColumnElement[bool]:
    """Return the condition under which a pending run may start beside those at work."""
    other, owner, mine = RUNS.alias(), TASKS.alias(), TASKS.alias()
    at_work = other.c.state.in_(HELD)
    together = select(mine.c.id).where(
        mine.c.id == RUNS.c.task_id,
        mine.c.overlap == Overlap.ALLOW,
        RUNS.c.trigger != Trigger.BACKFILL,  # what fills gaps goes one by one
    )
    siblings = select(func.count()).where(other.c.task_id == RUNS.c.task_id, at_work)
    most = select(mine.c.max_running).where(mine.c.id == RUNS.c.task_id)
    alone = ~exists(select(other.c.id).where(other.c.task_id == RUNS.c.task_id, at_work))
    fits = exists(together) & (
        most.scalar_subquery().is_(None) | (siblings.scalar_subquery() < most.scalar_subquery())
    )
    same_key = (
        select(other.c.id)
        .join(owner, owner.c.id == other.c.task_id)
        .join(mine, mine.c.concurrency_key == owner.c.concurrency_key)
        .where(mine.c.id == RUNS.c.task_id, mine.c.concurrency_key != "", at_work)
    )
    return (alone | fits) & ~exists(same_key)


_HAS_ROOM = _room()


# What every look of the loop asks is built once: to build it takes longer than to answer it.
@cache
def _ready(longest_waiting: bool, asked: bool) -> Select[Any]:
    moments = [RUNS.c.due_at, RUNS.c.created_at]
    if longest_waiting:  # a slot of last year that was asked for today waits since today
        moments = [RUNS.c.not_before, *moments]
    oldest = (func.coalesce(*moments), RUNS.c.id)
    query = (
        select(RUNS)
        .where(RUNS.c.state == RunState.PENDING)
        .where(RUNS.c.not_before.is_(None) | (RUNS.c.not_before <= bindparam("now")))
        .where(_HAS_ROOM)
        .order_by(*(oldest if longest_waiting else (RUNS.c.priority, *oldest)))
        .limit(bindparam("most"))
    )
    if asked:
        query = query.where((RUNS.c.trigger == Trigger.MANUAL) | (RUNS.c.reason == "user"))
    return query


_RUN = select(RUNS).where(RUNS.c.id == bindparam("run_id"))
_ACTIVE = select(RUNS).where(RUNS.c.state.in_(ACTIVE)).order_by(RUNS.c.id)
_ACTIVE_OF = _ACTIVE.where(RUNS.c.task_id.in_(bindparam("ids", expanding=True)))
_NEXT_READY = select(func.min(RUNS.c.not_before)).where(
    RUNS.c.state == RunState.PENDING, RUNS.c.not_before > bindparam("now")
)
_TO_CANCEL = select(RUNS.c.id).where(
    RUNS.c.state == RunState.RUNNING, RUNS.c.owner == bindparam("owner"), RUNS.c.cancel_requested
)
_UNSETTLED = (
    select(RUNS)
    .where(RUNS.c.state == RunState.DONE, ~RUNS.c.settled)
    .order_by(RUNS.c.id)
    .limit(bindparam("most"))
)

#: Slots of due tasks that have a row already, which is so only after the clock went back.
_TAKEN = (
    select(RUNS.c.task_id, RUNS.c.due_at)
    .join(TASKS, TASKS.c.id == RUNS.c.task_id)
    .where(TASKS.c.enabled, TASKS.c.next_slot_at <= bindparam("now"))
    .where(RUNS.c.due_at >= TASKS.c.next_slot_at, RUNS.c.due_at <= bindparam("now"))
)


class RunQueries:
    """Questions to the ledger of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, run_id: int) -> Run:
        """Return one run.

        Raises:
            NotFoundError: There is none.
        """
        with self._database.read() as connection:
            return get_in(connection, run_id)

    def attempts(self, run_id: int) -> list[Attempt]:
        """Return the attempts of a run, in order."""
        query = select(ATTEMPTS).where(ATTEMPTS.c.run_id == run_id).order_by(ATTEMPTS.c.number)
        with self._database.read() as connection:
            return [Attempt(**row) for row in connection.execute(query).mappings()]

    def active(self, task_ids: Iterable[str] | None = None) -> list[Run]:
        """Return the runs that may still do something, of some tasks or of all."""
        ids = None if task_ids is None else list(task_ids)
        query, values = (_ACTIVE, {}) if ids is None else (_ACTIVE_OF, {"ids": ids})
        with self._database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query, values).mappings()]

    def newest_id(self) -> int:
        """Return the highest id of a run; 0 if there was none yet."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(RUNS.c.id))) or 0

    def after(self, run_id: int) -> list[Run]:
        """Return the runs that were added after *run_id*, in order."""
        query = select(RUNS).where(RUNS.c.id > run_id).order_by(RUNS.c.id)
        with self._database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query).mappings()]

    def taken(self, now: datetime) -> dict[str, set[datetime]]:
        """Return, for each task with a slot due, the slots since then that are decided already."""
        found: dict[str, set[datetime]] = {}
        with self._database.read() as connection:
            for row in connection.execute(_TAKEN, {"now": now}):
                found.setdefault(row.task_id, set()).add(row.due_at)
        return found

    def ready(
        self, now: datetime, *, limit: int, longest_waiting: bool = False, asked: bool = False
    ) -> list[Run]:
        """Return pending runs whose moment has come, most urgent and then oldest first.

        A task has one run at work at a time, unless its `overlap` is `allow`; tasks that share
        a `concurrency_key` have one between them.

        Args:
            now: The moment of the look.
            limit: At most so many.
            longest_waiting: The oldest first, whatever its priority.
            asked: Only those that somebody asked for, or asked for again.
        """
        query, values = _ready(longest_waiting, asked), {"now": now, "most": limit}
        with self._database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query, values).mappings()]

    def next_ready_at(self, now: datetime) -> datetime | None:
        """Return when the next waiting run may start; None if none waits for a later moment."""
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(_NEXT_READY, {"now": now})
        return found

    def held_by(self, owner: str) -> list[Run]:
        """Return the runs an instance holds."""
        query = select(RUNS).where(RUNS.c.state.in_(HELD), RUNS.c.owner == owner)
        with self._database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query).mappings()]

    def checkpoint(self, run_id: int) -> dict[str, Json]:
        """Return where the run broke off: the resume point stored with its last page."""
        with self._database.read() as connection:
            return dict(
                connection.scalar(select(RUNS.c.checkpoint).where(RUNS.c.id == run_id)) or {}
            )

    def to_cancel(self, owner: str) -> list[int]:
        """Return the runs an instance holds whose end somebody asked for."""
        with self._database.read() as connection:
            return list(connection.scalars(_TO_CANCEL, {"owner": owner}))

    def unsettled(self, *, limit: int = 100) -> list[Run]:
        """Return runs that are over and whose followers have not been seen to."""
        with self._database.read() as connection:
            rows = connection.execute(_UNSETTLED, {"most": limit}).mappings()
            return [run_from_row(row) for row in rows]

    def newest_done(self, task_id: str) -> Run | None:
        """Return the newest run of a task that is over."""
        query = (
            select(RUNS)
            .where(RUNS.c.task_id == task_id, RUNS.c.state == RunState.DONE)
            .order_by(RUNS.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else run_from_row(row)

    def volumes(self, run: Run, *, limit: int) -> list[Volume]:
        """Return what the good runs of a definition brought, up to *run*, newest first.

        Those that fill gaps, and those whose end was not proven, say nothing of what is usual.
        """
        news = RUNS.c.new + RUNS.c.updated
        query = (
            select(RUNS.c.ended_at, news + RUNS.c.unchanged, news)
            .where(RUNS.c.task_id == run.task_id, RUNS.c.id <= run.id, RUNS.c.outcome.in_(_USUAL))
            .where(RUNS.c.task_version == run.task_version, RUNS.c.ended_at.is_not(None))
            .where(RUNS.c.trigger != Trigger.BACKFILL)
            .order_by(RUNS.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Volume(*row) for row in connection.execute(query)]

    def newest_triggered(self, task_id: str, trigger: Trigger) -> Run | None:
        """Return the newest run of a task that *trigger* started."""
        query = (
            select(RUNS)
            .where(RUNS.c.task_id == task_id, RUNS.c.trigger == trigger)
            .order_by(RUNS.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else run_from_row(row)


def get_in(connection: Connection, run_id: int) -> Run:
    """Return one run, in the caller's transaction."""
    row = connection.execute(_RUN, {"run_id": run_id}).mappings().first()
    if row is None:
        raise unknown_run(run_id)
    return run_from_row(row)


def attempts_in(connection: Connection, run_ids: Sequence[int]) -> dict[int, int]:
    """Return how many attempts each run has had, in the caller's transaction."""
    query = (
        select(ATTEMPTS.c.run_id, func.count())
        .where(ATTEMPTS.c.run_id.in_(run_ids))
        .group_by(ATTEMPTS.c.run_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
