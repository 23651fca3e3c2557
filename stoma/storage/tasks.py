"""Tasks: definitions, their earlier versions, and when each is due next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from stoma.domain.dependency import find_cycle
from stoma.domain.run import RunState
from stoma.domain.task import StoredTask, Task
from stoma.exceptions import NotFoundError, TaskExistsError, UsageError
from stoma.storage.database import Database
from stoma.storage.lookup import unknown_task
from stoma.storage.tables import RUNS, TASK_VERSIONS, TASKS, UPSTREAMS
from stoma.storage.task_rows import stored_task, task_from_json, task_to_json
from stoma.text import did_you_mean

# What every look of the loop asks is built once: to build it takes longer than to answer it.
_DUE = select(TASKS).where(TASKS.c.enabled, TASKS.c.next_slot_at <= bindparam("now"))
_TO_WAKE = select(TASKS).where(~TASKS.c.enabled, TASKS.c.disabled_until <= bindparam("now"))
_NEXT_DUE = select(func.min(TASKS.c.next_slot_at)).where(TASKS.c.enabled)
_NEXT_WAKE = select(func.min(TASKS.c.disabled_until)).where(~TASKS.c.enabled)
_NEXT_RUN = (
    select(TASKS.c.id, TASKS.c.next_run_at)
    .where(TASKS.c.enabled, TASKS.c.next_run_at.is_not(None))
    .order_by(TASKS.c.next_run_at, TASKS.c.id)
    .limit(1)
)
_NEWEST = (
    select(RUNS.c.id)
    .where(RUNS.c.task_id == TASKS.c.id)
    .where(RUNS.c.state.in_([RunState.RUNNING, RunState.DONE]))
    .order_by(RUNS.c.id.desc())
    .limit(1)
    .correlate(TASKS)
    .scalar_subquery()
)
#: Tasks, each with how its newest run is doing.
_ALL = select(
    TASKS, RUNS.c.state.label("run_state"), RUNS.c.outcome.label("run_outcome")
).outerjoin(RUNS, RUNS.c.id == _NEWEST)


@dataclass(frozen=True, slots=True)
class Next:
    """When a task is due next."""

    slot_at: datetime | None = None  #: its next slot
    run_at: datetime | None = None  #: its next slot that no filter skips

    def columns(self) -> dict[str, Any]:
        """Return the columns that keep it."""
        return {"next_slot_at": self.slot_at, "next_run_at": self.run_at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A definition to write, and when it is due first."""

    task: Task
    next: Next
    preset: str | None = None
    base: Task | None = None  #: as a preset gave it; None: made by hand


