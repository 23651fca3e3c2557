"""The ledger put right: after the clock went back, and where a holder is gone or late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import CatchUp, Overlap
from stoma.processes import this_process
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.run_repairs import Rewind
from stoma.storage.runs import RunStore
from stoma.storage.task_rows import task_from_json
from stoma.storage.tasks import Next, Placed, TaskStore
from stoma.usage import Resources, Sample
from tests.fakes import START
from tests.makers import make_firing, make_task

HOUR = timedelta(hours=1)
#: What was decided before the clock went back to `START`, by the hours after it.
AHEAD = {
    "waits": Decision(state=RunState.PENDING, due_at=START + HOUR),
    "skipped": Decision(state=RunState.SKIPPED, due_at=START + 2 * HOUR, reason="overlap"),
}


@pytest.fixture
def tasks(database: Database) -> TaskStore:
    store = TaskStore(database)
    store.add(Placed(task=make_task(), next=Next(START, START)), now=START)
    return store


@pytest.fixture
def runs(tasks: TaskStore, database: Database) -> RunStore:
    return RunStore(database)


def add(runs: RunStore, decision: Decision) -> Run:
    return runs.add(make_firing(decision), now=START)


def started(runs: RunStore, run: Run) -> Run:
    (found,) = runs.start_all([run], owner="one", lease_until=START + HOUR, now=START)
    return found


# --- the clock goes back ----------------------------------------------------------------------


def rewind(runs: RunStore, **fields: object) -> int:
    usual = {"now": START, "by": 5 * HOUR, "next_by_task": {}, "chained": (), "cuts": {}}
    return runs.rewind(Rewind(**(usual | fields)))  # type: ignore[arg-type]


def test_what_lies_ahead_again_and_has_not_run_is_void(runs: RunStore) -> None:
    for decision in AHEAD.values():
        add(runs, decision)
    ran = add(runs, Decision(state=RunState.PENDING, due_at=START + 3 * HOUR))
    runs.finish(started(runs, ran), Outcome.SUCCEEDED, now=START)

    assert rewind(runs) == 2

    assert [run.id for run in runs.after(0)] == [ran.id]


def test_the_slots_of_a_task_that_follows_its_own_runs_stay(runs: RunStore) -> None:
    for decision in AHEAD.values():
        add(runs, decision)

    assert rewind(runs, chained=["papers"]) == 0


def test_a_stretch_ends_where_the_clock_is_now(runs: RunStore) -> None:
    stretch = add(
        runs,
        Decision(state=RunState.MISSED, due_at=START - 2 * HOUR, due_to=START + 2 * HOUR, slots=5),
    )

    assert [run.id for run in runs.stretches(None, START)] == [stretch.id]
    rewind(runs, cuts={stretch.id: (START, 3)})

    cut = runs.get(stretch.id)
    assert (cut.due_to, cut.slots) == (START, 3)


def test_what_waits_for_a_moment_waits_for_as_long_as_before(runs: RunStore) -> None:
    moments = [START + hours * HOUR for hours in (6, 2)]
    waiting = [
        add(runs, Decision(state=RunState.PENDING, due_at=START - n * HOUR, not_before=moment))
        for n, moment in enumerate(moments, 1)
    ]

    rewind(runs)

    assert [runs.get(run.id).not_before for run in waiting] == [START + HOUR, START]


def test_tasks_and_instances_are_of_the_time_it_is_now(
    runs: RunStore, tasks: TaskStore, database: Database
) -> None:
    instances, here = InstanceStore(database), this_process("scheduler")
    instances.enter(here, version="0", now=START + HOUR)
    later = START + 4 * HOUR
    runs.fire(
        [
            make_firing(
                seen_next_slot_at=START, next_slot_at=later, next_run_at=later, watermark_at=later
            )
        ],
        now=later,
    )

    rewind(runs, next_by_task={"papers": Next(START + HOUR, START + HOUR)})

    task = tasks.get("papers")
    assert (task.next_slot_at, task.watermark_at) == (START + HOUR, START)
    assert instances.last_seen() == START


def test_slots_with_a_row_of_their_own_are_known(runs: RunStore) -> None:
    for decision in AHEAD.values():
        add(runs, decision)

    assert runs.decided("papers", START) == {START + HOUR, START + 2 * HOUR}
    assert runs.decided("papers", START, START + HOUR) == {START + HOUR}


def test_slots_that_are_due_again_and_decided_already_are_known(
    runs: RunStore, tasks: TaskStore
) -> None:
    assert runs.taken(START) == {}
    add(runs, replace(AHEAD["waits"], due_at=START))
    add(runs, replace(AHEAD["skipped"], due_at=START - HOUR))  # before what is due

    assert runs.taken(START) == {"papers": {START}}


# --- holders ----------------------------------------------------------------------------------


def test_a_run_that_somebody_else_took_is_not_started(runs: RunStore) -> None:
    seen = add(runs, AHEAD["waits"])
    started(runs, seen)

    assert runs.start_all([seen], owner="two", lease_until=START, now=START) == []
    assert runs.get(seen.id).owner == "one"


def test_a_run_that_was_claimed_and_not_started_had_no_attempt(runs: RunStore) -> None:
    run = add(runs, AHEAD["waits"])
    claimed = runs.claim(run.id, owner="one", lease_until=START)
    assert claimed is not None

    runs.interrupt(claimed, now=START, again=True, error="its holder died")

    again = runs.get(run.id)
    assert (again.state, again.attempts, again.fence) == (RunState.PENDING, 0, 2)
    assert runs.attempts(run.id) == []


@pytest.mark.parametrize(("coming", "next_slot"), [(None, START), (Next(START + HOUR), HOUR)])
def test_a_skipped_run_may_say_when_its_task_is_due_next(
    runs: RunStore, tasks: TaskStore, coming: Next | None, next_slot: object
) -> None:
    run = add(runs, AHEAD["waits"])

    done = [runs.skip(run.id, reason="condition", detail="no", coming=coming) for _ in range(2)]

    expected = START + next_slot if isinstance(next_slot, timedelta) else next_slot
    assert done == [True, False]
    assert tasks.get("papers").next_slot_at == expected


def test_the_newest_end_of_a_task_is_known(runs: RunStore) -> None:
    assert runs.newest_done("papers") is None
    run = started(runs, add(runs, AHEAD["waits"]))
    runs.finish(run, Outcome.EMPTY, now=START)

    found = runs.newest_done("papers")

    assert found is not None
    assert found.outcome is Outcome.EMPTY


# --- instances --------------------------------------------------------------------------------


def test_an_instance_lives_until_it_ends_or_its_process_does(database: Database) -> None:
    instances, here = InstanceStore(database), this_process("scheduler")
    assert instances.last_seen() is None
    assert instances.find(here.id) is None
    gone = replace(here, id="gone", pid_started="1")
    instances.enter(here, version="0", now=START)
    instances.enter(gone, version="0", now=START)

    used = Resources(
        cpu_seconds=1.0,
        memory_bytes=None,
        open_files=None,
        load=None,
        cores=2,
        disk_free_bytes=None,
    )
    sample = Sample(at=START, resources=used, cpu_percent=None, blocked="")
    instances.beat(here.id, now=START + HOUR, sample=sample)
    instances.beat(gone.id, now=START)

    assert instances.find(here.id) == here
    assert instances.dead() == [gone]
    assert instances.last_seen() == START + HOUR
    instances.leave(gone.id, now=START)
    assert instances.dead() == []


# --- definitions ------------------------------------------------------------------------------


def test_what_an_older_definition_does_not_say_is_as_usual() -> None:
    task = task_from_json(
        {"id": "papers", "name": "Papers", "type": "arxiv", "schedule": "daily", "overlap": "allow"}
    )

    assert (task.overlap, task.catch_up, task.tags) == (Overlap.ALLOW, CatchUp.LATEST, ())
