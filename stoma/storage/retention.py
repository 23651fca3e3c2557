"""What may go from the registry when it is old. Every step is one short transaction.

Generators stop after each step, so that whoever goes through them decides when to go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, text, update

from stoma.domain.run import ACTIVE, Outcome, RunState, Trigger
from stoma.storage.database import Database
from stoma.storage.item_tables import ITEM_VERSIONS, KEPT_ANSWERS, RAW_ANSWERS
from stoma.storage.tables import INSTANCES, RUNS, SAMPLES, TASK_VERSIONS, TASKS, UPSTREAMS

#: So many runs are looked at in one step.
RUNS_AT_ONCE = 250
#: So many answers, and so much of them, are dropped in one step.
_ANSWERS_AT_ONCE, _BYTES_AT_ONCE = 50, 4_000_000
_ROWS_AT_ONCE = 500


_ACTIVE = text("runs.state IN ('pending', 'queued', 'running')")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRule:
    """Which runs may go: the old ones, and those of a task that are too many."""

    before: datetime | None  #: that ended, or were decided, before this; None: age does not count
    dead_before: datetime | None  #: the same for runs that used up every attempt
    keep: int = 1  #: so many of the newest of each registered task stay, however old
    most: int = 0  #: what a task has beyond so many goes, however new; 0: no limit


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What holds for the runs of one task."""

    kept_from: int | None  #: this run and what came after it stay; None: all may go
    beyond: int  #: what came before this run is too much


