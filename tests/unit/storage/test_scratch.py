"""A registry in memory: what it takes over, and that it behaves like a file."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.domain.run import Outcome, RunState
from stoma.exceptions import ConflictError, RegistryError
from stoma.storage.database import Database
from stoma.storage.runs import RunStore
from stoma.storage.scratch import ScratchDatabase
from stoma.storage.state import StateStore
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_firing, make_task

HOUR = timedelta(hours=1)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[ScratchDatabase]:
    scratch = ScratchDatabase(tmp_path / "copy of stoma.db")
    yield scratch
    scratch.close()


def test_what_decides_the_future_is_taken_over(
    database: Database, scratch: ScratchDatabase
) -> None:
    tasks, runs = TaskStore(database), RunStore(database)
    tasks.add(Placed(task=make_task(), next=Next(START + HOUR, START + HOUR)), now=START)
    for _ in range(3):
        run = runs.add(make_firing(), now=START, owner="one", lease_until=START + HOUR)
        runs.finish(runs.start(run, now=START, log_path=""), Outcome.SUCCEEDED, now=START)
    runs.settle([runs.get(1), runs.get(2)], (), now=START)
    waiting = runs.add(make_firing(), now=START)
    StateStore(database).set("paused", {"until": None, "reason": ""}, now=START)

    scratch.copy(database.path, now=START)

    copied = RunStore(scratch)
    assert [run.id for run in copied.after(0)] == [3, waiting.id]
    assert copied.attempts(3)
    assert TaskStore(scratch).get("papers").next_slot_at == START + HOUR
    assert StateStore(scratch).get("paused") is not None
    assert copied.add(make_firing(), now=START).id == waiting.id + 1
    assert len(runs.after(0)) == 4


@pytest.mark.parametrize("there", [True, False], ids=["empty", "missing"])
def test_a_registry_without_anything_is_an_empty_one(
    there: bool, tmp_path: Path, scratch: ScratchDatabase
) -> None:
    file = tmp_path / "other.db"
    if there:
        sqlite3.connect(file).close()

    scratch.copy(file, now=START)

    assert TaskStore(scratch).all() == []
    assert file.exists() == there


def test_a_file_that_is_no_registry_is_refused(tmp_path: Path, scratch: ScratchDatabase) -> None:
    file = tmp_path / "other.db"
    file.write_text("what is this? " * 100)

    with pytest.raises(RegistryError, match=r"other\.db"):
        scratch.copy(file, now=START)


def setting(state: StateStore, database: ScratchDatabase, key: str, *, fails: bool) -> None:
    with database.together():
        state.set(key, 1, now=START)
        if fails:
            raise ConflictError("enough")


def test_what_fails_leaves_nothing_behind(scratch: ScratchDatabase) -> None:
    scratch.open(now=START)
    scratch.open(now=START)
    before, state = scratch.data_version(), StateStore(scratch)

    with pytest.raises(ConflictError):
        setting(state, scratch, "a", fails=True)

    assert state.get("a") is None
    assert scratch.data_version() == before


def test_a_part_of_a_transaction_can_be_undone_alone(scratch: ScratchDatabase) -> None:
    scratch.open(now=START)
    before, state = scratch.data_version(), StateStore(scratch)

    with scratch.together():
        setting(state, scratch, "a", fails=False)
        with pytest.raises(ConflictError):
            setting(state, scratch, "b", fails=True)
        assert scratch.writing
    scratch.check()

    assert (state.get("a"), state.get("b"), scratch.writing) == (1, None, False)
    assert scratch.data_version() == before + 1


def test_runs_are_kept_as_in_a_file(scratch: ScratchDatabase) -> None:
    scratch.open(now=START)
    TaskStore(scratch).add(Placed(task=make_task(), next=Next(START, START)), now=START)

    run = RunStore(scratch).add(make_firing(), now=START)

    assert RunStore(scratch).get(run.id).state is RunState.PENDING
