"""What may go when it is old, and what never does."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, select, update

from stoma.domain.run import Outcome, RunState, Trigger
from stoma.processes import this_process
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.retention import RUNS_AT_ONCE, RetentionStore, RunRule
from stoma.storage.runs import RunStore
from stoma.storage.tables import (
    ATTEMPTS,
    RUNS,
    SAMPLES,
    TASK_VERSIONS,
    TASKS,
)
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_task

DAY = timedelta(days=1)
NOW = START + 100 * DAY
OLD = RunRule(before=START + 50 * DAY, dead_before=START + 20 * DAY)


@pytest.fixture
def store(database: Database) -> RetentionStore:
    return RetentionStore(database)


@pytest.fixture(autouse=True)
def papers(database: Database) -> None:
    add_task(database)


def add_task(database: Database, task_id: str = "papers", /, **fields: Any) -> None:
    task = make_task(task_id, **fields)
    TaskStore(database).add(Placed(task=task, next=Next(NOW, NOW)), now=START)


def add_runs(database: Database, *days: int, task_id: str = "papers", **fields: Any) -> list[int]:
    """Write runs that ended well so many days after START; return their ids."""
    usual: dict[str, Any] = {
        "task_version": 1,
        "trigger": Trigger.SCHEDULE,
        "state": RunState.DONE,
        "outcome": Outcome.SUCCEEDED,
        "priority": 2,
        "max_attempts": 1,
        "settled": True,
    }
    with database.write() as connection:
        first = 1 + (connection.scalar(select(func.max(RUNS.c.id))) or 0)
        for day in days:
            moment = START + day * DAY
            values = usual | {"created_at": moment, "ended_at": moment} | fields
            connection.execute(insert(RUNS).values(task_id=task_id, **values))
    return list(range(first, first + len(days)))


def left(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(RUNS.c.id).order_by(RUNS.c.id)))


def prune(store: RetentionStore, rule: RunRule = OLD) -> list[tuple[str, int]]:
    return [each for step in store.prune_runs(rule) for each in step]


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


# --- runs -----------------------------------------------------------------------------------------


def test_old_runs_go_with_their_attempts_and_are_named(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 10, 49, 50, 90)
    with database.write() as connection:
        for run_id in (1, 3):
            connection.execute(
                insert(ATTEMPTS).values(
                    run_id=run_id, number=1, fence=1, owner="me", started_at=START
                )
            )

    assert prune(store) == [("papers", 1), ("papers", 2)]
    assert left(database) == [3, 4]
    assert count(database, ATTEMPTS) == 1


def test_the_newest_of_each_task_stay_however_old(
    database: Database, store: RetentionStore
) -> None:
    add_task(database, "rare")
    add_runs(database, 1, 2, 3, task_id="rare")
    add_runs(database, 1, 90)

    prune(store, RunRule(before=START + 50 * DAY, dead_before=None, keep=2))

    assert left(database) == [2, 3, 4, 5]


def test_a_task_with_fewer_runs_than_are_kept_loses_none(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 1, 2)

    assert prune(store, RunRule(before=NOW, dead_before=NOW, keep=3)) == []


def test_what_a_task_has_too_many_goes_however_new(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, *range(90, 96))

    prune(store, RunRule(before=None, dead_before=None, most=4))

    assert left(database) == [3, 4, 5, 6]


def test_runs_that_failed_for_good_are_kept_longer_and_are_never_too_many(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 10, 30, outcome=Outcome.DEAD)
    add_runs(database, 90, 91, 92)

    prune(store, RunRule(before=OLD.before, dead_before=OLD.dead_before, most=2))

    assert left(database) == [2, 4, 5]


def test_without_an_age_nothing_is_too_old(database: Database, store: RetentionStore) -> None:
    add_runs(database, 1, 2, 3)

    assert prune(store, RunRule(before=None, dead_before=None)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"state": RunState.PENDING, "outcome": None},
        {"state": RunState.RUNNING, "outcome": None, "owner": "me"},
        {"state": RunState.QUEUED, "outcome": None, "owner": "me"},
        {"settled": False},
    ],
)
def test_what_is_active_or_has_followers_to_come_stays(
    database: Database, store: RetentionStore, fields: dict[str, Any]
) -> None:
    add_runs(database, 1, **fields)
    add_runs(database, 2, 90)

    prune(store)

    assert left(database) == [1, 3]
    assert store.active_ids() == ({1} if "state" in fields else set())


def test_slots_that_did_not_run_go_by_the_moment_they_were_decided(
    database: Database, store: RetentionStore
) -> None:
    never: dict[str, Any] = {"outcome": None, "ended_at": None, "settled": False}
    add_runs(database, 1, state=RunState.MISSED, **never)
    add_runs(database, 2, state=RunState.SKIPPED, **never)
    add_runs(database, 90, state=RunState.COALESCED, **never)

    prune(store)

    assert left(database) == [3]


def test_the_newest_end_and_the_newest_link_of_a_chain_stay(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 1, 2)
    add_runs(database, 3, 4, trigger=Trigger.DEPENDENCY, state=RunState.SKIPPED, outcome=None)
    add_runs(database, 90, 91, state=RunState.SKIPPED, outcome=None)

    prune(store)

    assert left(database) == [2, 4, 5, 6]


def test_a_removed_task_keeps_no_run_for_ever(database: Database, store: RetentionStore) -> None:
    add_runs(database, 1, 2, 90, task_id="gone")

    prune(store)

    assert left(database) == [3]


def test_many_runs_go_in_small_transactions(database: Database, store: RetentionStore) -> None:
    add_runs(database, *([1] * (2 * RUNS_AT_ONCE + 1)), 90, 90)

    steps = [len(step) for step in store.prune_runs(OLD)]

    assert steps == [RUNS_AT_ONCE, RUNS_AT_ONCE, 1]
    assert len(left(database)) == 2


def test_the_look_at_a_long_history_ends_where_it_gets_young(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 1, *([90] * 3 * RUNS_AT_ONCE))

    assert [len(step) for step in store.prune_runs(OLD)] == [1]


def test_a_run_that_somebody_asks_for_meanwhile_stays(
    database: Database, store: RetentionStore
) -> None:
    """Between the look at a run and its end somebody retries it by hand."""
    add_runs(database, 1, 2, 90)
    runs = RunStore(database)

    def retry(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("DELETE"):
            cursor.execute("UPDATE runs SET state = 'pending', outcome = NULL WHERE id = 1")

    event.listen(database._engine, "before_cursor_execute", retry)
    pruned = prune(store)
    event.remove(database._engine, "before_cursor_execute", retry)

    assert pruned == [("papers", 2)]
    assert runs.get(1).state is RunState.PENDING


# --- tasks ----------------------------------------------------------------------------------------


def test_tasks_that_are_not_due_again_are_found_when_they_rest(
    database: Database, store: RetentionStore
) -> None:
    for task_id in ("busy", "off", "over"):
        add_task(database, task_id)
    add_task(database, "follower", after=("over",))
    add_runs(database, 1, task_id="busy", state=RunState.PENDING, outcome=None)
    with database.write() as connection:
        connection.execute(update(TASKS).where(TASKS.c.id != "papers").values(next_slot_at=None))
        connection.execute(update(TASKS).where(TASKS.c.id == "off").values(enabled=False))

    assert store.without_slot() == ["over"]
    assert store.task_ids() == {"busy", "follower", "off", "over", "papers"}


def test_disabled_tasks_are_old_when_nothing_happened_to_them_and_none_waits(
    database: Database, store: RetentionStore
) -> None:
    for task_id in ("mine", "needed", "old", "recent"):
        add_task(database, task_id)
    add_task(database, "follower", after=("needed",))
    add_runs(database, 90, task_id="recent")
    add_runs(database, 1, task_id="old")
    with database.write() as connection:
        for task_id in ("needed", "old", "recent"):
            change = update(TASKS).where(TASKS.c.id == task_id)
            connection.execute(change.values(enabled=False, disabled_reason="finished"))
        connection.execute(
            update(TASKS)
            .where(TASKS.c.id == "mine")
            .values(enabled=False, disabled_reason="not now")
        )

    assert store.disabled_since("finished", START + 50 * DAY) == ["old"]


def test_definitions_go_when_neither_task_nor_run_is_left(
    database: Database, store: RetentionStore
) -> None:
    for task_id in ("gone", "ran"):
        add_task(database, task_id)
        TaskStore(database).remove(task_id)
    add_runs(database, 90, task_id="ran")

    assert (store.prune_definitions(), store.prune_definitions()) == (1, 0)
    with database.read() as connection:
        kept = set(connection.scalars(select(TASK_VERSIONS.c.task_id)))
    assert kept == {"papers", "ran"}


# --- the rest -------------------------------------------------------------------------------------


def test_instances_go_some_days_after_their_end(database: Database, store: RetentionStore) -> None:
    instances = InstanceStore(database)
    ended, alive = this_process("run-task"), this_process("scheduler")
    for instance in (ended, alive):
        instances.enter(instance, version="0", now=START)
    instances.leave(ended.id, now=START + DAY)

    assert store.prune_instances(START + DAY) == 0
    assert store.prune_instances(START + 2 * DAY) == 1
    assert instances.dead() == []


def test_samples_of_the_past_go(database: Database, store: RetentionStore) -> None:
    with database.write() as connection:
        for day in range(3):
            row = {"instance_id": "a", "at": START + day * DAY, "cpu_seconds": 1.0, "cores": 2}
            connection.execute(insert(SAMPLES).values(row))

    assert store.prune_samples(START + DAY) == 1
    assert count(database, SAMPLES) == 2


def test_statistics_are_renewed_without_a_change_of_the_data(
    database: Database, store: RetentionStore
) -> None:
    add_runs(database, 1, 2)

    store.optimize()

    assert left(database) == [1, 2]
    assert store.newest_run_id() == 2


def test_an_empty_registry_has_nothing_to_prune(database: Database, store: RetentionStore) -> None:
    with database.write() as connection:
        connection.execute(delete(TASKS))

    assert prune(store) == []
    assert list(store.drop_answers(before=NOW, most_bytes=1)) == []
    assert store.newest_run_id() == 0