class RetentionStore:
    """What is old in one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- runs -----------------------------------------------------------------------------------

    def prune_runs(self, rule: RunRule) -> Iterator[list[tuple[str, int]]]:
        """Delete the runs, with their attempts, that may go; yield task and id of those gone.

        What is active, or has followers to come, stays; so does the newest end of each task, and
        its newest run that followed another task. When a task is due next is kept with the task:
        no slot becomes due again because its row is gone.
        """
        task_id = self._task_after("")
        while task_id:
            yield from self._prune_task(task_id, rule)
            task_id = self._task_after(task_id)

    def _task_after(self, task_id: str) -> str:
        query = select(func.min(RUNS.c.task_id)).where(RUNS.c.task_id > task_id)
        with self._database.read() as connection:
            return connection.scalar(query) or ""

    def _prune_task(self, task_id: str, rule: RunRule) -> Iterator[list[tuple[str, int]]]:
        bounds = self._bounds(task_id, rule)
        after = 0
        while True:
            rows = self._oldest(task_id, after, bounds)
            old = [row for row in rows if _may_go(row, rule, bounds)]
            needed = self._needed(task_id, old) if old and bounds.kept_from is not None else set()
            gone = self._delete([row.id for row in old if row.id not in needed])
            yield [(task_id, run_id) for run_id in gone]
            if len(rows) < RUNS_AT_ONCE or not _may_have_older(rows[-1], rule, bounds):
                return
            after = rows[-1].id

    def _bounds(self, task_id: str, rule: RunRule) -> _Bounds:
        newest = (
            select(RUNS.c.id).where(RUNS.c.task_id == task_id).order_by(RUNS.c.id.desc()).limit(1)
        )
        with self._database.read() as connection:
            known = connection.scalar(select(TASKS.c.id).where(TASKS.c.id == task_id))
            kept_from = connection.scalar(newest.offset(rule.keep - 1)) or 0
            beyond = connection.scalar(newest.offset(rule.most - 1)) if rule.most else 0
        return _Bounds(kept_from if known else None, beyond or 0)

    def _oldest(self, task_id: str, after: int, bounds: _Bounds) -> Sequence[Any]:
        query = (
            select(
                RUNS.c.id,
                RUNS.c.state,
                RUNS.c.outcome,
                RUNS.c.trigger,
                RUNS.c.settled,
                func.coalesce(RUNS.c.ended_at, RUNS.c.created_at).label("at"),
                RUNS.c.created_at,
            )
            .where(RUNS.c.task_id == task_id, RUNS.c.id > after)
            .order_by(RUNS.c.id)
            .limit(RUNS_AT_ONCE)
        )
        if bounds.kept_from is not None:
            query = query.where(RUNS.c.id < bounds.kept_from)
        with self._database.read() as connection:
            return connection.execute(query).all()

    def _needed(self, task_id: str, old: Sequence[Any]) -> set[int]:
        """Return those of *old* that conditions and chains ask about: the last of their sort."""
        sorts = (
            (RUNS.c.state == RunState.DONE, [r.id for r in old if r.state is RunState.DONE]),
            (
                RUNS.c.trigger == Trigger.DEPENDENCY,
                [r.id for r in old if r.trigger is Trigger.DEPENDENCY],
            ),
        )
        needed = set()
        with self._database.read() as connection:
            for alike, ids in sorts:
                newer = select(RUNS.c.id).where(RUNS.c.task_id == task_id, alike)
                newer = newer.where(RUNS.c.id > max(ids, default=0)).order_by(RUNS.c.id).limit(1)
                if ids and connection.scalar(newer) is None:
                    needed.add(ids[-1])
        return needed

    def _delete(self, run_ids: Sequence[int]) -> list[int]:
        if not run_ids:
            return []
        # Somebody may have asked for one of them again since it was looked at.
        over = RUNS.c.state.not_in(ACTIVE) & ((RUNS.c.state != RunState.DONE) | RUNS.c.settled)
        change = delete(RUNS).where(RUNS.c.id.in_(run_ids), over).returning(RUNS.c.id)
        with self._database.write() as connection:
            return list(connection.scalars(change))

    def active_ids(self) -> set[int]:
        """Return the runs that may still do something."""
        with self._database.read() as connection:
            return set(connection.scalars(select(RUNS.c.id).where(_ACTIVE)))

    def newest_run_id(self) -> int:
        """Return the highest number that a run has; 0 if there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(RUNS.c.id))) or 0

    # --- tasks ----------------------------------------------------------------------------------

    def without_slot(self) -> list[str]:
        """Return the enabled tasks that are not due again, wait for no other, and do nothing."""
        busy = TASKS.c.id.in_(select(RUNS.c.task_id).where(_ACTIVE))
        waits = exists().where(UPSTREAMS.c.task_id == TASKS.c.id)
        query = select(TASKS.c.id).where(TASKS.c.enabled, TASKS.c.next_slot_at.is_(None))
        with self._database.read() as connection:
            return list(connection.scalars(query.where(~busy, ~waits).order_by(TASKS.c.id)))

    def disabled_since(self, reason: str, before: datetime) -> list[str]:
        """Return the tasks disabled for *reason* that nothing happened to since, none waits for."""
        query = select(TASKS.c.id).where(
            ~TASKS.c.enabled,
            TASKS.c.disabled_reason == reason,
            TASKS.c.updated_at < before,
            ~exists().where(UPSTREAMS.c.upstream_id == TASKS.c.id),
            ~exists().where(
                RUNS.c.task_id == TASKS.c.id,
                func.coalesce(RUNS.c.ended_at, RUNS.c.created_at) >= before,
            ),
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(TASKS.c.id)))

    def task_ids(self) -> set[str]:
        """Return the ids of all tasks."""
        with self._database.read() as connection:
            return set(connection.scalars(select(TASKS.c.id)))

    def prune_definitions(self) -> int:
        """Delete earlier definitions of tasks of which neither a task nor a run is left."""
        orphans = (
            select(TASK_VERSIONS.c.task_id)
            .distinct()
            .where(
                ~exists().where(TASKS.c.id == TASK_VERSIONS.c.task_id),
                ~exists().where(RUNS.c.task_id == TASK_VERSIONS.c.task_id),
            )
            .limit(_ROWS_AT_ONCE)
        )
        with self._database.read() as connection:
            found = list(connection.scalars(orphans))
        if not found:
            return 0
        with self._database.write() as connection:
            gone = delete(TASK_VERSIONS).where(TASK_VERSIONS.c.task_id.in_(found))
            return connection.execute(gone).rowcount

    # --- raw answers ----------------------------------------------------------------------------

    def drop_answers(self, *, before: datetime | None, most_bytes: int) -> Iterator[int]:
        """Drop the bodies of raw answers, oldest first; yield how many bytes each step freed.

        An answer that a version of an item came from keeps its row: address, time and hash stay.

        Args:
            before: Those that came before this go; None: age does not count.
            most_bytes: Of what is left so much is kept, as it is stored; 0: all.
        """
        with self._database.read() as connection:
            kept = (
                connection.scalar(select(func.sum(RAW_ANSWERS.c.kept_bytes)).where(KEPT_ANSWERS))
                or 0
            )
        while freed := self._drop(before, kept - most_bytes if most_bytes else 0):
            kept -= freed
            yield freed

    def _drop(self, before: datetime | None, excess: int) -> int:
        query = select(
            RAW_ANSWERS.c.sha256, RAW_ANSWERS.c.kept_bytes, RAW_ANSWERS.c.fetched_at
        ).where(KEPT_ANSWERS)
        with self._database.read() as connection:
            oldest = connection.execute(
                query.order_by(RAW_ANSWERS.c.fetched_at).limit(_ANSWERS_AT_ONCE)
            ).all()
        chosen, freed = [], 0
        for row in oldest:
            too_old = before is not None and row.fetched_at < before
            if freed >= _BYTES_AT_ONCE or not (too_old or freed < excess):
                break
            chosen.append(row.sha256)
            freed += row.kept_bytes
        if chosen:
            with self._database.write() as connection:
                drop_bodies(connection, chosen)
        return freed

    # --- instances ------------------------------------------------------------------------------

    def prune_instances(self, before: datetime) -> int:
        """Delete the instances that ended before a moment."""
        return self._prune(delete(INSTANCES).where(INSTANCES.c.stopped_at < before))

    def prune_samples(self, before: datetime) -> int:
        """Delete what instances used before a moment."""
        return self._prune(delete(SAMPLES).where(SAMPLES.c.at < before))

    def _prune(self, statement: Any) -> int:
        with self._database.write() as connection:
            return int(connection.execute(statement).rowcount)

    # --- the database itself --------------------------------------------------------------------

    def optimize(self) -> None:
        """Let SQLite look again at which of its indexes are worth what, where much has changed.

        On the connection that asks all the questions, because it counts which are asked.
        """
        with self._database.write() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit = 400")
            connection.exec_driver_sql("PRAGMA optimize")