class TaskStore:
    """The tasks of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, task_id: str) -> StoredTask:
        """Return one task.

        Raises:
            NotFoundError: There is none; the hint names the nearest id.
        """
        with self._database.read() as connection:
            row = connection.execute(_ALL.where(TASKS.c.id == task_id)).mappings().first()
            if row is None:
                raise unknown_task(task_id, connection.scalars(select(TASKS.c.id)))
            return stored_task(row)

    def find(self, task_id: str) -> StoredTask | None:
        """Return one task, or None."""
        try:
            return self.get(task_id)
        except NotFoundError:
            return None

    def all(self) -> list[StoredTask]:
        """Return every task, by id."""
        with self._database.read() as connection:
            rows = connection.execute(_ALL.order_by(TASKS.c.id)).mappings()
            return [stored_task(row) for row in rows]

    def count(self) -> int:
        """Return how many tasks there are."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(TASKS)) or 0

    def definition(self, task_id: str, version: int) -> Task:
        """Return a task as it was in *version*, also when it was edited or removed since.

        Raises:
            NotFoundError: There was no such version.
        """
        query = select(TASK_VERSIONS.c.definition).where(
            TASK_VERSIONS.c.task_id == task_id, TASK_VERSIONS.c.version == version
        )
        with self._database.read() as connection:
            found = connection.scalar(query)
        if found is None:
            raise NotFoundError("task version", f"{task_id} version {version}")
        return task_from_json(found)

    def definitions(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Task]:
        """Return many definitions, by id and version, in one look."""
        key = tuple_(TASK_VERSIONS.c.task_id, TASK_VERSIONS.c.version)
        query = select(TASK_VERSIONS).where(key.in_(list(wanted)))
        with self._database.read() as connection:
            return {
                (row.task_id, row.version): task_from_json(row.definition)
                for row in connection.execute(query)
            }

    def due(self, now: datetime) -> list[StoredTask]:
        """Return the enabled tasks whose next slot is not in the future. Costs what is due."""
        with self._database.read() as connection:
            rows = connection.execute(_DUE, {"now": now}).mappings().all()
        return [stored_task(row) for row in rows]

    def next_wake_at(self) -> datetime | None:
        """Return when the next task that is disabled for a while wakes up."""
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(_NEXT_WAKE)
        return found

    def next_due_at(self) -> datetime | None:
        """Return the earliest next slot of any enabled task."""
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(_NEXT_DUE)
        return found

    def next_run(self) -> tuple[str, datetime] | None:
        """Return which task runs next, and when; None if none does."""
        with self._database.read() as connection:
            found = connection.execute(_NEXT_RUN).first()
        return None if found is None else (found.id, found.next_run_at)

    def last_decided_at(self) -> datetime | None:
        """Return the newest moment up to which the slots of any task are decided."""
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(select(func.max(TASKS.c.watermark_at)))
        return found

    def bases(self) -> dict[str, Task]:
        """Return, for each task that came from a preset, its definition as the preset gave it."""
        query = select(TASKS.c.base).where(TASKS.c.preset.is_not(None))
        with self._database.read() as connection:
            return {base["id"]: task_from_json(base) for base in connection.scalars(query) if base}

    def add(self, placed: Placed, *, now: datetime) -> StoredTask:
        """Register a new task.

        Raises:
            TaskExistsError: The id is taken.
        """
        with self._database.write() as connection:
            if _exists(connection, placed.task.id):
                raise TaskExistsError(placed.task.id)
            _write(connection, [placed], now)
        return self.get(placed.task.id)

    def put(self, placed: Iterable[Placed], *, now: datetime, removed: Iterable[str] = ()) -> None:
        """Write definitions, new or changed; each that differs becomes a version of its own.

        The tasks *removed* go in the same transaction; their runs and items stay.
        """
        with self._database.write() as connection:
            connection.execute(delete(TASKS).where(TASKS.c.id.in_(list(removed))))
            _write(connection, list(placed), now)

    def downstream(self, task_id: str) -> list[StoredTask]:
        """Return the enabled tasks that run after *task_id*."""
        query = (
            select(TASKS)
            .join(UPSTREAMS, UPSTREAMS.c.task_id == TASKS.c.id)
            .where(TASKS.c.enabled, UPSTREAMS.c.upstream_id == task_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [stored_task(row) for row in rows]

    def upstream_of_any(self, task_ids: Iterable[str]) -> set[str]:
        """Return which of *task_ids* some task runs after."""
        query = select(UPSTREAMS.c.upstream_id).where(UPSTREAMS.c.upstream_id.in_(list(task_ids)))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def without_slot(self, task_ids: Iterable[str]) -> dict[str, StoredTask]:
        """Return the enabled ones of *task_ids* that have no slot to come, by id."""
        query = select(TASKS).where(
            TASKS.c.id.in_(list(task_ids)), TASKS.c.enabled, TASKS.c.next_slot_at.is_(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["id"]: stored_task(row) for row in rows}

    def to_wake(self, now: datetime) -> list[StoredTask]:
        """Return the disabled tasks whose `disabled_until` has come."""
        with self._database.read() as connection:
            rows = connection.execute(_TO_WAKE, {"now": now}).mappings().all()
        return [stored_task(row) for row in rows]

    def set_enabled(
        self,
        next_by_task: Mapping[str, Next],
        *,
        enabled: bool,
        reason: str = "",
        until: datetime | None = None,
    ) -> None:
        """Enable or disable tasks; all or, if one does not exist, none."""
        with self._database.write() as connection:
            for task_id, coming in next_by_task.items():
                values = coming.columns() if enabled else Next().columns()
                values |= {
                    "enabled": enabled,
                    "disabled_reason": "" if enabled else reason,
                    "disabled_until": None if enabled else until,
                }
                changed = connection.execute(
                    update(TASKS).where(TASKS.c.id == task_id).values(values)
                )
                if changed.rowcount != 1:
                    raise unknown_task(task_id, connection.scalars(select(TASKS.c.id)))

    def remove(self, task_id: str) -> None:
        """Remove a definition. Its runs and what it collected stay.

        Raises:
            NotFoundError: There is none.
        """
        with self._database.write() as connection:
            removed = connection.execute(delete(TASKS).where(TASKS.c.id == task_id))
            if removed.rowcount != 1:
                raise unknown_task(task_id, connection.scalars(select(TASKS.c.id)))

    def set_next(self, task_id: str, coming: Next) -> None:
        """Store when an enabled task is due next."""
        with self._database.write() as connection:
            connection.execute(
                update(TASKS).where(TASKS.c.id == task_id, TASKS.c.enabled).values(coming.columns())
            )


#: Ids that one statement names; SQLite takes 32,766 values.
_PIECE = 10_000


def _write(connection: Connection, placed: list[Placed], now: datetime) -> None:
    ids = [each.task.id for each in placed]
    known = _known(connection, ids)
    newest = _newest_versions(connection, ids)
    added, versions = [], []
    for each in placed:
        values = task_to_json(each.task) | {
            "preset": each.preset,
            "base": None if each.base is None else task_to_json(each.base),
            **(each.next if each.task.enabled else Next()).columns(),
            "updated_at": now,
        }
        current = known.get(each.task.id)
        # What was decided of an earlier task of this id stays decided, under its version.
        version = newest.get(each.task.id, 0) + 1
        if current is None:
            added.append(values | {"version": version, "created_at": now})
        else:
            if stored_task(current).definition == each.task:
                version = current["version"]
                values |= Next(current["next_slot_at"], current["next_run_at"]).columns()
            values["version"] = version
            connection.execute(update(TASKS).where(TASKS.c.id == each.task.id).values(values))
        if version > newest.get(each.task.id, 0):
            definition = task_to_json(each.task)
            versions.append(
                {
                    "task_id": each.task.id,
                    "version": version,
                    "definition": definition,
                    "saved_at": now,
                }
            )
    if added:
        connection.execute(insert(TASKS), added)
    if versions:
        connection.execute(insert(TASK_VERSIONS), versions)
    _write_upstreams(connection, placed)


def _write_upstreams(connection: Connection, placed: list[Placed]) -> None:
    """Write who runs after whom; refuse a circle, and an upstream that is not there.

    Raises:
        UsageError: It names the tasks.
    """
    following = [(each.task.id, name) for each in placed for name in each.task.upstreams]
    for some in batched([each.task.id for each in placed]):
        connection.execute(delete(UPSTREAMS).where(UPSTREAMS.c.task_id.in_(some)))
    if not following:
        return
    ids = set(connection.scalars(select(TASKS.c.id)))
    for task_id, name in following:
        if name not in ids:
            raise UsageError(
                f"task {task_id!r} runs after {name!r}, and there is no such task",
                hint=did_you_mean(name, ids),
            )
    rows = [{"task_id": task_id, "upstream_id": name} for task_id, name in following]
    connection.execute(insert(UPSTREAMS), rows)
    after: dict[str, list[str]] = {}
    for row in connection.execute(select(UPSTREAMS)):
        after.setdefault(row.task_id, []).append(row.upstream_id)
    cycle = find_cycle(after)
    if cycle:
        raise UsageError(
            f"tasks would run after each other in a circle: {' after '.join(cycle)}",
            hint="take one of them out of `after`",
        )


def _known(connection: Connection, ids: list[str]) -> dict[str, RowMapping]:
    return {
        row["id"]: row
        for some in batched(ids)
        for row in connection.execute(select(TASKS).where(TASKS.c.id.in_(some))).mappings()
    }


def _newest_versions(connection: Connection, ids: list[str]) -> dict[str, int]:
    newest = func.max(TASK_VERSIONS.c.version)
    query = select(TASK_VERSIONS.c.task_id, newest).group_by(TASK_VERSIONS.c.task_id)
    return {
        task_id: version
        for some in batched(ids)
        for task_id, version in connection.execute(query.where(TASK_VERSIONS.c.task_id.in_(some)))
    }


def batched(ids: list[str]) -> Iterator[list[str]]:
    """Yield *ids* in pieces that one statement can name."""
    for start in range(0, len(ids), _PIECE):
        yield ids[start : start + _PIECE]


def _exists(connection: Connection, task_id: str) -> bool:
    return connection.scalar(select(TASKS.c.id).where(TASKS.c.id == task_id)) is not None