def _may_go(row: Any, rule: RunRule, bounds: _Bounds) -> bool:
    if row.state in ACTIVE or (row.state is RunState.DONE and not row.settled):
        return False
    dead = row.outcome is Outcome.DEAD
    limit = rule.dead_before if dead else rule.before
    return (limit is not None and row.at < limit) or (row.id < bounds.beyond and not dead)


def _may_have_older(row: Any, rule: RunRule, bounds: _Bounds) -> bool:
    """Return whether among the runs after *row* there can be one that may go."""
    limits = [limit for limit in (rule.before, rule.dead_before) if limit is not None]
    return row.id < bounds.beyond or any(row.created_at < limit for limit in limits)


def drop_bodies(connection: Connection, hashes: Sequence[str]) -> None:
    """Drop the bodies of raw answers; those that no version of an item came from go whole."""
    used = set(
        connection.scalars(
            select(ITEM_VERSIONS.c.raw_sha256).where(ITEM_VERSIONS.c.raw_sha256.in_(hashes))
        )
    )
    connection.execute(
        update(RAW_ANSWERS).where(RAW_ANSWERS.c.sha256.in_(used)).values(body=b"", kept_bytes=0)
    )
    connection.execute(
        delete(RAW_ANSWERS).where(RAW_ANSWERS.c.sha256.in_(set(hashes) - used), KEPT_ANSWERS)
    )
